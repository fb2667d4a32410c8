"""Asking a provider, for tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import aclosing

from tui_stream.config import OllamaSettings, OpenAISettings, Providers, Settings
from tui_stream.core.events import Event, ReasoningDelta, TextDelta
from tui_stream.core.models import ChatMessage, ChatRequest, Role
from tui_stream.core.provider import Provider
from tui_stream.errors import ProviderError
from tui_stream.providers.ollama import OllamaProvider
from tui_stream.providers.openai import OpenAIProvider


def request(model: str = "", **options: object) -> ChatRequest:
    """A short conversation."""
    messages = (ChatMessage(Role.SYSTEM, "Be brief."), ChatMessage(Role.USER, "Hello"))
    return ChatRequest(model, messages, options)


def openai_provider(base_url: str, *, environ: Mapping[str, str] | None = None, **settings: object) -> OpenAIProvider:
    """A provider for an endpoint; ``settings`` are those of its own table."""
    table = OpenAISettings(base_url=base_url, **settings)  # type: ignore[arg-type] # each test names real ones
    return OpenAIProvider(Settings(providers=Providers(openai=table)), environ or {})


def ollama_provider(
    base_url: str, *, model: str = "m", environ: Mapping[str, str] | None = None, **settings: object
) -> OllamaProvider:
    """A provider for an Ollama; ``settings`` are those of its own table."""
    table = OllamaSettings(base_url=base_url, model=model, **settings)  # type: ignore[arg-type] # as above
    return OllamaProvider(Settings(providers=Providers(ollama=table)), environ or {})


async def ask(provider: Provider, asked: ChatRequest | None = None) -> tuple[list[Event], ProviderError | None]:
    """All events of an answer, and the error that ended it; closes the provider."""
    seen: list[Event] = []
    try:
        async with aclosing(provider.stream(asked or request())) as events:
            async for event in events:
                seen.append(event)  # noqa: PERF401 - what came before an error counts
    except ProviderError as error:
        return seen, error
    finally:
        await provider.aclose()
    return seen, None


def text_of(events: Iterable[Event]) -> str:
    """The answer's text."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def reasoning_of(events: Iterable[Event]) -> str:
    """What was thought aloud."""
    return "".join(event.text for event in events if isinstance(event, ReasoningDelta))
