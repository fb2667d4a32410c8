"""Two programs that have the same conversation open, and write the same message or take each other's away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.store.keeping import Clock, Talk, opened
from tui_stream.core.models import Conversation, Cost, Message, MessageStatus, Source, ToolCall
from tui_stream.store.archive import SqliteArchive


class Twins:
    """Two programs, of which the second has loaded what the first began."""

    def __init__(self, one: SqliteArchive, other: SqliteArchive) -> None:
        self.one, self.other = Talk(one), Talk(other)

    async def begin(self, text: str, status: MessageStatus = MessageStatus.CUT_OFF) -> tuple[Message, Message]:
        """A prompt and an answer, as each of the programs has it."""
        await self.one.say("question")
        mine = await self.one.answer(text)
        if status is not MessageStatus.STREAMING:
            await self.one.finish(mine, status)
        self.other.conversation = await self.other.archive.load(self.one.id)
        return mine, self.other.conversation.messages[-1]

    async def texts(self) -> set[str]:
        """What stands in the history."""
        loaded = await self.one.loaded()
        return {message.text for message in (*loaded.messages, *loaded.others)}


@pytest.fixture
async def twins(folder: Path, clock: Clock) -> AsyncIterator[Twins]:
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(opened(folder, clock=clock)) for _ in range(2)]
        yield Twins(one, other)


async def go_on(talk: Talk, message: Message, *pieces: str) -> None:
    """Goes on with a message to its end."""
    message.status = MessageStatus.STREAMING
    await talk.archive.update(talk.conversation, message)
    await talk.grow(message, *pieces)
    await talk.finish(message)


async def test_what_another_program_made_of_an_answer_is_kept_beside_ones_own(twins: Twins) -> None:
    mine, yours = await twins.begin("Begun. ")
    mine.cost = Cost(Decimal(1), Source.REPORTED)
    await go_on(twins.one, mine, "Long, ", "precious.")
    follower = await twins.one.say("Thanks")
    await go_on(twins.other, yours, "Short.")
    assert await twins.texts() == {"question", "Begun. Long, precious.", "Begun. Short.", "Thanks"}
    loaded = await twins.one.loaded()
    by_text = {message.text: message for message in (*loaded.messages, *loaded.others)}
    kept = by_text["Begun. Long, precious."]
    assert (kept.cost, kept.status) == (mine.cost, MessageStatus.COMPLETE)
    assert by_text["Thanks"].parent_id == kept.id, "what was said to it still follows it"
    assert by_text["Begun. Short."].id == yours.id
    assert len(loaded.tree.siblings(kept.id)) == 2
    assert len(await twins.one.archive.search("precious")) == 1
    await twins.one.say("On", after=follower)
    assert (await twins.one.texts())[-2:] == ["Thanks", "On"]


async def test_who_was_moved_aside_still_finds_its_answer(twins: Twins) -> None:
    mine, yours = await twins.begin("Begun. ")
    await go_on(twins.one, mine, "Mine.")
    await go_on(twins.other, yours, "Yours.")
    await twins.one.say("What do you mean?", after=mine)
    assert await twins.one.texts() == ["question", "Begun. Mine.", "What do you mean?"]
    mine.error = "It says so later."
    await twins.one.archive.update(twins.one.conversation, mine)
    assert await twins.texts() == {"question", "Begun. Mine.", "Begun. Yours.", "What do you mean?"}
    await twins.one.archive.remove(twins.one.conversation, [mine.id])
    assert await twins.texts() == {"question", "Begun. Yours.", "What do you mean?"}
    await twins.one.archive.put_back(twins.one.id, [mine.id])
    assert await twins.texts() == {"question", "Begun. Mine.", "Begun. Yours.", "What do you mean?"}
    assert twins.other.archive.take_notices() == (
        "Another program went on with the same answer; both are kept, as versions of each other.",
    )


async def test_two_that_go_on_at_once_are_two_versions_in_the_end(twins: Twins) -> None:
    mine, yours = await twins.begin("Begun. ")
    mine.status = yours.status = MessageStatus.STREAMING
    for _ in range(5):
        await twins.one.grow(mine, "mine ")
        await twins.other.grow(yours, "yours ")
    await twins.other.finish(yours)
    await twins.one.finish(mine)
    assert await twins.texts() == {"question", f"Begun. {'mine ' * 5}", f"Begun. {'yours ' * 5}"}
    loaded = await twins.one.loaded()
    assert len(loaded.tree) == 3
    assert {message.status for message in (*loaded.messages, *loaded.others)} == {MessageStatus.COMPLETE}


async def test_what_was_loaded_anew_is_gone_on_with_where_it_stands(twins: Twins) -> None:
    mine, yours = await twins.begin("Begun. ")
    await go_on(twins.one, mine, "Mine.")
    await go_on(twins.other, yours, "Yours.")
    twins.one.conversation = await twins.one.loaded()
    (theirs,) = [message for message in twins.one.conversation.messages if message.id == yours.id]
    await go_on(twins.one, theirs, " And more.")
    assert await twins.texts() == {"question", "Begun. Mine.", "Begun. Yours. And more."}


@pytest.mark.parametrize("lost", ["reasoning", "a call", "a call's end"])
async def test_thoughts_and_calls_are_not_lost_either(twins: Twins, lost: str) -> None:
    mine, yours = await twins.begin("")
    yours = replace(yours)
    mine.reasoning = "thought" if lost == "reasoning" else ""
    if lost != "reasoning":
        mine.tool_calls = [ToolCall("1", "look", '{"at": 1}')]
    if lost == "a call's end":
        yours.tool_calls = [ToolCall("1", "look", "{")]
    await go_on(twins.one, mine)
    await go_on(twins.other, yours, "text")
    loaded = await twins.one.loaded()
    assert len(loaded.tree) == 3
    (kept,) = loaded.others
    assert (kept.reasoning, kept.tool_calls) == (mine.reasoning, mine.tool_calls)


async def test_what_is_only_longer_takes_no_second_place(twins: Twins) -> None:
    _, yours = await twins.begin("Begun. ")
    await go_on(twins.other, yours, "Ended.")
    assert await twins.texts() == {"question", "Begun. Ended."}


# -- taking away -----------------------------------------------------------------------------------


async def test_what_another_program_writes_is_not_removed(twins: Twins) -> None:
    mine, yours = await twins.begin("", MessageStatus.STREAMING)
    twins.other.conversation.messages.remove(yours)
    await twins.other.archive.remove(twins.other.conversation, [yours.id])
    await twins.one.grow(mine, "Precious.")
    await twins.one.finish(mine)
    assert await twins.texts() == {"question", "Precious."}
    await twins.other.archive.remove(twins.other.conversation, [yours.id])
    assert await twins.texts() == {"question", "Precious."}, "it was never seen with a word in it"
    twins.other.conversation = await twins.other.loaded()
    await twins.other.archive.remove(twins.other.conversation, [yours.id])
    assert await twins.texts() == {"question"}


async def test_what_came_since_it_was_loaded_is_not_removed(twins: Twins) -> None:
    mine, yours = await twins.begin("Begun. ")
    await go_on(twins.one, mine, "Ended.")
    await twins.other.archive.remove(twins.other.conversation, [yours.id])
    assert await twins.texts() == {"question", "Begun. Ended."}


async def test_a_removal_is_taken_back_when_somebody_goes_on_writing(twins: Twins) -> None:
    mine, yours = await twins.begin("Begun. ")
    await twins.other.archive.remove(twins.other.conversation, [yours.id])
    assert await twins.texts() == {"question"}
    await go_on(twins.one, mine, "Ended.")
    assert await twins.one.texts() == ["question", "Begun. Ended."]
    assert len(await twins.one.archive.search("ended")) == 1


async def test_a_removal_is_taken_back_while_an_answer_streams(twins: Twins, folder: Path, clock: Clock) -> None:
    mine, _ = await twins.begin("Begun. ", MessageStatus.STREAMING)
    await twins.one.grow(mine, "more ")

    def job() -> None:
        journal = twins.other.archive._journal
        sql = "UPDATE messages SET removed = 1, removed_at = 1, removed_in = 0, remover = ? WHERE role = 'assistant'"
        journal.run(lambda connection, _: connection.execute(sql, (journal.owner.id,)))

    await twins.other.archive._write(job)
    async with opened(folder, clock=clock) as third:
        assert await third.purge() == 1
    await twins.one.grow(mine, "and more")
    assert await twins.one.texts() == ["question", "Begun. more and more"]


async def test_ones_own_removal_stays(twins: Twins) -> None:
    mine, _ = await twins.begin("Begun. ")
    await twins.one.archive.remove(twins.one.conversation, [mine.id])
    mine.cost = Cost(Decimal(2), Source.REPORTED)
    await twins.one.archive.update(twins.one.conversation, mine)
    assert await twins.texts() == {"question"}


async def test_a_message_that_is_nowhere_is_removed_by_nobody(twins: Twins) -> None:
    await twins.begin("Begun. ")
    await twins.one.archive.remove(twins.one.conversation, ["nobody"])
    await twins.one.archive.put_back(twins.one.id, ["nobody"])
    await twins.one.archive.choose(Conversation(id=twins.one.id))
    assert await twins.texts() == {"question", "Begun. "}
