from __future__ import annotations

import pytest

from tests.servers import Server, whole
from tui_stream.commands.doctor import State, _places, _providers, _state
from tui_stream.config import AiSdkSettings, Providers, Settings, SseSettings, WebSocketSettings


def sse_at(url: str) -> Settings:
    return Settings(providers=Providers(sse=SseSettings(base_url=url)))


async def test_an_endpoint_that_nobody_set_up_is_not_looked_for() -> None:
    for name in ("sse", "ai-sdk", "websocket"):
        assert await _state(Settings(), name) == State(False, "not set up")


async def test_an_endpoint_is_looked_for_without_asking_it_anything() -> None:
    async with Server() as server:
        server.on("/api/chat", whole(b"", 405))
        url = f"http://me:hush@127.0.0.1:{server.port}/api/chat"
        said = await _state(sse_at(url), "sse")
        settings = Settings(providers=Providers(ai_sdk=AiSdkSettings(base_url=url)))
        assert await _state(settings, "ai-sdk") == said
        assert said.ready
        assert said.said.startswith("something answers at http://***@127.0.0.1")
        assert [request.method for request in server.requests] == ["OPTIONS", "OPTIONS"]
    said = await _state(sse_at(url), "sse")
    assert not said.ready
    assert said.said.startswith("Nothing answers at http://127.0.0.1")


async def test_one_that_is_named_is_looked_for_at_its_usual_address() -> None:
    said = await _state(Settings(provider="sse"), "sse")
    assert "http://127.0.0.1:3000/api/chat" in said.said


async def test_a_socket_that_is_set_up_has_a_state() -> None:
    settings = Settings(providers=Providers(websocket=WebSocketSettings(base_url="ws://127.0.0.1:9/")))
    assert "127.0.0.1:9" in (await _state(settings, "websocket")).said


async def test_several_addresses_have_a_state_each() -> None:
    async with Server() as server:
        server.on("/api/chat", whole(b"", 405))
        url = f"http://me:hush@127.0.0.1:{server.port}/api/chat"
        settings = Settings(providers=Providers(sse=SseSettings(base_urls=(url, "http://127.0.0.1:9/"))))
        (first, there), (second, nobody) = _places(settings, "sse")
        assert first == f"http://***@127.0.0.1:{server.port}/api/chat: "
        assert second == "http://127.0.0.1:9/: "
        assert (await _state(there, "sse")).said.startswith("something answers at")
        assert (await _state(nobody, "sse")).said.startswith("Nothing answers at")
    assert _places(Settings(), "sse") == [("", Settings())]
    assert _places(Settings(), "embedded") == [("", Settings())]


async def test_the_provider_that_would_be_used_has_to_be_ready(capsys: pytest.CaptureFixture[str]) -> None:
    async with Server() as server:
        server.on("/api/chat", whole(b"", 405))
        url = f"http://127.0.0.1:{server.port}/api/chat"
        several = Providers(sse=SseSettings(base_urls=(url, "http://127.0.0.1:9/")))
        assert await _providers(Settings(provider="sse", providers=several, offline=True))
        assert capsys.readouterr().out.endswith("sse: named in the settings or by a flag\n")
    assert not await _providers(Settings(provider="sse", providers=several, offline=True))
    assert capsys.readouterr().out.endswith("by a flag, but it is not ready (see above)\n")
