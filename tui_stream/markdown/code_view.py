"""Blocks made of lines laid out: fences, indented code, HTML and formulas.

It exists because a fence may be the longest block of an answer: each of its lines is coloured and laid
out once, and only the line that is still arriving again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import Final

from rich.segment import Segment
from rich.style import Style

from tui_stream.markdown.cells import Run, SegmentLine, char_widths, crop, text_width, width_of
from tui_stream.markdown.formula import formula_lines
from tui_stream.markdown.highlight import LONG_CODE_LINE, RELEX_LIMIT, TAB, Highlighter
from tui_stream.markdown.nodes import Kind, Leaf
from tui_stream.markdown.views import Surface, WideView, replace_tail, row_width

_PADDING: Final = 1
"""Cells between the edge of a code block and the code."""


class LinesView(WideView):
    """A block whose source lines are laid out one by one."""

    def __init__(self, leaf: Leaf, surface: Surface, lead: int) -> None:
        super().__init__(leaf, surface, lead)
        self.origins: list[int] = []
        """For each row of a finished source line, the index of that line."""
        self._done = 0
        self._long = 0
        """Where the last row of a long unfinished line begins in it; 0 if there is none."""
        self._begin()

    def _begin(self) -> None:
        """Lay out what comes before the lines."""

    def update(self) -> int:
        """Lay out the lines that came since the last call."""
        stable = len(self.origins)
        tail: list[SegmentLine] = []
        lines = self.leaf.final
        for number in range(self._done, self._complete()):
            rows = self._layout(lines[number], final=True)
            tail.extend(rows)
            self.origins.extend([number] * len(rows))
        self._done = max(self._done, self._complete())
        text = self.leaf.tentative
        if text is not None and len(text) > LONG_CODE_LINE and self.wide == "wrap":
            return self._update_long(text, stable, tail)
        self._long = 0
        if text is not None:
            tail.extend(self._layout(text, final=False))
        return replace_tail(self.rows, stable, tail)

    def _update_long(self, text: str, stable: int, tail: list[SegmentLine]) -> int:
        """Lay out what came to a line that does not seem to end: all its rows but the last stay."""
        if tail or not self._long:
            changed = replace_tail(self.rows, stable, tail)
            stable += len(tail)
            self._long = 0
        else:
            changed = len(self.rows)
        stable = len(self.rows) - 1 if self._long else stable
        if "\t" in text:
            text = text.expandtabs(TAB)
        rows, self._long = chop_text(text, self._long_style(), self.text_room, self._long)
        return min(changed, replace_tail(self.rows, stable, rows))

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
        self.rows, self.origins, self._long = [], [], 0
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

    def _add_rows(self, rows: list[SegmentLine], origin: int) -> None:
        self.rows.extend(rows)
        self.origins.extend([origin] * len(rows))


class MathView(LinesView):
    """A formula on lines of its own."""

    def refit(self) -> bool:
        """A formula is laid out anew."""
        return False

    def _layout(self, line: str, *, final: bool) -> list[SegmentLine]:  # noqa: ARG002 - no state is kept
        style = self.surface.decorator.base_style(self.leaf.container) + self.surface.theme.math
        return [row for text in formula_lines(line) if text for row in self._fold([("  " + text, style)])]


class CodeView(LinesView):
    """A code block on a background of its own; a fence begins with a line that names the language."""

    def _begin(self) -> None:
        self._highlighter = Highlighter(language_of(self.leaf), self.surface.code)
        self._again = False
        self._looked_at = self._filled = 0
        if self.leaf.kind is Kind.FENCE:
            self.origins.append(-1)
            theme = self.surface.theme
            label = language_of(self.leaf) or "text"
            self.rows.append([Segment(label, theme.code_label)])

    def update(self) -> int:
        """Lay out the lines that came, and all of them once more when the fence closes if need be."""
        changed = super().update()
        leaf = self.leaf
        if not leaf.closed or self._again or leaf.kind is not Kind.FENCE or self._highlighter.exact:
            return changed
        self._again = True
        if sum(map(len, leaf.final)) + len(leaf.final) > RELEX_LIMIT or not leaf.final:
            return changed
        return min(changed, self._relex())

    def _relex(self) -> int:
        """Colour the finished block as a whole."""
        tail: list[SegmentLine] = []
        del self.origins[1:]
        lines = [line.expandtabs(TAB) for line in self.leaf.final]
        for number, runs in enumerate(self._highlighter.whole(lines)):
            rows = self._fold(runs)
            tail.extend(rows)
            self.origins.extend([number] * len(rows))
        return replace_tail(self.rows, 1, tail)

    def _complete(self) -> int:
        lines = self.leaf.final
        if self.leaf.kind is not Kind.CODE:
            return len(lines)
        for number in range(self._looked_at, len(lines)):
            if lines[number].strip():  # blank lines at the end of indented code do not belong to it
                self._filled = number + 1
        self._looked_at = len(lines)
        return self._filled

    def _runs(self, line: str, *, final: bool) -> list[Run]:
        text = line.expandtabs(TAB)
        return self._highlighter.feed(text) if final else self._highlighter.peek(text)

    def _long_style(self) -> Style:
        return self.surface.theme.code_block

    @property
    def text_room(self) -> int:
        """Cells between the paddings."""
        return max(1, self.room - 2 * _PADDING)

    def finish_row(self, row: SegmentLine) -> SegmentLine:
        """A row on its background, from one edge to the other."""
        theme, room = self.surface.theme, self.room
        is_label = self.leaf.kind is Kind.FENCE and row is self.rows[0]
        style = theme.code_label if is_label else theme.code_block
        if room <= 2 * _PADDING:
            return crop(row, 0, room)
        offset = 0 if is_label else self.offset
        width = sum([width_of(segment.text) for segment in row])
        inside = self.text_room
        if offset or width > inside:
            row = crop(row, offset, inside)
            width = sum([width_of(segment.text) for segment in row])
        return [Segment(" ", style), *row, Segment(" " * (room - width - _PADDING), style)]


def language_of(leaf: Leaf) -> str:
    """The language a fence names, "" if none."""
    words = leaf.info.split()
    return words[0].strip("{}").removeprefix(".").partition(",")[0].partition(":")[0] if words else ""


def unfold(rows: list[SegmentLine]) -> list[Run]:
    """The runs that the rows of one line were folded from."""
    runs: list[Run] = []
    for row in rows:
        for number, (text, style, _) in enumerate(row):
            if not number and runs and runs[-1][1] is style:
                runs[-1] = (runs[-1][0] + text, runs[-1][1])
            else:
                runs.append((text, style or Style.null()))
    return runs


def chop(runs: list[Run], width: int) -> list[SegmentLine]:
    """Runs cut into rows of `width` cells, nothing left out."""
    if len(runs) == 1:
        return chop_text(*runs[0], width, 0)[0]
    rows: list[SegmentLine] = [[]]
    room = width
    for text, style in runs:
        pos = 0
        while pos < len(text):
            size = _fitting(text, pos, room)
            if not size and rows[-1]:
                rows.append([])
                room = width
                continue
            piece = text[pos : pos + max(1, size)]
            rows[-1].append(Segment(piece, style))
            room -= width_of(piece)
            pos += len(piece)
    return rows


def chop_text(text: str, style: Style, width: int, pos: int) -> tuple[list[SegmentLine], int]:
    """The rows of `width` cells of the text from `pos` on, and where the last one begins."""
    rows: list[SegmentLine] = []
    start = pos
    while pos < len(text) or not rows:
        start = pos
        pos += max(1, _fitting(text, pos, width))
        rows.append([Segment(text[start:pos], style)])
    return rows, start


def _fitting(text: str, pos: int, room: int) -> int:
    """How many characters of `text` from `pos` on fit in so many cells."""
    if room <= 0:
        return 0
    piece = text[pos : pos + 2 * room + 64]
    if piece[:room].isascii():
        return min(len(piece), room)
    ends = list(accumulate(char_widths(piece)))
    return bisect_right(ends, room)
