"""What the app is handed of the history: the archive, or why there is none, and what goes with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from tui_stream.core.models import Conversation, utc_now
from tui_stream.ui.days import Days

if TYPE_CHECKING:
    from tui_stream.core.archive import Archive

MakeTitle = Callable[[Conversation], Awaitable[str]]
"""Asks a model for a conversation's title; raises `TuiStreamError` where that fails."""


@dataclass(frozen=True, slots=True)
class History:
    """What is known of earlier conversations.

    Attributes:
        archive: keeps and finds conversations; None where nothing is kept.
        reason: why nothing is kept, a sentence for people.
        make_title: asks a model for a title; None where none can be asked.
        start: the id of the conversation to begin with; empty for a new one.
        now: the present moment, with a time zone.
        zone: the time zone in which days begin; None for the machine's.
    """

    archive: Archive | None = None
    reason: str = ""
    make_title: MakeTitle | None = None
    start: str = ""
    now: Callable[[], datetime] = utc_now
    zone: tzinfo | None = None

    @property
    def days(self) -> Days:
        """Tells days as seen from now."""
        return Days(self.now(), self.zone)
