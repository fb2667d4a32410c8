from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from textual.widgets import Input

from tests.fakes import Gate
from tests.memory_archive import MemoryArchive
from tests.ui.conversations import conversation, keep, some, with_history
from tests.ui.harness import Chat, Screen, running
from tui_stream.core.archive import Hit
from tui_stream.core.events import StreamEnd, TextDelta
from tui_stream.core.models import FinishReason, Message, Role
from tui_stream.errors import StoreError
from tui_stream.ui.screens.search import HitList, SearchScreen

STOP = StreamEnd(FinishReason.STOP)


@asynccontextmanager
async def searching(
    given: Chat, archive: MemoryArchive, text: str = "", size: tuple[int, int] = (100, 30)
) -> AsyncGenerator[Screen, None]:
    await keep(archive, *some())
    async with running(given, size) as screen:
        await search(screen, text)
        yield screen


async def search(screen: Screen, text: str) -> None:
    await screen.pilot.press("ctrl+p")
    await screen.until(lambda: isinstance(screen.app.screen, SearchScreen))
    await screen.pilot.press(*text)


def shown(screen: Screen) -> str:
    return screen.app.get_default_screen().pane.shown.id


def marked(screen: Screen, *, now: bool) -> list[str]:
    """What is marked in the transcript: where the person is, or the rest."""
    transcript = screen.app.get_default_screen().pane.transcript
    style = transcript.looks.found_now if now else transcript.looks.found
    strips = screen.app.screen._compositor.render_strips()
    return [
        segment.text
        for strip in strips
        for segment in strip
        if segment.style is not None and segment.style.bgcolor == style.bgcolor and segment.text.strip(" ▌")
    ]


async def test_it_finds_as_one_types_and_says_where() -> None:
    given, archive = with_history()
    async with searching(given, archive) as screen:
        await screen.shows("Enter goes to the message")
        await screen.pilot.press(*"apples kee")
        await screen.shows("1 found.", "Fruits for the winter", "answer · Today 14:30", "Apples and quinces keep until")
        await screen.pilot.press(*"zzz")
        await screen.shows("Nothing found.")
        await screen.pilot.press(*["backspace"] * 20, *"winter")
        await screen.shows("3 found.", "you · Today 14:30", "10 April")


async def test_enter_goes_to_the_message_and_marks_the_words() -> None:
    given, archive = with_history()
    async with searching(given, archive, "quinces spring") as screen:
        await screen.shows("1 found.")
        await screen.pilot.press("enter")
        await screen.until(lambda: shown(screen) == "fruits")
        await screen.until(lambda: marked(screen, now=True) == ["quinces"])
        assert marked(screen, now=False) == ["spring"]
        transcript = screen.app.get_default_screen().pane.transcript
        assert screen.app.focused is transcript
        await screen.pilot.press("n")
        await screen.until(lambda: marked(screen, now=True) == ["spring"])
        await screen.pilot.press("escape")
        await screen.until(lambda: not marked(screen, now=True) and not marked(screen, now=False))


async def test_enter_before_the_search_is_done_takes_what_it_finds() -> None:
    given, archive = with_history()
    async with searching(given, archive, "patience") as screen:
        await screen.pilot.press("enter")
        await screen.until(lambda: shown(screen) == "bread")


async def test_down_and_up_choose_among_the_hits() -> None:
    given, archive = with_history()
    async with searching(given, archive, "winter") as screen:
        await screen.shows("3 found.")
        results = screen.app.screen.query_one(HitList)
        seen = []
        for key in ("down", "down", "down", "up", "pageup", "pagedown"):
            await screen.pilot.press(key)
            seen.append(results.here)
        assert seen == [1, 2, 2, 1, 0, 2]
        await screen.pilot.press("up", "down", "enter")
        await screen.until(lambda: shown(screen) == "key")
        await screen.until(lambda: marked(screen, now=True) == ["winter"])


async def test_escape_goes_back_to_where_one_was() -> None:
    given, archive = with_history()
    archive.drafts["new"] = "half a question"
    async with searching(given, archive, "winter") as screen:
        await screen.shows("3 found.")
        await screen.pilot.press("escape")
        await screen.until(lambda: screen.app.screen is screen.app.screen_stack[0])
        assert shown(screen) not in archive.kept
        assert screen.prompt == "half a question"
        await search(screen, "")
        await screen.until(lambda: screen.app.screen.query_one(Input).value == "winter")
        await screen.shows("3 found.")
        await screen.pilot.press("q")
        await screen.shows("2 found.")
        assert screen.app.screen.query_one(Input).value == "q"


class Held(MemoryArchive):
    """Searches for some texts wait for their gates."""

    def __init__(self, **gates: Gate) -> None:
        super().__init__()
        self.gates = gates

    async def search(self, text: str, *, conversation_id: str | None = None, limit: int = 100) -> list[Hit]:
        if text in self.gates:
            self.gates[text].reached.set()
            await self.gates[text].event.wait()
        return await super().search(text, conversation_id=conversation_id, limit=limit)


async def test_a_late_result_never_takes_the_place_of_a_newer_one() -> None:
    slow = Gate()
    given, archive = with_history(archive=Held(winter=slow))
    async with searching(given, archive, "winter") as screen:
        await slow.reached.wait()
        await screen.pilot.press(*["backspace"] * 6, *"patience")
        await screen.shows("1 found.", "With patience")
        slow.open()
        for _ in range(10):
            await screen.pilot.pause()
            assert "1 found." in screen.text
        await screen.pilot.press("enter")
        await screen.until(lambda: shown(screen) == "bread")


async def test_enter_while_a_search_runs_does_not_take_an_older_hit() -> None:
    slow = Gate()
    given, archive = with_history(archive=Held(patience=slow))
    async with searching(given, archive, "winter") as screen:
        await screen.shows("3 found.")
        await screen.pilot.press(*["backspace"] * 6, *"patience", "enter")
        await slow.reached.wait()
        await screen.pilot.pause()
        assert isinstance(screen.app.screen, SearchScreen)
        slow.open()
        await screen.until(lambda: shown(screen) == "bread")


async def test_a_failing_search_is_told() -> None:
    given, archive = with_history()
    async with searching(given, archive) as screen:
        archive.failure = StoreError("The history cannot be read.", hint="Look at the disk.")
        await screen.pilot.press(*"winter")
        await screen.shows("The history cannot be read. Look at the disk.")
        archive.failure = None
        await screen.pilot.press("backspace")
        await screen.shows("3 found.")


async def test_excerpts_and_titles_are_foreign_text() -> None:
    given, archive = with_history()
    text = "lead \x1b[31m[@click=app.quit]press[/] \u202e here [/x] pressing\ton"
    async with searching(given, archive) as screen:
        await keep(archive, conversation(text, title="[red]a\nb[/red] \x1b]0;x\x07", id="foreign"))
        await screen.pilot.press(*"press")
        await screen.shows("[red]a b[/red] ]0;x", "[31m[@click=app.quit]press[/]")
        await screen.pilot.press("enter")
        await screen.until(lambda: marked(screen, now=True) == ["press"])


async def test_a_hit_in_the_conversation_that_is_shown_is_gone_to_while_an_answer_comes_in() -> None:
    given, archive = with_history([TextDelta("Half"), Gate()])
    async with searching(given, archive, "patience") as screen:
        await screen.pilot.press("enter")
        await screen.until(lambda: shown(screen) == "bread")
        await screen.pilot.press("i")
        await screen.type("Tell me more")
        await screen.shows("Half", "streaming")
        await search(screen, "tell")
        await screen.shows("1 found.")
        await screen.pilot.press("enter")
        await screen.until(lambda: marked(screen, now=True) == ["Tell"])
        await screen.shows("streaming")


async def test_a_message_on_another_branch_is_shown_with_its_branch() -> None:
    given, archive = with_history()
    branched = conversation("Which tree?", "An oak.", id="tree")
    other = Message(Role.ASSISTANT, "A beech.", parent_id=branched.messages[0].id, model="demo-model")
    branched.others.append(other)
    branched.tree.add(other.id, other.parent_id)
    branched.tree.choose(branched.messages[1].id)
    async with searching(given, archive) as screen:
        await keep(archive, branched)
        await screen.pilot.press(*"beech", "enter")
        await screen.until(lambda: marked(screen, now=True) == ["beech"])
        assert "An oak." not in screen.text
        assert archive.kept["tree"].head == other.id


async def test_a_folded_prompt_is_unfolded_where_the_word_stands_in_it() -> None:
    given, archive = with_history()
    long = "\n".join(f"row {number}" for number in range(60)) + " needle"
    async with searching(given, archive) as screen:
        await keep(archive, conversation(long, "Yes", id="long"))
        await screen.pilot.press(*"needle", "enter")
        await screen.until(lambda: marked(screen, now=True) == ["needle"])


async def test_it_fits_a_small_screen() -> None:
    given, archive = with_history()
    async with searching(given, archive, "winter", size=(60, 15)) as screen:
        await screen.shows("3 found.", "Fruits for the winter", "10 April")
        assert screen.app.screen.query_one(HitList).region.height >= 9
