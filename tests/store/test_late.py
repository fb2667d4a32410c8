"""The history that is opened when it is first asked for anything."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from inspect import getmembers, isfunction, signature
from pathlib import Path

import pytest

from tests.fakes import Gate
from tests.store.keeping import Clock, Talk, opened
from tui_stream.core.archive import Archive
from tui_stream.core.models import Conversation, Message, Role
from tui_stream.errors import StoreError
from tui_stream.store import OpenedStore, open_store
from tui_stream.store.late import LateArchive


@dataclass
class Opener:
    """Opens the history in a folder, once the gate is open; ``failures`` are what the next openings fail with."""

    folder: Path
    clock: Clock
    gate: Gate | None = None
    notices: tuple[str, ...] = ()
    failures: list[Exception] = field(default_factory=list)
    openings: int = 0

    async def __call__(self) -> OpenedStore:
        self.openings += 1
        if self.gate is not None:
            self.gate.reached.set()
            await self.gate.event.wait()
        if self.failures:
            raise self.failures.pop(0)
        store = await open_store(self.folder, clock=self.clock)
        return OpenedStore(store.archive, (*store.notices, *self.notices))


@pytest.fixture
def opener(folder: Path, clock: Clock) -> Opener:
    return Opener(folder, clock)


def conversation(text: str) -> Conversation:
    """A conversation with one prompt."""
    message = Message(Role.USER, text)
    made = Conversation(messages=[message])
    made.tree.add(message.id, None)
    return made


async def test_nothing_is_opened_before_it_is_asked_for(opener: Opener, folder: Path) -> None:
    archive = LateArchive(opener)
    assert not archive.is_open
    assert archive.take_notices() == ()
    await archive.aclose()
    assert opener.openings == 0
    assert not folder.exists()


async def test_it_is_opened_once_whoever_asks(opener: Opener) -> None:
    opener.gate = Gate()
    archive = LateArchive(opener)
    calls = [asyncio.ensure_future(archive.latest()) for _ in range(5)]
    await opener.gate.reached.wait()
    opener.gate.open()
    assert await asyncio.gather(*calls) == [None] * 5
    assert opener.openings == 1
    assert archive.is_open
    await archive.aclose()


async def test_loops_of_several_threads_open_it_once(opener: Opener) -> None:
    archive = LateArchive(opener)
    together = threading.Barrier(4)

    def use(number: int) -> None:
        together.wait(timeout=20)
        asyncio.run(archive.import_conversation(conversation(f"From thread {number}")))

    await asyncio.gather(*(asyncio.to_thread(use, number) for number in range(4)))
    assert opener.openings == 1
    assert {one.title for one in await archive.conversations()} == {f"From thread {number}" for number in range(4)}
    await archive.aclose()


async def test_giving_up_while_it_is_opened_keeps_nobody_else_out(opener: Opener) -> None:
    opener.gate = Gate()
    archive = LateArchive(opener)
    first = asyncio.ensure_future(archive.latest())
    await opener.gate.reached.wait()
    second = asyncio.ensure_future(archive.latest())
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    opener.gate.open()
    assert await second is None
    assert opener.openings == 1, "what was begun is for whoever still waits"
    await archive.aclose()


async def test_what_an_opening_has_to_tell_outlives_whoever_began_it(opener: Opener) -> None:
    opener.gate, opener.notices = Gate(), ("It was damaged.",)
    archive = LateArchive(opener)
    first = asyncio.ensure_future(archive.latest())
    await opener.gate.reached.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    opener.gate.open()
    assert await archive.latest() is None
    assert archive.take_notices() == ("It was damaged.",)
    assert len(list((opener.folder / "open").iterdir())) == 1
    await archive.aclose()


async def test_an_opening_that_nobody_waits_for_any_more_may_fail(opener: Opener) -> None:
    opener.gate, opener.failures = Gate(), [StoreError("No.")]
    archive = LateArchive(opener)
    first = asyncio.ensure_future(archive.latest())
    await opener.gate.reached.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    opener.gate.open()
    assert await archive.latest() is None
    await archive.aclose()


async def test_one_that_cannot_be_opened_is_opened_at_the_next_call(opener: Opener) -> None:
    opener.failures = [StoreError("No."), StoreError("Still no.")]
    archive = LateArchive(opener)
    for said in ("No", "Still no"):
        with pytest.raises(StoreError, match=said):
            await archive.latest()
        assert not archive.is_open
    assert await archive.latest() is None
    assert opener.openings == 3
    await archive.aclose()


async def test_what_happened_to_it_is_told_once(opener: Opener) -> None:
    opener.notices = ("It was damaged.",)
    archive = LateArchive(opener)
    assert archive.take_notices() == ()
    await archive.latest()
    assert archive.take_notices() == ("It was damaged.",)
    assert archive.take_notices() == ()
    await archive.aclose()


async def test_closing_forgets_what_was_deleted_long_ago(opener: Opener, clock: Clock) -> None:
    archive = LateArchive(opener)
    old, new = conversation("Old"), conversation("New")
    for each in (old, new):
        await archive.import_conversation(each)
    await archive.delete(old.id)
    await archive.aclose()
    clock.now = clock.now.replace(day=clock.now.day + 2)
    archive = LateArchive(opener)
    await archive.delete(new.id)
    await archive.aclose()
    async with opened(opener.folder, clock=clock) as reopened:
        with pytest.raises(StoreError, match="no conversation"):
            await reopened.restore(old.id)
        await reopened.restore(new.id)


async def test_closing_closes_it_even_where_it_cannot_forget(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = LateArchive(opener)
    await archive.latest()

    async def purge() -> int:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(await archive.ready(), "purge", purge)
    with pytest.raises(StoreError, match="full"):
        await archive.aclose()
    with pytest.raises(StoreError, match="closed"):
        await archive.save_draft("here", "text")


async def test_every_call_reaches_the_history(opener: Opener) -> None:
    archive = LateArchive(opener)
    talk = Talk(await archive.ready())
    first = await talk.say("Where is the lighthouse?")
    answer = await talk.answer("On the")
    made, kept = talk.conversation, talk.id
    answer.text += " rock"
    await archive.update(made, answer)
    await talk.finish(answer)
    assert await archive.latest() == kept == await archive.resolve(kept[:9])
    assert [message.text for message in (await archive.load(kept)).messages] == [first.text, "On the rock"]
    assert len((await archive.load(kept, tail=1)).messages) == 1
    assert [message.id for message in await archive.messages(kept, [answer.id])] == [answer.id]
    assert [hit.message_id for hit in await archive.search("rock", conversation_id=kept, limit=3)] == [answer.id]
    assert await archive.search("rock", conversation_id="another") == []
    assert await archive.prompts("lighthouse", limit=1) == [first.text]
    assert await archive.prompts("lighthouse", offset=1) == []
    await archive.save_draft(kept, "unsent")
    assert await archive.draft(kept) == "unsent"
    await archive.remove(made, [answer.id])
    assert len((await archive.load(kept)).tree) == 1
    await archive.put_back(kept, [answer.id])
    assert len((await archive.load(kept)).tree) == 2
    await archive.rename(kept, "A title")
    await archive.pin(kept, True)
    (overview,) = await archive.conversations("title", limit=5)
    assert (overview.title, overview.pinned, overview.messages) == ("A title", True, 2)
    assert await archive.conversations("title", offset=1) == []
    await archive.archive(kept, True)
    assert [one.id for one in await archive.conversations(archived=True)] == [kept]
    await archive.delete(kept)
    assert await archive.conversations(archived=True) == []
    await archive.restore(kept)
    assert [one.id for one in await archive.conversations(archived=True)] == [kept]
    assert await archive.purge() == 0
    await archive.aclose()


async def test_a_session_can_write_through_it(opener: Opener) -> None:
    archive = LateArchive(opener)
    made = conversation("One way")
    await archive.open(made)
    await archive.add(made, made.messages[0])
    other = Message(Role.USER, "Another way")
    made.tree.add(other.id, None)
    await archive.add(made, other)
    made.tree.choose(made.messages[0].id)
    await archive.choose(made)
    assert [message.text for message in (await archive.load(made.id)).messages] == ["One way"]
    assert not await archive.import_conversation(made)
    await archive.aclose()


def test_it_is_called_as_any_archive_is(opener: Opener) -> None:
    archive: Archive = LateArchive(opener)
    names = [name for name, _ in getmembers(Archive, isfunction) if not name.startswith("_")]
    assert {"conversations", "open", "messages", "aclose"} <= set(names)
    for name in names:
        assert signature(getattr(archive, name)) == signature(getattr(Archive, name).__get__(archive)), name
