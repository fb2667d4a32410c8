from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.fakes import Gate
from tests.providers.asking import ask, request, text_of
from tests.providers.ws_asking import DONE, answer, heard, outcome, ws_provider
from tests.servers import Server
from tests.ws_captures import load, played
from tests.ws_server import (
    BINARY,
    CONT,
    PING,
    Step,
    Talk,
    WsServer,
    close,
    drop,
    frame,
    reset,
    stall,
)
from tui_stream.config import Providers, Settings, WebSocketSettings
from tui_stream.core.events import Event, ResponseStarted, StreamEnd, TextDelta, UsageReport
from tui_stream.core.models import ChatMessage, ChatRequest, ModelInfo, Role, Usage
from tui_stream.core.provider import Provider, TakesContext
from tui_stream.errors import (
    ConfigError,
    ConnectionFailedError,
    ProtocolError,
    ProviderError,
    RateLimitError,
    RequestError,
    ServerError,
    StreamBrokenError,
)
from tui_stream.providers.websocket import create

QUESTION = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]


async def test_an_answer_comes_token_by_token() -> None:
    gate = Gate()
    async with WsServer() as server:
        server.say("hel", gate, "lo", usage={"prompt_tokens": 7, "completion_tokens": 3})
        provider: Provider = ws_provider(server.base_url)
        stream = provider.stream(request())
        assert await anext(stream) == ResponseStarted()
        assert await anext(stream) == TextDelta("hel")
        await gate.reached.wait()
        gate.open()
        assert [event async for event in stream] == [TextDelta("lo"), UsageReport(Usage(7, 3)), StreamEnd()]
        await provider.aclose()


async def test_what_is_sent() -> None:
    async with WsServer() as server:
        server.say("ok")
        own = {"X-Title": "me", "user-agent": "mine"}
        provider = ws_provider(
            f"{server.base_url}chat ä?room=1 2#top", headers=own, body={"room": "lobby", "deep": {"a": [1]}}
        )
        await ask(provider, request("asked", temperature=0.5))
        assert server.talks[0].received == [
            {"messages": QUESTION, "model": "asked", "temperature": 0.5, "room": "lobby", "deep": {"a": [1]}}
        ]
        sent = server.handshakes[0]
        assert sent.target == "/chat%20%C3%A4?room=1%202"
        assert sent.headers["x-title"] == "me"
        assert sent.headers["user-agent"] == "mine"
        assert not {"authorization", "sec-websocket-extensions", "origin"} & set(sent.headers)


async def test_without_a_model_and_options_only_the_messages_are_sent() -> None:
    async with WsServer() as server:
        server.say("ok")
        odd = ChatRequest("", (ChatMessage(Role.USER, 'ä\u2028"\ud83d'),), {})
        await ask(ws_provider(server.base_url), odd)
        assert server.talks[0].received == [{"messages": [{"role": "user", "content": 'ä\u2028"?'}]}]
        assert server.handshakes[0].headers["user-agent"] == "tui-stream"


@pytest.mark.parametrize("name", ["model", "messages"])
async def test_what_the_program_chooses_cannot_be_an_option(name: str) -> None:
    async with WsServer() as server:
        with pytest.raises(ConfigError, match=name):
            await ask(ws_provider(server.base_url, body={name: "x"}))
        with pytest.raises(ConfigError, match=name):
            await ask(ws_provider(server.base_url), ChatRequest("", request().messages, {name: "x"}))
        assert not server.handshakes


@pytest.mark.parametrize("headers", [{"X y": "a"}, {"X": "a\r\nHost: b"}, {"X": "ä"}])
async def test_a_setting_that_is_no_header_is_said_before_any_connection(headers: dict[str, str]) -> None:
    async with WsServer() as server:
        with pytest.raises(ConfigError, match="cannot be sent"):
            await ask(ws_provider(server.base_url, headers=headers))
        assert not server.handshakes


async def test_the_settings_name_the_model() -> None:
    provider = ws_provider("ws://127.0.0.1:1/", model="from-table")
    assert provider.model == "from-table"
    assert [model.name for model in await provider.models()] == ["from-table"]
    assert all(isinstance(model, ModelInfo) for model in await provider.models())
    flag = Settings(model="from-flag", providers=Providers(websocket=WebSocketSettings(model="from-table")))
    assert create(flag).model == "from-flag"
    with pytest.raises(RequestError, match="lists no models"):
        await ws_provider("ws://127.0.0.1:1/").models()


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "127.0.0.1:3000", "ws://", "", "ws://[::1/", "ws://host:0/"])
def test_what_is_no_address_is_said_at_once(url: str) -> None:
    with pytest.raises(ConfigError):
        ws_provider(url)


@pytest.mark.parametrize(
    ("url", "local"),
    [("ws://localhost:3000/", True), ("WSS://[::1]/x", True), ("wss://chat.example/", False), ("ws://10.0.0.1", False)],
)
def test_what_it_can_do(url: str, local: bool) -> None:
    provider = ws_provider(url)
    assert provider.capabilities.local is local
    assert provider.capabilities.context
    assert isinstance(provider, TakesContext)


async def test_preparing_imports_and_connects_to_nothing() -> None:
    async with WsServer() as server:
        provider = ws_provider(server.base_url)
        assert [step async for step in provider.prepare()] == []
        assert not server.handshakes
        await provider.aclose()


# Replays of captures.


async def replay(name: str) -> tuple[list[Event], ProviderError | None]:
    async with asyncio.timeout(30), WsServer() as server:
        server.handler = played(load(name))
        return await ask(ws_provider(server.base_url))


@pytest.mark.parametrize("name", ["ws-ok", "ws-deflate", "wsx-ok"])
async def test_a_captured_answer(name: str) -> None:
    events, error = await replay(name)
    assert error is None
    assert text_of(events) == load(name).text()
    assert events[0] == ResponseStarted()
    assert events[-1] == StreamEnd()
    assert len([event for event in events if isinstance(event, UsageReport)]) == (name == "wsx-ok")


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("ws-429-crash", ConnectionFailedError, "was closed before the answer began"),
        ("wsx-429", RateLimitError, "429 Rate limit reached"),
        ("wsx-mid-error", ServerError, "The model crashed while generating"),
    ],
)
async def test_a_captured_failure(name: str, kind: type[ProviderError], said: str) -> None:
    events, error = await replay(name)
    assert type(error) is kind
    assert said in error.message
    assert text_of(events) == load(name).text()


@pytest.mark.parametrize(
    "name",
    ["ws-mid-error", "ws-bad-json", "ws-abort-reset", "ws-abort-tutorial", "wsx-abort-close", "wsx-abort-cancel"],
)
async def test_a_capture_that_the_reader_leaves(name: str) -> None:
    capture = load(name)
    async with asyncio.timeout(30), WsServer() as server:
        server.handler = played(capture)
        provider = ws_provider(server.base_url)
        stream = provider.stream(request())
        assert await anext(stream) == ResponseStarted()
        await heard(stream, capture.text())
        await stream.aclose()
        talk = server.talks[0]
        assert talk.received[1:] == [{"type": "cancel"}]
        assert talk.gone.is_set() is (name != "wsx-abort-cancel")
        await provider.aclose()
        await talk.gone.wait()


async def test_a_capture_of_a_cancelled_and_a_second_question_on_one_socket() -> None:
    capture = load("wsx-cancel")
    async with asyncio.timeout(30), WsServer() as server:
        server.handler = played(capture)
        provider = ws_provider(server.base_url)
        stream = provider.stream(request())
        await heard(stream, capture.text(0))
        await stream.aclose()
        events = [event async for event in provider.stream(request())]
        assert text_of(events) == capture.text(1)
        assert UsageReport(Usage(35, 4, cached_input_tokens=34)) in events
        assert len(server.talks) == 1
        await provider.aclose()


@pytest.mark.parametrize("end", [drop, reset, close(1000), close(1001), close(None), close(1012)])
@pytest.mark.parametrize("name", ["ws-ok", "wsx-ok"])
async def test_a_captured_answer_that_breaks_off_keeps_its_text(name: str, end: Step) -> None:
    messages = load(name).turns[0]
    for length in (0, 1, len(messages) - 1):
        frames = [frame(message) for message in messages[:length]]
        text, error = await outcome(*frames, end)
        assert type(error) is (StreamBrokenError if length else ConnectionFailedError), error
        assert text == "".join(json.loads(message)["content"] for message in messages[:length])


# How messages may come.


@pytest.mark.parametrize("name", ["ws-ok", "wsx-ok"])
async def test_bytes_may_come_one_by_one(name: str) -> None:
    capture = load(name)
    stream = b"".join(frame(message) for message in capture.turns[0])

    async def trickle(talk: Talk) -> None:
        for place in range(len(stream)):
            await talk.raw(stream[place : place + 1])
            await asyncio.sleep(0)

    assert await outcome(trickle) == (capture.text(), None)


async def test_a_message_may_come_in_fragments_with_pings_between() -> None:
    message = json.dumps({"type": "token", "content": "grüße 👋"}, ensure_ascii=False).encode()
    for place in range(len(message) + 1):
        parts = frame(message[:place], fin=False) + frame(b"p", PING) + frame(message[place:], CONT)
        assert await outcome(parts, DONE) == ("grüße 👋", None)


async def test_a_binary_message_is_read_where_it_is_text() -> None:
    message = json.dumps({"type": "token", "content": "a"}).encode()
    assert await outcome(frame(message, BINARY), DONE) == ("a", None)
    text, error = await outcome("kept", frame(b"\x82\xa4type\xa5token", BINARY), DONE)
    assert (text, type(error)) == ("kept", ProtocolError)


async def test_pings_are_answered() -> None:
    async with asyncio.timeout(30), WsServer() as server:
        server.say("a", frame(b"are you there", PING), "b")
        provider = ws_provider(server.base_url)
        assert await answer(provider) == "ab"
        server.say("c")
        assert await answer(provider) == "c"
        assert server.talks[0].pongs == 1
        await provider.aclose()


async def test_a_finish_reason_is_enough_where_the_server_then_closes() -> None:
    assert await outcome({"type": "token", "content": "a", "finish_reason": "stop"}, close(1000)) == ("a", None)


async def test_a_finish_reason_is_enough_where_nothing_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_stream.providers._ws_exchange.TAIL_PATIENCE", 0.01)
    async with asyncio.timeout(30), WsServer() as server:
        server.then({"type": "token", "content": "a", "finish_reason": "stop"}, stall)
        server.say("fresh")
        provider = ws_provider(server.base_url)
        assert await answer(provider) == "a"
        await server.talks[0].gone.wait()
        assert await answer(provider) == "fresh"
        await provider.aclose()


# Keys.


async def test_a_key_is_sent_as_authorization() -> None:
    async with WsServer() as server:
        server.say("ok")
        await ask(ws_provider(server.base_url, api_key_env="CHAT_KEY", environ={"CHAT_KEY": "sk-hush"}))
        assert server.handshakes[0].headers["authorization"] == "Bearer sk-hush"


async def test_an_authorization_of_ones_own_goes_before_the_key() -> None:
    async with WsServer() as server:
        server.say("ok")
        own = {"authorization": "Basic xyz"}
        await ask(ws_provider(server.base_url, api_key_env="K", environ={"K": "sk-hush"}, headers=own))
        assert server.handshakes[0].headers["authorization"] == "Basic xyz"


async def test_user_and_password_of_the_address_go_into_the_handshake() -> None:
    async with WsServer() as server:
        server.say("ok")
        server.say("ok")
        url = server.base_url.replace("://", "://me:p%40ss@")
        await ask(ws_provider(url))
        await ask(ws_provider(url, api_key_env="K", environ={"K": "sk-hush"}))
        assert server.handshakes[0].headers["authorization"] == "Basic bWU6cEBzcw=="
        assert server.handshakes[1].headers["authorization"] == "Bearer sk-hush"


async def test_a_refused_key_is_asked_for_again(tmp_path: Path) -> None:
    counter = tmp_path / "count"
    program = f"""
from pathlib import Path
file = Path({str(counter)!r})
file.write_text((file.read_text() if file.exists() else "k") + "x")
print(file.read_text())
"""
    script = tmp_path / "key.py"
    script.write_text(program)
    async with WsServer() as server:
        server.then(close(4401, "expired key kx"))
        server.say("ok")
        provider = ws_provider(server.base_url, api_key_command=f"{sys.executable} {script}")
        with pytest.raises(ProviderError, match=r"expired key \[key\]"):
            await answer(provider)
        assert await answer(provider) == "ok"
        assert [sent.headers["authorization"] for sent in server.handshakes] == ["Bearer kx", "Bearer kxx"]
        await provider.aclose()


async def test_a_redirect_is_not_followed_and_takes_no_key_along() -> None:
    async with Server() as other, WsServer() as server:
        for location in (f"ws://127.0.0.1:{other.port}/", f"ws://127.0.0.1:{server.port}/elsewhere", "/elsewhere"):
            head = f"HTTP/1.1 302 Found\r\nLocation: {location}?token=1\r\nContent-Length: 0\r\n\r\n"
            server.refusal = head.encode()
            _, error = await ask(ws_provider(server.base_url, api_key_env="K", environ={"K": "sk-hush"}))
            assert type(error) is RequestError
            assert location in error.message
            assert "token=1" not in error.message
        assert len(server.handshakes) == 3
        assert not other.connections
