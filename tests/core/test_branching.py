"""Branches: editing, asking again, moving about, copying and deleting, with an archive that is kept in step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import fields
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.test_resuming import Taking
from tests.fakes import FakeClock, FlatPrices, Gate, ScriptedProvider, Step
from tests.memory_archive import MemoryArchive, copied
from tui_stream.core.branching import DeletedTurn
from tui_stream.core.events import ResponseStarted, StreamEnd, TextDelta, UsageReport
from tui_stream.core.models import Conversation, Cost, FinishReason, Message, MessageStatus, Role, Source, Usage
from tui_stream.core.session import ChatSession, SessionOptions
from tui_stream.core.store import NoStore
from tui_stream.core.turn import Turn
from tui_stream.errors import StoreError, StreamBrokenError

FULL = StoreError("The disk is full.")
RESET = StreamBrokenError("The connection was reset.")


def says(text: str) -> list[Step]:
    return [TextDelta(text), StreamEnd(FinishReason.STOP)]


class Fixture:
    """A session over an archive in memory, whose answers count: "answer 1", "answer 2" ..."""

    def __init__(self, store: MemoryArchive | None = None, conversation: Conversation | None = None) -> None:
        self.provider = ScriptedProvider([says(f"answer {number + 1}") for number in range(100)])
        self.store = store or MemoryArchive()
        self.session = ChatSession(
            self.provider,
            options=SessionOptions(frame=0),
            conversation=conversation,
            store=self.store,
            prices=FlatPrices(),
            clock=FakeClock(),
        )

    @property
    def conversation(self) -> Conversation:
        return self.session.conversation

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.conversation.messages]

    @property
    def sent(self) -> list[str]:
        return [message.content for message in self.provider.requests[-1].messages]

    async def run(self, turn: Turn) -> Message:
        async with aclosing(self.session.run(turn)) as updates:
            async for _ in updates:
                pass
        return turn.message

    async def talk(self, *texts: str) -> None:
        for text in texts:
            await self.run(self.session.begin(text))

    def shown(self, text: str) -> Message:
        return next(message for message in self.conversation.messages if message.text == text)

    async def again(self, tail: int | None = None) -> Fixture:
        """Another start of the program, with the same archive and conversation."""
        return Fixture(self.store, await self.store.load(self.conversation.id, tail=tail))

    async def in_step(self) -> None:
        """What is kept is what is held."""
        held, kept = self.conversation, await self.store.load(self.conversation.id)
        assert sorted(kept.tree) == sorted(held.tree)
        assert {one: kept.tree.children(one) for one in (None, *kept.tree)} == {
            one: held.tree.children(one) for one in (None, *held.tree)
        }
        assert kept.tree.head == held.tree.head
        shown = kept.messages[len(kept.messages) - len(held.messages) :]
        assert [_state(message) for message in held.messages] == [_state(message) for message in shown]
        known = {message.id: message for message in (*kept.messages, *kept.others)}
        for message in (*held.messages, *held.others):
            assert _state(message) == _state(known[message.id])
        assert _money(held) == _money(kept)


def _state(message: Message) -> dict[str, object]:
    return {one.name: getattr(message, one.name) for one in fields(message)}


def _money(conversation: Conversation) -> Decimal | None:
    return ChatSession(ScriptedProvider([]), conversation=conversation).cost().amount


# -- editing ----------------------------------------------------------------------------------------


async def test_an_edited_prompt_begins_a_branch_beside_the_old_one() -> None:
    at = Fixture()
    await at.talk("one", "two", "three")
    old = at.shown("two")
    turn = at.session.edit(old, "other")
    assert at.texts == ["one", "answer 1", "other", ""]
    await at.run(turn)
    assert at.sent == ["one", "answer 1", "other"]
    assert [message.text for message in at.conversation.others] == ["two", "answer 2", "three", "answer 3"]
    assert at.session.siblings(turn.prompt) == (2, 2)
    assert at.session.siblings(old) == (1, 2)
    assert turn.prompt.parent_id == old.parent_id
    await at.in_step()


async def test_the_first_prompt_can_be_edited_and_edited_again() -> None:
    at = Fixture()
    await at.talk("one")
    second = at.session.edit(at.shown("one"), "uno")
    await at.run(second)
    third = at.session.edit(second.prompt, "eins")
    await at.run(third)
    assert (at.texts, at.session.siblings(third.prompt)) == (["eins", "answer 3"], (3, 3))
    assert at.sent == ["eins"]
    await at.in_step()


async def test_what_is_not_a_prompt_that_is_shown_cannot_be_edited() -> None:
    at = Fixture()
    await at.talk("one")
    one = at.shown("one")
    with pytest.raises(ValueError, match="prompt"):
        at.session.edit(at.shown("answer 1"), "x")
    at.session.edit(one, "x")
    with pytest.raises(ValueError, match="not shown"):
        at.session.edit(one, "y")


# -- asking again -----------------------------------------------------------------------------------


async def test_any_answer_can_be_asked_for_again() -> None:
    at = Fixture()
    await at.talk("one", "two")
    first = at.shown("answer 1")
    turn = at.session.regenerate(first)
    await at.run(turn)
    assert at.texts == ["one", "answer 3"]
    assert at.sent == ["one"]
    assert (at.session.siblings(turn.message), at.session.siblings(first)) == ((2, 2), (1, 2))
    await at.in_step()


async def test_another_model_can_be_asked_once() -> None:
    at = Fixture()
    at.session.use_model("small")
    await at.talk("one")
    turn = at.session.regenerate(at.shown("answer 1"), model="large")
    assert turn.message.model == "large"
    await at.run(turn)
    assert at.provider.requests[-1].model == "large"
    assert (turn.message.model, turn.message.notes) == ("large", [])
    await at.talk("two")
    assert at.provider.requests[-1].model == "small"


async def test_only_answers_whose_prompts_are_loaded_can_be_asked_for_again() -> None:
    at = Fixture()
    await at.talk("one", "two")
    with pytest.raises(ValueError, match="answer"):
        at.session.regenerate(at.shown("two"))
    loaded = await at.again(tail=1)
    with pytest.raises(ValueError, match="not loaded"):
        loaded.session.regenerate(loaded.shown("answer 2"))
    assert loaded.texts == ["answer 2"]


async def test_an_answer_with_nothing_in_it_is_no_branch_and_still_counts() -> None:
    at = Fixture()
    at.provider.scripts = [
        says("one"),
        [ResponseStarted("m"), UsageReport(Usage(1000, 50)), RESET],
        *at.provider.scripts,
    ]
    await at.talk("hi")
    answer = at.shown("one")
    before = at.session.cost().amount
    turn = at.session.regenerate(answer)
    with pytest.raises(StreamBrokenError):
        await at.run(turn)
    assert (at.texts, turn.recalled, at.session.siblings(answer)) == (["hi", "one"], True, (1, 1))
    assert at.conversation.others == []
    assert before is not None
    assert (at.session.cost().amount or 0) > before, "what was spent stays spent"
    await at.in_step()


async def test_one_that_is_replaced_is_gone_at_once() -> None:
    at = Fixture()
    at.provider.scripts = [[RESET], [RESET], *at.provider.scripts]
    for turn in (at.session.begin("hi"), None, None):
        again = turn or at.session.retry(at.conversation.messages[-1])
        assert at.session.siblings(again.message) == (1, 1)
        with suppress(StreamBrokenError):
            await at.run(again)
    assert at.texts == ["hi", "answer 1"]
    await at.in_step()


async def test_a_note_in_its_place_is_no_branch_beside_it() -> None:
    at = Fixture()
    at.provider.scripts = [[RESET], *at.provider.scripts]
    with pytest.raises(StreamBrokenError):
        await at.run(at.session.begin("hi"))
    turn = at.session.follow_up(at.conversation.messages[-1], "quickly")
    assert at.session.siblings(turn.prompt) == (1, 1)
    await at.run(turn)
    assert at.texts == ["hi", "quickly", "answer 1"]
    await at.in_step()


async def test_one_that_something_follows_stays() -> None:
    at = Fixture()
    at.provider.scripts = [[RESET], *at.provider.scripts]
    with pytest.raises(StreamBrokenError):
        await at.run(at.session.begin("hi"))
    empty = at.conversation.messages[-1]
    await at.talk("again")
    turn = at.session.regenerate(empty)
    await at.run(turn)
    assert (at.texts, at.session.siblings(turn.message)) == (["hi", "answer 2"], (2, 2))
    await at.session.switch(turn.message, -1)
    assert at.texts == ["hi", "", "again", "answer 1"]
    await at.in_step()


async def test_it_is_deleted_as_soon_as_the_store_can() -> None:
    at = Fixture()
    at.provider.scripts = [says("one"), [RESET], *at.provider.scripts]
    await at.talk("hi")
    at.store.failure = FULL
    with pytest.raises(StreamBrokenError):
        await at.run(at.session.regenerate(at.shown("one")))
    assert at.session.siblings(at.shown("one")) == (1, 1)
    at.store.failure = None
    await at.talk("go on")
    await at.in_step()


async def test_the_whole_path_is_read_and_stays_unloaded() -> None:
    at = Fixture()
    await at.talk("one", "two", "three")
    loaded = await at.again(tail=2)
    assert loaded.session.earlier == 4
    assert [message.text for message in await loaded.session.path()] == at.texts
    assert (loaded.texts, loaded.session.earlier) == (["three", "answer 3"], 4)
    await loaded.session.load_earlier(3)
    assert loaded.session.earlier == 1


# -- moving about -----------------------------------------------------------------------------------


async def test_moving_between_branches_shows_each_down_to_its_leaf() -> None:
    at = Fixture()
    await at.talk("one", "two")
    turn = at.session.edit(at.shown("one"), "uno")
    await at.run(turn)
    shown = await at.session.switch(turn.prompt, -1)
    assert [message.text for message in shown] == at.texts == ["one", "answer 1", "two", "answer 2"]
    await at.in_step()
    await at.session.switch(at.shown("one"), +1)
    assert at.texts == ["uno", "answer 3"]
    await at.in_step()
    for step in (-2, 1):
        with pytest.raises(ValueError, match="no such branch"):
            await at.session.switch(turn.prompt, step)
    with pytest.raises(ValueError, match="not shown"):
        await at.session.switch(at.conversation.others[0], 1)


async def test_a_branch_that_is_not_loaded_is_fetched() -> None:
    at = Fixture()
    await at.talk("one", "two", "three")
    await at.run(at.session.edit(at.shown("two"), "other"))
    loaded = await at.again(tail=2)
    cost = loaded.session.cost()
    assert (loaded.texts, loaded.conversation.others) == (["other", "answer 4"], [])
    shown = await loaded.session.switch(loaded.shown("other"), -1)
    assert [message.text for message in shown] == ["two", "answer 2", "three", "answer 3"]
    assert loaded.texts == ["two", "answer 2", "three", "answer 3"]
    assert loaded.session.cost() == cost == at.session.cost()
    await loaded.in_step()
    loaded.store.calls.clear()
    await loaded.session.switch(loaded.shown("two"), +1)
    assert loaded.store.calls == ["choose"], "what is loaded is not read again"
    assert (await loaded.again()).texts == ["one", "answer 1", "other", "answer 4"]


async def test_a_message_on_another_branch_is_shown() -> None:
    at = Fixture()
    await at.talk("one", "two", "three")
    two = at.shown("two")
    await at.run(at.session.edit(two, "other"))
    loaded = await at.again(tail=2)
    shown = await loaded.session.show(two.id)
    assert [message.text for message in shown] == ["two", "answer 2", "three", "answer 3"]
    calls = len(loaded.store.calls)
    assert await loaded.session.show(two.id) == shown
    assert len(loaded.store.calls) == calls, "nothing changed, nothing is written"
    with pytest.raises(ValueError, match="not in this conversation"):
        await loaded.session.show("nobody")


async def test_what_another_program_deleted_is_let_go() -> None:
    at = Fixture()
    await at.talk("one", "two")
    old = at.shown("answer 2")
    await at.run(at.session.regenerate(old))
    loaded = await at.again(tail=2)
    await at.store.remove(at.conversation, [old.id])
    with pytest.raises(ValueError, match="deleted"):
        await loaded.session.switch(loaded.shown("answer 3"), -1)
    assert loaded.session.siblings(loaded.shown("answer 3")) == (1, 1)
    await loaded.in_step()


async def test_a_branch_that_cannot_be_read_stays_out_of_sight() -> None:
    at = Fixture()
    await at.talk("one")
    await at.run(at.session.regenerate(at.shown("answer 1")))
    loaded = await at.again(tail=2)
    at.store.failure = FULL
    with pytest.raises(StoreError):
        await loaded.session.switch(loaded.shown("answer 2"), -1)
    assert loaded.texts == ["one", "answer 2"]


async def test_a_choice_that_cannot_be_kept_is_shown_all_the_same() -> None:
    at = Fixture()
    await at.talk("one")
    await at.run(at.session.regenerate(at.shown("answer 1")))
    at.store.failure = FULL
    await at.session.switch(at.shown("answer 2"), -1)
    assert at.texts == ["one", "answer 1"]
    turn = at.session.begin("two")
    await at.run(turn)
    assert "this conversation is not being kept" in turn.message.notes[0]
    at.store.failure = None
    await at.talk("three")
    await at.in_step()


# -- only the end is loaded -------------------------------------------------------------------------


async def test_a_request_carries_what_is_not_loaded_and_does_not_keep_it() -> None:
    at = Fixture()
    await at.talk("one", "two", "three")
    loaded = await at.again(tail=2)
    await loaded.talk("four")
    assert loaded.sent == ["one", "answer 1", "two", "answer 2", "three", "answer 3", "four"]
    assert loaded.texts == ["three", "answer 3", "four", "answer 1"]
    assert loaded.conversation.others == []
    await loaded.in_step()


async def test_earlier_messages_that_cannot_be_read_make_the_turn_fail() -> None:
    at = Fixture()
    await at.talk("one", "two")
    loaded = await at.again(tail=2)
    at.store.failure = FULL
    turn = loaded.session.begin("three")
    with pytest.raises(StoreError):
        await loaded.run(turn)
    assert (turn.message.status, loaded.provider.requests) == (MessageStatus.FAILED, [])


async def test_earlier_messages_are_loaded_bit_by_bit() -> None:
    at = Fixture()
    await at.talk("one", "two", "three")
    cost = at.session.cost()
    loaded = await at.again(tail=1)
    assert [message.text for message in await loaded.session.load_earlier(2)] == ["answer 2", "three"]
    assert loaded.texts == ["answer 2", "three", "answer 3"]
    assert await loaded.session.load_earlier(0) == []
    assert len(await loaded.session.load_earlier(100)) == 3
    assert loaded.texts == at.texts
    assert await loaded.session.load_earlier(100) == []
    assert loaded.session.cost() == cost
    assert loaded.conversation.unloaded.amount == 0


async def test_an_unknown_cost_stays_unknown_whatever_is_loaded() -> None:
    at = Fixture()
    await at.talk("one", "two")
    next(iter(at.store.kept.values())).messages[at.shown("answer 1").id].cost = Cost(None)
    loaded = await at.again(tail=2)
    assert loaded.session.cost().amount is None
    await loaded.session.load_earlier(1)
    assert loaded.session.cost().amount is None


async def test_a_local_conversation_stays_local_when_part_of_it_is_loaded() -> None:
    at = Fixture()
    await at.talk("one", "two")
    for message in next(iter(at.store.kept.values())).messages.values():
        message.cost = Cost(source=Source.REPORTED, local=True) if message.cost else None
    for tail in (2, 4):
        loaded = await at.again(tail=tail)
        assert loaded.session.cost().local
        await loaded.session.load_earlier(1)
        assert loaded.session.cost().local


# -- copying ----------------------------------------------------------------------------------------


async def test_a_fork_is_a_conversation_of_its_own() -> None:
    at = Fixture()
    await at.talk("one", "two", "three")
    loaded = await at.again(tail=2)
    fork = await loaded.session.fork(loaded.shown("three"))
    assert fork.id != at.conversation.id
    assert fork.title == "one (fork)"
    kept = await at.store.load(fork.id)
    assert [message.text for message in kept.messages] == ["one", "answer 1", "two", "answer 2", "three"]
    assert not set(kept.tree) & set(at.conversation.tree)
    assert [message.parent_id for message in kept.messages] == [None, *(one.id for one in kept.messages[:-1])]
    assert kept.messages[1].model == "scripted-model"
    assert {message.cost for message in kept.messages} == {None}, "it was paid once"
    loaded.session.open(fork)
    await loaded.talk("four")
    assert loaded.sent == ["one", "answer 1", "two", "answer 2", "three\n\nfour"]
    await loaded.in_step()
    assert len((await at.store.load(at.conversation.id)).messages) == 6


async def test_a_fork_of_a_titled_conversation_is_named_after_it() -> None:
    at = Fixture()
    at.conversation.title = "Numbers"
    await at.talk("one")
    assert (await at.session.fork(at.shown("one"))).title == "Numbers (fork)"


async def test_a_fork_that_cannot_be_kept_says_so() -> None:
    at = Fixture()
    await at.talk("one")
    at.store.failure = FULL
    with pytest.raises(StoreError):
        await at.session.fork(at.shown("one"))


# -- deleting ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["two", "answer 2"])
async def test_a_deleted_turn_goes_and_comes_back(which: str) -> None:
    at = Fixture()
    await at.talk("one", "two", "three")
    cost = at.session.cost()
    deleted = await at.session.delete_turn(at.shown(which))
    assert [message.text for message in deleted.messages] == ["two", "answer 2"]
    assert at.texts == ["one", "answer 1", "three", "answer 3"]
    assert at.shown("three").parent_id == at.shown("answer 1").id
    assert at.session.cost() == cost, "what was spent was spent"
    await at.in_step()
    await at.talk("four")
    assert at.sent == ["one", "answer 1", "three", "answer 3", "four"]
    assert await at.session.undo_delete(deleted)
    assert at.texts == ["one", "answer 1", "two", "answer 2", "three", "answer 3", "four", "answer 4"]
    await at.in_step()


async def test_all_answers_to_a_deleted_prompt_go_with_it() -> None:
    at = Fixture()
    await at.talk("one", "two")
    await at.run(at.session.regenerate(at.shown("answer 2")))
    await at.run(at.session.regenerate(at.shown("answer 3")))
    loaded = await at.again(tail=2)
    deleted = await loaded.session.delete_turn(loaded.shown("answer 4"))
    assert [message.text for message in deleted.others] == ["answer 2", "answer 3"]
    assert loaded.texts == ["one", "answer 1"], "what is before comes into view"
    assert len(loaded.conversation.tree) == 2
    await loaded.in_step()
    await loaded.session.undo_delete(deleted)
    assert loaded.texts[-1] == "answer 4"
    assert loaded.session.siblings(loaded.shown("answer 4")) == (3, 3)
    await loaded.in_step()


async def test_notes_go_with_their_turn() -> None:
    gate = Gate()
    provider = Taking([[TextDelta("an"), gate, TextDelta("swer"), StreamEnd()], says("next")])
    at = Fixture()
    at.session.provider = provider
    turn = at.session.begin("one")
    task = asyncio.create_task(at.run(turn))
    await gate.reached.wait()
    note = await at.session.add_context(turn, "a note")
    gate.open()
    await task
    assert note is not None
    assert at.conversation.tree.path(turn.message.id) == [turn.prompt.id, note.id, turn.message.id]
    await at.in_step()
    await at.talk("two")
    deleted = await at.session.delete_turn(note)
    assert [message.text for message in deleted.messages] == ["one", "a note", "answer"]
    assert at.texts == ["two", "next"]
    await at.session.undo_delete(deleted)
    assert at.texts == ["one", "a note", "answer", "two", "next"]
    await at.in_step()


async def test_a_deleted_last_turn_makes_room_for_the_branch_beside_it() -> None:
    at = Fixture()
    await at.talk("one")
    turn = at.session.edit(at.shown("one"), "uno")
    await at.run(turn)
    deleted = await at.session.delete_turn(turn.message)
    assert at.texts == ["one", "answer 1"]
    await at.session.delete_turn(at.shown("one"))
    assert at.texts == []
    assert at.conversation.tree.head is None
    await at.session.undo_delete(deleted)
    assert at.texts == ["uno", "answer 2"]
    await at.in_step()
    await at.session.delete_turn(at.shown("uno"))
    await at.talk("three")
    assert at.texts == ["three", "answer 3"]
    await at.in_step()


async def test_a_deletion_that_the_store_refuses_changes_nothing() -> None:
    at = Fixture()
    await at.talk("one", "two")
    before = at.texts
    at.store.failure = FULL
    with pytest.raises(StoreError):
        await at.session.delete_turn(at.shown("one"))
    assert (at.texts, len(at.conversation.tree)) == (before, 4)


async def test_a_turn_of_another_conversation_comes_back_in_the_store() -> None:
    at = Fixture()
    await at.talk("one", "two")
    deleted = await at.session.delete_turn(at.shown("two"))
    first = at.conversation.id
    at.session.new()
    await at.talk("else")
    assert not await at.session.undo_delete(deleted)
    assert at.texts == ["else", "answer 3"]
    assert len((await at.store.load(first)).messages) == 4


async def test_a_turn_deleted_before_the_conversation_was_loaded_comes_back_in_the_store() -> None:
    at = Fixture()
    await at.talk("one", "two")
    deleted = await at.session.delete_turn(at.shown("two"))
    loaded = await at.again()
    assert not await loaded.session.undo_delete(deleted)
    assert loaded.texts == ["one", "answer 1"]
    assert (await loaded.again()).texts == ["one", "answer 1", "two", "answer 2"]


async def test_a_system_message_is_a_turn_by_itself() -> None:
    system = Message(Role.SYSTEM, "Be brief.")
    prompt = Message(Role.USER, "one", parent_id=system.id)
    answers = [Message(Role.ASSISTANT, "a", parent_id=prompt.id)]
    answers.append(Message(Role.ASSISTANT, "b", parent_id=answers[0].id))
    conversation = Conversation(messages=[system, prompt, *answers])
    for message in conversation.messages:
        conversation.tree.add(message.id, message.parent_id)
    at = Fixture(conversation=conversation)
    await at.store.import_conversation(conversation)
    assert [one.text for one in (await at.session.delete_turn(answers[1])).messages] == ["b"]
    assert [one.text for one in (await at.session.delete_turn(answers[0])).messages] == ["one", "a"]
    assert [one.text for one in (await at.session.delete_turn(system)).messages] == ["Be brief."]
    assert at.texts == []


# -- after a crash ----------------------------------------------------------------------------------


async def interrupted(text: str) -> Fixture:
    """What the next start finds of an answer of which so much had arrived."""
    at = Fixture()
    await at.talk("one")
    gate = Gate()
    at.provider.scripts = [[], [TextDelta(text), gate] if text else [gate]]
    turn = at.session.begin("two")
    task = asyncio.create_task(at.run(turn))
    await gate.reached.wait()
    for _ in range(50):
        await asyncio.sleep(0)
    kept = at.store.kept[at.conversation.id]
    left = {one.id: copied(one) for one in kept.messages.values()}
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    kept.messages = left
    at.store.restart()
    return await at.again()


async def test_an_interrupted_answer_can_be_gone_on_with() -> None:
    at = await interrupted("half an")
    answer = at.conversation.messages[-1]
    assert (answer.status, answer.text) == (MessageStatus.INTERRUPTED, "half an")
    assert answer.usage is not None
    cost = at.session.cost().amount
    at.provider.scripts = [says(" answer")]
    turn = at.session.resume(answer)
    await at.run(turn)
    assert (answer.text, answer.status) == ("half an answer", MessageStatus.COMPLETE)
    assert at.sent == ["one", "answer 1", "two", "half an"]
    assert cost is not None
    assert (at.session.cost().amount or 0) > cost
    await at.in_step()


async def test_an_interrupted_answer_stays_interrupted_where_nothing_is_added() -> None:
    at = await interrupted("half an")
    answer = at.conversation.messages[-1]
    at.provider.scripts = [[StreamBrokenError("No.")]]
    with pytest.raises(StreamBrokenError):
        await at.run(at.session.resume(answer))
    assert (answer.text, answer.status) == ("half an", MessageStatus.INTERRUPTED)
    await at.in_step()


async def test_an_interrupted_answer_can_be_asked_for_again_or_kept() -> None:
    at = await interrupted("half an")
    await at.run(at.session.retry(at.conversation.messages[-1]))
    assert at.sent == ["one", "answer 1", "two"]
    kept = await interrupted("half an")
    await kept.talk("three")
    assert kept.sent == ["one", "answer 1", "two", "half an", "three"]


async def test_an_interrupted_answer_without_text_is_like_a_failed_one() -> None:
    at = await interrupted("")
    with pytest.raises(ValueError, match="with text"):
        at.session.resume(at.conversation.messages[-1])
    await at.talk("three")
    assert at.sent == ["one", "answer 1", "three"]


async def test_an_answer_that_streams_elsewhere_is_not_resumed() -> None:
    at = Fixture()
    await at.talk("one")
    at.conversation.messages[-1].status = MessageStatus.STREAMING
    with pytest.raises(ValueError, match="resumed"):
        at.session.resume(at.conversation.messages[-1])


# -- while an answer streams ------------------------------------------------------------------------


async def test_an_answer_that_is_still_to_come_elsewhere_is_not_deleted_by_asking_again() -> None:
    there = Fixture()
    await there.talk("one", "two")
    half = there.conversation.messages[-1]
    half.text, half.status = "", MessageStatus.STREAMING
    await there.store.update(there.conversation, half)
    here = Fixture(there.store, await there.store.load(there.conversation.id))
    answer = here.conversation.messages[-1]
    assert answer.status is MessageStatus.STREAMING
    again = await here.run(here.session.regenerate(answer))
    half.text, half.status = "answer 2", MessageStatus.COMPLETE
    await there.store.update(there.conversation, half)
    loaded = await there.store.load(there.conversation.id)
    assert {message.id for message in (*loaded.messages, *loaded.others)} >= {half.id, again.id}
    assert here.session.siblings(again) == (2, 2)


async def test_while_an_answer_streams_nothing_is_moved() -> None:
    at = Fixture()
    await at.talk("one")
    gate = Gate()
    at.provider.scripts = [[], [TextDelta("x"), gate, StreamEnd()]]
    turn = at.session.begin("two")
    task = asyncio.create_task(at.run(turn))
    await gate.reached.wait()
    one, answer = at.shown("one"), at.shown("answer 1")
    deeds: list[Callable[[], object]] = [
        lambda: at.session.edit(one, "x"),
        lambda: at.session.regenerate(answer),
        lambda: at.session.open(Conversation()),
        at.session.new,
    ]
    for deed in deeds:
        with pytest.raises(ValueError, match="streams"):
            deed()
    for waiting in (
        at.session.switch(one, 1),
        at.session.show(one.id),
        at.session.fork(one),
        at.session.delete_turn(one),
        at.session.suggest_title(),
    ):
        with pytest.raises(ValueError, match="streams"):
            await waiting
    gate.open()
    await task
    at.session.new()
    assert at.texts == []


async def test_without_a_store_branches_live_in_memory() -> None:
    at = Fixture()
    at.session = ChatSession(at.provider, options=SessionOptions(frame=0), store=NoStore())
    await at.talk("one", "two")
    deleted = await at.session.delete_turn(at.shown("one"))
    turn = at.session.edit(at.shown("two"), "zwei")
    await at.run(turn)
    await at.session.switch(turn.prompt, -1)
    assert at.texts == ["two", "answer 2"]
    await at.session.undo_delete(deleted)
    fork = await at.session.fork(at.shown("answer 1"))
    at.session.open(fork)
    await at.talk("three")
    assert at.texts == ["one", "answer 1", "three", "answer 4"]


def test_a_message_of_another_conversation_has_no_siblings() -> None:
    with pytest.raises(ValueError, match="not in this conversation"):
        Fixture().session.siblings(Message(Role.USER, "x"))


# -- whatever is done -------------------------------------------------------------------------------


DEEDS = ("talk", "edit", "regenerate", "switch", "delete", "undo", "earlier")


async def act(data: Any, at: Fixture, number: int, deleted: list[DeletedTurn]) -> None:
    """One thing that a person may do, if it can be done."""
    messages, session = at.conversation.messages, at.session
    message = data.draw(st.sampled_from(messages)) if messages else None
    deed = data.draw(st.sampled_from(DEEDS)) if message else "talk"
    match deed, message:
        case "edit", Message(role=Role.USER):
            await at.run(session.edit(message, f"edit {number}"))
        case "regenerate", Message(role=Role.ASSISTANT) if message is not messages[0]:
            await at.run(session.regenerate(message))
        case "switch", Message():
            place, count = session.siblings(message)
            if (step := data.draw(st.integers(1, count)) - place) != 0:
                await session.switch(message, step)
        case "delete", Message():
            deleted.append(await session.delete_turn(message))
        case "undo", _ if deleted:
            await session.undo_delete(deleted.pop(data.draw(st.integers(0, len(deleted) - 1))))
        case "earlier", _:
            await session.load_earlier(data.draw(st.integers(1, 3)))
        case _:
            await at.talk(f"prompt {number}")


@settings(max_examples=100, deadline=None)
@given(data=st.data(), steps=st.integers(1, 15))
async def test_whatever_is_done_the_store_has_what_is_shown(data: Any, steps: int) -> None:
    at = Fixture()
    deleted: list[DeletedTurn] = []
    for number in range(steps):
        if at.conversation.messages and data.draw(st.booleans()):
            at = await at.again(tail=data.draw(st.integers(1, 4)))
            deleted.clear()
        await act(data, at, number, deleted)
        await at.in_step()
        tree, messages = at.conversation.tree, at.conversation.messages
        path = tree.path(tree.head)
        assert [message.id for message in messages] == path[len(path) - len(messages) :]
        assert bool(messages) == bool(path)
        for message in (*messages, *at.conversation.others):
            assert message.parent_id == tree.parent(message.id)


# -- what is elsewhere, and what has no answer -------------------------------------------------------------


async def test_what_another_program_added_is_a_version_beside() -> None:
    one = Fixture()
    await one.talk("one")
    other = await one.again()
    await other.talk("theirs")
    await one.talk("mine")
    assert one.session.siblings(one.shown("mine")) == (1, 1)
    before = one.session.cost()
    assert await one.session.learn((await one.store.load(one.conversation.id, tail=0)).tree) == 2
    assert one.session.siblings(one.shown("mine")) == (1, 2)
    assert one.texts == ["one", "answer 1", "mine", "answer 2"]
    assert before.amount is not None
    assert one.session.cost() == (await one.again()).session.cost()
    await one.session.switch(one.shown("mine"), 1)
    assert one.texts[2:] == ["theirs", "answer 1"]


async def test_a_prompt_without_an_answer_is_answered() -> None:
    at = Fixture()
    await at.talk("one", "two")
    fork = Fixture(at.store, await at.session.fork(at.shown("two")))
    assert fork.texts == ["one", "answer 1", "two"]
    with pytest.raises(ValueError, match="nothing follows"):
        fork.session.answer(fork.shown("one"))
    await fork.run(fork.session.answer(fork.shown("two")))
    assert fork.texts == ["one", "answer 1", "two", "answer 1"]
    assert fork.sent == ["one", "answer 1", "two"]
    assert [message.text for message in (await fork.again()).conversation.messages] == fork.texts
    with pytest.raises(ValueError, match="nothing follows"):
        fork.session.answer(fork.shown("two"))
