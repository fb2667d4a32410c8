"""What is typed and sent while a conversation is on its way, what another program does, and what cannot be kept."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.fakes import Gate, ScriptedProvider
from tests.memory_archive import MemoryArchive
from tests.ui.conversations import conversation, keep, some, with_history
from tests.ui.harness import Chat, Screen, chat, running
from tui_stream.core.archive import Notice
from tui_stream.core.events import StreamEnd, TextDelta
from tui_stream.core.models import Conversation, FinishReason, Message, MessageStatus
from tui_stream.core.session import OpenedSession
from tui_stream.errors import StoreError
from tui_stream.ui.history import History
from tui_stream.ui.screens.confirm import ConfirmScreen
from tui_stream.ui.widgets.pane import ChatPane
from tui_stream.ui.widgets.prompt import Prompt

STOP = StreamEnd(FinishReason.STOP)


class Slow(MemoryArchive):
    """Loads, drafts or adds only when the gate is open."""

    def __init__(self, *slow: str) -> None:
        super().__init__()
        self.slow = slow
        self.gate = Gate()

    async def _wait(self, what: str) -> None:
        if what in self.slow:
            self.gate.reached.set()
            await self.gate.event.wait()

    async def load(self, conversation_id: str, *, tail: int | None = None) -> Conversation:
        await self._wait("load")
        return await super().load(conversation_id, tail=tail)

    async def unsent(self, place: str) -> dict[str, str]:
        found = await super().unsent(place)
        await self._wait("unsent")
        return found

    async def add(self, conversation: Conversation, message: Message) -> None:
        await self._wait("add")
        await super().add(conversation, message)


def pane(screen: Screen) -> ChatPane:
    return screen.app.get_default_screen().pane


def prompt(screen: Screen) -> Prompt:
    return screen.app.get_default_screen().query_one(Prompt)


def texts(screen: Screen) -> list[str]:
    return [message.text for message in pane(screen).shown.messages]


def sent(at: Chat) -> list[str]:
    assert isinstance(at.provider, ScriptedProvider)
    return [message.content for message in at.provider.requests[-1].messages]


BREAD = ["How do I bake bread?", "With patience."]

# -- what is sent on the way --------------------------------------------------------------------------------


async def test_the_first_prompt_goes_to_the_conversation_that_goes_on() -> None:
    archive = Slow("load")
    await keep(archive, *some())
    given, _ = with_history([TextDelta("A day."), STOP], archive=archive, start="bread")
    given.first_prompt = "How long?"
    async with running(given) as screen:
        await archive.gate.reached.wait()
        await screen.shows("You · queued", "How long?")
        assert given.provider.requests == []  # type: ignore[attr-defined] # a scripted provider
        archive.gate.open()
        await screen.shows("With patience.", "A day.", "done")
        assert sent(given) == [*BREAD, "How long?"]
        assert texts(screen) == [*BREAD, "How long?", "A day."]
        assert len(archive.kept) == len(some())


async def test_what_is_typed_on_the_way_is_meant_for_there() -> None:
    archive = Slow("load")
    await keep(archive, *some())
    archive.drafts = {"new": "for a new one", "bread": "from before"}
    given, _ = with_history([TextDelta("A day."), STOP], archive=archive, start="bread")
    async with running(given) as screen:
        await screen.type("How long?")
        await screen.pilot.press(*"more")
        await screen.shows("queued")
        archive.gate.open()
        await screen.shows("A day.", "done")
        assert sent(given) == [*BREAD, "How long?"]
        assert screen.prompt == "from before\n\nmore"
        await screen.until(lambda: archive.drafts == {"new": "for a new one", "bread": "from before\n\nmore"})


async def test_where_it_cannot_be_opened_what_was_sent_comes_back() -> None:
    archive = Slow("load")
    await keep(archive, *some())
    archive.drafts = {"new": "half"}
    given, _ = with_history([TextDelta("A day."), STOP], archive=archive, start="gone")
    async with running(given) as screen:
        await screen.type("How long?")
        archive.gate.open()
        await screen.shows("There is no conversation gone.")
        await screen.until(lambda: sorted(screen.prompt.split("\n\n")) == ["How long?", "half"])
        assert given.provider.requests == []  # type: ignore[attr-defined] # a scripted provider
        await screen.until(lambda: sorted(archive.drafts.get("new", "").split("\n\n")) == ["How long?", "half"])


async def test_going_on_to_another_one_takes_along_what_was_sent() -> None:
    archive = Slow("load")
    await keep(archive, *some())
    given, _ = with_history([TextDelta("A day."), STOP], archive=archive)
    async with running(given) as screen:
        home = screen.app.get_default_screen()
        home.open_conversation("rain")
        await archive.gate.reached.wait()
        home.open_conversation("bread")
        await screen.type("How long?")
        archive.gate.open()
        await screen.shows("A day.", "done")
        assert texts(screen) == [*BREAD, "How long?", "A day."]


async def test_a_draft_that_comes_late_stays_where_it_belongs() -> None:
    archive = Slow("unsent")
    await keep(archive, *some())
    archive.drafts = {"new": "for a new one"}
    given, _ = with_history(archive=archive)
    async with running(given) as screen:
        await archive.gate.reached.wait()
        archive.slow = ()
        screen.app.get_default_screen().open_conversation("bread")
        await screen.until(lambda: pane(screen).shown.id == "bread")
        archive.gate.open()
        await screen.pilot.press("x")
        await screen.until(lambda: archive.drafts == {"new": "for a new one", "bread": "x"})
        assert screen.prompt == "x"


async def test_a_prompt_is_unsent_until_the_history_has_it() -> None:
    archive = Slow("add")
    given, _ = with_history([TextDelta("Hello"), STOP], archive=archive)
    async with running(given) as screen:
        await screen.pilot.press(*"Hi")
        await screen.until(lambda: archive.drafts == {"new": "Hi"})
        await screen.pilot.press("enter")
        await archive.gate.reached.wait()
        await screen.pilot.press("x")
        await screen.until(lambda: archive.drafts == {"new": "Hi\n\nx"})
        archive.gate.open()
        await screen.shows("Hello", "done")
        await screen.until(lambda: archive.drafts == {pane(screen).shown.id: "x"})


# -- leaving an answer, or what cannot be kept --------------------------------------------------------------


async def test_the_question_whether_to_stop_goes_with_the_answer() -> None:
    gate = Gate()
    given, archive = with_history([TextDelta("Half"), gate, STOP])
    await keep(archive, *some())
    async with running(given) as screen:
        await screen.type("Tell me")
        await screen.shows("Half")
        screen.app.get_default_screen().open_conversation("bread")
        await screen.until(lambda: isinstance(screen.app.screen, ConfirmScreen))
        gate.open()
        await screen.until(lambda: pane(screen).shown.id == "bread")
        assert not isinstance(screen.app.screen, ConfirmScreen)


@pytest.mark.parametrize("answer", ["y", "n"])
async def test_a_conversation_that_cannot_be_kept_is_not_left_unasked(answer: str) -> None:
    class Full(MemoryArchive):
        async def add(self, conversation: Conversation, message: Message) -> None:
            del conversation, message
            raise StoreError("The disk is full.")

    given, _ = with_history([TextDelta("Hello"), STOP], archive=Full())
    async with running(given) as screen:
        await screen.type("Hi")
        await screen.shows("Hello", "done")
        await screen.pilot.press("alt+n")
        await screen.shows("could not be written down")
        await screen.pilot.press(answer)
        if answer == "y":
            await screen.until(lambda: texts(screen) == [])
        else:
            await screen.until(lambda: not isinstance(screen.app.screen, ConfirmScreen))
            assert texts(screen) == ["Hi", "Hello"]


async def test_a_history_that_fails_is_told_once_and_in_the_list_not_twice() -> None:
    archive = MemoryArchive(failure=StoreError("The folder is read-only."))
    given, _ = with_history(archive=archive)
    async with running(given) as screen:
        await screen.shows("The folder is read-only.")
        await screen.pilot.press("x")
        await screen.until(lambda: "save_draft" in archive.calls)
        await screen.pilot.press("up")
        assert screen.text.count("The folder is read-only.") == 1
        screen.app.clear_notifications()
        await screen.pilot.press("ctrl+b")
        await screen.shows("The folder is read-only.")
        assert screen.text.count("The folder is read-only.") == 1
        assert "There are no conversations" not in screen.text


@pytest.mark.parametrize("size", [(100, 30), (70, 20), (40, 15)])
async def test_where_nothing_is_kept_the_list_says_all_of_why(size: tuple[int, int]) -> None:
    given = chat()
    given.history = History(reason="The settings say history = false, or --no-store was given.")
    async with running(given, size) as screen:
        await screen.pilot.press("ctrl+b")
        await screen.shows("Nothing is kept.", "given.")
        assert "Enter Open" not in screen.text


# -- another program ----------------------------------------------------------------------------------------


async def test_what_another_program_adds_meanwhile_shows_as_a_version() -> None:
    archive = MemoryArchive()
    await keep(archive, *some())
    one, _ = with_history([TextDelta("Mine."), STOP], archive=archive, start="bread")
    other, _ = with_history([TextDelta("Theirs."), STOP], archive=archive, start="bread")
    async with running(one) as screen:
        await screen.shows("With patience.")
        async with running(other) as beside:
            await beside.shows("With patience.")
            await beside.type("and rye?")
            await beside.shows("Theirs.", "done")
            assert "elsewhere" not in beside.text
        await screen.type("and oats?")
        await screen.shows("Mine.", "done", "You  1/2", "This conversation was also changed elsewhere")
        await screen.pilot.press("alt+right")
        await screen.shows("and rye?", "Theirs.", "2/2")


# -- what the history has to tell ---------------------------------------------------------------------------


class Telling(Chat):
    """The session comes with something that is to be told of the history."""

    notices: Sequence[str] = ()

    async def open(self) -> OpenedSession:
        opened = await super().open()
        left = list(self.notices)

        def take() -> list[str]:
            told = left.copy()
            left.clear()
            return told

        return OpenedSession(opened.session, opened.reason, opened.load_prices, take)


@pytest.mark.parametrize("start", ["", "rain"])
async def test_an_interruption_is_told_where_it_is_not_seen(start: str) -> None:
    made, archive = with_history(start=start)
    await keep(archive, *some())
    given = Telling(made.provider, history=made.history)
    given.notices = [Notice("In “Write a poem” an answer broke off.", "rain"), "The history was brought up to date."]
    async with running(given, (120, 30)) as screen:
        await screen.shows("The history was brought up to date.")
        if start:
            await screen.shows("Interrupted after 14 characters")
            assert "an answer broke off" not in screen.text
        else:
            await screen.shows("In “Write a poem” an answer broke off. Ctrl+B leads there.")


async def test_a_text_that_was_lost_is_not_taken_for_an_empty_one() -> None:
    archive = MemoryArchive()
    lost = conversation("", "", id="lost", status=MessageStatus.FAILED)
    for message in lost.messages:
        message.status, message.error = MessageStatus.COMPLETE, "the text was lost when the history was damaged"
    await keep(archive, lost)
    given, _ = with_history(archive=archive, start="lost")
    async with running(given) as screen:
        await screen.until(lambda: screen.text.count("the text was lost when the history was damaged") == 2)
        assert "answered with nothing" not in screen.text
