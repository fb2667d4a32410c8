"""The sources of answers, one module each; see `tui_stream.core.provider` for what they have in common."""

from __future__ import annotations

import importlib
import importlib.util
from typing import cast

from tui_stream.config import PROVIDER_NAMES, Settings
from tui_stream.core.provider import Provider
from tui_stream.errors import UsageError


def create(name: str, settings: Settings) -> Provider:
    """Makes the provider of this name; its module is imported now, its SDK when first needed.

    Raises:
        UsageError: there is no such provider.
        TuiStreamError: the provider cannot be used with these settings.
    """
    module_name = f"tui_stream.providers.{name.replace('-', '_')}"
    if name in PROVIDER_NAMES and importlib.util.find_spec(module_name) is not None:
        return cast(Provider, importlib.import_module(module_name).create(settings))
    raise UsageError(f"There is no provider {name!r}.", hint=f"There are: {', '.join(available())}.")


def available() -> list[str]:
    """The names of the providers that this installation has."""
    return [
        name
        for name in PROVIDER_NAMES
        if importlib.util.find_spec(f"tui_stream.providers.{name.replace('-', '_')}") is not None
    ]
