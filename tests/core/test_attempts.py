"""Retries that a person can hurry, and models that answer in another one's place."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

import pytest

from tests.fakes import FakeClock, FlatPrices, Gate, ScriptedProvider, Step
from tui_stream.core.backoff import RetryPolicy
from tui_stream.core.events import Rerouted, ResponseStarted, StreamEnd, TextDelta, TurnUpdate
from tui_stream.core.models import MessageStatus
from tui_stream.core.provider import Capabilities
from tui_stream.core.route import REST, Answerer, Fallback
from tui_stream.core.session import ChatSession, SessionOptions
from tui_stream.core.turn import Turn
from tui_stream.core.watchdog import Limits
from tui_stream.errors import (
    AuthenticationError,
    ConfigError,
    ConnectionFailedError,
    ModelNotFoundError,
    OverrunError,
    RateLimitError,
    RequestError,
    StreamBrokenError,
    TuiStreamError,
)

REFUSED = ConnectionFailedError("Nothing answers.", hint="Start it.")
ANSWER: tuple[Step, ...] = (TextDelta("Hello"), StreamEnd())


class Log:
    """A log in memory."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []

    def write(self, event: str, **fields: object) -> None:
        self.lines.append((event, fields))


class Fixture:
    """A session whose first provider follows scripts, with fallbacks that do so too."""

    def __init__(
        self,
        *scripts: Sequence[Step],
        fallbacks: Sequence[ScriptedProvider | TuiStreamError] = (),
        attempts: int = 2,
        limits: Limits | None = None,
    ) -> None:
        self.first = ScriptedProvider(scripts, name="openai", model="gpt")
        self.clock = FakeClock()
        self.log = Log()
        self.opened: list[str] = []
        self.session = ChatSession(
            self.first,
            options=SessionOptions(frame=0, retry=RetryPolicy(attempts, 1, 30, jitter=0), limits=limits or Limits()),
            fallbacks=[self._fallback(number, source) for number, source in enumerate(fallbacks)],
            log=self.log,
            clock=self.clock,
            sleep=self.clock.sleep,
        )

    def _fallback(self, number: int, source: ScriptedProvider | TuiStreamError) -> Fallback:
        label = source.name if isinstance(source, ScriptedProvider) else f"broken-{number}"

        async def open_it() -> Answerer:
            self.opened.append(label)
            if isinstance(source, TuiStreamError):
                raise source
            return Answerer(source, "", {"num_ctx": 1}, FlatPrices())

        return Fallback(label, open_it)

    async def run(self, turn: Turn) -> list[TurnUpdate]:
        async with aclosing(self.session.run(turn)) as updates:
            return [update async for update in updates]


def other(*scripts: Sequence[Step], name: str = "ollama") -> ScriptedProvider:
    return ScriptedProvider(scripts or (ANSWER,), name=name, model="qwen", capabilities=Capabilities())


# -- waiting ----------------------------------------------------------------------------------------


async def test_a_person_can_hurry_a_retry() -> None:
    at = Fixture((REFUSED,), ANSWER)
    waiting = asyncio.Event()

    async def forever(seconds: float) -> None:
        del seconds
        waiting.set()
        await asyncio.Event().wait()

    at.session._sleep = forever
    turn = at.session.begin("Hi")
    task = asyncio.create_task(at.run(turn))
    await waiting.wait()
    turn.hurry()
    await task
    assert turn.message.text == "Hello"
    assert len(at.first.requests) == 2
    assert {task for task in asyncio.all_tasks() if task is not asyncio.current_task()} == set()


async def test_hurrying_as_soon_as_the_wait_is_told_skips_it() -> None:
    at = Fixture((REFUSED,), ANSWER)

    async def forever(seconds: float) -> None:
        del seconds
        await asyncio.Event().wait()

    at.session._sleep = forever
    turn = at.session.begin("Hi")
    async with aclosing(at.session.run(turn)) as updates:
        async for update in updates:
            if update.retrying is not None:
                turn.hurry()
    assert turn.message.text == "Hello"


async def test_hurrying_ahead_of_time_skips_no_later_wait() -> None:
    at = Fixture((REFUSED,), ANSWER)
    turn = at.session.begin("Hi")
    turn.hurry()
    await at.run(turn)
    assert at.clock.slept == [1]


# -- fallbacks --------------------------------------------------------------------------------------


async def test_the_next_model_answers_when_the_retries_are_spent() -> None:
    fallback = other()
    at = Fixture((REFUSED,), fallbacks=[fallback])
    turn = at.session.begin("Hi")
    updates = await at.run(turn)
    note = "openai/gpt failed (Nothing answers); ollama was asked instead."
    assert (turn.message.text, turn.message.status) == ("Hello", MessageStatus.COMPLETE)
    assert (turn.message.provider, turn.message.model) == ("ollama", "qwen")
    assert turn.message.notes == [note]
    assert [note for update in updates for note in update.notes] == [note], "it is told once"
    assert len(at.first.requests) == 2
    assert fallback.requests[0].options == {"num_ctx": 1}
    assert [m.content for m in fallback.requests[0].messages] == ["Hi"]


async def test_the_fallback_is_billed_at_its_own_price() -> None:
    at = Fixture((REFUSED,), fallbacks=[other()])
    turn = at.session.begin("Hi")
    await at.run(turn)
    assert turn.message.cost is not None
    assert turn.message.usage is not None
    assert turn.message.cost.amount == (turn.message.usage.input_tokens or 0) + (turn.message.usage.output_tokens or 0)


@pytest.mark.parametrize("error", [AuthenticationError("Wrong key."), ModelNotFoundError("No such model.")])
async def test_what_a_retry_cannot_help_goes_to_the_fallback_at_once(error: TuiStreamError) -> None:
    at = Fixture((error,), fallbacks=[other()])
    turn = at.session.begin("Hi")
    await at.run(turn)
    assert turn.message.text == "Hello"
    assert at.clock.slept == []


async def test_a_wait_that_is_too_long_goes_to_the_fallback_at_once() -> None:
    at = Fixture((RateLimitError("Slow down.", retry_after=3600),), fallbacks=[other()])
    turn = at.session.begin("Hi")
    await at.run(turn)
    assert (turn.message.text, at.clock.slept) == ("Hello", [])


async def test_a_fallback_that_cannot_be_opened_is_passed_over() -> None:
    at = Fixture((REFUSED,), fallbacks=[ConfigError("No file."), other()])
    turn = at.session.begin("Hi")
    await at.run(turn)
    assert turn.message.text == "Hello"
    assert turn.message.notes == [
        "openai/gpt failed (Nothing answers); broken-0 was asked instead.",
        "broken-0 failed (No file); ollama was asked instead.",
    ]


async def test_a_wait_beyond_the_time_for_the_answer_is_not_begun() -> None:
    at = Fixture((RateLimitError("Slow down.", retry_after=10),), limits=Limits(total=10))
    with pytest.raises(OverrunError, match=r"Slow down\. Trying again would take longer than the 10 s") as caught:
        await at.run(at.session.begin("Hi"))
    assert isinstance(caught.value.__cause__, RateLimitError)
    assert at.clock.slept == []


async def test_waits_count_towards_the_time_for_the_answer() -> None:
    at = Fixture((RateLimitError("Slow down.", retry_after=4),), attempts=9, limits=Limits(total=10))
    with pytest.raises(OverrunError):
        await at.run(at.session.begin("Hi"))
    assert at.clock.slept == [4, 4]


async def test_where_there_is_no_time_for_a_wait_there_may_be_for_the_fallback() -> None:
    at = Fixture((RateLimitError("Slow down.", retry_after=10),), fallbacks=[other()], limits=Limits(total=10))
    turn = at.session.begin("Hi")
    await at.run(turn)
    assert (turn.message.text, at.clock.slept) == ("Hello", [])


async def test_once_the_time_is_used_up_nobody_else_is_asked() -> None:
    fallback = other()
    at = Fixture((Gate(),), fallbacks=[fallback], limits=Limits(total=0.01))
    with pytest.raises(OverrunError, match=r"longer than 0\.01 s"):
        await at.run(at.session.begin("Hi"))
    assert not fallback.requests


async def test_no_fallback_after_the_first_token() -> None:
    fallback = other()
    at = Fixture((TextDelta("half"), StreamBrokenError("Reset.")), fallbacks=[fallback])
    turn = at.session.begin("Hi")
    with pytest.raises(StreamBrokenError):
        await at.run(turn)
    assert (turn.message.text, turn.message.status) == ("half", MessageStatus.CUT_OFF)
    assert not fallback.requests


async def test_when_all_fail_the_first_error_says_so() -> None:
    at = Fixture((REFUSED,), fallbacks=[other((AuthenticationError("Wrong key."),))])
    turn = at.session.begin("Hi")
    with pytest.raises(ConnectionFailedError) as caught:
        await at.run(turn)
    assert str(caught.value) == "Nothing answers. Start it. ollama failed too: Wrong key."
    assert turn.message.status is MessageStatus.FAILED


async def test_a_model_that_failed_rests_for_a_while() -> None:
    fallback = other()
    at = Fixture((ConnectionFailedError("Nothing answers."),), fallbacks=[fallback], attempts=1)
    await at.run(at.session.begin("one"))
    second = at.session.begin("two")
    await at.run(second)
    assert (len(at.first.requests), len(fallback.requests)) == (1, 2)
    assert second.message.notes == ["openai/gpt rests after a failure; ollama was asked instead."]
    at.clock.now += REST
    at.first.scripts = [ANSWER]
    third = at.session.begin("three")
    await at.run(third)
    assert (third.message.provider, third.message.notes) == ("openai", [])


async def test_a_model_that_did_not_accept_one_request_is_asked_the_next() -> None:
    at = Fixture((RequestError("The prompt is too long."),), ANSWER, fallbacks=[other()])
    await at.run(at.session.begin("Hi"))
    second = at.session.begin("Hi again")
    await at.run(second)
    assert second.message.notes == []


async def test_choosing_a_model_wakes_it() -> None:
    at = Fixture((ConnectionFailedError("Nothing answers."),), ANSWER, fallbacks=[other()], attempts=1)
    await at.run(at.session.begin("one"))
    at.session.use_model("gpt-2")
    turn = at.session.begin("two")
    await at.run(turn)
    assert turn.message.provider == "openai"


async def test_one_that_rests_is_asked_where_nobody_else_can() -> None:
    at = Fixture((ConnectionFailedError("Down."),), ANSWER, fallbacks=[other(ANSWER, (REFUSED,))], attempts=1)
    await at.run(at.session.begin("one"))
    turn = at.session.begin("two")
    await at.run(turn)
    assert (turn.message.provider, turn.message.text) == ("openai", "Hello")


async def test_cancelling_asks_nobody_else() -> None:
    gate, fallback = Gate(), other()
    at = Fixture((gate,), fallbacks=[fallback])
    turn = at.session.begin("Hi")
    task = asyncio.create_task(at.run(turn))
    await gate.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not fallback.requests
    assert at.session._route.order[0] == 0, "what was cancelled has not failed"


async def test_closing_closes_all_that_were_asked() -> None:
    fallback, unused = other(), other(name="unused")
    at = Fixture((REFUSED,), fallbacks=[fallback, unused])
    await at.run(at.session.begin("Hi"))
    await at.session.aclose()
    assert (at.first.closed, fallback.closed, unused.closed) == (True, True, False)
    assert at.opened == ["ollama"]


async def test_another_endpoint_is_told_once() -> None:
    rerouted = Rerouted("http://a", "http://b", "Nothing answers at http://a.")
    at = Fixture((rerouted, ResponseStarted(), *ANSWER))
    turn = at.session.begin("Hi")
    updates = await at.run(turn)
    said = ["http://a failed (Nothing answers at http://a); http://b was asked instead."]
    turn.note(said[0])
    assert turn.message.notes == said
    assert [note for update in updates for note in update.notes] == said


# -- the log ----------------------------------------------------------------------------------------


async def test_the_log_tells_a_turn_without_its_words() -> None:
    at = Fixture((REFUSED,), (ResponseStarted(), *ANSWER))
    await at.run(at.session.begin("My secret question"))
    assert [event for event, _ in at.log.lines] == [
        "request",
        "failure",
        "retry",
        "request",
        "response",
        "first-token",
        "end",
    ]
    failure = at.log.lines[1][1]
    assert (failure["error"], failure["code"]) == ("ConnectionFailedError", 5)
    words = [fields for event, fields in at.log.lines if "secret" in str({**fields, "text": ""})]
    assert not words
    assert at.log.lines[-1][1]["text"] == "Hello", "the sink leaves it out unless it is asked for"


async def test_another_model_that_fails_is_followed_by_the_same_fallbacks() -> None:
    fallback = other()
    at = Fixture(ANSWER, ANSWER, fallbacks=[fallback], attempts=1)
    await at.run(at.session.begin("Hi"))
    turn = at.session.regenerate(at.session.conversation.messages[-1], model="large")
    await at.run(turn)
    assert (at.first.requests[-1].model, turn.message.notes) == ("large", [])
    at.first.scripts = [(REFUSED,)]
    turn = at.session.regenerate(turn.message, model="large")
    await at.run(turn)
    assert turn.message.model == "qwen"
    assert turn.message.notes == ["openai/large failed (Nothing answers); ollama was asked instead."]
    at.first.scripts = [ANSWER]
    await at.run(at.session.begin("more"))
    assert at.session.conversation.messages[-1].notes == [], (
        "what was asked once does not make the session's model rest"
    )
    at.first.scripts = [(REFUSED,)]
    await at.run(at.session.begin("and more"))
    assert at.opened == ["ollama"]
