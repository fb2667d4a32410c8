"""What went wrong once where several parts of the transcript meet."""

from __future__ import annotations

from tests.fakes import Gate, Step
from tests.ui.harness import Screen, chat, running
from tui_stream.core.events import ReasoningDelta, StreamEnd, TextDelta
from tui_stream.core.models import FinishReason, Message, Role
from tui_stream.ui.widgets.transcript import Transcript

STOP = StreamEnd(FinishReason.STOP)
LONG = "\n\n".join(f"line {number}" for number in range(100))


def view(screen: Screen) -> Transcript:
    return screen.app.screen_stack[0].query_one(Transcript)


async def test_the_cursor_may_have_stood_on_the_welcome() -> None:
    async with running(chat([TextDelta("text"), STOP])) as screen:
        await screen.pilot.press("tab", "tab")
        await screen.type("Hi")
        await screen.shows("done")
        await screen.pilot.press("tab", "pageup", "up", "m", "M")
        assert "text" in screen.text


async def test_thoughts_that_fold_while_somebody_reads_them_leave_something_on_the_screen() -> None:
    gate = Gate()
    thoughts = "\n\n".join(f"thought {number}" for number in range(200))
    script: list[Step] = [ReasoningDelta(thoughts), gate, TextDelta("the answer"), STOP]
    async with running(chat(script)) as screen:
        await screen.type("Hi")
        await screen.shows("thought 199")
        await screen.pilot.press("pageup")
        await screen.until(lambda: "thought 199" not in screen.text)
        gate.open()
        await screen.shows("the answer", "done")
        assert view(screen).scroll_offset.y <= view(screen).end_line


async def test_a_jump_that_finds_nothing_leaves_the_view_where_it_is_and_the_end_is_reached() -> None:
    async with running(chat([TextDelta("new"), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("done")
        view(screen).load([Message(Role.ASSISTANT, f"{LONG}\n\n- {number}", model="m") for number in range(60)])
        await screen.pilot.press("tab", "pageup", "pageup")
        before = screen.text.splitlines()[1:20]
        await screen.pilot.press("H")
        await screen.shows("No heading further up.")
        assert screen.text.splitlines()[1:20] == before
        await screen.pilot.press("G")
        await screen.shows("new")


async def test_everything_selected_is_copied_whole_however_little_was_looked_at() -> None:
    async with running(chat([TextDelta("new"), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("done")
        view(screen).load([Message(Role.ASSISTANT, f"{LONG}\n\nend {number}", model="m") for number in range(50)])
        await screen.pilot.press("tab", "v", "g", "ctrl+c")
        shown = screen.app.clipboard
        assert [number for number in range(50) if f"end {number}\n" not in shown] == []
        await screen.pilot.press("y")
        await screen.until(lambda: screen.app.clipboard != shown)
        source = screen.app.clipboard
        assert [number for number in range(50) if f"end {number}\n" not in source] == []
        await screen.pilot.press("y")
        await screen.pilot.pause()
        assert screen.app.clipboard == source


async def test_the_middle_and_the_end_of_a_very_long_answer_of_an_earlier_time_can_be_seen() -> None:
    text = "\n\n".join(f"paragraph {number}" for number in range(4000))
    async with running(chat([TextDelta("new"), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("done")
        view(screen).load([Message(Role.ASSISTANT, text, model="m")])
        await screen.pilot.press("tab", "home")
        await screen.shows("paragraph 3")
        await screen.pilot.press("end", "pageup")
        await screen.shows("paragraph 3990")
        view(screen).go_to(4000)
        await screen.until(lambda: "paragraph 199" in screen.text or "paragraph 200" in screen.text)


async def test_a_search_that_has_ended_well_does_not_move_the_view_when_its_height_changes() -> None:
    async with running(chat([TextDelta(LONG), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("done")
        await screen.pilot.press("ctrl+f", *"line", "escape", "n", "G", "tab")
        await screen.shows("line 99")
        await screen.pilot.press(*"two", "ctrl+j", *"lines")
        await screen.pilot.resize_terminal(100, 24)
        await screen.until(lambda: len(screen.text.splitlines()) == 24)
        await screen.shows("line 99")


async def test_escape_ends_a_search_that_was_stepped_through_without_its_bar() -> None:
    async with running(chat([TextDelta(LONG), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("done")
        await screen.pilot.press("ctrl+f", *"line", "escape", "n")
        await screen.until(lambda: view(screen).finding)
        await screen.pilot.press("escape")
        await screen.until(lambda: not view(screen).finding)


async def test_a_search_without_a_match_goes_back_to_where_it_began() -> None:
    async with running(chat([TextDelta(LONG), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("line 99", "done")
        await screen.pilot.press("ctrl+f", *"line", "space", *"17")
        await screen.shows("line 17", "1 of 1")
        await screen.pilot.press(*"zz")
        await screen.shows("no match", "line 99")


async def test_very_many_short_messages_in_view_are_laid_out_once() -> None:
    async with running(chat([TextDelta("new"), STOP]), size=(100, 200)) as screen:
        view(screen).load([Message(Role.ASSISTANT, "short", model="m") for _ in range(500)])
        await screen.until(lambda: not view(screen).column.unsettled(*window(screen)))
        held = dict(view(screen).column._laid_out)
        view(screen).show_changed(view(screen).line_count)
        assert set(view(screen).column._laid_out) == set(held)


def window(screen: Screen) -> tuple[int, int]:
    """The lines on the screen."""
    first = view(screen).scroll_offset.y
    return first, first + view(screen).size.height


async def test_a_drag_that_leaves_the_conversation_selects_what_is_on_the_screen() -> None:
    async with running(chat([TextDelta(LONG), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("line 99", "done")
        await screen.pilot.mouse_down(offset=(4, 10))
        await screen.pilot.hover(offset=(4, 5))
        await screen.pilot.hover(offset=(4, 0))
        await screen.pilot.mouse_up(offset=(4, 0))
        await screen.pilot.pause()
        selected = screen.app.screen.get_selected_text() or ""
        assert "line 9" in selected
        assert "line 1\n" not in selected
        assert "tui_stream" not in selected


async def test_a_number_copies_code_from_the_answer_to_the_message_under_the_cursor() -> None:
    async with running(chat([TextDelta("```\none\n```\n"), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("done")
        await screen.pilot.press("tab", "home", "1", "y")
        await screen.until(lambda: screen.app.clipboard == "one\n")
        await screen.pilot.press("9", "y")
        await screen.shows("There is nothing to copy.")
