from __future__ import annotations

import asyncio

import pytest

from tests.fakes import Gate
from tests.providers.asking import request, text_of
from tests.providers.ws_asking import DONE, answer, heard, outcome, ws_provider
from tests.ws_server import (
    Step,
    Talk,
    WsServer,
    close,
    drop,
    reset,
    stall,
)
from tui_stream.core.events import ResponseStarted, StreamEnd, TextDelta
from tui_stream.errors import (
    ConnectionFailedError,
    ProviderError,
    ServerError,
    StreamBrokenError,
)

# One socket for many questions.


async def test_the_socket_serves_the_next_question() -> None:
    async with asyncio.timeout(30), WsServer() as server:
        provider = ws_provider(server.base_url)
        for text in ("one", "two", "three"):
            server.say(text)
            assert await answer(provider) == text
        assert len(server.talks) == 1
        await provider.aclose()
        assert server.talks[0].closed_with == 1000


@pytest.mark.parametrize("end", [drop, reset, close(1000), close(1001, "idle"), close(1008, "idle"), close(1011)])
async def test_a_socket_that_was_closed_meanwhile_is_replaced_unnoticed(end: Step) -> None:
    gate = Gate()
    async with asyncio.timeout(30), WsServer() as server:
        provider = ws_provider(server.base_url)
        server.then("one", DONE, gate, end)
        server.say("two")
        assert await answer(provider) == "one"
        gate.open()
        await server.talks[0].gone.wait()
        assert await answer(provider) == "two"
        assert len(server.talks) == 2
        await provider.aclose()


@pytest.mark.parametrize("end", [drop, close(1000), close(1001), close(None), close(1012)])
async def test_a_socket_that_closes_over_the_next_question_is_replaced_once(end: Step) -> None:
    async with asyncio.timeout(30), WsServer() as server:
        provider = ws_provider(server.base_url)
        server.say("one")
        server.then(end)
        server.say("two")
        assert await answer(provider) == "one"
        events = [event async for event in provider.stream(request())]
        assert events == [ResponseStarted(), TextDelta("two"), StreamEnd()]
        assert [len(talk.received) for talk in server.talks] == [2, 1]
        server.then(end)
        server.then(end)
        with pytest.raises(ConnectionFailedError):
            await answer(provider)
        assert [len(talk.received) for talk in server.talks] == [2, 2, 1]
        await provider.aclose()


async def test_a_question_that_is_sent_once_more_takes_its_notes_along() -> None:
    async with asyncio.timeout(30), WsServer() as server:
        provider = ws_provider(server.base_url)
        gate = Gate()
        server.say("one")
        server.then(gate, noted, drop)
        server.say(noted, "two")
        assert await answer(provider) == "one"
        task = asyncio.create_task(answer(provider))
        await gate.reached.wait()
        assert await provider.add_context("Shorter!")
        gate.open()
        assert await task == "two"
        note = {"type": "context", "content": "Shorter!"}
        assert server.talks[0].received[1:] == [*server.talks[1].received[:1], note]
        assert server.talks[1].received[1:] == [note]
        await provider.aclose()


async def noted(talk: Talk) -> None:
    """A step: waits for a note."""
    while talk.received[-1].get("type") != "context":
        await asyncio.sleep(0)


@pytest.mark.parametrize("end", [close(1008), close(1009), close(1011), close(4401)])
async def test_a_question_that_is_refused_is_not_sent_again(end: Step) -> None:
    async with asyncio.timeout(30), WsServer() as server:
        provider = ws_provider(server.base_url)
        server.say("one")
        server.then(end)
        assert await answer(provider) == "one"
        with pytest.raises(ProviderError):
            await answer(provider)
        assert [len(talk.received) for talk in server.talks] == [2]
        await provider.aclose()


async def test_a_socket_is_not_replaced_after_the_first_token() -> None:
    async with asyncio.timeout(30), WsServer() as server:
        provider = ws_provider(server.base_url)
        server.say("one")
        server.then("tw", drop)
        assert await answer(provider) == "one"
        with pytest.raises(StreamBrokenError):
            await answer(provider)
        assert len(server.talks) == 1
        await provider.aclose()


async def test_a_socket_that_no_longer_answers_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_stream.providers._ws_client.ANSWER_PATIENCE", 0.01)
    async with asyncio.timeout(30), WsServer() as server:
        provider = ws_provider(server.base_url)
        server.say("one")
        server.say("two")
        assert await answer(provider) == "one"
        server.talks[0].silent = True
        assert await answer(provider) == "two"
        assert len(server.talks) == 2
        await server.talks[0].gone.wait()
        await provider.aclose()


async def test_what_an_earlier_answer_left_behind_is_not_taken_for_the_next_one() -> None:
    left = [{"type": "token", "content": "late"}, DONE, {"type": "error", "message": "late"}, {"type": "cancelled"}]
    async with asyncio.timeout(30), WsServer() as server:
        provider = ws_provider(server.base_url)
        server.then("one", DONE, *left)
        server.say("two")
        assert await answer(provider) == "one"
        assert await answer(provider) == "two"
        assert len(server.talks) == 1
        await provider.aclose()


async def test_a_flood_between_questions_costs_the_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_stream.providers._ws_client.ANSWER_PATIENCE", 0.05)
    async with asyncio.timeout(30), WsServer() as server:
        provider = ws_provider(server.base_url)
        server.then("one", DONE, *[{"type": "status"}] * 80)
        server.say("two")
        assert await answer(provider) == "one"
        await server.talks[0].exchange.writer.drain()
        assert await answer(provider) == "two"
        await provider.aclose()


async def test_an_error_costs_the_socket() -> None:
    async with asyncio.timeout(30), WsServer() as server:
        provider = ws_provider(server.base_url)
        server.then("a", {"type": "error", "message": "boom"}, DONE)
        server.say("two")
        with pytest.raises(ServerError, match="boom"):
            await answer(provider)
        await server.talks[0].gone.wait()
        assert await answer(provider) == "two"
        await provider.aclose()


async def test_several_answers_at_once_have_a_socket_each() -> None:
    gates = [Gate(), Gate()]
    async with asyncio.timeout(30), WsServer() as server:
        provider = ws_provider(server.base_url)
        for number, gate in enumerate(gates):
            server.say(f"{number}", gate, f"{number}")
        streams = [provider.stream(request()) for _ in gates]
        for number, stream in enumerate(streams):
            await heard(stream, f"{number}")
        assert not await provider.add_context("for which one?")
        for gate in gates:
            gate.open()
        for number, stream in enumerate(streams):
            assert text_of([event async for event in stream]) == f"{number}"
        server.say("next")
        assert await answer(provider) == "next"
        assert len(server.talks) == 2
        await provider.aclose()


# The person in control.


async def test_a_confirmed_cancel_keeps_the_socket() -> None:
    async with asyncio.timeout(30), WsServer() as server:
        provider = ws_provider(server.base_url)
        server.then("a", stall)
        server.say("fresh")
        stream = provider.stream(request())
        await heard(stream, "a")
        await stream.aclose()
        assert await answer(provider) == "fresh"
        assert [message.get("type") for message in server.talks[0].received] == [None, "cancel", None]
        assert len(server.talks) == 1
        await provider.aclose()


@pytest.mark.parametrize("before", [[], ["a"]], ids=["before the first token", "in the middle"])
@pytest.mark.parametrize("cancels", [True, False])
async def test_cancelling_the_reader_ends_the_generation(before: list[Step], cancels: bool) -> None:
    async with asyncio.timeout(30), WsServer() as server:
        server.cancels = cancels
        provider = ws_provider(server.base_url)
        server.then(*before, stall)
        server.say("fresh")
        task = asyncio.create_task(answer(provider))
        talk = await server.talk()
        while not talk.received:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert talk.received[1:] == [{"type": "cancel"}]
        assert talk.gone.is_set() is not cancels
        assert await answer(provider) == "fresh"
        assert len(server.talks) == (1 if cancels else 2)
        await provider.aclose()


async def test_an_end_marker_confirms_a_cancel_too() -> None:
    async def chat(talk: Talk) -> None:
        for _ in range(2):
            await talk.next()
            await talk.token("a")
            await talk.wait_for("cancel")
            await talk.send(DONE)

    async with asyncio.timeout(30), WsServer() as server:
        server.handler = chat
        provider = ws_provider(server.base_url)
        for _ in range(2):
            stream = provider.stream(request())
            await heard(stream, "a")
            await stream.aclose()
        assert len(server.talks) == 1
        await provider.aclose()


async def test_a_server_that_knows_no_cancel_is_not_asked_again() -> None:
    async with asyncio.timeout(30), WsServer() as server:
        server.cancels = False
        provider = ws_provider(server.base_url)
        for _ in range(2):
            server.then("a", stall)
            stream = provider.stream(request())
            await heard(stream, "a")
            await stream.aclose()
        assert [len(talk.received) for talk in server.talks] == [2, 1]
        await server.talks[1].gone.wait()
        await provider.aclose()


async def test_a_server_that_streams_on_is_left() -> None:
    async def chatter(talk: Talk) -> None:
        while not talk.gone.is_set():
            await talk.token("x")
            await asyncio.sleep(0)

    async with asyncio.timeout(30), WsServer() as server:
        server.cancels = False
        provider = ws_provider(server.base_url)
        server.then(chatter)
        stream = provider.stream(request())
        while not isinstance(await anext(stream), TextDelta):
            pass
        await stream.aclose()
        await server.talks[0].gone.wait()
        await provider.aclose()


async def test_an_answer_that_was_read_to_its_end_is_not_cancelled() -> None:
    async with asyncio.timeout(30), WsServer() as server:
        provider = ws_provider(server.base_url)
        server.say("a")
        stream = provider.stream(request())
        while not isinstance(await anext(stream), StreamEnd):
            pass
        await stream.aclose()
        assert [message.get("type") for message in server.talks[0].received] == [None]
        server.say("next")
        assert await answer(provider) == "next"
        assert len(server.talks) == 1
        await provider.aclose()


async def test_cancelling_during_the_handshake_closes_the_connection() -> None:
    gate = Gate()
    async with asyncio.timeout(30), WsServer() as server:
        server.refusal = gate
        provider = ws_provider(server.base_url)
        task = asyncio.create_task(answer(provider))
        await gate.reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await provider.aclose()


async def test_a_second_cancel_does_not_wait_for_the_server() -> None:
    async with asyncio.timeout(30), WsServer() as server:
        server.cancels = False
        provider = ws_provider(server.base_url)
        server.then("a", stall)
        task = asyncio.create_task(answer(provider))
        talk = await server.talk()
        while len(talk.received) < 2:
            await asyncio.sleep(0)
            if talk.received:
                task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await talk.gone.wait()
        await provider.aclose()


async def test_a_cancel_nobody_asked_for_is_no_end() -> None:
    text, error = await outcome("a", {"type": "cancelled"})
    assert (text, type(error)) == ("a", StreamBrokenError)
    text, error = await outcome({"type": "cancelled"})
    assert (text, type(error)) == ("", ConnectionFailedError)


async def test_a_note_goes_along_with_the_answer() -> None:
    async with asyncio.timeout(30), WsServer() as server:
        provider = ws_provider(server.base_url)
        assert not await provider.add_context("too early")
        server.handler = answer_with_note
        stream = provider.stream(request())
        await heard(stream, "a")
        assert await provider.add_context("in prose, please")
        assert text_of([event async for event in stream]) == " (in prose, please)"
        assert not await provider.add_context("too late")
        assert server.talks[0].received[1:] == [{"type": "context", "content": "in prose, please"}]
        await provider.aclose()


async def answer_with_note(talk: Talk) -> None:
    await talk.next()
    await talk.token("a")
    note = await talk.next()
    assert note is not None
    await talk.token(f" ({note['content']})")
    await talk.send(DONE)


async def test_a_note_on_a_socket_that_is_gone_is_not_sent() -> None:
    async with asyncio.timeout(30), WsServer() as server:
        provider = ws_provider(server.base_url)
        server.then("a", drop)
        stream = provider.stream(request())
        await heard(stream, "a")
        while await provider.add_context("hello?"):
            await asyncio.sleep(0)
        with pytest.raises(StreamBrokenError):
            await anext(stream)
        await provider.aclose()


async def test_nothing_is_left_behind() -> None:
    before = asyncio.all_tasks()
    async with asyncio.timeout(30), WsServer() as server:
        provider = ws_provider(server.base_url)
        server.say("one")
        server.then("two", stall)
        server.then("three", drop)
        assert await answer(provider) == "one"
        stream = provider.stream(request())
        await heard(stream, "two")
        await stream.aclose()
        with pytest.raises(StreamBrokenError):
            await answer(provider)
        server.then("four", stall)
        open_still = provider.stream(request())
        await heard(open_still, "four")
        await provider.aclose()
        with pytest.raises(StreamBrokenError):
            await anext(open_still)
    assert asyncio.all_tasks() == before


async def test_closing_does_not_wait_for_a_server_that_does_not_answer() -> None:
    async with asyncio.timeout(30), WsServer() as server:
        provider = ws_provider(server.base_url)
        server.say("one")
        assert await answer(provider) == "one"
        server.talks[0].silent = True
        await provider.aclose()
        await server.talks[0].gone.wait()
        assert server.talks[0].closed_with == 1000
