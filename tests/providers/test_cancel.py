"""How soon a connection is closed when nobody wants the answer any more, as the server sees it."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import pytest

from tests.providers.asking import ollama_provider, openai_provider, request
from tests.servers import ChatServer, Exchange, Handler, OllamaServer, body, stall
from tui_stream.core.events import Event, ResponseStarted, TextDelta
from tui_stream.providers.ollama import OllamaProvider
from tui_stream.providers.openai import OpenAIProvider

RUNS = 25
TYPICAL, LONGEST = 0.010, 1.0
"""Seconds; the longest leaves room for a machine that is busy with other tests."""


async def chatter(exchange: Exchange, piece: bytes) -> None:
    """Streams without end, as fast as the client reads."""
    while not exchange.gone.is_set():
        await exchange.piece(piece)
        await asyncio.sleep(0)


def streaming(server: ChatServer | OllamaServer) -> Handler:
    piece = server.chunk({"content": "x"}) if isinstance(server, ChatServer) else server.text("x")

    async def handle(exchange: Exchange) -> None:
        await exchange.head()
        await chatter(exchange, piece)

    return handle


def headers_only(_: ChatServer | OllamaServer) -> Handler:
    return body(stall)


def nothing(_: ChatServer | OllamaServer) -> Handler:
    return stall


def in_the_middle(server: ChatServer | OllamaServer) -> Handler:
    piece = server.chunk({"content": "x"}) if isinstance(server, ChatServer) else server.text("x")
    return body(piece, stall)


def seen_text(events: list[Event]) -> bool:
    return any(isinstance(event, TextDelta) for event in events)


def seen_head(events: list[Event]) -> bool:
    return ResponseStarted() in events


def seen_nothing(_: list[Event]) -> bool:
    return True


SITUATIONS: dict[str, tuple[Callable[[ChatServer | OllamaServer], Handler], Callable[[list[Event]], bool]]] = {
    "while it streams": (streaming, seen_text),
    "while it is silent in the middle": (in_the_middle, seen_text),
    "while waiting for the first token": (headers_only, seen_head),
    "while waiting for the headers": (nothing, seen_nothing),
}


async def read(stream: AsyncGenerator[Event, None], events: list[Event], news: asyncio.Event) -> None:
    async with aclosing(stream) as source:
        async for event in source:
            events.append(event)
            news.set()


async def cancelled(
    provider: OpenAIProvider | OllamaProvider,
    server: ChatServer | OllamaServer,
    number: int,
    ready: Callable[[list[Event]], bool],
) -> float:
    """Seconds from cancelling the reader to the server's noticing that the client has left."""
    loop, events, news = asyncio.get_running_loop(), list[Event](), asyncio.Event()
    task = asyncio.create_task(read(provider.stream(request()), events, news))
    exchange = await server.exchange(number)
    while not ready(events):
        news.clear()
        await news.wait()
    start = loop.time()
    task.cancel()
    await exchange.gone.wait()
    with pytest.raises(asyncio.CancelledError):
        await task
    return exchange.gone_at - start


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("kind", ["openai", "ollama"])
async def test_cancelling_closes_the_connection_at_once(kind: str, situation: str) -> None:
    behave, ready = SITUATIONS[situation]
    async with ChatServer() if kind == "openai" else OllamaServer() as server:
        provider = openai_provider(server.url + "/v1") if kind == "openai" else ollama_provider(server.url)
        server.then(*[behave(server)] * RUNS)
        async with asyncio.timeout(30):
            times = [await cancelled(provider, server, number, ready) for number in range(RUNS)]
        assert server.connections == RUNS
        await provider.aclose()
    assert statistics.median(times) < TYPICAL
    assert max(times) < LONGEST


@pytest.mark.parametrize("kind", ["openai", "ollama"])
async def test_closing_the_generator_closes_the_connection_at_once(kind: str) -> None:
    loop, times = asyncio.get_running_loop(), []
    async with ChatServer() if kind == "openai" else OllamaServer() as server:
        provider = openai_provider(server.url + "/v1") if kind == "openai" else ollama_provider(server.url)
        for number in range(RUNS):
            server.then(streaming(server))
            stream = provider.stream(request())
            while not isinstance(await anext(stream), TextDelta):
                pass
            exchange = await server.exchange(number)
            start = loop.time()
            await stream.aclose()
            async with asyncio.timeout(5):
                await exchange.gone.wait()
            times.append(exchange.gone_at - start)
        await provider.aclose()
    assert statistics.median(times) < TYPICAL
    assert max(times) < LONGEST


async def test_after_a_cancelled_answer_the_next_one_is_its_own() -> None:
    async with ChatServer() as server:
        provider = openai_provider(server.base_url)
        server.then(in_the_middle(server))
        stream = provider.stream(request())
        while not isinstance(await anext(stream), TextDelta):
            pass
        await stream.aclose()
        server.say("fresh")
        texts = [event.text async for event in provider.stream(request()) if isinstance(event, TextDelta)]
        assert texts == ["fresh"]
        assert server.connections == 2
        await provider.aclose()


async def test_nothing_is_left_behind() -> None:
    before = asyncio.all_tasks()
    async with ChatServer() as server:
        provider = openai_provider(server.base_url)
        server.then(in_the_middle(server))
        stream = provider.stream(request())
        while not isinstance(await anext(stream), TextDelta):
            pass
        await stream.aclose()
        await server.exchanges[0].gone.wait()
        await provider.aclose()
    assert asyncio.all_tasks() == before


async def test_cancelling_while_the_sdk_is_imported_is_quick() -> None:
    provider = openai_provider("http://127.0.0.1:1/v1")
    task = asyncio.create_task(anext(provider.stream(request())))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await provider.aclose()
