"""A view that is not laid out yet.

It exists so that a change of width, or a long text loaded at once, costs no more than what is looked at:
until then a block has as many rows as it is likely to have.
"""

from __future__ import annotations

from typing import Final

from tui_stream.markdown.cells import width_of
from tui_stream.markdown.nodes import Kind, Leaf
from tui_stream.markdown.prose_view import ProseView
from tui_stream.markdown.views import Surface, View, row_width

_SAMPLE: Final = 200
"""Characters by which the width of a text is judged."""


class PendingView(View):
    """Stands for a view that is to be made, with as many rows as it is likely to have."""

    __slots__ = ("old", "stale")

    def __init__(self, leaf: Leaf, surface: Surface, lead: int, before: Leaf | None, old: View | None = None) -> None:
        if isinstance(old, PendingView):
            self.stale: bool = old.stale
            old = old.old
        else:
            self.stale = False
            """Whether the old view does not show what is known by now."""
        self.old: View | None = old
        """The view of the same leaf at another width or in another theme."""
        if old is None:
            super().__init__(leaf, surface, lead)
            self.before = before
            self.rows = [[]] * _rows_of(leaf, self.room)
            return
        self.leaf, self.lead, self.before, self.prefix = leaf, lead, before, old.prefix
        self.surface, self.wide, self.offset = surface, old.wide, 0
        self.rows = [[]] * _rows_again(old, self.room)

    def update(self) -> int:
        """Nothing is laid out."""
        return len(self.rows)


def _rows_again(old: View, room: int) -> int:
    """How many rows a view is likely to have in so many cells."""
    if not old.rows or not isinstance(old, ProseView):
        return len(old.rows)
    return max(1, -(-len(old.rows) * max(map(row_width, old.rows[:2])) // room))


def _rows_of(leaf: Leaf, room: int) -> int:
    """How many rows a leaf is likely to have in so many cells."""
    if leaf.kind in (Kind.RULE, Kind.EMPTY, Kind.DEFINITION):
        return 0 if leaf.kind is Kind.DEFINITION else 1
    lines = leaf.lines
    sample = lines[0][:_SAMPLE] if lines else ""
    cells = (leaf.end - leaf.start) * width_of(sample) // max(1, len(sample))
    rows = max(1, -(-cells // room))
    if leaf.kind in (Kind.PARAGRAPH, Kind.HEADING):
        return rows
    return max(rows, len(lines)) + (leaf.kind in (Kind.FENCE, Kind.TABLE))
