"""Going on with an answer, asking again, and adding to it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from tests.fakes import FakeClock, FlatPrices, Gate, RecordingStore, ScriptedProvider, Step
from tui_stream.core.backoff import RetryPolicy
from tui_stream.core.events import (
    ReasoningDelta,
    StreamEnd,
    TextDelta,
    ToolCallDelta,
    TurnState,
    TurnUpdate,
    UsageReport,
)
from tui_stream.core.models import ChatMessage, FinishReason, Message, MessageStatus, Role, Source, Usage
from tui_stream.core.provider import Capabilities
from tui_stream.core.session import ChatSession, SessionOptions
from tui_stream.core.turn import Turn
from tui_stream.errors import ConnectionFailedError, StreamBrokenError, TuiStreamError

RESET = StreamBrokenError("The connection was reset.")
FIRST_HALF = "Apples, pears and some"
CUT: tuple[Step, ...] = (TextDelta(FIRST_HALF), RESET)
REST: tuple[Step, ...] = (TextDelta(" plums."), StreamEnd(FinishReason.STOP))


@dataclass
class Taking(ScriptedProvider):
    """A provider that takes notes while it answers."""

    capabilities: Capabilities = field(default_factory=lambda: Capabilities(context=True))
    notes: list[str] = field(default_factory=list)
    takes: bool = True

    async def add_context(self, text: str) -> bool:
        if self.takes:
            self.notes.append(text)
        return self.takes


class Fixture:
    def __init__(self, *scripts: Sequence[Step], provider: ScriptedProvider | None = None) -> None:
        self.provider = provider or ScriptedProvider(scripts)
        self.store = RecordingStore()
        self.clock = FakeClock()
        self.session = ChatSession(
            self.provider,
            options=SessionOptions(frame=0, retry=RetryPolicy(attempts=2, jitter=0)),
            store=self.store,
            prices=FlatPrices(),
            clock=self.clock,
            sleep=self.clock.sleep,
        )

    async def run(self, turn: Turn) -> list[TurnUpdate]:
        async with aclosing(self.session.run(turn)) as updates:
            return [update async for update in updates]

    async def broken(self, text: str = "Name fruits.") -> Message:
        """An answer that failed."""
        turn = self.session.begin(text)
        with pytest.raises(TuiStreamError):
            await self.run(turn)
        return turn.message

    @property
    def sent(self) -> list[tuple[str, str]]:
        """What the newest request carried."""
        return [(message.role.value, message.content) for message in self.provider.requests[-1].messages]


# -- going on ---------------------------------------------------------------------------------------


async def test_going_on_sends_the_text_so_far_as_the_assistants() -> None:
    at = Fixture(CUT, REST)
    answer = await at.broken()
    turn = at.session.resume(answer)
    assert (answer.status, answer.error) == (MessageStatus.STREAMING, "")
    updates = await at.run(turn)
    assert at.sent == [("user", "Name fruits."), ("assistant", FIRST_HALF)]
    assert answer.text == FIRST_HALF + " plums."
    assert "".join(update.text for update in updates) == " plums."
    assert (answer.status, answer.finish_reason, answer.error) == (MessageStatus.COMPLETE, FinishReason.STOP, "")
    assert at.session.conversation.messages == [turn.prompt, answer]


async def test_the_figures_of_both_parts_are_added_up() -> None:
    at = Fixture(
        (TextDelta("x" * 40), UsageReport(Usage(7, 3)), RESET), (*REST[:1], UsageReport(Usage(20, 5)), REST[1])
    )
    answer = await at.broken()
    assert answer.usage == Usage(7, 3)
    await at.run(at.session.resume(answer))
    assert answer.usage == Usage(27, 8)
    assert answer.cost is not None
    assert answer.cost.amount == Decimal(35)
    assert at.session.cost().amount == Decimal(35)


async def test_an_estimate_in_one_part_makes_the_sum_an_estimate() -> None:
    at = Fixture(CUT, (*REST[:1], UsageReport(Usage(20, 5)), REST[1]))
    answer = await at.broken()
    await at.run(at.session.resume(answer))
    assert answer.usage is not None
    assert answer.usage.source is Source.ESTIMATED


async def test_a_server_that_says_it_all_again_does_not_double_it() -> None:
    at = Fixture(CUT, (TextDelta(FIRST_HALF[:9]), TextDelta(FIRST_HALF[9:] + " plums."), StreamEnd()))
    answer = await at.broken()
    await at.run(at.session.resume(answer))
    assert answer.text == FIRST_HALF + " plums."


async def test_an_answer_that_cannot_be_gone_on_with_stays_what_it_was() -> None:
    at = Fixture(CUT, (ConnectionFailedError("Nothing answers."),))
    answer = await at.broken()
    usage, cost = answer.usage, answer.cost
    turn = at.session.resume(answer)
    with pytest.raises(ConnectionFailedError):
        await at.run(turn)
    assert (answer.text, answer.status) == (FIRST_HALF, MessageStatus.CUT_OFF)
    assert answer.error == "Nothing answers."
    assert (answer.usage, answer.cost) == (usage, cost)
    assert turn.state is TurnState.FAILED


async def test_cancelling_before_anything_is_added_leaves_it_cut_off() -> None:
    gate = Gate()
    at = Fixture(CUT, (gate,))
    answer = await at.broken()
    error = answer.error
    task = asyncio.create_task(at.run(at.session.resume(answer)))
    await gate.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (answer.status, answer.error) == (MessageStatus.CUT_OFF, error)


async def test_it_can_break_and_be_gone_on_with_again() -> None:
    at = Fixture(CUT, (TextDelta(" more"), RESET), REST)
    answer = await at.broken()
    with pytest.raises(StreamBrokenError):
        await at.run(at.session.resume(answer))
    assert answer.status is MessageStatus.CUT_OFF
    await at.run(at.session.resume(answer))
    assert answer.text == FIRST_HALF + " more plums."


async def test_what_has_no_text_cannot_be_gone_on_with() -> None:
    at = Fixture((ReasoningDelta("hm"), RESET))
    answer = await at.broken()
    with pytest.raises(ValueError, match="with text"):
        at.session.resume(answer)


async def test_only_the_newest_answer_can_be_changed() -> None:
    at = Fixture(CUT, REST)
    answer = await at.broken()
    await at.run(at.session.begin("next"))
    for act in (at.session.resume, at.session.retry):
        with pytest.raises(ValueError, match="newest"):
            act(answer)
    with pytest.raises(ValueError, match="newest"):
        at.session.follow_up(answer, "more")


# -- asking again -----------------------------------------------------------------------------------


async def test_asking_again_puts_the_old_answer_aside() -> None:
    at = Fixture(CUT, REST)
    answer = await at.broken()
    turn = at.session.retry(answer)
    await at.run(turn)
    assert at.sent == [("user", "Name fruits.")]
    assert at.session.conversation.messages == [turn.prompt, turn.message]
    assert at.session.conversation.others == [answer]
    assert (answer.text, turn.message.text) == (FIRST_HALF, " plums.")
    assert turn.message.parent_id == answer.parent_id
    assert answer.cost is not None
    assert turn.message.cost is not None
    assert at.session.cost().amount == (answer.cost.amount or 0) + (turn.message.cost.amount or 0)


async def test_asking_again_keeps_the_prompt_once() -> None:
    at = Fixture(CUT, REST)
    await at.run(at.session.retry(await at.broken()))
    assert [write for write in at.store.writes if write[:2] == ("add", "user")] == [("add", "user", "Name fruits.")]
    assert sum(kind == "open" for kind, *_ in at.store.writes) == 1


async def test_asking_again_after_nothing_came() -> None:
    at = Fixture((ConnectionFailedError("Refused."),), (ConnectionFailedError("Refused."),), REST)
    await at.run(at.session.retry(await at.broken()))
    assert at.sent == [("user", "Name fruits.")]


# -- adding -----------------------------------------------------------------------------------------


async def test_a_note_goes_out_on_the_open_stream_and_into_the_history() -> None:
    gate = Gate()
    provider = Taking([(TextDelta("Ap"), gate, *REST), REST])
    at = Fixture(provider=provider)
    turn = at.session.begin("Name fruits.")
    task = asyncio.create_task(at.run(turn))
    await gate.reached.wait()
    note = await at.session.add_context(turn, "Only red ones.")
    gate.open()
    await task
    assert provider.notes == ["Only red ones."]
    assert note is not None
    assert at.session.conversation.messages == [turn.prompt, note, turn.message]
    assert (note.parent_id, turn.message.parent_id) == (turn.prompt.id, note.id)
    assert ("add", "user", "Only red ones.") in at.store.writes
    await at.run(at.session.begin("And now?"))
    assert at.sent == [
        ("user", "Name fruits.\n\nOnly red ones."),
        ("assistant", "Ap plums."),
        ("user", "And now?"),
    ]


@pytest.mark.parametrize("provider", [ScriptedProvider([REST]), Taking([REST], takes=False)])
async def test_where_no_note_can_go_out_nothing_changes(provider: ScriptedProvider) -> None:
    at = Fixture(provider=provider)
    turn = at.session.begin("Hi")
    await at.run(turn)
    assert await at.session.add_context(turn, "More.") is None
    assert at.session.conversation.messages == [turn.prompt, turn.message]


async def test_a_note_behind_a_stopped_answer_goes_with_its_text() -> None:
    at = Fixture(CUT, REST)
    answer = await at.broken()
    await at.run(at.session.follow_up(answer, "Only red ones."))
    assert at.sent == [("user", "Name fruits."), ("assistant", FIRST_HALF), ("user", "Only red ones.")]


async def test_a_note_behind_an_answer_without_text_goes_with_the_prompt() -> None:
    at = Fixture((ReasoningDelta("hm"), RESET), REST)
    answer = await at.broken()
    await at.run(at.session.follow_up(answer, "Only red ones."))
    assert at.sent == [("user", "Name fruits.\n\nOnly red ones.")]
    assert at.session.conversation.others == [answer]


async def test_questions_without_an_answer_are_left_out_with_their_notes() -> None:
    failing = (ConnectionFailedError("Refused."),)
    at = Fixture(failing, failing, failing, failing, REST)
    answer = await at.broken("one")
    at.session.conversation.messages.insert(1, Message(Role.USER, "a note"))
    assert answer.empty
    await at.broken("two")
    await at.run(at.session.begin("three"))
    assert at.provider.requests[-1].messages == (ChatMessage(Role.USER, "three"),)


async def test_a_repetition_that_breaks_off_is_forgotten() -> None:
    said = "Apples, pears and"
    at = Fixture(CUT, (TextDelta(said), RESET), (TextDelta(f"{FIRST_HALF} plums."), StreamEnd(FinishReason.STOP)))
    answer = await at.broken()
    turn = at.session.resume(answer)
    with pytest.raises(StreamBrokenError):
        await at.run(turn)
    assert (answer.text, answer.status) == (FIRST_HALF, MessageStatus.CUT_OFF)
    await at.run(at.session.resume(answer))
    assert answer.text == f"{FIRST_HALF} plums."


async def test_an_answer_at_its_limit_stays_that_where_going_on_fails() -> None:
    first = (TextDelta(FIRST_HALF), StreamEnd(FinishReason.LENGTH))
    at = Fixture(first, (ConnectionFailedError("Down."),), (ConnectionFailedError("Down."),))
    turn = at.session.begin("Name fruits.")
    await at.run(turn)
    with pytest.raises(ConnectionFailedError):
        await at.run(at.session.resume(turn.message))
    message = turn.message
    assert (message.status, message.finish_reason) == (MessageStatus.COMPLETE, FinishReason.LENGTH)
    assert message.error == "Down."


async def test_calls_of_the_continuation_stand_beside_those_before() -> None:
    call = ToolCallDelta(0, "1", "get_weather", '{"city": "Ber')
    again = ToolCallDelta(0, "2", "get_weather", '{"city": "Berlin"}')
    at = Fixture((TextDelta(FIRST_HALF), call, RESET), (again, StreamEnd(FinishReason.TOOL_CALLS)))
    answer = await at.broken()
    await at.run(at.session.resume(answer))
    assert [(call.id, call.arguments) for call in answer.tool_calls] == [
        ("1", '{"city": "Ber'),
        ("2", '{"city": "Berlin"}'),
    ]


async def test_a_note_is_in_a_request_that_is_sent_again() -> None:
    gate = Gate()
    provider = Taking([(gate, ConnectionFailedError("Lost.")), REST])
    at = Fixture(provider=provider)
    turn = at.session.begin("Name fruits.")
    running = asyncio.ensure_future(at.run(turn))
    await gate.reached.wait()
    assert await at.session.add_context(turn, "Red ones.") is not None
    gate.open()
    await running
    assert at.sent == [("user", "Name fruits.\n\nRed ones.")]


async def test_what_no_later_request_carries_is_known() -> None:
    at = Fixture(CUT, (ConnectionFailedError("Down."),), (ConnectionFailedError("Down."),))
    cut = await at.broken("Name fruits.")
    assert at.session.unanswered(cut) == []
    turn = at.session.follow_up(cut, "Red ones.")
    with pytest.raises(ConnectionFailedError):
        await at.run(turn)
    assert [message.text for message in at.session.unanswered(turn.message)] == ["Red ones."]
    again = at.session.follow_up(turn.message, "Quickly.")
    again.close(MessageStatus.CANCELLED)
    assert [message.text for message in at.session.unanswered(again.message)] == ["Red ones.", "Quickly."]


async def test_asking_again_in_vain_leaves_the_answer_where_it_was() -> None:
    at = Fixture(CUT, (ConnectionFailedError("Down."),), (ConnectionFailedError("Down."),), REST)
    answer = await at.broken()
    turn = at.session.retry(answer)
    with pytest.raises(ConnectionFailedError):
        await at.run(turn)
    assert turn.recalled
    assert at.session.conversation.messages == [turn.prompt, answer]
    assert at.session.conversation.others == []
    assert turn.message.id not in at.session.conversation.tree, "an answer with nothing in it is no branch"
    assert (answer.text, answer.status, answer.error) == (FIRST_HALF, MessageStatus.CUT_OFF, "Down.")
    await at.run(at.session.resume(answer))
    assert answer.text == f"{FIRST_HALF} plums."


async def test_asking_again_keeps_what_came_of_it() -> None:
    at = Fixture(CUT, (TextDelta("Pl"), RESET))
    answer = await at.broken()
    turn = at.session.retry(answer)
    with pytest.raises(StreamBrokenError):
        await at.run(turn)
    assert not turn.recalled
    assert at.session.conversation.messages[-1] is turn.message
    assert at.session.conversation.others == [answer]
