"""Long conversations: their ends are loaded, and the rest when somebody looks for it."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from textual.widgets import Input

from tests.fakes import Gate, Step
from tests.memory_archive import MemoryArchive
from tests.ui.conversations import conversation, keep, with_history
from tests.ui.harness import Screen, running
from tui_stream.core.events import StreamEnd, TextDelta
from tui_stream.core.models import FinishReason, Message
from tui_stream.errors import ConfigError, StoreError
from tui_stream.ui.widgets.message_view import EARLIER
from tui_stream.ui.widgets.pane import ChatPane
from tui_stream.ui.widgets.transcript import Transcript

STOP = StreamEnd(FinishReason.STOP)
COUNT = 400


def said(number: int) -> str:
    return f"answer {number} of many" if number % 2 else f"question {number} of many"


@asynccontextmanager
async def long(
    *scripts: Sequence[Step], archive: MemoryArchive | None = None, provider: bool = True
) -> AsyncGenerator[tuple[Screen, MemoryArchive], None]:
    """A conversation of many messages, shown at the start."""
    kept = archive or MemoryArchive()
    await keep(kept, conversation(*map(said, range(COUNT)), id="long"))
    given, _ = with_history(*scripts, archive=kept, start="long")
    given.trouble = [] if provider else [ConfigError("No provider is named.")]
    async with running(given) as screen:
        await screen.shows(said(COUNT - 1))
        await screen.until(lambda: not pane(screen).busy)
        kept.calls.clear()
        yield screen, kept


def pane(screen: Screen) -> ChatPane:
    return screen.app.get_default_screen().pane


def transcript(screen: Screen) -> Transcript:
    return pane(screen).transcript


def loaded(screen: Screen) -> list[str]:
    """The messages that are loaded."""
    return [message.text for message in pane(screen).shown.messages]


def entries(screen: Screen) -> list[str]:
    """What stands in the transcript."""
    return [entry.source for entry in transcript(screen).column.entries if entry.message is not None]


def in_step(screen: Screen, first: int, last: int = COUNT) -> None:
    """These are loaded, and each is shown once."""
    assert loaded(screen) == [said(number) for number in range(first, last)]
    assert entries(screen) == loaded(screen)
    assert transcript(screen).earlier == first


@dataclass
class Slow(MemoryArchive):
    """Reads messages only once the gate is open."""

    gate: Gate = field(default_factory=Gate)

    async def messages(self, conversation_id: str, ids: Sequence[str]) -> list[Message]:
        self.gate.reached.set()
        await self.gate.event.wait()
        return await super().messages(conversation_id, ids)


def messages_part(screen: Screen) -> list[str]:
    """The rows of the screen that messages stand on."""
    return screen.text.splitlines()[1:-5]


async def test_only_the_end_is_loaded() -> None:
    async with long() as (screen, _):
        in_step(screen, COUNT - 100)


async def test_what_is_above_is_loaded_when_somebody_comes_near_it() -> None:
    async with long(archive=Slow()) as (screen, archive):
        assert isinstance(archive, Slow)
        view = transcript(screen)
        view.go_to(view.scroll_offset.y - 3)
        await screen.pilot.pause()
        assert archive.calls == []
        view.go_to(10)
        await archive.gate.reached.wait()
        await screen.pilot.pause()
        before = messages_part(screen)
        archive.gate.open()
        await screen.until(lambda: len(loaded(screen)) == 100 + EARLIER)
        await screen.pilot.pause()
        in_step(screen, COUNT - 100 - EARLIER)
        assert messages_part(screen) == before, "nothing in view moves"
        assert archive.calls == ["messages"]
        assert not view.follows


async def test_a_person_who_scrolls_up_gets_to_the_beginning() -> None:
    async with long(provider=False) as (screen, archive):
        view = transcript(screen)
        seen = set()
        await screen.pilot.press("tab")
        for _ in range(1000):
            seen |= {number for number in range(COUNT) if f"{said(number)} " in screen.text}
            if said(0) in screen.text:
                break
            before = len(loaded(screen))
            await screen.pilot.press("pageup")
            await screen.until(lambda before=before: not view._asked_earlier or len(loaded(screen)) > before)  # type: ignore[misc] # bound now
        assert seen == set(range(COUNT)), "no message is passed over"
        in_step(screen, 0)
        assert "earlier message" not in screen.text
        assert archive.calls == ["messages"] * (COUNT // EARLIER - 1)


async def test_the_first_line_says_how_many_there_are_above() -> None:
    async with long() as (screen, archive):
        archive.failure = StoreError("The disk is gone.")
        view = transcript(screen)
        view.go_to(0)
        await screen.shows("↑ 300 earlier messages, which cannot be read", "The disk is gone.")
        in_step(screen, COUNT - 100)
        archive.failure = None
        view.go_to(1)
        await screen.until(lambda: len(loaded(screen)) == 100 + EARLIER)
        view.go_to(0)
        await screen.until(lambda: len(loaded(screen)) == 100 + 2 * EARLIER)


@pytest.mark.parametrize("key", ["home", "g"])
async def test_home_goes_to_the_very_beginning(key: str) -> None:
    async with long() as (screen, archive):
        await screen.pilot.press("tab", key)
        await screen.shows(said(0), said(1))
        in_step(screen, 0)
        assert transcript(screen).browser.line == 0
        assert archive.calls == ["messages"]
        await screen.pilot.press("G")
        await screen.shows(said(COUNT - 1))


async def test_who_goes_elsewhere_meanwhile_is_left_there() -> None:
    async with long(archive=Slow()) as (screen, archive):
        assert isinstance(archive, Slow)
        await screen.pilot.press("tab", "home")
        await archive.gate.reached.wait()
        await screen.pilot.press("pagedown")
        await screen.pilot.pause()
        before = messages_part(screen)
        archive.gate.open()
        await screen.until(lambda: len(loaded(screen)) == COUNT)
        await screen.pilot.pause()
        assert messages_part(screen) == before


async def test_text_is_found_in_what_was_not_loaded() -> None:
    async with long() as (screen, _):
        await screen.pilot.press("ctrl+f", *"question 20 of")
        await screen.shows("1 of 1")
        await screen.shows(said(20))
        in_step(screen, 0)


async def test_the_nearest_match_is_shown_while_the_rest_is_searched() -> None:
    async with long() as (screen, _):
        await screen.pilot.press("ctrl+f", *"of many")
        await screen.shows(f" of {COUNT} ")
        found = re.search(r"(\d+) of 400", screen.text)
        assert found is not None
        assert int(found[1]) > COUNT - 20, "the person is near where they were"
        assert said(int(found[1]) - 1) in screen.text


async def test_what_cannot_be_read_ends_the_search_with_what_was_found() -> None:
    async with long() as (screen, archive):
        archive.failure = StoreError("The disk is gone.")
        await screen.pilot.press("ctrl+f", *"of many")
        await screen.shows("The disk is gone.", "of 100 ")


async def test_a_search_of_everything_leads_to_what_was_not_loaded() -> None:
    async with long() as (screen, _):
        await screen.pilot.press("ctrl+p")
        await screen.until(lambda: screen.app.screen.query(Input))
        await screen.pilot.press(*"question 200")
        await screen.shows("1 found.")
        await screen.pilot.press("enter")
        await screen.shows(said(200))
        await screen.until(lambda: transcript(screen).has_focus)
        first = 200 - 20
        await screen.until(lambda: transcript(screen).earlier <= first)
        in_step(screen, transcript(screen).earlier)


async def test_it_leads_there_while_an_answer_comes_in() -> None:
    gate = Gate()
    async with long((TextDelta("Coming"), gate, TextDelta(" in."), STOP)) as (screen, _):
        await screen.type("more")
        await screen.shows("Coming")
        await screen.pilot.press("ctrl+p")
        await screen.until(lambda: screen.app.screen.query(Input))
        await screen.pilot.press(*"question 200")
        await screen.shows("1 found.")
        await screen.pilot.press("enter")
        await screen.shows(said(200))
        shown = transcript(screen).column.entries
        assert [entry.source for entry in shown].count("Coming") == 1
        gate.open()
        await screen.until(lambda: not pane(screen).busy)
        assert entries(screen) == loaded(screen)
        assert loaded(screen)[-2:] == ["more", "Coming in."]


async def test_an_answer_whose_question_is_not_loaded_can_be_asked_for_again() -> None:
    archive = MemoryArchive()
    await keep(archive, conversation(*map(said, range(201)), "last", id="long"))
    given, _ = with_history([TextDelta("Again."), STOP], archive=archive, start="long")
    async with running(given, (100, 30)) as screen:
        await screen.shows("last")
        await screen.until(lambda: not pane(screen).busy)
        pane(screen).shown.messages[:1] = []  # so that an answer comes first
        transcript(screen).replace(pane(screen).shown)
        answer = pane(screen).shown.messages[0]
        assert answer.text == said(103)
        pane(screen).ask_again(answer)
        await screen.shows("Again.", "2/2", "done")
        assert loaded(screen)[-2:] == [said(102), "Again."]


async def test_a_turn_whose_question_is_not_loaded_is_deleted_whole() -> None:
    archive = MemoryArchive()
    await keep(archive, conversation(*map(said, range(202)), id="long"))
    given, _ = with_history(archive=archive, start="long")
    async with running(given, (100, 30)) as screen:
        await screen.shows(said(201))
        await screen.until(lambda: not pane(screen).busy)
        pane(screen).shown.messages[:1] = []
        transcript(screen).replace(pane(screen).shown)
        pane(screen).delete(pane(screen).shown.messages[0])
        await screen.until(lambda: len(archive.kept["long"].gone) == 2)
        await screen.until(lambda: said(102) not in loaded(screen))
        kept = [message.text for message in (await archive.load("long")).messages]
        assert kept == [said(number) for number in range(202) if number not in {102, 103}]
        assert entries(screen) == loaded(screen)


async def test_saving_writes_the_whole_path(tmp_path: Path) -> None:
    async with long([TextDelta("Other."), STOP]) as (screen, _):
        await screen.pilot.press("tab", "r")
        await screen.shows("Other.", "done")
        await screen.pilot.press("ctrl+s")
        await screen.shows("Save the conversation as")
        path = tmp_path / "long.md"
        screen.app.screen.query_one(Input).value = str(path)
        await screen.pilot.press("enter")
        await screen.until(path.exists)
        written = path.read_text(encoding="utf-8")
        assert [number for number in range(COUNT) if said(number) in written] == list(range(COUNT - 1))
        assert "Other." in written
        in_step_after = len(loaded(screen))
        assert in_step_after == 100, "what was written is not kept in memory"
