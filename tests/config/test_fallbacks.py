from __future__ import annotations

import pytest

from tui_stream.config import PROVIDER_NAMES
from tui_stream.config.fallbacks import own_provider, split, wrong_with


@pytest.mark.parametrize(
    ("spec", "provider", "model"),
    [
        ("gpt-5-nano", "sse", "gpt-5-nano"),
        (" gpt-5-nano ", "sse", "gpt-5-nano"),
        ("ollama/qwen3:8b", "ollama", "qwen3:8b"),
        ("ollama / qwen3:8b", "ollama", "qwen3:8b"),
        ("ollama", "ollama", ""),
        ("embedded", "embedded", ""),
        ("embedded//models/a.gguf", "embedded", "/models/a.gguf"),
        ("openai-responses/gpt-5", "openai-responses", "gpt-5"),
        ("openai/openai/gpt-5", "openai", "openai/gpt-5"),
        ("qwen/qwen3-8b", "sse", "qwen/qwen3-8b"),
        ("meta-llama/llama-3", "sse", "meta-llama/llama-3"),
        ("/models/a.gguf", "sse", "/models/a.gguf"),
    ],
)
def test_what_a_fallback_means(spec: str, provider: str, model: str) -> None:
    assert split(spec, "sse") == (provider, model)
    assert wrong_with(spec) == ""


@pytest.mark.parametrize("name", PROVIDER_NAMES)
def test_every_provider_can_be_named(name: str) -> None:
    assert split(name, "x") == (name, "")
    assert split(f"{name}/m/n", "x") == (name, "m/n")
    assert wrong_with(f"{name}/") != ""


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("", "expected a model"),
        ("  ", "expected a model"),
        ("a\nb", "expected a model"),
        ("ollama/", "no model stands behind the slash"),
        ("olama/x", 'did you mean "ollama"'),
        ("OpenAI/x", 'did you mean "openai"'),
        ("web-socket/x", 'did you mean "websocket"'),
        ("openai_responses/x", 'did you mean "openai-responses"'),
        ("ai_sdk/x", 'did you mean "ai-sdk"'),
    ],
)
def test_what_is_wrong_is_said_without_repeating_it(spec: str, said: str) -> None:
    assert said in wrong_with(spec)
    assert not spec.strip() or f"{spec}" not in wrong_with(spec)


@pytest.mark.parametrize(
    "owner",
    [
        "anthropic",
        "google",
        "meta-llama",
        "mistralai",
        "qwen",
        "deepseek",
        "nvidia",
        "microsoft",
        "cohere",
        "x-ai",
        "openrouter",
        "amazon",
        "perplexity",
        "nousresearch",
        "moonshotai",
        "open-orca",
        "openai-community",
        "TheBloke",
        "unsloth",
        "bartowski",
        "hf.co",
        "replit",
    ],
)
def test_the_owners_of_models_are_no_misspelled_providers(owner: str) -> None:
    assert wrong_with(f"{owner}/model") == ""


def test_which_mean_the_same_beside_another_provider() -> None:
    assert own_provider(["a", "ollama/b", "qwen/c", "embedded"]) == ("ollama/b", "embedded")
