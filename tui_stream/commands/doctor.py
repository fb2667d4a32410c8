"""``tui-stream doctor``: what is installed, which providers answer, which one would be used and why.

Its exit code is for scripts that want to know whether a chat could begin: 1 where the provider that would be used is
not ready. What is wrong with the others is no fault.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
from typing import TYPE_CHECKING, NamedTuple

import typer

from tui_stream import __version__, paths
from tui_stream.commands.options import (
    BaseUrlOption,
    ConfigOption,
    ModelOption,
    OfflineOption,
    ProviderOption,
)
from tui_stream.errors import TuiStreamError
from tui_stream.flags import Asked
from tui_stream.fronts import settings_for

if TYPE_CHECKING:
    from tui_stream.config import Settings

_PACKAGES = ("textual", "rich", "openai", "ollama", "httpx2", "websockets", "genai-prices", "xllamacpp")
_ENDPOINTS = ("sse", "ai-sdk", "websocket")  # they list no models
_PATIENCE = 5.0  # seconds that a provider may take to say what models it has
_FIRST = 3  # models named in a line


class State(NamedTuple):
    """What was found out about a provider.

    Attributes:
        ready: nothing is known that would keep it from answering.
        said: in words.
    """

    ready: bool
    said: str


def doctor(
    provider: ProviderOption = None,
    base_url: BaseUrlOption = None,
    model: ModelOption = None,
    offline: OfflineOption = False,
    config: ConfigOption = None,
) -> None:
    """Say what is installed, which providers answer, and which one would be used and why.

    Exits with 1 if the provider that would be used is not ready: it does not answer, refuses the key, is not installed.
    """
    import platform

    from tui_stream.config.load import config_path

    asked = Asked(provider=provider, base_url=base_url or [], model=model, offline=offline, config=config)
    settings = settings_for(asked)
    _say("tui-stream", f"{__version__} on Python {platform.python_version()}, {platform.system()}")
    for package in _PACKAGES:
        _say(package, _version(package))
    _say("settings", _place(config_path(config, os.environ)))
    _say("cache", _place(paths.cache_dir()))
    _warn(settings)
    if settings.offline:
        _say("offline", "yes: no connection leaves this machine")
    if not asyncio.run(_providers(settings)):
        raise typer.Exit(1)


def _say(name: str, what: str) -> None:
    from tui_stream.core.sanitize import clean_line

    typer.echo(f"{name:<17} {clean_line(what)}")


def _warn(settings: Settings) -> None:
    """Says of the providers that are set up whose key would travel unencrypted, before one is asked."""
    from tui_stream.providers import available, exposure

    for warning in exposure.warnings(settings, available()):
        typer.echo(warning, err=True)


def _version(package: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        extra = "; install it with: pip install 'tui-stream[embedded]'" if package == "xllamacpp" else ""
        return f"not installed{extra}"


def _place(path: os.PathLike[str]) -> str:
    return f"{path} ({'exists' if os.path.exists(path) else 'does not exist'})"  # noqa: PTH110 - any path


async def _providers(settings: Settings) -> bool:
    """Says how every provider is; whether the one that would be used is ready, at one of its addresses at least."""
    from tui_stream import providers
    from tui_stream.providers import select

    ready = {"replay"}  # there is nothing to be asked
    for name in providers.available():
        if name != "replay":
            for where, narrowed in _places(settings, name):
                state = await _state(narrowed, name)
                _say(name, where + state.said)
                ready |= {name} if state.ready else set()
    choice = await select.choose(settings)
    usable = choice.provider in ready
    _say("would be used", f"{choice.provider}: {choice.reason}{'' if usable else ', but it is not ready (see above)'}")
    return usable


def _places(settings: Settings, name: str) -> list[tuple[str, Settings]]:
    """A provider's addresses as a line begins, each with the settings for it alone; nothing to say of a single one."""
    from tui_stream.config.addresses import addresses, at_address
    from tui_stream.config.render import mask_url

    found = addresses(settings, name)
    several = len(found) > 1
    narrowed = [(f"{mask_url(url)}: " if several else "", at_address(settings, name, url)) for url in found]
    return narrowed or [("", settings)]


async def _state(settings: Settings, name: str) -> State:
    """Whether the provider answers."""
    try:
        async with asyncio.timeout(_PATIENCE):
            if name in _ENDPOINTS:
                return await _reached(settings, name)
            return await (_embedded(settings) if name == "embedded" else _asked(settings, name))
    except TimeoutError:
        return State(False, f"does not answer within {_PATIENCE:g} s")
    except TuiStreamError as error:
        return State(False, str(error))


async def _asked(settings: Settings, name: str) -> State:
    from tui_stream import providers

    source = providers.create(name, settings)
    try:
        names = [model.name for model in await source.models()]
    finally:
        await source.aclose()
    more = ", ..." if len(names) > _FIRST else ""
    noun = "model" if len(names) == 1 else "models"
    listed = f"{len(names)} {noun}: {', '.join(names[:_FIRST])}{more}" if names else "no model"
    return State(True, f"answers; {listed}")


async def _reached(settings: Settings, name: str) -> State:
    """Whether anything answers at an endpoint, which cannot be asked for its models."""
    from tui_stream import providers
    from tui_stream.config.render import mask_url
    from tui_stream.providers._endpoint import Reachable

    table = getattr(settings.providers, name.replace("-", "_"))
    if settings.provider != name and table == type(table)():
        return State(False, "not set up")
    address = mask_url(table.base_url)
    source = providers.create(name, settings)
    try:
        if not isinstance(source, Reachable):
            return State(True, f"set up for {address}; only a message shows whether it answers")
        await source.reach()
    finally:
        await source.aclose()
    return State(True, f"something answers at {address}; such an endpoint lists no models")


async def _embedded(settings: Settings) -> State:
    from tui_stream import providers

    if importlib.util.find_spec("xllamacpp") is None:
        return State(False, "xllamacpp is not installed")
    source = providers.create("embedded", settings)
    try:
        found = await source.models()
    finally:
        await source.aclose()
    return State(True, "ready; " + ", ".join(f"{model.name} ({model.detail})" for model in found[:_FIRST]))
