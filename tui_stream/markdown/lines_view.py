"""Blocks made of lines laid out: what code, HTML and formulas have in common.

It exists because such a block may be the longest of an answer: each of its lines is laid out once, and
only the line that is still arriving again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style

from tui_stream.markdown.cells import Run, SegmentLine, text_width
from tui_stream.markdown.folding import chop, unfold
from tui_stream.markdown.formula import formula_lines
from tui_stream.markdown.highlight import LONG_CODE_LINE, TAB, join
from tui_stream.markdown.nodes import Leaf
from tui_stream.markdown.scan import LONG_LINE
from tui_stream.markdown.views import Surface, WideView, replace_tail, row_width


class LinesView(WideView):
    """A block whose source lines are laid out one by one."""

    __slots__ = ("_column", "_done", "_shown", "origins")

    GROWS: ClassVar = True
    """Whether what comes to a line leaves what is before it."""

    def __init__(self, leaf: Leaf, surface: Surface, lead: int) -> None:
        super().__init__(leaf, surface, lead)
        self.origins: list[int] = []
        """For each row of a finished source line, the index of that line."""
        self._done = 0
        self._shown: tuple[int, int] | None = None
        """Of a long unfinished line whose rows stay but the last: the characters and the pieces of `grown` that the
        rows show."""
        self._column = 0
        """The column that such a line has reached."""
        self._begin()

    def _begin(self) -> None:
        """Lay out what comes before the lines."""

    def update(self) -> int:
        """Lay out the lines that came since the last call."""
        changed = len(self.rows)
        if self._shown is not None:
            changed = self._grow(*self._shown)
            if self._shown is not None:
                return changed
        stable = len(self.origins)
        tail: list[SegmentLine] = []
        lines = self.leaf.final
        for number in range(self._done, self._complete()):
            rows = self._layout(lines[number], final=True)
            tail.extend(rows)
            self.origins.extend([number] * len(rows))
        self._done = max(self._done, self._complete())
        text = self.leaf.unfinished
        if text is not None:
            tail.extend(self._layout(text, final=False))
            self._begin_long(text)
        return min(changed, replace_tail(self.rows, stable, tail))

    def _begin_long(self, text: str) -> None:
        """From now on add to the last row of a line that does not seem to end."""
        if len(text) > LONG_CODE_LINE and self.wide == "wrap" and self.GROWS:
            self._shown = len(text), len(self.leaf.grown)
            self._column = len(text.expandtabs(TAB))

    def _grow(self, characters: int, pieces: int) -> int:
        """Add what came to a long line; the index of the first row that changed."""
        leaf = self.leaf
        finished = self._done < self._complete()
        if finished:
            text = leaf.final[self._done][characters:]
        elif leaf.tentative is None:
            text = ""
        else:
            text = "".join([leaf.tentative[characters:], *leaf.grown[pieces:]])
        changed = self._add_to_last_row(text)
        self._shown = (characters + len(text), len(leaf.grown)) if leaf.tentative is not None else None
        if finished:
            self._shown = None
            self.origins.extend([self._done] * (len(self.rows) - len(self.origins)))
            self._done += 1
        return changed

    def _add_to_last_row(self, text: str) -> int:
        start = self._column % TAB
        text = (" " * start + text).expandtabs(TAB)[start:]
        self._column += len(text)
        runs = join(unfold(self.rows[-1:]), text, self._long_style())
        return replace_tail(self.rows, len(self.rows) - 1, chop(runs, self.text_room))

    def _long_style(self) -> Style:
        return self._style()

    def _complete(self) -> int:
        """How many lines are laid out for good."""
        return len(self.leaf.final)

    def _layout(self, line: str, *, final: bool) -> list[SegmentLine]:
        return self._fold(self._runs(line, final=final))

    def _runs(self, line: str, *, final: bool) -> list[Run]:  # noqa: ARG002 - other kinds keep a state
        text = line.expandtabs(TAB)
        return [(text, self._style())] if text else []

    def _style(self) -> Style:
        return self.surface.decorator.base_style(self.leaf.container) + self.surface.theme.html

    def _fold(self, runs: list[Run]) -> list[SegmentLine]:
        """Rows no wider than the screen, or one row if the block is scrolled sideways."""
        if self.wide == "scroll" or text_width(runs) <= self.text_room:
            return [[Segment(text, style) for text, style in runs]]
        return chop(runs, self.text_room)

    def source_of(self, first: int, last: int) -> tuple[int, int]:
        """The source of whole source lines, and of the whole block where its edges are included."""
        leaf, low, high = self.leaf, first - self.lead, last - self.lead - 1
        offsets = leaf.line_offsets
        start, end = leaf.start, leaf.end
        if 0 < low < len(self.origins) and 0 <= self.origins[low] < len(offsets):
            start = offsets[self.origins[low]]
        if 0 <= high < len(self.origins) - 1 and self.origins[high] + 1 < len(offsets):
            end = offsets[self.origins[high] + 1] - 1
        return start, max(start, end)

    def line_of(self, offset: int) -> int:
        """The first row of the source line at an offset."""
        number = bisect_right(self.leaf.line_offsets, offset) - 1
        return self.lead + (bisect_left(self.origins, number) if number >= 0 else 0)

    def refit(self) -> bool:
        """Put rows together and fold them again, without colouring them again."""
        self.prefix = self.surface.decorator.prefix(self.leaf)
        self.wide = self.surface.exceptions.get(self.leaf, self.surface.wide)
        rows, origins = self.rows, self.origins
        self.rows, self.origins, self._shown = [], [], None
        index = 0
        while index < len(origins):
            end = index + 1
            while end < len(origins) and origins[end] == origins[index]:
                end += 1
            group = rows[index:end]
            if origins[index] >= 0 and (end > index + 1 or row_width(group[0]) > self.text_room):
                group = self._fold(unfold(group))
            self._add_rows(group, origins[index])
            index = end
        self.update()
        return True

    def stable(self) -> int:
        """The rows of finished lines, and those of a line too long to be anything else, but for the last."""
        if self._shown is not None and self._is_settled():
            return max(len(self.origins), len(self.rows) - 1)
        return len(self.origins) if self.leaf.final else 0

    def _is_settled(self) -> bool:
        """Whether the line that is still arriving can be nothing else than a line of this block."""
        return bool(self.leaf.grown)

    def reflow(self) -> None:
        """Fold the line that is still arriving anew."""
        self.prefix = self.surface.decorator.prefix(self.leaf)
        if self._shown is not None:
            self._add_to_last_row("")
        else:
            self.update()

    def _add_rows(self, rows: list[SegmentLine], origin: int) -> None:
        self.rows.extend(rows)
        self.origins.extend([origin] * len(rows))


class MathView(LinesView):
    """A formula on lines of its own."""

    __slots__ = ()
    GROWS = False

    def refit(self) -> bool:
        """A formula is laid out anew."""
        return False

    def _layout(self, line: str, *, final: bool) -> list[SegmentLine]:
        line = line if final else line[:LONG_LINE]
        style = self.surface.decorator.base_style(self.leaf.container) + self.surface.theme.math
        return [row for text in formula_lines(line) if text for row in self._fold([("  " + text, style)])]
