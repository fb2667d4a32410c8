"""``tui-stream models``: what the provider in use offers."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated

import typer

from tui_stream.commands.options import BaseUrlOption, ConfigOption, ModelOption, OfflineOption, ProviderOption
from tui_stream.errors import ModelNotFoundError, UsageError
from tui_stream.flags import Asked
from tui_stream.fronts import settings_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_stream.config import Settings
    from tui_stream.core.models import ModelInfo
    from tui_stream.core.provider import Provider


def models(
    provider: ProviderOption = None,
    base_url: BaseUrlOption = None,
    model: ModelOption = None,
    offline: OfflineOption = False,
    config: ConfigOption = None,
    pull: Annotated[
        str, typer.Option("--pull", metavar="MODEL", help="Fetch this model first.", show_default=False)
    ] = "",
) -> None:
    """List the models of a provider, or the one that is named, one a line: name, size, details."""
    settings = settings_for(Asked(provider=provider, base_url=base_url or [], offline=offline, config=config))
    found = asyncio.run(_models(settings, pull))
    listed = [entry for entry in found if model in {None, entry.name}]
    if model is not None and not listed:
        raise ModelNotFoundError(f"The provider does not list a model {model!r}.", hint="Leave --model out to see all.")
    for entry in listed:
        typer.echo("\t".join(_columns(entry)).rstrip())


async def _models(settings: Settings, pull: str) -> Sequence[ModelInfo]:
    from tui_stream import compose
    from tui_stream.models_seen import ModelsSeen
    from tui_stream.providers import exposure, select

    choice = await select.choose(settings)
    for warning in exposure.warnings(settings, [choice.provider]):
        typer.echo(warning, err=True)
    source = compose.make_provider(settings, choice.provider)
    try:
        if pull:
            await _pull(source, pull)
        found = await source.models()
        ModelsSeen().add(choice.provider, [one.name for one in found])
        return found
    finally:
        await source.aclose()


async def _pull(source: Provider, model: str) -> None:
    from tui_stream.core.provider import Pulls
    from tui_stream.pipe import Notes

    if not isinstance(source, Pulls):
        raise UsageError(f"The provider {source.name} cannot fetch models.", hint="Only ollama can.")
    notes = Notes(sys.stderr)
    async with aclosing(source.pull(model)) as steps:
        async for step in steps:
            notes.progress(step)
    notes.clear()


def _columns(model: ModelInfo) -> list[str]:
    from tui_stream.core.figures import size_text
    from tui_stream.core.sanitize import clean_line

    size = "" if model.size is None else size_text(model.size)
    window = "" if model.context_window is None else f"{model.context_window:,} tokens of context"
    return [clean_line(model.name), size, window, clean_line(model.detail)]
