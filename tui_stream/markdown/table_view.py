"""Tables laid out.

It exists because each new cell might widen a column and so move every row. Columns widen in steps that
begin at the width of their header, which leaves room to spare, and by the first rows only; rows after
those are laid out once. The steps depend on the cells alone, so nothing moves when the table ends.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, NamedTuple

from rich.segment import Segment

from tui_stream.markdown.cells import Run, SegmentLine, merged, text_width, width_of, wrap_runs
from tui_stream.markdown.nodes import Kind, Leaf
from tui_stream.markdown.rows import split_row
from tui_stream.markdown.views import Surface, WideView, replace_tail

SAMPLE: Final = 100
"""Rows that decide how wide the columns are."""
PRINTED_SAMPLE: Final = 20
"""The same where lines are printed for good: as many as most screens have room for."""
_LEAST: Final = 3
_SMALLEST_STEP: Final = 2
_LARGEST_STEP: Final = 8
"""Cells that a column widens by at a time, a quarter of its width in between."""
_SEPARATOR: Final = 3
"""Cells from the text of one column to that of the next."""
_RULES: Final = {"head": ("─", "┼"), "row": ("┈", "┼")}


class _Row(NamedTuple):
    cells: list[list[Run]]
    widths: list[int]


class TableView(WideView):
    """A GFM table: a header, a rule, and rows whose cells are wrapped within their column."""

    __slots__ = (
        "_aligns",
        "_base",
        "_border",
        "_ends",
        "_head",
        "_header",
        "_natural",
        "_reached",
        "_sample",
        "_sealed",
        "_strained",
        "_taken",
        "_tall",
        "_widths",
    )

    def __init__(self, leaf: Leaf, surface: Surface, lead: int) -> None:
        super().__init__(leaf, surface, lead)
        base = surface.decorator.base_style(leaf.container)
        self._base = base
        self._head = base + surface.theme.table_header
        self._border = base + surface.theme.table_border
        columns = len(leaf.aligns) or len(split_row(leaf.source))
        self._aligns = leaf.aligns or ("",) * columns
        self._natural = [1] * columns
        self._reached = [1] * columns
        """The widest cells so far, with those of rows that were still arriving."""
        self._widths: list[int] = []
        self._header: list[int] = []
        """The natural widths of the header."""
        self._sample: list[_Row] = []
        """The first rows, as long as they may have to be laid out again."""
        self._sealed = False
        """Whether the widths are settled for good."""
        self._strained = False
        self._taken = 0
        self._ends: list[int] = []
        """For each source line, the number of rows up to its end."""
        self._tall = False

    def update(self) -> int:
        """Lay out the rows that came; all of them if a column has to be wider."""
        before = list(self.rows[self._stable :])
        base = self._stable
        if not self._sealed:
            self._read_sample()
        partial = self._partial()
        widths = self._column_widths(partial)
        if widths != self._widths:
            self._widths = widths
            before, base = list(self.rows), 0
            self._relayout()
        self._lay_out_new()
        if partial is not None:
            tall = self._tall
            tail = self._row_lines(partial, header=not self._ends)
            self._tall = tall
            replace_tail(self.rows, self._stable, tail)
        else:
            del self.rows[self._stable :]
        if self._sealed:
            self._sample = []
        return _difference(before, self.rows, base)

    @property
    def _stable(self) -> int:
        return self._ends[-1] if self._ends else 0

    # Reading

    def _read_sample(self) -> None:
        lines = self.leaf.final if self.leaf.kind is Kind.TABLE else []
        most = PRINTED_SAMPLE if self.surface.printed else SAMPLE
        while self._taken < len(lines) and len(self._sample) <= most:
            row = self._parse(lines[self._taken], header=not self._taken)
            self._sample.append(row)
            self._header = self._header or row.widths
            self._natural = [max(pair) for pair in zip(self._natural, row.widths, strict=True)]
            self._taken += 1
        self._sealed = self.leaf.closed or len(self._sample) > most

    def _parse(self, line: str, *, header: bool, unfinished: bool = False) -> _Row:
        texts = split_row(line)
        style = self._head if header else self._base
        parse = self.surface.inline.parse_short
        cells: list[list[Run]] = []
        for number in range(len(self._aligns)):
            text = texts[number].replace("\t", " ") if number < len(texts) else ""
            last = unfinished and number == len(texts) - 1
            cells.append(parse(text, style, unfinished=last) if text else [])
        return _Row(cells, [_natural(cell) for cell in cells])

    def _partial(self) -> _Row | None:
        """The row that is still arriving."""
        leaf = self.leaf
        text = leaf.source if leaf.kind is not Kind.TABLE else leaf.tentative
        if text is None:
            return None
        return self._parse(text, header=leaf.kind is not Kind.TABLE, unfinished=True)

    def refit(self) -> bool:
        """Keep the rows if the columns are as wide as they were."""
        self.prefix = self.surface.decorator.prefix(self.leaf)
        self.wide = self.surface.exceptions.get(self.leaf, self.surface.wide)
        return self.leaf.closed and self._share(self._natural) == self._widths

    def stable(self) -> int:
        """The finished rows, once the widths are settled."""
        return self._stable if self._sealed else 0

    def fit(self) -> int | None:
        """Let the columns be as wide as the cells ask for."""
        if not self._strained:
            return None
        self.surface.held = False
        row = self.update()
        self.surface.held = True
        return row

    @property
    def strained(self) -> bool:
        """Whether columns are held that the cells ask to be wider."""
        return self._strained

    def reflow(self) -> None:
        """Let what follows the stable rows have columns that fit."""
        self._widths = self._share(self._natural)
        super().reflow()

    # Widths

    def _column_widths(self, partial: _Row | None) -> list[int]:
        if self._sealed:
            self._strained = False
            return self._share(self._natural)
        rows = [self._reached, self._natural] if partial is None else [self._reached, self._natural, partial.widths]
        self._reached = [max(widths) for widths in zip(*rows, strict=True)]
        wanted = self._share(self._reached)
        self._strained = self.surface.held and bool(self._widths) and wanted != self._widths
        return self._widths if self._strained else wanted

    def _share(self, needed: list[int]) -> list[int]:
        """Ample widths if they fit, else those needed, else the wide columns share what the narrow ones leave."""
        header = self._header or needed
        ample = [_ample(width, need) for width, need in zip(header, needed, strict=True)]
        room = self.room - _SEPARATOR * len(needed) + 1
        if self.wide == "scroll" or sum(ample) <= room:
            return ample
        if sum(needed) <= room:
            return list(needed)
        widths = [0] * len(ample)
        order = sorted(range(len(ample)), key=ample.__getitem__)
        for position, column in enumerate(order):
            share = max(_LEAST, room // (len(order) - position))
            widths[column] = min(ample[column], share)
            room -= widths[column]
        return widths

    # Laying out

    def _relayout(self) -> None:
        self.rows.clear()
        self._ends.clear()
        self._tall = False
        for number, row in enumerate(self._sample):
            self._append(row, header=not number)

    def _lay_out_new(self) -> None:
        lines = self.leaf.final if self.leaf.kind is Kind.TABLE else []
        for number in range(len(self._ends), len(self._sample)):
            self._append(self._sample[number], header=not number)
        for number in range(len(self._ends), len(lines)):
            self._append(self._parse(lines[number], header=False), header=False)

    def _append(self, row: _Row, *, header: bool) -> None:
        stable = self._stable
        self.rows[stable:] = self._row_lines(row, header=header)
        self._ends.append(len(self.rows))

    def _row_lines(self, row: _Row, *, header: bool) -> list[SegmentLine]:
        cells: list[list[SegmentLine]] = [
            wrap_runs(cell, width).lines if cell else [[]] for cell, width in zip(row.cells, self._widths, strict=True)
        ]
        height = max((len(cell) for cell in cells), default=1)
        lines = [self._line(cells, number) for number in range(height)]
        if header:
            return [*lines, self._rule("head")]
        tall = height > 1
        if len(self._ends) > 1 and (tall or self._tall):
            lines.insert(0, self._rule("row"))
        self._tall = tall
        return lines

    def _line(self, cells: list[list[SegmentLine]], number: int) -> SegmentLine:
        line: SegmentLine = []
        space = " "
        for column, cell in enumerate(cells):
            content = cell[number] if number < len(cell) else []
            spare = max(0, self._widths[column] - sum([width_of(segment.text) for segment in content]))
            left = {"right": spare, "center": spare // 2}.get(self._aligns[column], 0)
            if column:
                line.append(Segment(space, self._base))
                line.append(Segment("│", self._border))
                space = " "
            line.append(Segment(" " * (left + 1), self._base))
            line.extend(content)
            space = " " * (spare - left + 1)
        line.append(Segment(space, self._base))
        return merged(line)

    def _rule(self, kind: str) -> SegmentLine:
        dash, cross = _RULES[kind]
        return [Segment(cross.join(dash * (width + 2) for width in self._widths), self._border)]

    def line_of(self, offset: int) -> int:
        """The first line of the table row at an offset."""
        number = bisect_right(self.leaf.line_offsets, offset) - 1
        return self.lead + (self._ends[number - 1] if 0 < number < len(self._ends) else 0)

    def source_of(self, first: int, last: int) -> tuple[int, int]:
        """The source of whole table rows; of the whole table where its header is included."""
        offsets = self.leaf.line_offsets
        start, end = self.leaf.start, self.leaf.end
        low, high = first - self.lead, last - self.lead
        if self._ends and low >= self._ends[0]:
            number = next((n for n, stop in enumerate(self._ends) if low < stop), len(offsets))
            start = offsets[number] if number < len(offsets) else start
        number = next((n for n, stop in enumerate(self._ends) if high <= stop), len(offsets))
        if 0 < number < len(offsets) - 1:
            end = offsets[number + 1] - 1
        return start, max(start, end)


def _ample(width: int, needed: int) -> int:
    """The least of the widths that grow from `width` in steps which is enough."""
    width = max(1, width)
    while width < needed:
        width += max(_SMALLEST_STEP, min(_LARGEST_STEP, width // 4))
    return width


def _natural(cell: list[Run]) -> int:
    """Cells that a table cell takes up when it is not wrapped."""
    if not any("\n" in text for text, _ in cell):
        return text_width(cell)
    joined = "".join(text for text, _ in cell)
    return max(width_of(part) for part in joined.split("\n"))


def _difference(before: list[SegmentLine], rows: list[SegmentLine], base: int) -> int:
    for index, row in enumerate(before):
        if base + index >= len(rows) or rows[base + index] != row:
            return base + index
    return base + len(before)
