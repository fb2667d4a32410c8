"""Counts what was written against what it costs to write the rows that stand there once.

It exists because rows that may change could be written again with every token, all rows of a table whenever a column
becomes wider. That is bounded: what would go beyond is put off. The bounds leave room for a text of usual length to be
shown as it comes.

All amounts are bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tui_stream.scrollback.colours import PLAIN, Row, transition

_BOUND: Final = 1.4
"""What may be written, rows that may change once more included, as a multiple of what the rows that stand cost."""
_ALLOWANCE: Final = 4096
"""And so much more, which is about a screen."""
_FITTING: Final = 0.5
"""The part of that which may be spent on columns that become wider; the rest is for rows set in those that are not."""
_LITTLE: Final = 48
"""A drawing that writes less than this more than the rows that it adds cost does not count as writing rows again."""


class Ledger:
    """What was written for one text.

    Attributes:
        written: in all.
        done: what the rows cost that stand for good.
        hidden: what the rows cost that may change, and have left the screen, so that they are to be written again.
    """

    def __init__(self) -> None:
        self.written = self.done = self.hidden = 0
        self._rate = 1.0
        """What it costs to write rows again that stand there, as a part of what they cost: cells may be moved."""

    def copy(self) -> Ledger:
        """Another that says the same."""
        other = Ledger()
        other.written, other.done, other.hidden = self.written, self.done, self.hidden
        other._rate = self._rate
        return other

    def is_near(self, cost: int, added: int) -> bool:
        """Whether a drawing may go beyond the bound, as can be said without what the rows cost that may change."""
        waste = cost - added
        return waste > 0 and (waste >= _LITTLE or self.written + cost > self._bound(0) + _ALLOWANCE)

    def excess(self, cost: int, added: int, shown: int, *, again: bool) -> float:
        """By how much a drawing goes beyond the bound; zero or less if it is to be made.

        Args:
            cost: what it writes.
            added: by how much more the rows that stand cost after it.
            shown: what those cost after it that may change.
            again: whether it is known that they are to be written again.
        """
        waste = cost - added
        if waste <= 0 and not again:
            return 0
        written = self.written + cost
        if waste >= _LITTLE or again:
            written += self._more(shown)
        return written - self._bound(shown) - _ALLOWANCE

    def allows(self, shown: int) -> bool:
        """Whether the rows that may change may be written again now; `shown` is what they cost."""
        written = self.written + int(self._rate * shown)
        return written + self._more(shown) <= self._bound(shown) + _FITTING * _ALLOWANCE

    def learn(self, cost: int, shown: int) -> None:
        """Writing rows again that cost `shown` has cost so much."""
        if shown > 0:
            rate = min(1.0, max(0.0, cost / shown))
            self._rate = max(rate, (self._rate + rate) / 2)

    def _more(self, shown: int) -> int:
        """What it costs to write rows again that may change, all if some are hidden."""
        return self.hidden + shown if self.hidden else int(self._rate * shown)

    def _bound(self, shown: int) -> float:
        return _BOUND * (self.done + self.hidden + shown)


def cost_of(rows: Iterable[Row]) -> int:
    """What rows cost that are written once."""
    return sum([_cost(row) for row in rows])


def growth(before: list[Row], after: list[Row]) -> int:
    """By how much more the rows `after` cost; it is quick where both begin with the same objects."""
    start = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a is not b), None)
    if start is None:
        start = min(len(before), len(after))
    return cost_of(after[start:]) - cost_of(before[start:])


def _cost(row: Row) -> int:
    size, pen = len("\r\n"), PLAIN
    for run in row:
        text = run[0]
        size += len(text) if text.isascii() else len(text.encode())
        size += len(transition(pen, run))
        pen = run
    return size + len(transition(pen, PLAIN))
