"""What the turn loop asks of a debug log: one call for each thing that happens."""

from __future__ import annotations

from typing import Protocol


class EventLog(Protocol):
    """Takes note of what happens, for whoever looks for a fault later."""

    def write(self, event: str, **fields: object) -> None:
        """Notes one event; never raises.

        Args:
            event: what happened, a word or two.
            fields: figures and names. What a person or a model wrote goes under ``text``, and nowhere else, so that
                it can be left out.
        """


class NoLog:
    """The log of those who keep none."""

    def write(self, event: str, **fields: object) -> None:
        """Does nothing."""
