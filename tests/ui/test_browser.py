"""The conversation by key: jumps, selections, copies, folds and wide blocks."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from textual.events import Key

from tests.fakes import Gate, Step
from tests.ui.harness import Screen, chat, opening, running
from tui_stream.core.events import ReasoningDelta, StreamEnd, TextDelta
from tui_stream.core.models import FinishReason, Message, Role
from tui_stream.ui.widgets.transcript import Transcript

STOP = StreamEnd(FinishReason.STOP)
ANSWER = """\
# Fruit

Apples **keep well**, see [the list](https://example.org/list) or <https://example.org/more>.

```python
first = 1
```

## Pears

They do not.

```sh
second
```
"""
LONG = "\n\n".join(f"line {number}" for number in range(100))


@asynccontextmanager
async def answered(*answers: str, size: tuple[int, int] = (100, 30)) -> AsyncGenerator[Screen, None]:
    """A chat that has answered, with the focus in the conversation."""
    scripts: list[list[Step]] = [[TextDelta(answer), STOP] for answer in answers or (ANSWER,)]
    async with running(chat(*scripts), size=size) as screen:
        for number in range(len(scripts)):
            await screen.type(f"Question {number}")
            await screen.until(lambda: "done" in screen.text)
        await screen.pilot.press("tab")
        yield screen


def transcript(screen: Screen) -> Transcript:
    return screen.app.screen_stack[0].query_one(Transcript)


def at_cursor(screen: Screen) -> str:
    """The text of the cursor's line."""
    view = transcript(screen)
    line = view.browser.line
    return "".join(segment.text for segment in view.lines(line, line + 1)[0]).strip()


async def test_tab_goes_to_the_conversation_and_back() -> None:
    async with answered() as screen:
        assert transcript(screen).has_focus
        await screen.shows("Prompt", "Heading")
        await screen.pilot.press("tab", "x")
        await screen.until(lambda: screen.prompt == "x")


async def test_escape_goes_back_to_the_prompt() -> None:
    async with answered() as screen:
        await screen.pilot.press("escape", "x")
        await screen.until(lambda: screen.prompt == "x")


async def test_escape_stops_an_answer_from_the_conversation_too() -> None:
    async with running(chat([TextDelta("some"), Gate()])) as screen:
        await screen.type("Hi")
        await screen.shows("some")
        await screen.pilot.press("tab", "escape")
        await screen.shows("Stopped.")


async def test_a_click_leaves_the_focus_in_the_prompt() -> None:
    async with running(chat([TextDelta("some words"), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("done")
        await screen.pilot.click(offset=(5, 5))
        await screen.pilot.press("x")
        await screen.until(lambda: screen.prompt == "x")


async def test_jumps_go_by_heading_code_and_message() -> None:
    async with answered() as screen:
        await screen.pilot.press("home")
        seen = []
        for key in ("h", "h", "H", "c", "c", "C", "m", "M"):
            await screen.pilot.press(key)
            seen.append(at_cursor(screen).split()[0])
        assert seen == ["Fruit", "Pears", "Fruit", "python", "sh", "python", "python", "scripted-model"]


async def test_a_jump_to_nowhere_says_so() -> None:
    async with answered("plain") as screen:
        await screen.pilot.press("c")
        await screen.shows("No code block further on.")


async def test_jumps_reach_what_was_never_on_the_screen() -> None:
    async with answered(ANSWER) as screen:
        view = transcript(screen)
        past = [Message(Role.USER, "old"), Message(Role.ASSISTANT, "## Ancient\n\n" + LONG, model="m")]
        past += [Message(Role.ASSISTANT, LONG, model="m") for _ in range(30)]
        view.load(past)
        await screen.pilot.press("H", "H", "H")
        await screen.until(lambda: at_cursor(screen) == "Ancient")
        await screen.shows("Ancient", "line 3")


async def test_links_are_stepped_through_and_opened_after_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = opening(monkeypatch)
    async with answered() as screen:
        await screen.pilot.press("home", "l", "l", "enter")
        await screen.shows("Open this link?", "https://example.org/more")
        await screen.pilot.press("n")
        await screen.until(lambda: "Open this link?" not in screen.text)
        await screen.pilot.press("L", "enter")
        await screen.shows("Open this link?", "https://example.org/list")
        await screen.pilot.press("y")
        await screen.until(lambda: opened == ["https://example.org/list"])


async def test_a_link_whose_host_looks_like_another_says_which_it_is() -> None:
    async with answered("[Apple](https://\u0430\u0440\u0440\u04cf\u0435.com/a)") as screen:
        await screen.pilot.press("l", "enter")
        await screen.shows("Open this link?", "https://xn--80ak6aa92e.com/a")


async def test_a_block_is_copied_as_markdown_and_code_as_it_is() -> None:
    async with answered() as screen:
        await screen.pilot.press("home", "h", "down", "down", "y")
        await screen.until(lambda: screen.app.clipboard.startswith("Apples **keep well**, see [the list]("))
        await screen.pilot.press("c", "y")
        await screen.until(lambda: screen.app.clipboard == "first = 1\n")
        await screen.pilot.press("Y")
        await screen.until(lambda: screen.app.clipboard == ANSWER)


async def test_code_is_copied_by_its_number() -> None:
    async with answered() as screen:
        await screen.shows("copy 1", "copy 2")
        await screen.pilot.press("2", "y")
        await screen.until(lambda: screen.app.clipboard == "second\n")
        await screen.pilot.press("tab", "alt+1")
        await screen.until(lambda: screen.app.clipboard == "first = 1\n")
        await screen.pilot.press("alt+9")
        await screen.shows("There is no such block of code.")


async def test_a_selection_by_key_goes_over_messages_and_is_copied_as_markdown_or_as_shown() -> None:
    async with answered("**one**", "**two**") as screen:
        await screen.pilot.press("home", "v", "end", "y")
        await screen.until(lambda: screen.app.clipboard == "Question 0\n\n**one**\n\nQuestion 1\n\n**two**")
        await screen.pilot.press("ctrl+c")
        await screen.until(lambda: "**" not in screen.app.clipboard)
        shown = screen.app.clipboard.split()
        assert [word for word in shown if word in {"one", "two"}] == ["one", "two"]
        await screen.pilot.press("escape")
        await screen.until(lambda: transcript(screen).text_selection is None)
        assert transcript(screen).has_focus


async def test_shift_and_arrows_select_lines() -> None:
    async with answered("alpha\n\nbeta\n\ngamma") as screen:
        await screen.pilot.press("end", "up", "up", "shift+down", "shift+down", "y")
        await screen.until(lambda: screen.app.clipboard == "beta\n\ngamma")


async def test_what_the_mouse_selected_is_copied_as_markdown_by_ctrl_y() -> None:
    async with running(chat([TextDelta("alpha **beta** gamma\n\nother"), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("alpha beta gamma", "done")
        row = next(y for y, line in enumerate(screen.text.splitlines()) if "alpha" in line)
        await screen.pilot.mouse_down(offset=(4, row))
        await screen.pilot.hover(offset=(9, row))
        await screen.pilot.mouse_up(offset=(9, row))
        await screen.pilot.press("ctrl+y")
        await screen.until(lambda: screen.app.clipboard == "alpha **beta** gamma")


async def test_a_message_folds_and_unfolds() -> None:
    async with answered(LONG) as screen:
        await screen.pilot.press("f")
        await screen.shows("more lines")
        assert "line 99" not in screen.text
        await screen.pilot.press("f")
        await screen.until(lambda: "more lines" not in screen.text)


async def test_a_long_prompt_is_folded_and_a_click_unfolds_it() -> None:
    async with running(chat([TextDelta("read"), STOP]), size=(100, 60)) as screen:
        text = "\n".join(f"row {number}" for number in range(45))
        screen.app.screen_stack[0].query_one("#prompt").text = text  # type: ignore[attr-defined]  # it is a text area
        await screen.pilot.press("enter")
        await screen.shows("33 more lines", "done")
        row = next(y for y, line in enumerate(screen.text.splitlines()) if "more lines" in line)
        await screen.pilot.click(offset=(6, row))
        await screen.shows("row 44")


async def test_thoughts_fold_by_key() -> None:
    async with running(chat([ReasoningDelta("Let me think."), TextDelta("Yes."), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("▸ Thinking", "done")
        await screen.pilot.press("tab", "t")
        await screen.shows("▾ Thinking", "Let me think.")


async def test_wide_code_is_let_loose_and_scrolled_sideways() -> None:
    async with answered("```\n" + "x" * 150 + "END\n```\n") as screen:
        await screen.pilot.press("home", "c", "down", "w")
        await screen.until(lambda: "END" not in screen.text)
        await screen.pilot.press(*["right"] * 10)
        await screen.shows("END")
        await screen.pilot.press(*["left"] * 10)
        await screen.until(lambda: "END" not in screen.text)


async def test_a_wide_table_keeps_its_alignment_while_it_is_scrolled() -> None:
    row = "| " + " | ".join(f"{name}{'-' * 20}" for name in "abcdefgh") + " |\n"
    async with answered(row + "|---" * 8 + "|\n" + row * 3) as screen:
        await screen.pilot.press("home", "down", "down", "down", "down", "down", "w")
        await screen.pilot.press(*["right"] * 5)
        rows = [line for line in screen.text.splitlines() if "│" in line and "---" in line]
        assert len(rows) == 4
        assert len({tuple(x for x, character in enumerate(line) if character == "│") for line in rows}) == 1


async def test_the_cursor_stays_with_its_text_while_an_answer_streams_in() -> None:
    gate, more = Gate(), Gate()
    script: list[Step] = [TextDelta(LONG), gate, TextDelta("\n\nmore" * 50), more, STOP]
    async with running(chat(script)) as screen:
        await screen.type("Hi")
        await screen.shows("line 99")
        await screen.pilot.press("tab", "up", "up", "up", "up")
        before = at_cursor(screen)
        await screen.pilot.press("pageup", "pagedown")
        gate.open()
        await more.reached.wait()
        assert before.startswith("line")
        more.open()


async def test_messages_are_reached_from_the_prompt() -> None:
    async with answered(LONG, LONG) as screen:
        await screen.pilot.press("tab", "ctrl+up", "ctrl+up")
        await screen.shows("Question 1")
        await screen.pilot.press("ctrl+up", "ctrl+up")
        await screen.shows("Question 0")
        await screen.pilot.press(*["ctrl+down"] * 4)
        await screen.shows("line 99")


async def test_end_follows_the_answer_again() -> None:
    gate = Gate()
    async with running(chat([TextDelta(LONG), gate, TextDelta("\n\nthe very end"), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("line 99")
        await screen.pilot.press("tab", "home", "end")
        gate.open()
        await screen.shows("the very end")


async def test_keys_typed_right_behind_tab_go_to_the_conversation() -> None:
    async with answered("alpha\n\nbeta") as screen:
        await screen.pilot.press("tab")
        await screen.until(lambda: screen.app.focused is not transcript(screen))
        for key in ("tab", "y"):
            event = Key(key, key if len(key) == 1 else None)
            event.set_sender(screen.app)
            screen.app.post_message(event)
        await screen.until(lambda: screen.app.clipboard == "beta")
        assert not screen.prompt
