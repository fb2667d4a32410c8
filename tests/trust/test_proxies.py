"""A proxy of the environment gets nothing of what is asked of this machine, and is told of where it reads a key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.faults.asking import ENVIRONMENT, in_pipe
from tests.faults.server import Line, Misbehaving
from tests.faults.wires import WIRES, settings_for
from tests.servers import Server
from tui_stream.config import OpenAISettings, Providers, Settings
from tui_stream.providers.exposure import warnings

KEY = {"OPENAI_API_KEY": "sk-x"}
FAR = Settings(providers=Providers(openai=OpenAISettings(base_url="http://gpu.lan:8000/v1")))


async def answering(line: Line) -> None:
    await line.open()
    await line.say("Hel", "lo")
    await line.raw(line.wire.end)
    if not line.wire.is_socket:
        await line.exchange.end()


def set_proxy(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, url)
        monkeypatch.setenv(name.upper(), url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("name", WIRES)
async def test_what_is_asked_of_this_machine_goes_through_no_proxy(
    name: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in ENVIRONMENT.items():
        monkeypatch.setenv(variable, value)
    async with Server() as proxy, Misbehaving(WIRES[name], answering) as server:
        set_proxy(monkeypatch, proxy.url)
        outcome = await in_pipe(settings_for(WIRES[name], server.base_url.replace("127.0.0.1", host)), attempts=1)
        assert outcome.printed.strip() == "Hello"
        assert not proxy.requests


@pytest.mark.parametrize("name", ["openai", "ollama"])
async def test_lists_of_models_neither(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.providers.asking import ollama_provider, openai_provider
    from tests.servers import whole

    make = openai_provider if name == "openai" else ollama_provider
    async with Server() as proxy, Server() as server:
        server.on("/models", whole({"object": "list", "data": [{"id": "m"}]}))
        server.on("/v1/models", whole({"object": "list", "data": [{"id": "m"}]}))
        server.on("/api/tags", whole({"models": [{"model": "m"}]}))
        server.on("/api/ps", whole({"models": []}))
        set_proxy(monkeypatch, proxy.url)
        provider = make(server.url)
        assert [model.name for model in await provider.models()] == ["m"]
        await provider.aclose()
        assert not proxy.requests


def test_a_proxy_elsewhere_that_reads_a_key_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    set_proxy(monkeypatch, "http://me:secret@proxy.lan:3128")
    direct, through = warnings(FAR, ["openai"], KEY)
    assert "The key for gpu.lan is sent unencrypted: " in direct
    assert "The key for gpu.lan is sent unencrypted through the proxy proxy.lan" in through
    assert 'plain_http_hosts = ["proxy.lan"]' in through
    assert "secret" not in through
    (told,) = warnings(replace(FAR, plain_http_hosts=("gpu.lan",)), ["openai"], KEY)
    assert told == through
    assert warnings(replace(FAR, plain_http_hosts=("gpu.lan", "proxy.lan")), ["openai"], KEY) == ()


@pytest.mark.parametrize("url", ["https://gpu.lan/v1", "http://127.0.0.1:8000/v1"])
def test_a_proxy_that_reads_nothing_is_not_told_of(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_proxy(monkeypatch, "http://proxy.lan:3128")
    settings = Settings(providers=Providers(openai=OpenAISettings(base_url=url)))
    assert warnings(settings, ["openai"], KEY) == ()


def test_a_proxy_on_this_machine_or_none_is_not_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    accepted = replace(FAR, plain_http_hosts=("gpu.lan",))
    for url in ("http://127.0.0.1:3128", "http://localhost:1", "", "http://[half"):
        set_proxy(monkeypatch, url)
        assert warnings(accepted, ["openai"], KEY) == ()
