"""What holds for all chat endpoints, whichever dialect they speak: the request, and every way a connection fails."""

from __future__ import annotations

import asyncio
import gzip
import sys
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.fakes import Gate
from tests.providers.asking import ask, request, text_of
from tests.providers.endpoints import END, KINDS, answer, piece, provider_of, sse_provider
from tests.servers import Exchange, Server, Step, body, close, reset, stall, whole
from tui_stream.config import Providers, Settings, SseSettings
from tui_stream.core.events import ResponseStarted, StreamEnd, TextDelta
from tui_stream.core.models import ChatRequest, ModelInfo
from tui_stream.errors import (
    AuthenticationError,
    ConfigError,
    ConnectionFailedError,
    ModelNotFoundError,
    ProtocolError,
    ProviderError,
    RateLimitError,
    RequestError,
    ServerError,
    StreamBrokenError,
)
from tui_stream.providers import create
from tui_stream.providers._endpoint import Reachable

PATH = "/api/chat/"
PROVIDERS = ("sse", "ai-sdk")
KEY = {"CHAT_KEY": "very-own-form-of-key"}


async def failure(kind: str, *steps: str | Step, ended: bool = True) -> tuple[str, ProviderError]:
    """The text that came, and the error that ended it."""
    async with Server() as server:
        server.then(answer(kind, *steps, ended=ended))
        events, error = await ask(provider_of(kind, server.url + PATH))
        assert error is not None
        assert error.hint
        assert not any(isinstance(event, StreamEnd) for event in events)
        return text_of(events), error


# The request


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_comes_piece_by_piece(kind: str) -> None:
    gate = Gate()
    async with Server() as server:
        server.then(answer(kind, "hel", gate, "lo"))
        provider = provider_of(kind, server.url + PATH)
        stream = provider.stream(request())
        assert await anext(stream) == ResponseStarted()
        assert await anext(stream) == TextDelta("hel")
        await gate.reached.wait()
        gate.open()
        rest = [event async for event in stream]
        assert text_of(rest) == "lo"
        assert isinstance(rest[-1], StreamEnd)
        assert (server.requests[0].method, server.requests[0].target) == ("POST", PATH)
        await provider.aclose()


@pytest.mark.parametrize("kind", KINDS)
async def test_one_connection_serves_turn_after_turn(kind: str) -> None:
    async with Server() as server:
        provider = provider_of(kind, server.url + PATH)
        for word in ("one", "two", "three"):
            server.then(answer(kind, word))
            assert text_of([event async for event in provider.stream(request())]) == word
        assert server.connections == 1
        await provider.aclose()


async def test_the_address_is_the_endpoint_itself() -> None:
    async with Server() as server:
        server.then(answer("sse", "ok"))
        await ask(sse_provider(f" {server.url}/x/?room=1 "))
        assert server.requests[0].target == "/x/?room=1"


@pytest.mark.parametrize("kind", ["sse", "ui"])
async def test_model_options_and_fields_go_into_the_body(kind: str) -> None:
    async with Server() as server:
        server.then(answer(kind, "ok"), answer(kind, "ok"))
        await ask(provider_of(kind, server.url, model="m1", body={"room": "lobby", "top": [1]}), request(heat=0.5))
        sent = server.requests[0].json()
        assert {name: sent[name] for name in ("model", "heat", "room", "top")} == {
            "model": "m1",
            "heat": 0.5,
            "room": "lobby",
            "top": [1],
        }
        await ask(provider_of(kind, server.url))
        assert "model" not in server.requests[1].json()


@pytest.mark.parametrize("name", ["model", "messages"])
async def test_what_the_program_chooses_cannot_be_an_option(name: str) -> None:
    async with Server() as server:
        for provider, asked in (
            (sse_provider(server.url, body={name: 1}), request()),
            (sse_provider(server.url), ChatRequest("", request().messages, {name: 1})),
        ):
            with pytest.raises(ConfigError, match=name):
                await ask(provider, asked)
        assert not server.requests


@pytest.mark.parametrize("kind", ["sse", "ui"])
async def test_key_and_headers(kind: str) -> None:
    async with Server() as server:
        server.then(answer(kind, "ok"), answer(kind, "ok"), answer(kind, "ok"))
        named = {"environ": KEY, "api_key_env": "CHAT_KEY"}
        await ask(provider_of(kind, server.url, **named, headers={"X-Title": "me"}))
        await ask(provider_of(kind, server.url, **named, headers={"Authorization": "Basic xyz"}))
        await ask(provider_of(kind, server.url, environ=KEY))
        first, second, third = (sent.headers for sent in server.requests)
        assert (first["authorization"], first["x-title"]) == ("Bearer very-own-form-of-key", "me")
        assert (first["accept-encoding"], first["content-type"]) == ("identity", "application/json")
        assert second["authorization"] == "Basic xyz"
        assert "authorization" not in third


async def test_a_refused_key_is_asked_for_again(tmp_path: Path) -> None:
    store = tmp_path / "key"
    store.write_text("first-key")
    async with Server() as server:
        server.then(whole({"error": "first-key expired"}, 401), answer("sse", "ok"))
        provider = sse_provider(server.url, api_key_command=f'{sys.executable} -c "print(open({str(store)!r}).read())"')
        with pytest.raises(AuthenticationError, match="expired") as raised:
            await anext(provider.stream(request()))
        assert "first-key" not in str(raised.value)
        store.write_text("second-key")
        assert text_of((await ask(provider))[0]) == "ok"
        assert server.requests[1].headers["authorization"] == "Bearer second-key"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_the_key_does_not_follow_to_another_host(status: int) -> None:
    async with Server() as server, Server() as other:
        server.then(whole(b"", status, Location=f"{other.url}/api/chat?token=x"))
        _, error = await ask(sse_provider(server.url, environ=KEY, api_key_env="CHAT_KEY"))
        assert isinstance(error, RequestError)
        assert f"{other.url}/api/chat" in error.message
        assert "token=x" not in error.message
        assert "base_url" in error.hint
        assert other.connections == 0


async def test_a_key_is_nowhere_to_be_seen() -> None:
    async with Server() as server:
        provider = sse_provider(server.url, environ=KEY, api_key_env="CHAT_KEY")
        server.then(whole({"error": "very-own-form-of-key is wrong"}, 403))
        _, error = await ask(provider)
        assert "very-own" not in f"{error} {provider!r}"


# Made from settings


@pytest.mark.parametrize("name", PROVIDERS)
async def test_made_by_name(name: str) -> None:
    provider = create(name, Settings(model="from-flag"))
    assert (provider.name, provider.model) == (name, "from-flag")
    assert provider.capabilities.local
    assert [step async for step in provider.prepare()] == []
    assert await provider.models() == [ModelInfo("from-flag", detail="named in the settings; the endpoint lists none")]
    await provider.aclose()


@pytest.mark.parametrize("name", PROVIDERS)
async def test_an_endpoint_says_that_it_lists_no_models(name: str) -> None:
    provider = create(name, Settings())
    assert provider.model == ""
    with pytest.raises(RequestError, match=r"127\.0\.0\.1:3000/api/chat lists no models"):
        await provider.models()
    await provider.aclose()


def test_what_is_on_this_machine_and_what_is_not() -> None:
    assert not sse_provider("https://chat.example/api").capabilities.local
    assert sse_provider("http://localhost:3000/api").capabilities.local


def test_a_bad_address_is_found_when_the_provider_is_made() -> None:
    with pytest.raises(ConfigError, match="base URL"):
        create("sse", Settings(providers=Providers(sse=SseSettings(base_url="chat:3000"))))


@pytest.mark.parametrize("status", [200, 204, 404, 405, 500])
async def test_an_endpoint_is_there_whatever_it_answers(status: int) -> None:
    async with Server() as server:
        server.on("/api", whole(b"", status))
        provider = sse_provider(server.url + "/api")
        assert isinstance(provider, Reachable)
        await provider.reach()
        assert server.requests[0].method == "OPTIONS"
        await provider.aclose()
    provider = sse_provider(server.url)
    with pytest.raises(ConnectionFailedError, match="Nothing answers"):
        await provider.reach()
    await provider.aclose()


# Leaving


@pytest.mark.parametrize("kind", KINDS)
async def test_cancelling_closes_the_connection_and_leaves_nothing_behind(kind: str) -> None:
    before = asyncio.all_tasks()
    async with Server() as server:
        provider = provider_of(kind, server.url)
        silent = asyncio.Event()

        async def read() -> None:
            async with aclosing(provider.stream(request())) as events:
                async for event in events:
                    if isinstance(event, TextDelta):
                        silent.set()

        server.then(answer(kind, "Hello", stall), answer(kind, "fresh"))
        task = asyncio.create_task(read())
        await silent.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5):
            await server.exchanges[0].gone.wait()
        assert text_of((await ask(provider))[0]) == "fresh"
        assert server.connections == 2
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("before_the_head", [True, False])
async def test_cancelling_while_waiting_closes_the_connection(kind: str, before_the_head: bool) -> None:
    async with Server() as server:
        provider = provider_of(kind, server.url)
        server.then(stall if before_the_head else answer(kind, stall))
        task = asyncio.create_task(ask(provider))
        exchange = await server.exchange()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5):
            await exchange.gone.wait()


# What goes wrong


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_answers(kind: str) -> None:
    async with Server() as server:
        url = server.url + PATH
    events, error = await ask(provider_of(kind, url))
    assert not events
    assert isinstance(error, ConnectionFailedError)
    assert error.message == f"Nothing answers at {url.rstrip('/')}."


@pytest.mark.parametrize("kind", ["sse", "ui"])
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, RequestError),
        (401, AuthenticationError),
        (403, AuthenticationError),
        (404, RequestError),
        (405, RequestError),
        (408, ServerError),
        (429, RateLimitError),
        (500, ServerError),
        (503, ServerError),
    ],
)
async def test_a_refusal(kind: str, status: int, expected: type[ProviderError]) -> None:
    async with Server() as server:
        server.then(whole({"error": "because"}, status, Retry_After="7"))
        _, error = await ask(provider_of(kind, server.url))
        assert type(error) is expected
        assert f"HTTP {status}" in error.message
        assert "because" in error.message
        assert error.hint
        assert error.retry_after == (7.0 if error.retryable else None)
        assert len(server.requests) == 1


async def test_an_unknown_model_is_named() -> None:
    async with Server() as server:
        server.then(whole({"error": "The model `m9` does not exist"}, 404))
        _, error = await ask(sse_provider(server.url), request("m9"))
        assert isinstance(error, ModelNotFoundError)
        assert "--model" in error.hint


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("break_off", [close, reset])
async def test_a_connection_that_breaks_keeps_the_text(kind: str, break_off: Step) -> None:
    text, error = await failure(kind, "hel", "lo", break_off)
    assert isinstance(error, StreamBrokenError)
    assert "cut off" in error.message
    assert "hello".startswith(text)
    if break_off is close:
        assert text == "hello"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_connection_that_breaks_before_the_answer_may_be_tried_again(kind: str) -> None:
    text, error = await failure(kind, close)
    assert text == ""
    assert isinstance(error, ConnectionFailedError)
    assert error.retryable


@pytest.mark.parametrize("kind", ["sse", "ui", "data"])
async def test_a_clean_end_without_end_marker_is_a_cut(kind: str) -> None:
    text, error = await failure(kind, "hello", ended=False)
    assert text == "hello"
    assert isinstance(error, StreamBrokenError)


@pytest.mark.parametrize("kind", ["sse", "ui", "data"])
async def test_an_answer_is_complete_though_the_connection_breaks_behind_its_end(kind: str) -> None:
    async with Server() as server:
        server.then(answer(kind, "hello", END[kind], close, ended=False))
        events, error = await ask(provider_of(kind, server.url))
        assert error is None
        assert text_of(events) == "hello"
        assert isinstance(events[-1], StreamEnd)


@pytest.mark.parametrize("kind", ["sse", "ui", "data"])
async def test_an_error_in_mid_stream_keeps_the_text_and_closes_the_connection(kind: str) -> None:
    errors = {
        "sse": b'data: {"error": "It crashed"}\n\n',
        "ui": b'data: {"type":"error","errorText":"It crashed"}\n\n',
        "data": b'3:"It crashed"\n',
    }
    async with Server() as server:
        server.then(answer(kind, "hello", errors[kind], stall))
        events, error = await ask(provider_of(kind, server.url))
        assert text_of(events) == "hello"
        assert isinstance(error, ServerError)
        assert "It crashed" in error.message
        async with asyncio.timeout(5):
            await server.exchanges[0].gone.wait()


@pytest.mark.parametrize("kind", ["sse", "ui"])
@pytest.mark.parametrize("status", [200, 502])
async def test_a_web_page_is_named(kind: str, status: int) -> None:
    page = b"<!DOCTYPE html><html><head><title>Bad gateway &amp; co</title></head><body>x</body></html>"
    async with Server() as server:
        server.then(whole(page, status, Content_Type="text/html"))
        _, error = await ask(provider_of(kind, server.url))
        assert isinstance(error, ProtocolError if status == 200 else ServerError)
        assert "Bad gateway & co" in error.message
        assert "web page" in error.message


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_that_is_compressed_all_the_same(kind: str) -> None:
    async with Server() as server:
        plain: list[bytes] = []

        async def compressed(exchange: Exchange) -> None:
            packed = gzip.compress(b"".join(plain))
            for at in range(len(packed)):
                await exchange.piece(packed[at : at + 1])

        plain += [piece(kind, "hel"), piece(kind, "lo"), END.get(kind, b"")]
        headers = {"sse": {"Content-Type": "text/event-stream"}}.get(kind, {"Content-Type": "text/plain"})
        server.then(body(compressed, headers={**headers, "Content-Encoding": "gzip"}))
        events, error = await ask(provider_of(kind, server.url))
        assert error is None
        assert text_of(events) == "hello"


@pytest.mark.parametrize("kind", ["sse", "ui"])
async def test_comments_keep_a_connection_alive(kind: str) -> None:
    async with Server() as server:
        server.then(answer(kind, b": ping\n\n", b":\n\n", "hel", b": ping\r\n\r\n", "lo"))
        events, error = await ask(provider_of(kind, server.url))
        assert error is None
        assert text_of(events) == "hello"


@pytest.mark.parametrize("kind", KINDS)
async def test_bytes_that_are_no_utf8(kind: str) -> None:
    bad = piece(kind, "a#b").replace(b"#", b"\xff")
    async with Server() as server:
        server.then(answer(kind, bad))
        events, error = await ask(provider_of(kind, server.url))
        assert error is None
        assert text_of(events) == "a\ufffdb"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_character_cut_between_two_packets_stays_whole(kind: str) -> None:
    sent = piece(kind, "a🎉b")
    at = sent.index(b"\xf0") + 2
    gate = Gate()
    async with Server() as server:
        server.then(answer(kind, sent[:at], gate, sent[at:]))
        task = asyncio.create_task(ask(provider_of(kind, server.url)))
        await gate.reached.wait()
        gate.open()
        assert text_of((await task)[0]) == "a🎉b"


@pytest.mark.parametrize("kind", ["sse", "ui", "data"])
async def test_a_line_of_fifty_megabytes_is_given_up_long_before(kind: str) -> None:
    sent = 0

    async def pour(exchange: Exchange) -> None:
        nonlocal sent
        while sent < 50 << 20 and not exchange.gone.is_set():
            await exchange.piece(b"x" * (1 << 20))
            sent += 1 << 20

    start = piece(kind, "#").partition(b"#")[0]
    text, error = await failure(kind, "hello", start, pour)
    assert text == "hello"
    assert isinstance(error, ProtocolError)
    assert "single piece" in error.message
    assert sent < 50 << 20
