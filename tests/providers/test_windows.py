"""How much a model takes, as Ollama and OpenAI-compatible servers say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.captures import load, served
from tests.fakes import ScriptedProvider
from tests.providers.asking import ollama_provider
from tests.servers import ChatServer, OllamaServer, whole
from tui_stream.config import OpenAISettings, Providers, Settings
from tui_stream.core.provider import TellsWindow
from tui_stream.errors import ModelNotFoundError
from tui_stream.providers.openai import OpenAIProvider
from tui_stream.providers.pool import Member, make
from tui_stream.providers.recorder import RecordingFile, recorded


async def test_ollama_tells_what_a_model_runs_with_is_set_to_or_is_asked_for() -> None:
    async with OllamaServer() as server:
        server.on("/api/show", served(load("ollama-show")))
        provider = ollama_provider(server.url)
        assert await provider.window("smollm2", {}) == 1024, "as its Modelfile sets it, not the 8,192 it was made for"
        assert await provider.window("smollm2", {"num_ctx": 333}) == 333
        server.on("/api/ps", whole({"models": [{"model": "smollm2:latest", "context_length": 512}]}))
        assert await provider.window("smollm2", {}) == 512, "as it was loaded"
        server.on("/api/show", whole({"model_info": {"llama.context_length": 8192}}))
        assert await provider.window("other", {}) is None, "Ollama decides when it loads it"
        server.on("/api/show", whole({"error": "model 'x' not found"}, 404))
        with pytest.raises(ModelNotFoundError):
            await provider.window("x", {})
        await provider.aclose()


async def test_llama_cpp_tells_it_in_its_list_of_models() -> None:
    async with ChatServer() as server:
        server.on("/v1/models", served(load("llamacpp-models")))
        table = OpenAISettings(base_url=server.base_url, model="whatever", api_key_env="")
        provider = OpenAIProvider(Settings(providers=Providers(openai=table)), {})
        assert await provider.window("smollm2-135m", {}) == 2048
        assert await provider.window("", {}) == 2048, "the only model there is"
        await provider.aclose()


async def test_openai_itself_is_not_asked() -> None:
    provider = OpenAIProvider(Settings(), {"OPENAI_API_KEY": "k"})
    assert await provider.window("gpt-5-mini", {}) is None


class Telling(ScriptedProvider):
    async def window(self, model: str, options: object) -> int | None:
        del model, options
        return 77


@pytest.mark.parametrize(("provider", "window"), [(Telling([[]]), 77), (ScriptedProvider([[]]), None)])
async def test_recorders_and_pools_pass_it_on(provider: ScriptedProvider, window: int | None, tmp_path: Path) -> None:
    pool: object = make([Member("one", provider)])
    recorder: object = recorded(provider, RecordingFile(tmp_path / "r.jsonl"))
    for each in (pool, recorder):
        assert isinstance(each, TellsWindow)
        assert await each.window("m", {}) == window
