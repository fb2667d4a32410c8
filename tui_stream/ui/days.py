"""Which day something belongs to, in words; days begin and end where the person is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

_WEEK = 7


@dataclass(frozen=True, slots=True)
class Days:
    """Tells days as seen from a moment.

    Attributes:
        now: the present, with a time zone.
        zone: where days begin; None for the machine's own zone.
    """

    now: datetime
    zone: tzinfo | None = None

    def group(self, when: datetime) -> str:
        """The heading that a moment is listed under: a day of the last seven, or else a month."""
        local, today = when.astimezone(self.zone), self.now.astimezone(self.zone)
        days = self._since(when)
        if days < 0:
            return "After today"
        if days < _WEEK:
            return ("Today", "Yesterday")[days] if days <= 1 else f"{local:%A}"
        return f"{local:%B}" if local.year == today.year else f"{local:%B %Y}"

    def short_time(self, when: datetime) -> str:
        """What tells a moment from others under its heading: the time of day, or the day of the month."""
        local = when.astimezone(self.zone)
        return f"{local:%H:%M}" if self._is_recent(when) else f"{local.day} {local:%b}"

    def moment(self, when: datetime) -> str:
        """A moment by itself: with its time of day in the last seven days, with its year where that is another."""
        local = when.astimezone(self.zone)
        if self._is_recent(when):
            return f"{self.group(when)} {local:%H:%M}"
        year = "" if local.year == self.now.astimezone(self.zone).year else f" {local.year}"
        return f"{local.day} {local:%B}{year}"

    def _since(self, when: datetime) -> int:
        """Days from that one to today."""
        return (self.now.astimezone(self.zone).date() - when.astimezone(self.zone).date()).days

    def _is_recent(self, when: datetime) -> bool:
        return 0 <= self._since(when) < _WEEK
