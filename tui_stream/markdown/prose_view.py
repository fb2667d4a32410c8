"""Paragraphs and headings laid out.

It exists because a paragraph may be as long as the answer: its text is taken in pieces that end where no
markup is open, and each piece is parsed and laid out once.
"""

from __future__ import annotations

from typing import Final

from rich.style import Style

from tui_stream.markdown.cells import Run, SegmentLine, wrap_runs
from tui_stream.markdown.division import DIVIDED, Division
from tui_stream.markdown.nodes import TASK_BOX, Kind, Leaf, task_mark
from tui_stream.markdown.scan import LONG_LINE
from tui_stream.markdown.views import Surface, View

LONGEST_TITLE: Final = 2 * DIVIDED
"""Characters of a paragraph that is laid out as a whole, so that none of its rows is stable before its end. Of
printed text, only one that is no longer is made a heading, and a header of a table unless a bar begins it."""


class ProseView(View):
    """A paragraph or heading.

    Its text is taken in pieces that end at places where no markup is open. Where they end depends on the
    text alone, so the lines do not depend on how the text arrived.
    """

    __slots__ = ("_carry", "_division", "_line", "_row", "_stable", "_style", "_sure", "_taken", "_task")

    def __init__(self, leaf: Leaf, surface: Surface, lead: int) -> None:
        super().__init__(leaf, surface, lead)
        self._style = self._base_style()
        self._restart()

    def _restart(self) -> None:
        self.leaf.rewritten = False
        self._taken = 0
        self._division: Division | None = Division(self.surface.inline, self._style)
        """None once the block is closed and laid out."""
        self._stable = 0
        self._carry: list[Run] = []
        self._task: str | None = None
        self._line, self._row, self._sure = 0, False, 0
        """Of the last line: its length so far, whether a bar begins it, and the rows that were stable before it. It may
        yet become the header of a table."""

    def _base_style(self) -> Style:
        base = self.surface.decorator.base_style(self.leaf.container)
        if self.leaf.kind is Kind.HEADING:
            return base + self.surface.theme.headings[self.leaf.level - 1]
        return base

    def update(self) -> int:
        """Lay out the text that came since the last call."""
        leaf = self.leaf
        if leaf.rewritten:
            self.rows.clear()
            self._restart()
        division = self._division
        if division is None:
            return len(self.rows)
        before = self._stable
        kept = self.rows[before:]
        self._take(division)
        tail = self._open_tail(division)
        rows = wrap_runs(self._carry + tail, self.room).lines if self._carry or tail else []
        if not rows and leaf.markers and not self._stable:
            rows = [[]]
        self.rows[self._stable :] = rows
        if leaf.closed:
            self._division, self._carry = None, []
        return _first_difference(kept, self.rows, before)

    def _take(self, division: Division) -> None:
        """Take over the text that is finished, and lay out the pieces that are balanced."""
        pieces = self.leaf.final
        if self._taken < len(pieces):
            if self.surface.printed:
                self._follow_line(pieces)
            division.tail += "".join(pieces[self._taken :]).replace("\t", " ")
            self._taken = len(pieces)
        if self._task is None and len(division.tail) >= DIVIDED:
            division.tail = self._strip_task(division.tail)
        for runs in division.pieces():
            wrapped = wrap_runs(self._carry + runs, self.room)
            self.rows[self._stable :] = wrapped.lines[:-1]
            self._stable += len(wrapped.lines) - 1
            self._carry = wrapped.rest

    def _follow_line(self, pieces: list[str]) -> None:
        """Take note of the line that the new pieces end with."""
        for number in range(self._taken, len(pieces)):
            piece = pieces[number]
            if piece.startswith("\n"):
                self._line, self._sure = 0, self._stable
            if not self._line:
                self._row = piece.lstrip("\n").startswith("|")
            self._line += len(piece)

    def stable(self) -> int:
        """The rows of the pieces that are divided off, but for a line that may become the header of a table."""
        longest = LONG_LINE if self._row else LONGEST_TITLE
        return min(self._stable, self._sure) if self._line <= longest + 1 else self._stable

    def reflow(self) -> None:
        """Break the rest anew."""
        self.prefix = self.surface.decorator.prefix(self.leaf, self._task or "")
        self.update()

    def _strip_task(self, text: str) -> str:
        """Turn the box at the beginning of a task into its item's marker."""
        self._task = task_mark(self.leaf, text)
        if not self._task:
            return text
        self.prefix = self.surface.decorator.prefix(self.leaf, self._task)
        return text[TASK_BOX:]

    def _open_tail(self, division: Division) -> list[Run]:
        """The runs of the text that is not divided off."""
        leaf, text = self.leaf, division.tail
        if leaf.held is not None:
            text = self.surface.inline.definitions.preview(leaf.source)
        elif leaf.tentative is not None:
            text = f"{text}\n{leaf.tentative}" if text or self._carry else leaf.tentative
        if self._task is None:
            text = self._strip_task(text)
            self._task = None
        text = text.replace("\t", " ").rstrip(" \n")
        return division.rest(text, finished=leaf.closed)


def _first_difference(kept: list[SegmentLine], rows: list[SegmentLine], base: int) -> int:
    for index, row in enumerate(kept):
        if base + index >= len(rows) or rows[base + index] != row:
            return base + index
    return base + len(kept)
