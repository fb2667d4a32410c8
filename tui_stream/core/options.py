"""How a session asks: the model, the parameters, and how patient it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tui_stream.core.backoff import RetryPolicy
from tui_stream.core.sanitize import Cleaner, clean
from tui_stream.core.watchdog import Limits


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How a session asks.

    Attributes:
        model: the model's name, empty for the provider's default.
        system: a system prompt, or nothing.
        options: the provider's own parameters.
        frame: seconds from one update to the next.
        schema: a JSON Schema that answers have to be valid by; see `ChatRequest`.
        cleaner: what every piece of foreign text goes through on its way in.
    """

    model: str = ""
    system: str = ""
    options: dict[str, object] = field(default_factory=dict)
    frame: float = 1 / 30
    limits: Limits = field(default_factory=Limits)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    cleaner: Cleaner = clean
    schema: Mapping[str, object] | None = None
