from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

import pytest

from tests.fakes import Gate
from tests.providers.asking import ask
from tests.providers.ws_asking import outcome, ws_provider
from tests.servers import Server
from tests.ws_server import (
    Step,
    WsServer,
    close,
    drop,
    refusal,
    reset,
)
from tui_stream.config import Providers, Settings, Timeouts, WebSocketSettings
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
    TimedOutError,
)
from tui_stream.providers.websocket import create

# Why it closed.


@pytest.mark.parametrize(
    ("code", "reason", "kind", "said"),
    [
        (1000, "", ConnectionFailedError, "code 1000"),
        (1001, "going home", ConnectionFailedError, "going home"),
        (None, "", ConnectionFailedError, "code 1005"),
        (1012, "", ConnectionFailedError, "code 1012"),
        (1002, "", RequestError, "code 1002"),
        (1003, "text only", RequestError, "text only (code 1003)"),
        (1007, "", RequestError, "code 1007"),
        (1008, "", AuthenticationError, "code 1008"),
        (1008, "Invalid API key", AuthenticationError, "Invalid API key"),
        (1008, "Rate limit exceeded", RateLimitError, "Rate limit exceeded"),
        (1008, "no such room", RequestError, "no such room"),
        (1009, "", RequestError, "code 1009"),
        (1011, "it crashed", ServerError, "it crashed"),
        (1013, "busy", ServerError, "busy"),
        (3000, "", AuthenticationError, "code 3000"),
        (4400, "bad", RequestError, "bad"),
        (4401, "", AuthenticationError, "code 4401"),
        (4403, "", AuthenticationError, "code 4403"),
        (4429, "", RateLimitError, "code 4429"),
        (4503, "", ServerError, "code 4503"),
        (4001, "Unauthorized", AuthenticationError, "Unauthorized"),
        (4000, "whatever", ServerError, "whatever"),
    ],
)
async def test_a_close_before_the_answer(code: int | None, reason: str, kind: type[ProviderError], said: str) -> None:
    text, error = await outcome(close(code, reason))
    assert (text, type(error)) == ("", kind)
    assert error is not None
    assert said in error.message
    assert error.hint
    retried = kind in {ConnectionFailedError, ServerError, RateLimitError}
    assert error.retryable is retried


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1000, StreamBrokenError),
        (1001, StreamBrokenError),
        (None, StreamBrokenError),
        (1012, StreamBrokenError),
        (1013, StreamBrokenError),
        (1011, ServerError),
        (1008, AuthenticationError),
    ],
)
async def test_a_close_in_the_middle_keeps_the_text(code: int | None, kind: type[ProviderError]) -> None:
    text, error = await outcome("kept", close(code))
    assert (text, type(error)) == ("kept", kind)


@pytest.mark.parametrize(("end", "word"), [(drop, "closed"), (reset, "reset")])
async def test_a_connection_that_ends_without_a_word(end: Step, word: str) -> None:
    text, error = await outcome("kept", end)
    assert (text, type(error)) == ("kept", StreamBrokenError)
    assert error is not None
    assert f"was {word}" in error.message
    text, error = await outcome(end)
    assert (text, type(error)) == ("", ConnectionFailedError)


# Handshakes.


async def refused(answered: bytes, *, environ: Mapping[str, str] | None = None, **settings: object) -> ProviderError:
    async with asyncio.timeout(30), WsServer() as server:
        server.refusal = answered
        _, error = await ask(ws_provider(server.base_url, environ=environ, **settings))
        assert error is not None
        assert len(server.handshakes) == 1
        return error


@pytest.mark.parametrize(
    ("answered", "kind", "said"),
    [
        (refusal(401, b'{"error": "who are you"}'), AuthenticationError, "who are you"),
        (refusal(403), AuthenticationError, "HTTP 403"),
        (refusal(404, b"<html><title>Not here</title></html>"), RequestError, "Not here"),
        (refusal(404, b'{"detail": "model not found"}'), ModelNotFoundError, "model not found"),
        (refusal(426, b"Upgrade Required"), RequestError, "HTTP 426"),
        (refusal(429, b"slow down", Retry_After="7"), RateLimitError, "slow down"),
        (refusal(500), ServerError, "HTTP 500"),
        (refusal(502, b"<html><h1>Bad Gateway</h1></html>"), ServerError, "Bad Gateway"),
        (refusal(503, b"", retry_after_ms="250"), ServerError, "HTTP 503"),
        (refusal(200, b"<html><title>My app</title></html>"), ProtocolError, 'a web page ("My app")'),
        (refusal(200, b'{"ok": true}'), ProtocolError, "HTTP 200"),
        (refusal(204), ProtocolError, "HTTP 204"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", ProtocolError, "Connection"),
        (b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", ProtocolError, "Sec-WebSocket-Accept"),
        (b"SSH-2.0-OpenSSH_9.7\r\n", ProtocolError, "does not open a WebSocket"),
        (b"\x15\x03\x01\x00\x02\x02\x46", ConnectionFailedError, "closed the connection before"),
        (b"x" * 100_000, ProtocolError, "does not open a WebSocket"),
        (refusal(403, b"x" * 2_000_000), ProtocolError, "does not open a WebSocket"),
        (b"", ConnectionFailedError, "closed the connection before the WebSocket was open"),
        (b"HTTP/1.1 101 Swit", ConnectionFailedError, "closed the connection before the WebSocket was open"),
    ],
)
async def test_a_handshake_that_is_refused(answered: bytes, kind: type[ProviderError], said: str) -> None:
    error = await refused(answered)
    assert type(error) is kind
    assert said in error.message
    assert error.hint


@pytest.mark.parametrize("status", [400, 404, 405, 426])
async def test_a_plain_http_server_makes_one_look_at_the_address(status: int) -> None:
    error = await refused(refusal(status, b"no"))
    assert type(error) is RequestError
    assert re.search(r"Check the base URL ws://127\.0\.0\.1:\d+", error.hint)
    assert "opens no WebSocket" in error.hint
    assert "model" not in error.hint


async def test_a_handshake_that_is_sent_elsewhere_says_where_to() -> None:
    error = await refused(refusal(307, b"", Location="https://example.com/ws"))
    assert type(error) is RequestError
    assert "set base_url" in error.hint


async def test_the_time_to_wait_of_a_refused_handshake() -> None:
    assert (await refused(refusal(429, b"", Retry_After="7"))).retry_after == 7
    assert (await refused(refusal(503, b"", retry_after_ms="250"))).retry_after == 0.25
    later = await refused(refusal(429, b"", Retry_After="Wed, 21 Oct 2099 07:28:00 GMT"))
    assert later.retry_after is not None
    assert later.retry_after > 1_000_000


async def test_a_refusal_never_repeats_the_key() -> None:
    error = await refused(refusal(401, b"bad key hush-hush"), api_key_env="K", environ={"K": "hush-hush"})
    assert "bad key [key]" in error.message
    assert "hush" not in str(error)


async def test_a_handshake_that_is_not_answered_is_given_up() -> None:
    gate = Gate()
    async with asyncio.timeout(30), WsServer() as server:
        server.refusal = gate
        table = WebSocketSettings(base_url=server.base_url)
        settings = Settings(providers=Providers(websocket=table), timeouts=Timeouts(connect=0.05))
        _, error = await ask(create(settings))
        assert type(error) is TimedOutError
        assert "within 0.05 s" in error.message
        assert "timeouts.connect" in error.hint


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_where_nothing_listens(host: str) -> None:
    async with Server() as server:
        port = server.port
    _, error = await ask(ws_provider(f"ws://{host}:{port}/chat"))
    assert type(error) is ConnectionFailedError
    assert error.message == f"Nothing answers at ws://{host}:{port}/chat."
    assert error.hint


async def test_a_host_that_cannot_be_resolved() -> None:
    _, error = await ask(ws_provider("ws://nowhere.invalid/"))
    assert type(error) is ConnectionFailedError
    assert "nowhere.invalid cannot be resolved" in error.message


async def test_a_host_that_can_have_no_such_name() -> None:
    for host in ("a..b", "ä" * 70):
        with pytest.raises(ConfigError, match="no name"):
            await ask(ws_provider(f"ws://{host}/"))


async def test_reaching_opens_a_socket_and_asks_nothing() -> None:
    async with asyncio.timeout(30), WsServer() as server:
        provider = ws_provider(server.base_url)
        await provider.reach()
        assert (server.talks[0].received, server.talks[0].closed_with) == ([], 1000)
        server.refusal = refusal(503)
        with pytest.raises(ServerError):
            await provider.reach()
        await provider.aclose()
