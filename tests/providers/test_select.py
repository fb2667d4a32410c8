from __future__ import annotations

import pytest

from tui_stream import providers
from tui_stream.config import Settings
from tui_stream.errors import UsageError
from tui_stream.providers.select import choose


async def nobody(url: str) -> list[str]:
    assert url == "http://127.0.0.1:11434"
    return []


async def somebody(url: str) -> list[str]:
    del url
    return ["qwen3:8b", "gemma"]


async def never(url: str) -> list[str]:
    raise AssertionError(url)


async def test_a_named_provider_is_taken_without_asking_anybody() -> None:
    chosen = await choose(Settings(provider="replay"), environ={"OPENAI_API_KEY": "x"}, probe=never)
    assert chosen.provider == "replay"


async def test_a_key_comes_next() -> None:
    chosen = await choose(Settings(), environ={"OPENAI_API_KEY": "x"}, probe=never)
    assert (chosen.provider, chosen.reason) == ("openai", "OPENAI_API_KEY is set")


async def test_then_a_running_ollama_with_a_model() -> None:
    chosen = await choose(Settings(), environ={}, probe=somebody)
    assert chosen.provider == "ollama"
    assert "2 models" in chosen.reason


async def test_else_the_embedded_model() -> None:
    chosen = await choose(Settings(), environ={"OPENAI_API_KEY": ""}, probe=nobody)
    assert chosen.provider == "embedded"


@pytest.mark.parametrize("name", ["nope", "../config", "select", "websockets"])
def test_unknown_providers_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="There is no provider"):
        providers.create(name, Settings())


def test_available_names_those_that_are_here() -> None:
    assert {"embedded", "openai", "ollama", "replay"} <= set(providers.available())
