"""What a setting's annotation can say about its values, beyond their type."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True, slots=True)
class Range:
    """Marks a number that must lie between two others, both included."""

    least: float
    most: float = math.inf


NotNegative = Annotated[float, Range(0)]
"""A number that is not below zero."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """Marks a string that is one of a few, or empty."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WebSocketUrl:
    """Marks a string that is an address with ws:// or wss:// and a host, or empty."""


@dataclass(frozen=True, slots=True)
class HttpUrl:
    """Marks a string that is an address with http:// or https:// and a host."""


@dataclass(frozen=True, slots=True)
class VariableName:
    """Marks a string that is the name of an environment variable, or empty."""


@dataclass(frozen=True, slots=True)
class FallbackModel:
    """Marks a string that names a model, "provider/model" or a provider; see `tui_stream.config.fallbacks`."""
