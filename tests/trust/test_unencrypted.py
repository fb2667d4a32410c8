"""A key that would travel unencrypted to another machine is told of before anything is sent."""

from __future__ import annotations

import io
import socket
from dataclasses import replace
from typing import Any

import pytest

from tests.fakes import ScriptedProvider
from tests.faults.asking import _Output
from tests.servers import Exchange, Server, sse
from tests.test_cli import run
from tests.ui.harness import Chat, running
from tui_stream import pipe
from tui_stream.compose import open_session
from tui_stream.config import (
    OllamaSettings,
    OpenAISettings,
    Providers,
    Retry,
    Settings,
    SseSettings,
    WebSocketSettings,
)
from tui_stream.core.session import OpenedSession
from tui_stream.providers.exposure import asked, warnings

KEY = {"OPENAI_API_KEY": "sk-x", "OLLAMA_API_KEY": "x"}
FAR = "http://gpu.lan:8000/v1"


def openai(**fields: object) -> Settings:
    return Settings(providers=Providers(openai=OpenAISettings(**fields)))  # type: ignore[arg-type] # real fields


@pytest.mark.parametrize(
    "url",
    [
        FAR,
        "HTTP://GPU.lan/v1",
        "http://192.168.1.20:8000/v1",
        "http://10.0.0.1/",
        "http://[fe80::1]:8000/v1",
        "http://127.0.0.1.example.com/v1",
        "http://127.0.0.1@example.com/v1",
    ],
)
def test_plain_http_to_another_machine_is_told(url: str) -> None:
    (told,) = warnings(openai(base_url=url), ["openai"], KEY)
    assert "is sent unencrypted" in told
    assert "Use https" in told
    assert "plain_http_hosts" in told
    assert "sk-x" not in told


@pytest.mark.parametrize(
    "url",
    [
        "https://gpu.lan/v1",
        "http://127.0.0.1:8/v1",
        "http://localhost/v1",
        "http://[::1]:8/v1",
        "http://a.localhost",
        "http://0.0.0.0:8/v1",
    ],
)
def test_nothing_is_told_of_what_nobody_can_listen_to(url: str) -> None:
    assert warnings(openai(base_url=url), ["openai"], KEY) == ()


def test_nothing_is_told_where_no_key_is_sent_or_it_is_accepted() -> None:
    assert warnings(openai(base_url=FAR), ["openai"], {}) == ()
    assert warnings(openai(base_url=FAR, api_key_env=""), ["openai"], KEY) == ()
    assert warnings(replace(openai(base_url=FAR), plain_http_hosts=("GPU.lan",)), ["openai"], KEY) == ()
    assert warnings(replace(openai(base_url=FAR), offline=True), ["openai"], KEY) == ()
    assert warnings(openai(base_url="http://[half"), ["openai"], KEY) == ()
    assert warnings(Settings(), ["embedded", "replay", "openai", "ollama", "websocket"], KEY) == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"api_key_env": "", "api_key_command": "pass show x"},
        {"api_key_env": "", "api_key_keyring": "x/me"},
        {"api_key_env": "", "headers": {"X-Api-Key": "secret"}},
        {"api_key_env": "", "base_url": "http://me:pw@gpu.lan/v1"},
        {"api_key_env": "", "base_url": "http://gpu.lan/v1?api_key=abc"},
        {"base_urls": ("https://safe.example/v1", FAR)},
    ],
)
def test_a_key_may_be_anywhere(fields: dict[str, object]) -> None:
    (told,) = warnings(openai(**{"base_url": FAR, **fields}), ["openai"], KEY if "base_urls" in fields else {})
    assert "The key for gpu.lan is sent" in told


def test_other_providers_and_sockets_are_told_of_too_each_host_once() -> None:
    far = OllamaSettings(base_url="http://gpu.lan:11434")
    socket_ = WebSocketSettings(base_url="ws://chat.lan/", api_key_env="OPENAI_API_KEY")
    settings = Settings(
        fallback=("ollama/x", "websocket", "other-model"),
        providers=Providers(openai=OpenAISettings(base_url=FAR), ollama=far, websocket=socket_),
    )
    assert asked(settings, "openai") == ("openai", "ollama", "websocket")
    told = warnings(settings, asked(settings, "openai"), KEY)
    assert [line.split(" is sent")[0] for line in told] == ["The key for gpu.lan", "The key for chat.lan"]


@pytest.fixture
def nearby(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes a name of another machine lead here."""
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **named: Any) -> Any:
        return resolve("127.0.0.1" if host in ("gpu.lan", b"gpu.lan") else host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setenv("A_KEY", "sk-x")


@pytest.mark.usefixtures("nearby")
async def test_the_pipe_tells_before_the_request_leaves_and_only_once() -> None:
    notes, told_before = io.StringIO(), []

    async def answer(exchange: Exchange) -> None:
        told_before.append(notes.getvalue())
        await exchange.head(200, {"Content-Type": "text/event-stream"})
        await exchange.piece(sse({"content": "Hello"}) + sse("[DONE]"))
        await exchange.end()

    async with Server() as server:
        server.then(answer)
        table = SseSettings(base_url=f"http://gpu.lan:{server.port}/chat", api_key_env="A_KEY")
        settings = Settings(provider="sse", providers=Providers(sse=table), retry=Retry(attempts=1))
        output = _Output()

        async def opened() -> OpenedSession:
            return await open_session(settings, frame=0)

        assert await pipe.run(opened, "Hi", output=output, notes=pipe.Notes(notes)) == 0
        assert server.requests[0].headers["authorization"] == "Bearer sk-x"
    assert output.text == "Hello"
    assert told_before == [notes.getvalue()]
    assert notes.getvalue().count("The key for gpu.lan is sent unencrypted") == 1


@pytest.mark.usefixtures("nearby")
async def test_the_chat_tells_before_anything_is_sent() -> None:
    table = SseSettings(base_url="http://gpu.lan:9/chat", api_key_env="A_KEY")
    settings = Settings(provider="sse", providers=Providers(sse=table))
    provider = ScriptedProvider([[]])

    class Composed(Chat):
        async def open(self) -> OpenedSession:
            opened, composed = await super().open(), await open_session(settings)
            await composed.session.aclose()
            return replace(opened, notices=composed.notices)

    async with running(Composed(provider)) as screen:
        await screen.shows("The key for gpu.lan is sent unencrypted")
        assert provider.requests == []


def test_the_commands_that_ask_a_provider_tell_on_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    at = ("--provider", "openai", "--base-url", "http://127.0.0.1.nowhere.invalid:9/v1")
    for command in ("models", "doctor"):
        done = run(command, *at)
        assert done.returncode != 0
        assert "The key for 127.0.0.1.nowhere.invalid is sent unencrypted" in done.stderr
        assert "unencrypted" not in done.stdout
