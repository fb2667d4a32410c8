"""Reasoning that comes inside the text, through the turn loop."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from tests.captures import load, served
from tests.fakes import FakeClock, Gate, Passing, ScriptedProvider, Step
from tests.providers.asking import ollama_provider
from tests.servers import Server
from tui_stream.core.estimates import Estimator, size_of
from tui_stream.core.events import (
    ReasoningDelta,
    ResponseStarted,
    StreamEnd,
    TextDelta,
    TurnState,
    TurnUpdate,
    UsageReport,
)
from tui_stream.core.marks import MOST_MARKS
from tui_stream.core.models import ChatMessage, ChatRequest, FinishReason, MessageStatus, Role, Usage
from tui_stream.core.session import ChatSession, SessionOptions
from tui_stream.core.turn import Turn
from tui_stream.errors import ConnectionFailedError, StreamBrokenError

STOP = StreamEnd(FinishReason.STOP)


class Talk:
    """A session over a script, its clock set by the script."""

    def __init__(self, *scripts: list[Step], options: SessionOptions | None = None) -> None:
        self.clock = FakeClock()
        self.provider = ScriptedProvider(scripts, clock=self.clock)
        self.session = ChatSession(self.provider, options=options or SessionOptions(frame=0), clock=self.clock)

    async def ask(self, seen: list[TurnUpdate] | None = None) -> Turn:
        turn = self.session.begin("Hi")
        await self.run(turn, [] if seen is None else seen)
        return turn

    async def run(self, turn: Turn, seen: list[TurnUpdate]) -> None:
        async with aclosing(self.session.run(turn)) as updates:
            async for update in updates:
                seen.append(update)  # noqa: PERF401 - what was seen before an error counts


def texts(*pieces: str) -> list[Step]:
    return [TextDelta(piece) for piece in pieces]


def shown(updates: list[TurnUpdate]) -> tuple[str, str]:
    return "".join(update.reasoning for update in updates), "".join(update.text for update in updates)


async def test_a_turn_keeps_reasoning_out_of_the_answer_and_of_the_history() -> None:
    talk = Talk([*texts(*"<think>\nHm.\n</think>\n\nYes."), STOP], [TextDelta("ok"), STOP])
    updates: list[TurnUpdate] = []
    turn = await talk.ask(updates)
    assert (turn.message.reasoning, turn.message.text) == ("Hm.\n", "Yes.")
    assert shown(updates) == ("Hm.\n", "Yes.")
    await talk.ask()
    assert [message.content for message in talk.provider.requests[1].messages] == ["Hi", "Yes.", "Hi"]


async def test_separated_reasoning_leaves_the_text_as_it_is() -> None:
    talk = Talk([ReasoningDelta("They ask for the tag."), *texts("<think>", " opens it."), STOP])
    turn = await talk.ask()
    assert (turn.message.reasoning, turn.message.text) == ("They ask for the tag.", "<think> opens it.")


async def test_separated_reasoning_after_white_space_leaves_the_text_as_it_is() -> None:
    first, second = Gate(), Gate()
    talk = Talk([TextDelta("\n"), first, ReasoningDelta("Hm."), second, *texts("<think>", "x"), STOP])
    turn = talk.session.begin("Hi")
    task = asyncio.create_task(talk.run(turn, []))
    for gate in (first, second):
        await gate.reached.wait()
        for _ in range(5):  # the batch that was queued before the gate is taken in
            await asyncio.sleep(0)
        gate.open()
    assert turn.state is TurnState.THINKING
    await task
    assert (turn.message.reasoning, turn.message.text) == ("Hm.", "\n<think>x")


async def test_separated_reasoning_inside_a_block_joins_it() -> None:
    talk = Talk([TextDelta("<think>a</th"), Passing(1), ReasoningDelta("b"), Passing(1), TextDelta("ink>c"), STOP])
    turn = await talk.ask()
    assert (turn.message.reasoning, turn.message.text) == ("ab", "c")


async def test_states_and_times_follow_a_block() -> None:
    steps: list[Step] = [ResponseStarted(), Passing(1)]
    gates = []
    for piece in ("<thi", "nk>\n", "Hm.", "\n</think>", "\n\n", "Yes."):
        gates.append(Gate())
        steps += [TextDelta(piece), gates[-1], Passing(1)]
    talk = Talk([*steps, STOP])
    turn = talk.session.begin("Hi")
    task = asyncio.create_task(talk.run(turn, []))
    states = []
    for gate in gates:
        await gate.reached.wait()
        for _ in range(5):  # the batch that was queued before the gate is taken in
            await asyncio.sleep(0)
        states.append(turn.state)
        assert turn.has_token
        assert turn.stats.first_token == 1.0, "the tag is the model's first token"
        gate.open()
    await task
    thinking = TurnState.THINKING
    assert states == [TurnState.WAITING, thinking, thinking, thinking, thinking, TurnState.STREAMING]
    assert turn.stats.streaming == 5.0


async def test_estimates_count_all_that_was_generated_and_reports_replace_them() -> None:
    said = "<think>\nHm, let me see.\n</think>\n\nYes."
    talk = Talk([*texts(*said), STOP], [*texts(*said), UsageReport(Usage(5, 9, reasoning_tokens=6)), STOP])
    usage = (await talk.ask()).stats.usage
    assert usage.output_tokens == Estimator().answer(size_of(said))
    assert usage.reasoning_tokens is None, "nobody said"
    assert (await talk.ask()).stats.usage == Usage(5, 9, reasoning_tokens=6)


async def test_a_tag_is_a_token_after_which_nothing_is_sent_again() -> None:
    talk = Talk([TextDelta("<think>"), ConnectionFailedError("Lost.")])
    with pytest.raises(ConnectionFailedError):
        await talk.ask()
    assert len(talk.provider.requests) == 1


@pytest.mark.parametrize(
    ("said", "reasoning", "text"),
    [("<think>Hm, I</thi", "Hm, I</thi", ""), (" <thi", "", " <thi"), ("<think>Hm.</think>\n<", "Hm.", "<")],
)
async def test_what_was_held_back_comes_with_the_end(said: str, reasoning: str, text: str) -> None:
    """Of a complete answer, of one cut off, and of one stopped."""
    updates: list[TurnUpdate] = []
    turn = await Talk([TextDelta(said), STOP]).ask(updates)
    assert (turn.message.reasoning, turn.message.text) == shown(updates) == (reasoning, text)
    assert turn.message.status is MessageStatus.COMPLETE
    updates = []
    with pytest.raises(StreamBrokenError):
        await Talk([TextDelta(said), StreamBrokenError("Reset.")]).ask(updates)
    assert shown(updates) == (reasoning, text)
    message = updates[-1].message
    assert (message.reasoning, message.text, message.status) == (reasoning, text, MessageStatus.CUT_OFF)
    gate = Gate()
    talk = Talk([TextDelta(said), gate])
    turn = talk.session.begin("Hi")
    task = asyncio.create_task(talk.run(turn, []))
    await gate.reached.wait()
    for _ in range(5):  # as above
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (turn.message.reasoning, turn.message.text) == (reasoning, text)
    assert turn.message.status is MessageStatus.CANCELLED


async def test_the_capture_of_a_block_in_the_text_is_told_apart() -> None:
    """Ollama with ``think`` off: a model that thinks all the same, its tags cut into several tokens."""
    async with Server() as server:
        server.then(served(load("ollama-chat-thinking-off")))
        session = ChatSession(ollama_provider(server.url), options=SessionOptions(frame=0))
        turn = session.begin("Say hello in French.")
        async with aclosing(session.run(turn)) as updates:
            seen = [update async for update in updates]
        await session.provider.aclose()
    assert turn.message.reasoning == "The user wants a greeting in French.\n"
    assert turn.message.text.startswith("Bonjour")
    assert "think>" not in turn.message.text
    assert shown(seen) == (turn.message.reasoning, turn.message.text)
    assert turn.stats.usage == Usage(125, 20)


@pytest.mark.parametrize("name", ["ollama-chat-thinking", "ollama-chat-ok", "ollama-chat-length"])
async def test_captures_without_tags_stay_as_they_are(name: str) -> None:
    async with Server() as server:
        server.then(served(load(name)))
        server.then(served(load(name)))
        provider = ollama_provider(server.url)
        session = ChatSession(provider, options=SessionOptions(frame=0))
        turn = session.begin("Hi")
        plain = ""
        async with aclosing(session.run(turn)) as updates:
            plain = "".join([update.text async for update in updates])
        async with aclosing(provider.stream(ChatRequest("", (ChatMessage(Role.USER, "Hi"),)))) as events:
            said = [event async for event in events]
        await provider.aclose()
    assert plain == turn.message.text == "".join(event.text for event in said if isinstance(event, TextDelta))
    thoughts = "".join(event.text for event in said if isinstance(event, ReasoningDelta))
    assert turn.message.reasoning == thoughts


async def test_marks_on_one_cell_of_a_thought_are_counted_over_its_pieces() -> None:
    gates = [Gate() for _ in range(5)]
    script: list[Step] = [TextDelta("<think>a")]
    for gate in gates:
        script += [gate, TextDelta("\u0301" * 5)]
    talk = Talk([*script, TextDelta("</think>Yes."), STOP])
    turn = talk.session.begin("Hi")
    seen: list[TurnUpdate] = []
    task = asyncio.create_task(talk.run(turn, seen))
    for number, gate in enumerate(gates):
        await gate.reached.wait()
        while len(seen) <= number:
            await asyncio.sleep(0)
        gate.open()
    await task
    assert (turn.message.reasoning, turn.message.text) == ("a" + "\u0301" * MOST_MARKS, "Yes.")
