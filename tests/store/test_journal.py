"""How an answer gets to the disk while it streams, and what a program that dies leaves behind."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from tests.store.keeping import Clock, Talk, opened, rows
from tui_stream.core.archive import Notice
from tui_stream.core.models import Conversation, Message, MessageStatus, Role, ToolCall
from tui_stream.store import database
from tui_stream.store.archive import SqliteArchive
from tui_stream.store.journal import Journal
from tui_stream.store.opening import Opening, open_database

PIECES = "SELECT p.text, p.reasoning FROM pieces p JOIN messages m ON m.key = p.message WHERE m.id = ? ORDER BY number"


async def test_only_what_is_new_is_written(talk: Talk, folder: Path) -> None:
    answer = await talk.answer()
    await talk.grow(answer, "Hel", "lo", "")
    answer.reasoning = "hm"
    await talk.grow(answer, "!")
    assert rows(folder, PIECES, answer.id) == [("Hel", ""), ("lo", ""), ("!", "hm")]
    assert [(m.text, m.reasoning, m.status) for m in (await talk.loaded()).messages] == [("Hello!", "hm", "streaming")]
    await talk.finish(answer)
    assert rows(folder, PIECES, answer.id) == []
    assert rows(folder, "SELECT text, reasoning FROM bodies") == [("Hello!", "hm")]


@pytest.mark.parametrize("changed", ["", "Hel", "something else", "Hello there, and more"])
async def test_a_text_may_change_in_any_way(talk: Talk, changed: str) -> None:
    answer = await talk.answer()
    await talk.grow(answer, "Hello", " there")
    answer.text = changed
    await talk.archive.update(talk.conversation, answer)
    assert await talk.texts() == [changed]
    await talk.grow(answer, " on")
    assert await talk.texts() == [changed + " on"]


async def test_what_changes_beside_the_text_is_kept_too(talk: Talk) -> None:
    answer = await talk.answer("Hello")
    answer.model, answer.notes = "another", ["Rerouted."]
    answer.tool_calls.append(ToolCall("1", "look", "{"))
    await talk.archive.update(talk.conversation, answer)
    answer.tool_calls[0].arguments += "}"
    await talk.archive.update(talk.conversation, answer)
    (loaded,) = (await talk.loaded()).messages
    assert (loaded.text, loaded.model, loaded.notes) == ("Hello", "another", ["Rerouted."])
    assert loaded.tool_calls == [ToolCall("1", "look", "{}")]


async def test_the_journal_is_a_third_of_what_rewriting_would_take(talk: Talk, folder: Path) -> None:
    wal = folder / "history.db-wal"
    connection = sqlite3.connect(folder / "history.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    answer = await talk.answer()
    before = wal.stat().st_size
    for _ in range(40):
        await talk.grow(answer, "word " * 200)
    taken = wal.stat().st_size - before
    rewriting = sum(4096 * (1 + number * 1000 // 4096) for number in range(40))
    connection.close()
    assert taken < rewriting / 3


async def test_a_message_that_is_resumed_streams_behind_what_it_has(talk: Talk, folder: Path) -> None:
    answer = await talk.answer()
    await talk.grow(answer, "first half")
    await talk.finish(answer, MessageStatus.CUT_OFF)
    answer.status, answer.error = MessageStatus.STREAMING, ""
    await talk.grow(answer, " second", " half")
    assert rows(folder, PIECES, answer.id) == [(" half", "")]
    assert await talk.texts() == ["first half second half"]


async def test_two_programs_that_write_one_message_leave_both_texts(folder: Path) -> None:
    async with opened(folder) as one, opened(folder) as other:
        talk, twin = Talk(one), Talk(other)
        answer = await talk.answer("")
        await talk.grow(answer, "mine ", "and mine ")
        copy = Message(Role.ASSISTANT, "yours ", status=MessageStatus.STREAMING, id=answer.id)
        await other.update(talk.conversation, copy)
        twin.conversation = talk.conversation
        await twin.grow(copy, "and yours ")
        assert await talk.texts() == ["yours and yours "]
        assert "both are kept" in other.take_notices()[0]
        await talk.grow(answer, "again")
        await twin.grow(copy, "still")
        await talk.finish(answer)
        await twin.finish(copy)
        loaded = await talk.loaded()
        assert {message.text for message in (*loaded.messages, *loaded.others)} == {
            "mine and mine again",
            "yours and yours still",
        }
        assert {message.status for message in (*loaded.messages, *loaded.others)} == {MessageStatus.COMPLETE}
        assert other.take_notices() == ()


# -- what is safe when ------------------------------------------------------------------------------


async def test_prompts_and_finished_messages_are_on_the_disk_and_pieces_are_quick(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    real = database.transaction

    def watched(connection: sqlite3.Connection, *, durable: bool = True) -> object:
        seen.append(durable)
        return real(connection, durable=durable)

    monkeypatch.setattr("tui_stream.store.journal.transaction", watched)
    await talk.archive.open(talk.conversation)
    await talk.say("prompt")
    answer = await talk.answer()
    await talk.grow(answer, "piece")
    await talk.finish(answer)
    assert seen[-4:] == [True, False, False, True]


@pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 1)])
def test_a_transaction_has_its_own_level(folder: Path, *, durable: bool, level: int) -> None:
    opened_now = open_database(Opening(folder, Clock(), 5))
    with database.transaction(opened_now.connection, durable=durable):
        assert opened_now.connection.execute("PRAGMA synchronous").fetchone()[0] == level
    opened_now.close()


def test_a_transaction_has_the_lock_from_its_beginning(folder: Path) -> None:
    opening = Opening(folder, Clock(), 0.05)
    one, other = open_database(opening), open_database(opening)
    with database.transaction(one.connection):
        with pytest.raises(sqlite3.OperationalError, match="locked"), database.transaction(other.connection):
            raise AssertionError("both have it")
        assert other.connection.execute("SELECT count(*) FROM messages").fetchone()[0] == 0
    with database.transaction(other.connection):
        pass
    for opened_now in (one, other):
        opened_now.close()


async def test_giving_up_waiting_loses_no_write(folder: Path) -> None:
    async with opened(folder) as archive:
        talk = Talk(archive)
        await archive.open(talk.conversation)
        prompt = Message(Role.USER, "whole")
        waiting = asyncio.create_task(archive.add(talk.conversation, prompt))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    async with opened(folder) as archive:
        assert [message.text for message in (await archive.load(talk.id)).messages] == ["whole"]


async def test_what_grows_while_it_is_written_is_written_as_it_was(talk: Talk) -> None:
    answer = await talk.answer("a", tool_calls=[ToolCall("1", "f", "{")])
    answer.text = "ab"
    waiting = asyncio.create_task(talk.archive.update(talk.conversation, answer))
    await asyncio.sleep(0)
    answer.text, answer.tool_calls[0].arguments = "abc", "{}"
    await waiting
    (loaded,) = (await talk.loaded()).messages
    assert (loaded.text, loaded.tool_calls[0].arguments) == ("ab", "{")


def test_several_loops_share_one_archive(folder: Path) -> None:
    async def begin() -> SqliteArchive:
        from tui_stream.store import open_store

        return (await open_store(folder)).archive

    async def write(text: str) -> None:
        await Talk(archive).say(text)

    archive = asyncio.run(begin())
    asyncio.run(write("one"))
    asyncio.run(write("two"))
    assert asyncio.run(archive.prompts()) == ["two", "one"]
    asyncio.run(archive.aclose())


# -- interrupted ------------------------------------------------------------------------------------


async def test_what_streamed_when_the_program_went_away_is_interrupted(folder: Path) -> None:
    async with opened(folder) as archive:
        talk = Talk(archive)
        await talk.say("q")
        answer = await talk.answer()
        await talk.grow(answer, "half ", "an ans\u00fcver")
        done = await talk.answer()
        await talk.finish(done)
    from tui_stream.store import open_store

    store = await open_store(folder, clock=Clock())
    (notice,) = store.notices
    assert notice == "In “q” an answer broke off when the program went away; what had arrived of it is kept."
    assert isinstance(notice, Notice)
    assert notice.conversation_id == talk.id
    loaded = await store.archive.load(talk.id)
    found = next(message for message in (*loaded.messages, *loaded.others) if message.id == answer.id)
    assert (found.text, found.status) == ("half an ans\u00fcver", MessageStatus.INTERRUPTED)
    assert found.error == "interrupted after 15 characters"
    assert found.finished_at is not None
    assert found.finished_at > found.created_at.replace(year=2026, month=1)
    assert [hit.message_id for hit in await store.archive.search("half")] == [answer.id]
    assert rows(folder, "SELECT count(*) FROM pieces") == [(0,)]
    await store.archive.aclose()


async def test_what_another_program_streams_is_left_alone(folder: Path) -> None:
    async with opened(folder) as living:
        talk = Talk(living)
        answer = await talk.answer()
        await talk.grow(answer, "so far")
        async with opened(folder) as newcomer:
            (seen,) = (await newcomer.load(talk.id)).messages
            assert (seen.status, seen.text) == (MessageStatus.STREAMING, "so far")
            await talk.grow(answer, ", so good")
            (seen,) = (await newcomer.load(talk.id)).messages
            assert seen.text == "so far, so good"
        await talk.finish(answer)
        assert (await talk.loaded()).messages[0].status is MessageStatus.COMPLETE


def test_the_lock_of_a_program_goes_with_it(folder: Path) -> None:
    opening = Opening(folder, Clock(), 5)
    one, other = open_database(opening), open_database(opening)
    assert one.owner.others()
    assert not one.owner.gone(other.owner.id)
    assert not one.owner.gone(one.owner.id)
    assert one.owner.gone("0123456789abcdef")
    other.close()
    assert one.owner.gone(other.owner.id)
    assert not one.owner.others()
    (folder / "open" / "of a program that was killed").touch()
    third = open_database(opening)
    assert {path.name for path in (folder / "open").iterdir()} == {one.owner.id, third.owner.id}
    for opened_now in (one, third):
        opened_now.close()
    assert list((folder / "open").iterdir()) == []


async def test_a_conversation_that_another_program_purged_is_written_again(folder: Path, clock: Clock) -> None:
    async with opened(folder, clock=clock) as one, opened(folder, clock=clock) as other:
        talk = Talk(one)
        root = await talk.say("root")
        left = await talk.answer("left", after=root)
        await talk.finish(left)
        await talk.finish(await talk.answer("right", after=root))
        await other.delete(talk.id)
        clock.now = clock.now.replace(year=2030)
        assert await other.purge() == 0
        async with opened(folder, clock=clock) as later:
            assert await later.purge() == 1
        await talk.say("next")
        loaded = await talk.loaded()
        assert [message.text for message in loaded.messages] == ["root", "right", "next"]
        assert [message.text for message in loaded.others] == ["left"]
        assert loaded.tree.siblings(left.id) == talk.conversation.tree.siblings(left.id)


async def test_a_message_whose_ancestors_are_nowhere_is_kept_all_the_same(archive: SqliteArchive) -> None:
    conversation = Conversation()
    await archive.add(conversation, Message(Role.USER, "orphan", parent_id="nobody"))
    (loaded,) = (await archive.load(conversation.id)).messages
    assert (loaded.text, loaded.parent_id) == ("orphan", None)


async def test_a_message_cannot_come_to_follow_itself(talk: Talk) -> None:
    one = await talk.say("one")
    two = await talk.say("two")
    one.parent_id = two.id
    await talk.archive.update(talk.conversation, one)
    assert await talk.texts() == ["one", "two"]


def test_nothing_is_written_where_nothing_is_new(folder: Path) -> None:
    from tui_stream.store.writing import About, Write

    journal = Journal(Opening(folder, Clock(), 5))
    conversation = Conversation()
    message = Message(Role.ASSISTANT, "text", status=MessageStatus.STREAMING)
    write = Write(About.of(conversation), message, conversation)
    journal.keep(write)
    before = (folder / "history.db-wal").stat().st_size
    journal.keep(write)
    assert (folder / "history.db-wal").stat().st_size == before
    journal.close()
