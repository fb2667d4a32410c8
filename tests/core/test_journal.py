"""What is written when, and what happens where it cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest

from tests.fakes import FakeClock, FlatPrices, Gate, ScriptedProvider, Step
from tests.memory_archive import MemoryArchive
from tui_stream.core.events import ReasoningDelta, StreamEnd, TextDelta, ToolCallDelta, TurnUpdate
from tui_stream.core.follower import JOURNAL_INTERVAL, RETRY_INTERVAL, Follower
from tui_stream.core.journal import Journal, Timer, call_later, to_the_end
from tui_stream.core.models import Conversation, Message, MessageStatus, Role, Source
from tui_stream.core.session import ChatSession, SessionOptions
from tui_stream.core.turn import Turn
from tui_stream.errors import StoreError, StreamBrokenError

TASKS = 2
"""The test's own, and the one that reads the stream."""
FULL = StoreError("The disk is full.", hint="Make room.")
CANNOT = "The disk is full; this conversation is not being kept."
AGAIN = "The history can be written again; this conversation is kept."


HELLO: list[Step] = [TextDelta("Hello"), StreamEnd()]


async def settled(condition: Callable[[], bool]) -> None:
    """Lets tasks run until it is so."""
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to that")


@dataclass
class Hand:
    """Timers that go off when a test turns the clock."""

    clock: FakeClock
    waiting: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def later(self, delay: float, callback: Callable[[], None]) -> Timer:
        entry = self.clock.now + delay, callback
        self.waiting.append(entry)
        return _Entry(self.waiting, entry)

    def turn(self, seconds: float) -> None:
        self.clock.now += seconds
        for entry in [entry for entry in self.waiting if entry[0] <= self.clock.now]:
            self.waiting.remove(entry)
            entry[1]()


@dataclass
class _Entry:
    waiting: list[tuple[float, Callable[[], None]]]
    entry: tuple[float, Callable[[], None]]

    def cancel(self) -> None:
        if self.entry in self.waiting:
            self.waiting.remove(self.entry)


@dataclass
class SlowArchive(MemoryArchive):
    """An archive whose updates wait for the test while ``slow`` is set; says how many are under way at once."""

    slow: bool = False
    gate: Gate = field(default_factory=Gate)
    under_way: int = 0
    most: int = 0
    texts: list[tuple[str, str]] = field(default_factory=list)

    async def update(self, conversation: Conversation, message: Message) -> None:
        text = message.text
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            if self.slow:
                self.gate.reached.set()
                await self.gate.event.wait()
            await super().update(conversation, message)
        finally:
            self.under_way -= 1
        self.texts.append((message.status, text))


class Fixture:
    """A session over an archive in memory, whose journal's timers go by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *scripts: list[Step]) -> None:
        self.provider = ScriptedProvider(scripts)
        self.store = SlowArchive()
        self.clock = FakeClock()
        self.hand = Hand(self.clock)
        options = SessionOptions(frame=0)
        self.session = ChatSession(
            self.provider,
            options=options,
            store=self.store,
            prices=FlatPrices(),
            clock=self.clock,
            sleep=self.clock.sleep,
        )
        monkeypatch.setattr(self.session._journal, "later", self.hand.later)

    def start(self, text: str = "Hi") -> tuple[Turn, asyncio.Task[list[TurnUpdate]]]:
        turn = self.session.begin(text)
        return turn, asyncio.create_task(self.run(turn))

    async def run(self, turn: Turn) -> list[TurnUpdate]:
        async with aclosing(self.session.run(turn)) as updates:
            return [update async for update in updates]

    def kept(self, message: Message) -> Message:
        return self.store.kept[self.session.conversation.id].messages[message.id]


# -- when text is written ---------------------------------------------------------------------------


async def test_text_is_written_though_nothing_follows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, three = Gate(), Gate(), Gate()
    at = Fixture(monkeypatch, [TextDelta("first"), one, TextDelta(" second"), two, TextDelta(" third"), three])
    turn, task = at.start()
    await one.reached.wait()
    await settled(lambda: at.kept(turn.message).text == "first")
    one.open()
    await settled(lambda: bool(at.hand.waiting))
    assert at.kept(turn.message).text == "first"
    at.hand.turn(JOURNAL_INTERVAL)
    await settled(lambda: at.kept(turn.message).text == "first second")
    at.hand.turn(10)
    two.open()
    await settled(lambda: at.kept(turn.message).text == "first second third")
    assert not at.hand.waiting, "after a pause it is written at once"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_before_a_stop_all_is_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = Gate(), Gate()
    at = Fixture(monkeypatch, [TextDelta("first"), one, TextDelta(" second"), two])
    turn, task = at.start()
    await one.reached.wait()
    await settled(lambda: at.kept(turn.message).text == "first")
    one.open()
    await settled(lambda: bool(at.hand.waiting))
    await at.session.keep_now()
    assert at.kept(turn.message).text == "first second", "though its time has not come"
    at.store.failure = FULL
    await at.session.keep_now()
    at.store.failure = None
    two.open()
    with pytest.raises(StreamBrokenError):
        await task


async def test_the_timer_is_never_further_off_than_the_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    gates = [Gate() for _ in range(20)]
    at = Fixture(monkeypatch, [step for gate in gates for step in (TextDelta("x"), gate)])
    turn, task = at.start()
    for number, gate in enumerate(gates):
        await gate.reached.wait()
        await settled(lambda number=number: len(turn.message.text) > number)  # type: ignore[misc] # a lambda has no types
        arrived = at.clock.now
        assert all(due <= arrived + JOURNAL_INTERVAL for due, _ in at.hand.waiting)
        at.hand.turn(0.04)
        gate.open()
    with pytest.raises(StreamBrokenError):
        await task
    assert not at.hand.waiting
    steady = [text for status, text in at.store.texts if status == "streaming"]
    assert 4 <= len(steady) <= 7, "20 pieces 40 ms apart, one write each 150 ms"


async def test_reasoning_and_tool_calls_are_written_too(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = Gate(), Gate()
    at = Fixture(monkeypatch, [ReasoningDelta("hm"), one, ToolCallDelta(0, "1", "f", "{}"), two])
    turn, task = at.start()
    await one.reached.wait()
    await settled(lambda: at.kept(turn.message).reasoning == "hm")
    one.open()
    await settled(lambda: bool(at.kept(turn.message).tool_calls))
    two.open()
    with pytest.raises(StreamBrokenError):
        await task


async def test_a_slow_store_neither_holds_up_the_stream_nor_gets_two_writes_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gates = [Gate() for _ in range(4)]
    at = Fixture(monkeypatch, [*(step for gate in gates for step in (TextDelta("x"), gate)), StreamEnd()])
    at.store.slow = True
    turn, task = at.start()
    for number, gate in enumerate(gates):
        await gate.reached.wait()
        await settled(lambda number=number: len(turn.message.text) == number + 1)  # type: ignore[misc] # as above
        at.hand.turn(1)
        gate.open()
    await settled(lambda: turn.message.status is MessageStatus.COMPLETE)
    assert at.store.under_way == 1
    assert not task.done(), "the last words are still to be written"
    at.store.gate.open()
    await task
    assert at.store.most == 1
    assert at.store.texts == [("streaming", "x"), ("complete", "xxxx")]


async def test_what_arrived_during_a_write_is_written_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, last = Gate(), Gate()
    at = Fixture(monkeypatch, [TextDelta("a"), gate, TextDelta("b"), last])
    at.store.slow = True
    turn, task = at.start()
    await at.store.gate.reached.wait()
    gate.open()
    await settled(lambda: turn.message.text == "ab")
    at.hand.turn(JOURNAL_INTERVAL)
    at.store.gate.open()
    await settled(lambda: at.kept(turn.message).text == "ab")
    last.open()
    with pytest.raises(StreamBrokenError):
        await task


async def test_a_reader_that_stops_reading_leaves_nothing_unwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    at = Fixture(monkeypatch, [TextDelta("all there is"), Gate()])
    turn = at.session.begin("Hi")
    async with aclosing(at.session.run(turn)) as updates:
        async for update in updates:
            if update.text:
                await settled(lambda: at.kept(turn.message).text == "all there is")
                break


async def test_what_nobody_has_time_to_show_is_written_too(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, three, end = (Gate() for _ in range(4))
    script: list[Step] = [TextDelta("shown"), one, ReasoningDelta("hm"), TextDelta(" not yet"), two]
    at = Fixture(monkeypatch, [*script, TextDelta(" nor this"), three, end, TextDelta("."), StreamEnd()])
    turn = at.session.begin("Hi")
    async with aclosing(at.session.run(turn)) as updates:
        async for update in updates:
            if update.text == "shown":
                break
        await settled(lambda: at.kept(turn.message).text == "shown" and len(asyncio.all_tasks()) == TASKS)
        one.open()
        await two.reached.wait()
        at.hand.turn(JOURNAL_INTERVAL)
        await settled(lambda: at.kept(turn.message).text == "shown not yet")
        assert at.kept(turn.message).reasoning == "hm"
        assert turn.message.text == "shown", "nobody took it yet"
        two.open()
        await three.reached.wait()
        at.hand.turn(JOURNAL_INTERVAL)
        await settled(lambda: at.kept(turn.message).text == "shown not yet nor this")
        await settled(lambda: bool(at.hand.waiting))
        writes = len(at.store.texts)
        at.hand.turn(JOURNAL_INTERVAL)
        assert at.hand.waiting, "it looks again"
        assert (len(at.store.texts), at.store.under_way) == (writes, 0), "but writes nothing twice"
        three.open()
        end.open()
        async for _ in updates:
            pass
    assert turn.message.text == "shown not yet nor this."
    assert at.kept(turn.message).text == turn.message.text
    assert not at.hand.waiting


async def test_what_waits_is_told_apart_like_what_was_taken_in(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = Gate(), Gate()
    at = Fixture(monkeypatch, [TextDelta("<think>a"), one, TextDelta("b</think>answer\x1b"), two, StreamEnd()])
    turn = at.session.begin("Hi")
    async with aclosing(at.session.run(turn)) as updates:
        async for update in updates:
            if update.reasoning:
                break
        one.open()
        await two.reached.wait()
        at.hand.turn(JOURNAL_INTERVAL)
        await settled(lambda: at.kept(turn.message).text == "answer")
        assert at.kept(turn.message).reasoning == "ab"
        assert (turn.message.text, turn.message.reasoning) == ("", "a")
        two.open()
        async for _ in updates:
            pass
    assert (turn.message.text, turn.message.reasoning) == ("answer", "ab")


async def test_what_waits_behind_a_seam_is_not_doubled(monkeypatch: pytest.MonkeyPatch) -> None:
    before, one, two, three = "Apples, pears and some", Gate(), Gate(), Gate()
    again: list[Step] = [TextDelta(before[:9]), one, TextDelta(before[9:] + " plums"), two, TextDelta("."), three]
    at = Fixture(monkeypatch, [TextDelta(before), StreamBrokenError("Reset.")], [*again, StreamEnd()])
    turn, task = at.start()
    with pytest.raises(StreamBrokenError):
        await task
    turn = at.session.resume(turn.message)
    async with aclosing(at.session.run(turn)) as updates:
        async for _ in updates:
            if turn.has_token:
                break
        one.open()
        await two.reached.wait()
        at.hand.turn(JOURNAL_INTERVAL)
        await settled(lambda: at.kept(turn.message).text == before + " plums")
        two.open()
        three.open()
        async for _ in updates:
            pass
    assert turn.message.text == at.kept(turn.message).text == before + " plums."


async def test_what_is_journalled_has_its_figures_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    at = Fixture(monkeypatch, [TextDelta("x" * 40), gate])
    turn, task = at.start()
    await gate.reached.wait()
    await settled(lambda: at.kept(turn.message).text != "")
    kept = at.kept(turn.message)
    assert kept.usage is not None
    assert (kept.usage.source, kept.usage.output_tokens) == (Source.ESTIMATED, 10)
    assert kept.cost is not None
    assert kept.timing is not None
    assert turn.message.usage is None
    gate.open()
    with pytest.raises(StreamBrokenError):
        await task


# -- how it ends ------------------------------------------------------------------------------------


async def test_cancelled_twice_the_last_words_are_written_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    at = Fixture(monkeypatch, [TextDelta("half"), gate])
    turn, task = at.start()
    await gate.reached.wait()
    await settled(lambda: at.kept(turn.message).text == "half")
    at.store.slow = True
    task.cancel()
    await at.store.gate.reached.wait()
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    at.store.gate.open()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert at.kept(turn.message).status is MessageStatus.CANCELLED
    assert len(asyncio.all_tasks()) == 1, "a task was left behind"


async def test_cancelled_during_a_write_the_last_words_follow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    at = Fixture(monkeypatch, [TextDelta("half"), Gate()])
    at.store.slow = True
    _, task = at.start()
    await at.store.gate.reached.wait()
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    at.store.gate.open()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert at.store.texts == [("streaming", "half"), ("cancelled", "half")]
    assert at.store.most == 1


async def test_a_timer_that_waits_is_stopped_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, end = Gate(), Gate()
    at = Fixture(monkeypatch, [TextDelta("a"), gate, TextDelta("b"), end])
    turn, task = at.start()
    await gate.reached.wait()
    await settled(lambda: at.kept(turn.message).text == "a")
    gate.open()
    await settled(lambda: bool(at.hand.waiting))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert at.hand.waiting == []


async def test_cancelled_while_the_prompt_is_written_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    at = Fixture(monkeypatch, [TextDelta("never"), StreamEnd()])
    waiting, go_on = asyncio.Event(), asyncio.Event()
    add, added = at.store.add, list[Message]()

    async def slowly(conversation: Conversation, message: Message) -> None:
        added.append(message)
        waiting.set()
        await go_on.wait()
        await add(conversation, message)

    monkeypatch.setattr(at.store, "add", slowly)
    turn, task = at.start()
    await waiting.wait()
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert at.provider.requests == []
    assert added == [turn.prompt, turn.message], "each once"
    assert at.kept(turn.prompt).text == "Hi"
    assert at.kept(turn.message).status is MessageStatus.CANCELLED


async def test_work_goes_on_to_its_end_and_its_error_comes_out() -> None:
    async def fail() -> None:
        raise FULL

    with pytest.raises(StoreError):
        await to_the_end(fail())


async def test_no_task_and_no_timer_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    at = Fixture(monkeypatch, [TextDelta("a"), TextDelta("b"), StreamEnd()])
    await at.run(at.session.begin("Hi"))
    assert (at.hand.waiting, len(asyncio.all_tasks())) == ([], 1)


async def test_an_error_that_is_not_the_stores_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    at = Fixture(monkeypatch, [TextDelta("a"), Gate()])

    async def wrong(conversation: Conversation, message: Message) -> None:
        del conversation, message
        raise ZeroDivisionError

    monkeypatch.setattr(at.store, "update", wrong)
    turn, task = at.start()
    await settled(lambda: turn.has_token)
    for _ in range(20):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(ZeroDivisionError):
        await task


async def test_the_loops_own_timer_is_the_default() -> None:
    rung = asyncio.Event()
    call_later(0, rung.set)
    await rung.wait()


# -- a store that fails -----------------------------------------------------------------------------


def notes(updates: list[TurnUpdate]) -> list[str]:
    return [note for update in updates for note in update.notes]


async def test_without_a_store_that_works_chatting_goes_on_and_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    at = Fixture(monkeypatch, [TextDelta("Hello"), StreamEnd()])
    at.store.failure = FULL
    first = at.session.begin("one")
    assert notes(await at.run(first)) == [CANNOT]
    assert (first.message.text, first.message.status) == ("Hello", MessageStatus.COMPLETE)
    assert first.message.notes == [CANNOT]
    assert notes(await at.run(at.session.begin("two"))) == []
    at.store.failure = None
    assert notes(await at.run(at.session.begin("three"))) == [AGAIN]
    loaded = await at.store.load(at.session.conversation.id)
    assert [message.text for message in loaded.messages] == ["one", "Hello", "two", "Hello", "three", "Hello"]
    assert {message.status for message in loaded.messages} == {MessageStatus.COMPLETE}
    assert notes(await at.run(at.session.begin("four"))) == []


async def test_a_store_that_fails_while_it_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, end = Gate(), Gate()
    at = Fixture(monkeypatch, [TextDelta("a"), gate, TextDelta("b"), end, TextDelta("c"), StreamEnd()])
    turn, task = at.start()
    await gate.reached.wait()
    await settled(lambda: at.kept(turn.message).text == "a")
    at.store.failure = FULL
    at.hand.turn(1)
    gate.open()
    await settled(lambda: turn.message.notes == [CANNOT])
    asked = len(at.store.calls)
    at.hand.turn(RETRY_INTERVAL / 2)
    end.open()
    updates = await task
    assert notes(updates) == [CANNOT]
    assert turn.message.text == "abc"
    assert len(at.store.calls) == asked + 1, "tried once more, at the end"
    at.store.failure = None
    await at.run(at.session.begin("more"))
    assert at.kept(turn.message).text == "abc"


async def test_a_store_that_fails_for_a_moment_follows_the_answer_again(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, end = Gate(), Gate()
    at = Fixture(monkeypatch, [TextDelta("a"), gate, TextDelta("b"), end, StreamEnd()])
    turn, task = at.start()
    await gate.reached.wait()
    await settled(lambda: at.kept(turn.message).text == "a")
    at.store.failure = FULL
    at.hand.turn(1)
    gate.open()
    await settled(lambda: turn.message.notes == [CANNOT])
    at.hand.turn(RETRY_INTERVAL)
    await settled(lambda: bool(at.hand.waiting))
    at.store.failure = None
    at.hand.turn(RETRY_INTERVAL)
    await settled(lambda: at.kept(turn.message).text == "ab")
    await settled(lambda: turn.message.notes == [CANNOT, AGAIN])
    end.open()
    await task


async def test_a_prompt_that_was_refused_is_written_while_its_answer_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, end = Gate(), Gate()
    at = Fixture(monkeypatch, [TextDelta("a"), gate, TextDelta("b"), end, StreamEnd()])
    at.store.failure = FULL
    turn, task = at.start()
    await gate.reached.wait()
    await settled(lambda: bool(at.hand.waiting))
    at.store.failure = None
    gate.open()
    await settled(lambda: turn.message.text == "ab")
    at.hand.turn(RETRY_INTERVAL)
    await settled(lambda: at.session.conversation.id in at.store.kept and at.kept(turn.message).text == "ab")
    assert at.kept(turn.prompt).text == "Hi"
    end.open()
    await task


async def test_what_was_refused_is_offered_again_once_another_conversation_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = Fixture(monkeypatch, *([HELLO] * 4))
    await at.run(at.session.begin("one"))
    first = at.session.conversation
    at.store.failure = FULL
    assert notes(await at.run(at.session.begin("two"))) == [CANNOT]
    at.session.new()
    assert notes(await at.run(at.session.begin("elsewhere"))) == [CANNOT]
    at.store.failure = None
    assert notes(await at.run(at.session.begin("later"))) == [
        AGAIN,
        "What could not be kept before is in the history now.",
    ]
    loaded = await at.store.load(first.id)
    assert [message.text for message in loaded.messages] == ["one", "Hello", "two", "Hello"]
    assert at.store.kept.keys() == {first.id, at.session.conversation.id}


async def test_what_was_refused_is_there_when_its_conversation_goes_on_again(monkeypatch: pytest.MonkeyPatch) -> None:
    at = Fixture(monkeypatch, *([HELLO] * 2))
    await at.run(at.session.begin("one"))
    stale = await at.store.load(at.session.conversation.id)
    at.store.failure = FULL
    await at.run(at.session.begin("two"))
    at.session.new()
    at.session.open(stale)
    assert [message.text for message in at.session.conversation.messages] == ["one", "Hello", "two", "Hello"]
    at.store.failure = None
    await at.session.aclose()
    loaded = await at.store.load(stale.id)
    assert [message.text for message in loaded.messages] == ["one", "Hello", "two", "Hello"]


async def test_a_store_that_recovers_before_the_end_has_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    at = Fixture(monkeypatch, [TextDelta("a"), gate, StreamEnd()])
    at.store.failure = FULL
    turn, task = at.start()
    await gate.reached.wait()
    at.store.failure = None
    gate.open()
    assert notes(await task) == [CANNOT, AGAIN]
    assert at.kept(turn.prompt).text == "Hi"
    assert at.kept(turn.message).text == "a"


async def test_a_store_that_fails_at_the_very_end_is_noted_with_the_last_update(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = Gate()
    at = Fixture(monkeypatch, [TextDelta("a"), gate, StreamEnd()])
    turn, task = at.start()
    await gate.reached.wait()
    await settled(lambda: at.kept(turn.message).text == "a")
    at.store.failure = FULL
    gate.open()
    updates = await task
    assert updates[-1].notes == (CANNOT,)


# -- the journal by itself --------------------------------------------------------------------------


async def test_messages_are_written_in_order_and_once() -> None:
    store, conversation = MemoryArchive(), Conversation()
    journal = Journal(store, conversation, clock=FakeClock())
    prompt = Message(Role.USER, "a")
    answer = Message(Role.ASSISTANT, "b", parent_id=prompt.id)
    journal.expect(prompt)
    journal.changed(prompt)
    journal.expect(answer)
    await journal.flush()
    await journal.flush()
    assert store.calls == ["open", "add", "add"]
    journal.changed(answer)
    await journal.flush()
    assert store.calls[3:] == ["update"]


async def test_nothing_to_keep_is_nothing_kept() -> None:
    store, conversation = MemoryArchive(), Conversation()
    journal = Journal(store, conversation, clock=FakeClock())
    await journal.flush()
    await journal.choose()
    assert store.calls == []


async def test_a_choice_that_could_not_be_kept_is_kept_later() -> None:
    store, conversation = MemoryArchive(), Conversation()
    journal = Journal(store, conversation, clock=FakeClock())
    one, two = Message(Role.USER, "a"), Message(Role.USER, "b")
    for message in (one, two):
        conversation.tree.add(message.id, None)
        journal.expect(message)
    await journal.flush()
    store.failure = FULL
    conversation.tree.choose(one.id)
    await journal.choose()
    assert journal.failing
    store.failure = None
    await journal.flush()
    assert store.kept[conversation.id].head == one.id
    assert not journal.failing


async def test_a_follower_that_sees_nothing_new_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    at = Fixture(monkeypatch, [StreamEnd()])
    turn = at.session.begin("Hi")
    follower = Follower(at.session._journal, turn)
    follower.note()
    assert (at.hand.waiting, at.store.calls) == ([], [])


async def test_two_writes_never_run_at_once() -> None:
    store, conversation = SlowArchive(slow=True), Conversation()
    journal = Journal(store, conversation, clock=FakeClock())
    message = Message(Role.USER, "a")
    journal.expect(message)
    await journal.flush()
    writes = asyncio.gather(journal.update(message), journal.update(message))
    await store.gate.reached.wait()
    for _ in range(10):
        await asyncio.sleep(0)
    store.gate.open()
    await writes
    assert (store.most, len(store.texts)) == (1, 2)


async def test_what_is_owed_is_still_owed_when_something_else_works() -> None:
    store, conversation = MemoryArchive(), Conversation()
    journal = Journal(store, conversation, clock=FakeClock())
    journal.expect(Message(Role.USER, "a"))
    store.failure = FULL
    with pytest.raises(StoreError):
        await journal.flush()
    assert journal.news() == CANNOT
    store.failure = None
    await journal.import_conversation(Conversation())
    assert (journal.failing, journal.news()) == (True, "")
    await journal.flush()
    assert (journal.failing, journal.news()) == (False, AGAIN)
