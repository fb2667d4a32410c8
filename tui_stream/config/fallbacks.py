"""Reads the names of fallback models: "gpt-5-nano", "ollama/qwen3:8b", "embedded".

Names of models hold slashes themselves ("qwen/qwen3-8b"), so that only a provider's exact name before the first slash
is a provider. A model whose own name begins like one is written with its provider in front: "openai/openai/gpt-5".
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from tui_stream.config import PROVIDER_NAMES

_NEAR = 0.8
"""How much alike two words are, from 0 to 1, for one to be the other misspelled; "meta-llama" is no "ollama"."""


def split(spec: str, provider: str) -> tuple[str, str]:
    """Says which model a fallback means.

    Args:
        spec: a model, "provider/model", or a provider's name.
        provider: the provider of the model that is to be replaced.

    Returns:
        the provider, and its model; an empty string is the provider's default.
    """
    name, _, model = (part.strip() for part in spec.partition("/"))
    return (name, model) if name in PROVIDER_NAMES else (provider, spec.strip())


def own_provider(specs: Sequence[str]) -> tuple[str, ...]:
    """Those fallbacks that name their provider, and so mean the same whichever model they replace."""
    return tuple(spec for spec in specs if split(spec, "")[0])


def wrong_with(spec: str) -> str:
    """What is wrong with a fallback, in a sentence that repeats nothing of it; empty where nothing is."""
    name, slash, model = (part.strip() for part in spec.partition("/"))
    if not spec.strip() or not spec.isprintable():
        return "expected a model, provider/model, or a provider's name."
    if name in PROVIDER_NAMES and slash and not model:
        return f'no model stands behind the slash; "{name}" alone means its default model.'
    if not slash or name in PROVIDER_NAMES:
        return ""
    near = get_close_matches(name.lower(), PROVIDER_NAMES, 1, _NEAR)
    return (
        f'no provider has the name before the slash; did you mean "{near[0]}"? '
        "If it is the model's name, write its provider and a slash in front."
        if near
        else ""
    )
