"""Versions of messages: editing, asking again, moving between them, copying and deleting."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from textual.widgets import Input

from tests.fakes import Gate, ScriptedProvider, Step
from tests.memory_archive import MemoryArchive
from tests.ui.conversations import conversation, keep, with_history
from tests.ui.harness import Chat, Screen, chat, running
from tui_stream.core.events import StreamEnd, TextDelta
from tui_stream.core.models import Conversation, FinishReason, MessageStatus, ModelInfo
from tui_stream.errors import ConfigError, ConnectionFailedError, StoreError
from tui_stream.models_seen import ModelsSeen
from tui_stream.ui.screens.models import ModelsScreen
from tui_stream.ui.widgets.pane import ChatPane
from tui_stream.ui.widgets.prompt import Prompt

STOP = StreamEnd(FinishReason.STOP)
FRUITS = (
    "Which fruits keep?",
    "Apples and quinces.",
    "And pears?",
    "Pears keep for a week.",
    "And plums?",
    "Plums do not keep.",
)


def says(text: str) -> tuple[Step, ...]:
    return (TextDelta(text), STOP)


def pane(screen: Screen) -> ChatPane:
    return screen.app.get_default_screen().pane


def prompt(screen: Screen) -> Prompt:
    return screen.app.get_default_screen().query_one(Prompt)


def texts(screen: Screen) -> list[str]:
    """The messages of the path that is shown."""
    return [message.text for message in pane(screen).shown.messages]


def entries(screen: Screen) -> list[str]:
    """What stands in the transcript."""
    return [entry.source for entry in pane(screen).transcript.column.entries]


def sent(at: Chat) -> list[str]:
    assert isinstance(at.provider, ScriptedProvider)
    return [message.content for message in at.provider.requests[-1].messages]


@asynccontextmanager
async def shown(
    *scripts: Sequence[Step], size: tuple[int, int] = (100, 40), kept: Sequence[Conversation] = ()
) -> AsyncGenerator[tuple[Screen, MemoryArchive, Chat], None]:
    """A conversation of three turns, shown at the start."""
    archive = MemoryArchive()
    await keep(archive, conversation(*FRUITS, id="fruits"), *kept)
    given, _ = with_history(*scripts, archive=archive, start="fruits")
    async with running(given, size) as screen:
        await screen.until(lambda: pane(screen).shown.id == "fruits" and not pane(screen).busy)
        await screen.shows("Plums do not keep.")
        yield screen, archive, given


async def browse_to(screen: Screen, text: str) -> None:
    """Puts the cursor on a message."""
    transcript = pane(screen).transcript
    if not transcript.has_focus:
        await screen.pilot.press("tab")
        await screen.until(lambda: transcript.has_focus)
    transcript.browser.edge(end=False)
    for _ in transcript.column.entries:
        entry = transcript.browser.entry
        if entry is not None and text in entry.source:
            return
        await screen.pilot.press("m")
    entry = transcript.browser.entry
    assert entry is not None
    assert text in entry.source


# -- editing ----------------------------------------------------------------------------------------


async def test_an_edited_prompt_is_sent_beside_the_old_one_and_what_followed_leaves_the_screen() -> None:
    async with shown(says("Cherries keep for days.")) as (screen, archive, at):
        await browse_to(screen, "And pears?")
        await screen.pilot.press("e")
        await screen.shows("Editing an earlier prompt", "Enter sends it beside the old one")
        assert screen.prompt == "And pears?"
        assert prompt(screen).has_focus
        await screen.pilot.press("backspace", "!", "enter")
        await screen.shows("And pears!", "You  2/2", "Cherries keep for days.", "done")
        assert "Editing" not in screen.text
        assert sent(at) == [*FRUITS[:2], "And pears!"]
        assert texts(screen) == entries(screen) == [*FRUITS[:2], "And pears!", "Cherries keep for days."]
        kept = await archive.load("fruits")
        assert [message.text for message in kept.messages] == texts(screen)
        assert screen.prompt == ""


async def test_a_draft_is_put_by_while_one_edits_and_comes_back() -> None:
    async with shown(says("Yes.")) as (screen, archive, _):
        await screen.pilot.press(*"half")
        await browse_to(screen, "And plums?")
        await screen.pilot.press("e")
        await screen.until(lambda: screen.prompt == "And plums?")
        await screen.pilot.press("x")
        plums = pane(screen).shown.messages[4].id
        await screen.until(lambda: archive.drafts == {"fruits": "half", f"fruits/{plums}": "And plums?x"})
        await screen.pilot.press("escape")
        await screen.until(lambda: screen.prompt == "half" and "Editing" not in screen.text)
        await screen.until(lambda: archive.drafts == {"fruits": "half"})
        await browse_to(screen, "And plums?")
        await screen.pilot.press("e", "y", "enter")
        await screen.shows("And plums?y", "Yes.")
        assert screen.prompt == "half"
        await screen.until(lambda: archive.drafts == {"fruits": "half"})


async def test_going_to_another_conversation_keeps_what_was_edited() -> None:
    other = conversation("How do I bake bread?", "With patience.", id="bread", ago=timedelta(days=1))
    async with shown(kept=[other]) as (screen, archive, _):
        await browse_to(screen, "And plums?")
        await screen.pilot.press("e", "!")
        screen.app.get_default_screen().open_conversation("bread")
        await screen.until(lambda: pane(screen).shown.id == "bread")
        assert (screen.prompt, prompt(screen).editing) == ("", False)
        await screen.until(lambda: list(archive.drafts.values()) == ["And plums?!"])


async def test_only_prompts_can_be_edited() -> None:
    async with shown() as (screen, _, _):
        await browse_to(screen, "Pears keep")
        await screen.pilot.press("e")
        await screen.shows("Only a prompt of yours can be edited")
        assert not prompt(screen).editing


async def test_an_edit_that_cannot_be_sent_yet_stays_in_the_box() -> None:
    gate = Gate()
    async with shown((TextDelta("Coming"), gate, STOP), says("Edited.")) as (screen, _, _):
        await browse_to(screen, "And plums?")
        await screen.pilot.press("e", "!")
        pane(screen).ask("Something else")
        await screen.shows("Coming")
        await screen.pilot.press("enter")
        await screen.shows("An answer is coming in")
        assert (screen.prompt, prompt(screen).editing) == ("And plums?!", True)
        gate.open()
        await screen.shows("done")
        await screen.pilot.press("enter")
        await screen.shows("Edited.", "You  2/2")


async def test_an_edit_of_what_is_gone_becomes_a_prompt() -> None:
    async with shown() as (screen, _, _):
        await browse_to(screen, "And plums?")
        await screen.pilot.press("e", "!")
        pane(screen).delete(pane(screen).shown.messages[4])
        await screen.until(lambda: len(texts(screen)) == 4)
        await screen.pilot.press("enter")
        await screen.shows("The prompt that was edited")
        assert (screen.prompt, prompt(screen).editing) == ("And plums?!", False)


async def test_an_edit_that_is_not_answered_comes_back_before_what_was_put_by() -> None:
    async with shown((ConnectionFailedError("Nothing answers."),)) as (screen, _, _):
        await screen.pilot.press(*"half")
        await browse_to(screen, "And plums?")
        await screen.pilot.press("e", "!", "enter")
        await screen.until(lambda: screen.prompt == "And plums?!\n\nhalf")


# -- asking again -----------------------------------------------------------------------------------


async def test_any_answer_can_be_asked_for_again() -> None:
    async with shown(says("Quinces alone.")) as (screen, _, at):
        await browse_to(screen, "Apples and quinces.")
        await screen.pilot.press("r")
        await screen.shows("scripted-model  2/2", "Quinces alone.", "done")
        assert sent(at) == ["Which fruits keep?"]
        assert texts(screen) == entries(screen) == ["Which fruits keep?", "Quinces alone."]
        await screen.pilot.press("left_square_bracket")
        await screen.shows("demo-model  1/2", "Plums do not keep.")
        assert texts(screen) == entries(screen) == list(FRUITS)


async def test_on_a_prompt_its_answer_is_asked_for_again() -> None:
    async with shown(says("Not at all.")) as (screen, _, at):
        await browse_to(screen, "And plums?")
        await screen.pilot.press("r")
        await screen.shows("Not at all.", "2/2", "done")
        assert sent(at) == list(FRUITS[:5])


async def test_asking_again_in_vain_brings_the_answer_back_and_nothing_else() -> None:
    async with shown((ConnectionFailedError("Nothing answers."),), says("Again.")) as (screen, archive, _):
        await browse_to(screen, "Pears keep")
        await screen.pilot.press("r")
        await screen.shows("Nothing answers.", "Plums do not keep.", "failed")
        assert texts(screen) == entries(screen) == list(FRUITS)
        assert "1/2" not in screen.text
        assert len((await archive.load("fruits")).tree) == len(FRUITS)
        await browse_to(screen, "Pears keep")
        await screen.pilot.press("r")
        await screen.shows("Again.", "2/2", "done")


class Listing(ScriptedProvider):
    """A provider that offers several models."""

    async def models(self) -> Sequence[ModelInfo]:
        return [ModelInfo("large", detail="70B"), ModelInfo("small")]


class Unlisted(ScriptedProvider):
    """A provider that cannot be asked what it offers."""

    async def models(self) -> Sequence[ModelInfo]:
        raise ConnectionFailedError("Nothing answers.")


async def test_another_model_can_be_chosen_from_a_list() -> None:
    provider = Listing([says("One."), says("Two.")])
    at = chat()
    at.provider = provider
    async with running(at) as screen:
        await screen.type("hi")
        await screen.shows("One.", "done")
        await screen.pilot.press("tab", "R")
        await screen.shows("large", "70B", "small", "Enter asks this model")
        await screen.pilot.press("down", "enter")
        await screen.shows("Two.", "small  2/2", "done")
        assert provider.requests[-1].model == "small"
        assert pane(screen).session is not None
        assert pane(screen).session.model == "scripted-model"  # type: ignore[union-attr] # it is open


@pytest.mark.parametrize("kind", [Listing, Unlisted])
async def test_another_model_can_be_typed(kind: type[ScriptedProvider]) -> None:
    provider = kind([says("One."), says("Two.")])
    at = chat()
    at.provider = provider
    async with running(at) as screen:
        await screen.type("hi")
        await screen.shows("One.", "done")
        await screen.pilot.press("tab", "R")
        await screen.shows("Nothing answers." if kind is Unlisted else "70B")
        await screen.pilot.press(*"mine")
        await screen.shows("as typed")
        await screen.pilot.press("enter")
        await screen.shows("Two.", "mine  2/2", "done")
        assert provider.requests[-1].model == "mine"
    assert ModelsSeen().names() == ([] if kind is Unlisted else ["large", "small"])


async def test_no_other_model_is_asked_after_escape() -> None:
    async with shown() as (screen, _, at):
        await browse_to(screen, "Pears keep")
        await screen.pilot.press("R")
        await screen.until(lambda: isinstance(screen.app.screen, ModelsScreen))
        assert screen.app.screen.query_one(Input).has_focus
        await screen.pilot.press("escape")
        await screen.until(lambda: screen.app.screen is screen.app.get_default_screen())
        assert at.provider.requests == []  # type: ignore[attr-defined] # a scripted provider


# -- moving between versions ------------------------------------------------------------------------


def row_of(screen: Screen, text: str) -> int:
    """The row that a text stands on."""
    return next(row for row, line in enumerate(screen.text.splitlines()) if text in line)


async def test_brackets_show_the_other_versions_where_the_message_stands() -> None:
    long = "\n\n".join(f"paragraph {number}" for number in range(40))
    async with shown(says(long), says("Third.")) as (screen, archive, _):
        await browse_to(screen, "And plums?")
        await screen.pilot.press("r")
        await screen.shows("paragraph 39", "done")
        await browse_to(screen, "paragraph 0")
        pane(screen).transcript.go_to(pane(screen).transcript.scroll_offset.y + 3)
        await screen.shows("2/2")
        row = row_of(screen, "2/2")
        await screen.pilot.press("r")
        await screen.shows("Third.", "3/3", "done")
        for key, number, text in (
            ("left_square_bracket", 2, "paragraph 0"),
            ("ctrl+left", 1, "Plums do not keep."),
            ("ctrl+right", 2, "paragraph 0"),
        ):
            await screen.pilot.press(key)
            await screen.shows(f"{number}/3", text)
        head = row_of(screen, "2/3")
        for _ in range(3):
            pane(screen).transcript.go_to(pane(screen).transcript.scroll_offset.y)
            assert row_of(screen, "2/3") == head
        assert row >= 0
        kept = await archive.load("fruits")
        assert kept.messages[-1].text == long


async def test_the_message_keeps_its_row_when_the_versions_are_long() -> None:
    first = "\n\n".join(f"first {number}" for number in range(40))
    second = "\n\n".join(f"second {number}" for number in range(40))
    async with shown(says(first), says(second)) as (screen, _, _):
        for expected in ("first 39", "second 39"):
            await browse_to(screen, "Pears keep" if expected == "first 39" else "first 0")
            await screen.pilot.press("r")
            await screen.shows(expected, "done")
        transcript = pane(screen).transcript
        await browse_to(screen, "second 0")
        top = transcript.column.top(3)
        transcript.go_to(top - 5)
        await screen.shows("3/3")
        row = row_of(screen, "3/3")
        await screen.pilot.press("left_square_bracket")
        await screen.shows("first 0", "2/3")
        assert row_of(screen, "2/3") == row
        await screen.pilot.press("right_square_bracket")
        await screen.shows("second 0")
        assert row_of(screen, "3/3") == row


async def test_pressed_twice_quickly_it_goes_two_further() -> None:
    async with shown(says("Second."), says("Third.")) as (screen, _, _):
        for expected, old in (("Second.", "Plums do"), ("Third.", "Second.")):
            await browse_to(screen, old)
            await screen.pilot.press("r")
            await screen.shows(expected, "done")
        await screen.pilot.press("left_square_bracket", "left_square_bracket")
        await screen.shows("1/3", "Plums do not keep.")
        await screen.pilot.press("left_square_bracket")
        await screen.shows("There is no version before this one.")
        await screen.pilot.press("right_square_bracket", "right_square_bracket", "right_square_bracket")
        await screen.shows("3/3", "There is no further version.")


async def test_a_message_without_versions_says_so() -> None:
    async with shown() as (screen, _, _):
        await browse_to(screen, "Pears keep")
        await screen.pilot.press("right_square_bracket")
        await screen.shows("There is no other version of this message.")
        assert texts(screen) == list(FRUITS)


async def test_versions_are_found_again_at_the_next_start_without_a_provider() -> None:
    async with shown(says("Second.")) as (screen, archive, _):
        await browse_to(screen, "Plums do")
        await screen.pilot.press("r")
        await screen.shows("Second.", "done")
    given, _ = with_history(archive=archive, start="fruits")
    given.trouble = [ConfigError("No provider is named.")]
    async with running(given, (100, 40)) as screen:
        await screen.shows("Second.", "2/2")
        await screen.pilot.press("alt+left")
        await screen.shows("Plums do not keep.", "1/2")
        await screen.until(lambda: archive.kept["fruits"].head is not None)
        kept = await archive.load("fruits")
        assert kept.messages[-1].text == "Plums do not keep."


async def test_what_cannot_be_read_is_said_and_nothing_moves() -> None:
    async with shown(says("Second.")) as (screen, archive, _):
        await browse_to(screen, "Plums do")
        await screen.pilot.press("r")
        await screen.shows("Second.", "done")
        screen.app.get_default_screen()._switch("fruits")
        await screen.until(lambda: not pane(screen).shown.others)
        archive.failure = StoreError("The disk is gone.")
        await screen.pilot.press("alt+left")
        await screen.shows("The disk is gone.", "Second.", "2/2")
        archive.failure = None
        await screen.pilot.press("alt+left")
        await screen.shows("Plums do not keep.", "1/2")


async def test_below_a_message_with_versions_the_brackets_still_find_it() -> None:
    async with shown(says("Edited.")) as (screen, _, _):
        await browse_to(screen, "And plums?")
        await screen.pilot.press("e", "!", "enter")
        await screen.shows("You  2/2", "Edited.", "done")
        await browse_to(screen, "Edited.")
        await screen.pilot.press("left_square_bracket")
        await screen.shows("You  1/2", "Plums do not keep.")
        await browse_to(screen, "Apples and quinces.")
        for _ in range(3):
            await screen.pilot.press("left_square_bracket")
        await screen.shows("There is no other version of this message.")
        assert screen.text.count("There is no other version") == 1, "what is said again is said once"


# -- copying ----------------------------------------------------------------------------------------


async def test_branching_off_opens_a_copy_of_everything_up_to_there() -> None:
    async with shown(says("More.")) as (screen, archive, at):
        await screen.pilot.press(*"half")
        await browse_to(screen, "Pears keep")
        await screen.pilot.press("b")
        await screen.until(lambda: pane(screen).shown.id != "fruits")
        assert texts(screen) == entries(screen) == list(FRUITS[:4])
        assert screen.prompt == ""
        assert prompt(screen).has_focus
        await screen.type("go on")
        await screen.shows("More.", "done")
        assert sent(at) == [*FRUITS[:4], "go on"]
        assert len(archive.kept) == 2
        assert [message.text for message in (await archive.load("fruits")).messages] == list(FRUITS)
        await screen.until(lambda: archive.drafts == {"fruits": "half"})


async def test_branching_off_works_where_nothing_is_kept() -> None:
    at = chat(says("One."), says("Two."))
    async with running(at) as screen:
        await screen.type("hi")
        await screen.shows("One.", "done")
        before = pane(screen).shown
        await screen.pilot.press("tab", "b")
        await screen.until(lambda: pane(screen).shown is not before)
        assert entries(screen) == ["hi", "One."]
        await screen.until(lambda: prompt(screen).has_focus)
        await screen.type("go")
        await screen.shows("Two.", "done")
        assert sent(at) == ["hi", "One.", "go"]


# -- deleting ---------------------------------------------------------------------------------------


async def test_a_turn_is_deleted_and_brought_back() -> None:
    async with shown(says("More.")) as (screen, archive, at):
        await browse_to(screen, "Pears keep")
        await screen.pilot.press("d")
        await screen.shows("u undoes that")
        rest = [*FRUITS[:2], *FRUITS[4:]]
        assert texts(screen) == entries(screen) == rest
        assert [message.text for message in (await archive.load("fruits")).messages] == rest
        await screen.pilot.press("u")
        await screen.shows("Back again.", "Pears keep")
        assert texts(screen) == entries(screen) == list(FRUITS)
        await screen.pilot.press("u")
        await screen.shows("Nothing was deleted")
        await browse_to(screen, "And plums?")
        await screen.pilot.press("d")
        await screen.until(lambda: texts(screen) == list(FRUITS[:4]))
        await screen.pilot.press("i")
        await screen.type("go on")
        await screen.shows("More.", "done")
        assert sent(at) == [*FRUITS[:4], "go on"]


async def test_everything_can_be_deleted_and_brought_back() -> None:
    async with shown() as (screen, _, _):
        for left in (4, 2, 0):
            await browse_to(screen, "fruits keep")
            await screen.pilot.press("d") if left == 0 else await _delete_last(screen)
            await screen.until(lambda left=left: len(entries(screen)) == left)  # type: ignore[misc] # bound now
        for back in (2, 4, 6):
            await screen.pilot.press("u")
            await screen.until(lambda back=back: len(entries(screen)) == back)  # type: ignore[misc] # bound now
        assert texts(screen) == entries(screen) == list(FRUITS)


async def _delete_last(screen: Screen) -> None:
    await screen.pilot.press("G", "d")


async def test_what_was_deleted_comes_back_after_the_conversation_was_opened_anew() -> None:
    other = conversation("How do I bake bread?", "With patience.", id="bread", ago=timedelta(days=1))
    async with shown(kept=[other]) as (screen, archive, _):
        home = screen.app.get_default_screen()
        await browse_to(screen, "Pears keep")
        await screen.pilot.press("d")
        await screen.until(lambda: len(texts(screen)) == 4)
        home.open_conversation("bread")
        await screen.until(lambda: pane(screen).shown.id == "bread")
        home.open_conversation("fruits")
        await screen.until(lambda: pane(screen).shown.id == "fruits")
        await screen.pilot.press("tab", "u")
        await screen.until(lambda: entries(screen) == list(FRUITS))
        await browse_to(screen, "Pears keep")
        await screen.pilot.press("d")
        await screen.until(lambda: len(texts(screen)) == 4)
        home.open_conversation("bread")
        await screen.until(lambda: pane(screen).shown.id == "bread")
        await screen.pilot.press("tab", "u")
        await screen.shows("Back again, in the conversation")
        assert entries(screen) == ["How do I bake bread?", "With patience."]
        assert [message.text for message in (await archive.load("fruits")).messages] == list(FRUITS)


async def test_what_cannot_be_brought_back_does_not_stand_in_the_way() -> None:
    other = conversation("How do I bake bread?", "With patience.", id="bread", ago=timedelta(days=1))
    async with shown(kept=[other]) as (screen, archive, _):
        home = screen.app.get_default_screen()
        await browse_to(screen, "Pears keep")
        await screen.pilot.press("d")
        await screen.until(lambda: len(texts(screen)) == 4)
        home.open_conversation("bread")
        await screen.until(lambda: pane(screen).shown.id == "bread" and not pane(screen).busy)
        await browse_to(screen, "With patience.")
        await screen.pilot.press("d")
        await screen.until(lambda: not texts(screen))
        home.open_conversation("fruits")
        await screen.until(lambda: pane(screen).shown.id == "fruits" and not pane(screen).busy)
        await archive.delete("bread")
        await screen.pilot.press("tab", "u")
        await screen.shows("There is no conversation bread.")
        await screen.pilot.press("u")
        await screen.until(lambda: entries(screen) == list(FRUITS))


async def test_where_deleting_fails_nothing_is_gone() -> None:
    async with shown() as (screen, archive, _):
        await browse_to(screen, "Pears keep")
        archive.failure = StoreError("The disk is full.")
        await screen.pilot.press("d")
        await screen.shows("The disk is full.")
        assert texts(screen) == entries(screen) == list(FRUITS)


# -- while an answer comes in -----------------------------------------------------------------------


@pytest.mark.parametrize("key", ["e", "r", "R", "b", "d", "u", "left_square_bracket", "alt+right"])
async def test_while_an_answer_comes_in_each_says_why_not(key: str) -> None:
    gate = Gate()
    async with shown((TextDelta("Coming"), gate, STOP)) as (screen, _, _):
        await screen.type("more")
        await screen.shows("Coming")
        await browse_to(screen, "And pears?")
        await screen.pilot.press(key)
        await screen.shows("An answer is coming in; Esc stops it.")
        assert texts(screen) == [*FRUITS, "more", "Coming"]
        gate.open()
        await screen.shows("done")


async def test_a_prompt_that_comes_while_something_is_moved_waits_for_it() -> None:
    gate = Gate()

    class Slow(MemoryArchive):
        async def choose(self, conversation: Conversation) -> None:
            gate.reached.set()
            await gate.event.wait()
            await super().choose(conversation)

    archive = Slow()
    await keep(archive, conversation(*FRUITS, id="fruits"))
    given, _ = with_history(says("Second."), says("Third."), archive=archive, start="fruits")
    async with running(given, (100, 40)) as screen:
        await screen.shows("Plums do not keep.")
        await screen.until(lambda: not pane(screen).busy)
        await browse_to(screen, "Plums do")
        await screen.pilot.press("r")
        await screen.shows("Second.", "done")
        await screen.pilot.press("left_square_bracket")
        await gate.reached.wait()
        await screen.pilot.press("i")
        await screen.type("go on")
        await screen.shows("queued")
        gate.open()
        await screen.shows("Third.", "done")
        assert sent(given) == [*FRUITS, "go on"]
        assert texts(screen) == entries(screen) == [*FRUITS, "go on", "Third."]


# -- interrupted ------------------------------------------------------------------------------------


@asynccontextmanager
async def interrupted(*scripts: Sequence[Step], text: str = "The rain falls") -> AsyncGenerator[Screen, None]:
    """A conversation whose last answer the program did not finish, shown at the start."""
    archive = MemoryArchive()
    one = conversation("Write a poem about rain", text, id="rain", status=MessageStatus.INTERRUPTED)
    await keep(archive, one)
    given, _ = with_history(*scripts, archive=archive, start="rain")
    async with running(given) as screen:
        await screen.shows("Interrupted after")
        await screen.until(lambda: not pane(screen).busy)
        yield screen


async def test_an_answer_that_was_interrupted_can_be_gone_on_with() -> None:
    async with interrupted(says(" on the roof.")) as screen:
        await screen.shows("Interrupted after 14 characters", "Ctrl+N goes on · Ctrl+R asks again · Esc keeps it")
        await screen.pilot.press("ctrl+n")
        await screen.shows("The rain falls on the roof.", "done")
        assert "Interrupted" not in screen.text


async def test_an_answer_that_was_interrupted_can_be_asked_for_again() -> None:
    async with interrupted(says("Drip, drop.")) as screen:
        await screen.pilot.press("ctrl+r")
        await screen.shows("Drip, drop.", "2/2", "done")
        await screen.pilot.press("alt+left")
        await screen.shows("The rain falls", "1/2", "Interrupted after 14 characters", "Ctrl+N goes on")


async def test_an_answer_that_was_interrupted_can_be_kept() -> None:
    async with interrupted() as screen:
        await screen.pilot.press("escape")
        await screen.until(lambda: "Ctrl+N" not in screen.text)
        assert "Interrupted after 14 characters" in screen.text
        assert screen.text.lower().count("interrupted") == 1


async def test_one_that_was_interrupted_before_it_began_can_only_be_asked_for_again() -> None:
    async with interrupted(says("Drip, drop."), text="") as screen:
        await screen.shows("Ctrl+R asks again · Esc keeps it")
        assert "Ctrl+N" not in screen.text
        await screen.pilot.press("ctrl+r")
        await screen.shows("Drip, drop.", "done")
        assert "/2" not in screen.text, "what had nothing in it is no version"


async def test_what_can_be_done_about_an_answer_that_was_kept_still_can_be() -> None:
    for key, answer in (("ctrl+n", " on the roof."), ("ctrl+r", "Drip, drop.")):
        async with interrupted(says(answer)) as screen:
            await screen.pilot.press("escape")
            await screen.until(lambda: "Ctrl+N" not in screen.text)
            await screen.pilot.press(key)
            await screen.shows(answer.strip(), "done")


# -- a question without an answer -----------------------------------------------------------------------


@pytest.mark.parametrize("keys", [["ctrl+r"], ["tab", "G", "r"]])
async def test_a_question_that_has_no_answer_is_asked(keys: Sequence[str]) -> None:
    async with shown(says("Not at all.")) as (screen, archive, at):
        await browse_to(screen, "And plums?")
        await screen.pilot.press("b")
        await screen.until(lambda: pane(screen).shown.id != "fruits" and not pane(screen).busy)
        await screen.shows("Ctrl+R asks for its answer.")
        await screen.pilot.press(*keys)
        await screen.shows("Not at all.", "done")
        assert sent(at) == list(FRUITS[:5])
        assert texts(screen) == entries(screen) == [*FRUITS[:5], "Not at all."]
        kept = await archive.load(pane(screen).shown.id)
        assert [message.text for message in kept.messages] == texts(screen)
        assert "/2" not in screen.text


# -- wordings that were not sent ------------------------------------------------------------------------


async def test_a_wording_that_was_not_sent_is_still_one_after_going_elsewhere() -> None:
    other = conversation("How do I bake bread?", "With patience.", id="bread", ago=timedelta(days=1))
    async with shown(says("Edited."), kept=[other]) as (screen, archive, _):
        home = screen.app.get_default_screen()
        await screen.pilot.press(*"half")
        await browse_to(screen, "And plums?")
        await screen.pilot.press("e", "!")
        home.open_conversation("bread")
        await screen.until(lambda: pane(screen).shown.id == "bread")
        home.open_conversation("fruits")
        await screen.until(lambda: pane(screen).shown.id == "fruits")
        assert (screen.prompt, prompt(screen).editing) == ("And plums?!", True)
        await screen.pilot.press("enter")
        await screen.shows("And plums?!", "You  2/2", "Edited.", "done")
        assert screen.prompt == "half"
        await screen.until(lambda: archive.drafts == {"fruits": "half"})


@pytest.mark.parametrize("branch", [False, True])
async def test_a_wording_that_was_not_sent_is_found_at_the_next_start(branch: bool) -> None:
    archive = MemoryArchive()
    talk = conversation(*[part for number in range(100) for part in (f"Q{number}", f"A{number}")], id="long")
    await keep(archive, talk)
    wanted = talk.messages[150 if branch else 20]
    archive.drafts = {"long": "half", f"long/{wanted.id}": "Another wording"}
    if branch:
        begun, _ = with_history(says("Beside."), archive=archive, start="long")
        async with running(begun) as screen:
            await screen.until(lambda: prompt(screen).editing)
            await screen.pilot.press("enter")
            await screen.shows("Beside.", "done")
        archive.drafts = {"long": "half", f"long/{wanted.id}": "Another wording"}
    given, _ = with_history(says("Edited."), archive=archive, start="long")
    async with running(given) as screen:
        await screen.until(lambda: prompt(screen).editing and not pane(screen).busy)
        assert screen.prompt == "Another wording"
        await screen.pilot.press("enter")
        await screen.shows("Another wording", "Edited.", "You  3/3" if branch else "You  2/2", "done")
        assert screen.prompt == "half"


async def test_a_wording_of_what_is_gone_is_a_prompt() -> None:
    archive = MemoryArchive()
    await keep(archive, conversation(*FRUITS, id="fruits"))
    archive.drafts = {"fruits": "half", "fruits/gone": "Another wording"}
    given, _ = with_history(archive=archive, start="fruits")
    async with running(given) as screen:
        await screen.until(lambda: screen.prompt == "Another wording\n\nhalf")
        assert not prompt(screen).editing
        await screen.shows("The prompt that was edited")
        await screen.until(lambda: archive.drafts == {"fruits": "Another wording\n\nhalf"})


# -- titles -----------------------------------------------------------------------------------------


async def test_the_model_names_the_conversation_that_is_shown_and_another_one() -> None:
    other = conversation("How do I bake bread?", "With patience.", id="bread", ago=timedelta(days=1))
    async with shown(says("Fruits that keep"), says("Baking bread"), kept=[other]) as (screen, archive, at):
        await screen.pilot.press("ctrl+b")
        await screen.shows("Today", "How do I bake")
        await screen.pilot.press("t")
        await screen.shows("Now called: Fruits that keep")
        assert archive.kept["fruits"].conversation.title == "Fruits that keep"
        assert FRUITS[0] in sent(at)[0]
        await screen.pilot.press("down", "t")
        await screen.shows("Now called: Baking bread")
        assert "How do I bake bread?" in sent(at)[0]
        assert texts(screen) == list(FRUITS)


async def test_no_title_is_made_while_an_answer_comes_in() -> None:
    gate = Gate()
    async with shown((TextDelta("Coming"), gate, STOP)) as (screen, _, _):
        await screen.type("more")
        await screen.shows("Coming")
        await screen.pilot.press("ctrl+b")
        await screen.shows("● Which fruits")
        await screen.pilot.press("t")
        await screen.shows("No title can be made now: an", "answer streams.")
        gate.open()
        await screen.until(lambda: not pane(screen).busy)
