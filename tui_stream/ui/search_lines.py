"""Shown lines as one text to search in, and the way back from a place in it to lines and columns.

It exists because lines are broken for the eye: a phrase may go on in the next line behind a margin, in the
same column of a table, and in the middle of a word that was too long. What separates two lines in the text is
told from the lines alone, by the layout's own rule: it breaks where the next word, or wide character, did not
fit, and within a word only if that fills its line.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Final, NamedTuple

from rich.cells import cell_len, get_character_cell_size

from tui_stream.ui.search_text import IRREGULAR, UNSEEN, regular

BREAK: Final = "\r"
"""In the text, a line break that may stand within a word or between two."""
BARRIER: Final = "\n"
"""In the text, what no match goes across."""
BAR: Final = "│"
"""What separates the columns of tables, and thoughts from their margin."""
MARGIN: Final = "▎▌"
"""What else stands at the left of text."""
_BLANK: Final = UNSEEN + "".join(char for char in map(chr, (*range(0x100), *range(0x1680, 0x3001))) if char.isspace())
_PADDING: Final = 1
"""Cells that code keeps free at the right edge."""


class Piece(NamedTuple):
    """Characters [start, end) of a line."""

    line: int
    start: int
    end: int


Hit = tuple[Piece, ...]
"""One match: a piece of a line, and of each line it goes on in."""


class _Cell(NamedTuple):
    """What a line holds in one column: the characters [start, end) of a row, `stop` its edge."""

    number: int
    row: str
    start: int
    end: int
    stop: int

    @property
    def text(self) -> str:
        return self.row[self.start : self.end]

    def indent(self) -> int:
        """The cell at which the text begins."""
        return width_of(self.row[: self.start])

    def extent(self) -> int:
        """The cell at which the text ends."""
        return width_of(self.row[: self.end])


class Page:
    """Lines to search in.

    Args:
        rows: the lines as drawn, their padding included.
        width: the cell at which the layout breaks lines; of None, the end of the longest line.
        meant: characters that are searched for and so are no mere decoration.
    """

    def __init__(self, rows: Sequence[str], *, width: int | None, meant: str) -> None:
        self._rows = rows
        self._width = max(map(width_of, rows), default=0) if width is None else width
        self._margin = _BLANK + "".join(char for char in MARGIN if char not in meant)
        self._parts: list[str] = []
        self._length = 0
        self._starts: list[int] = []
        self._places: list[tuple[int, int, int]] = []
        split = BAR not in meant
        bars = [_bar_places(row) if split and BAR in row else ((), ()) for row in rows]
        for places, group in groupby(range(len(rows)), lambda number: bars[number][1]):
            numbers = list(group)
            if places:
                self._add_columns(numbers, [bars[number][0] for number in numbers])
            else:
                self._add_text([self._cell(number, 0, len(rows[number])) for number in numbers])
        self.text = "".join(self._parts)

    def pieces(self, start: int, end: int) -> list[Piece]:
        """Where the characters [start, end) of the text stand."""
        pieces: list[Piece] = []
        index = bisect_right(self._starts, start) - 1
        while index < len(self._starts) and self._starts[index] < end:
            begin = self._starts[index]
            number, column, size = self._places[index]
            first, last = column + max(0, start - begin), column + min(end - begin, size)
            if pieces and pieces[-1].line == number:
                pieces[-1] = pieces[-1]._replace(end=last)
            else:
                pieces.append(Piece(number, first, last))
            index += 1
        return pieces

    def whole(self, piece: Piece) -> Piece:
        """The piece with the whole of the glyphs it begins and ends in."""
        row = self._rows[piece.line]
        if row.isascii():
            return piece
        start, end = piece.start, piece.end
        while start > 0 and _is_joined(row, start):
            start -= 1
        while end < len(row) and _is_joined(row, end):
            end += 1
        return Piece(piece.line, start, end)

    # Columns

    def _cell(self, number: int, start: int, stop: int) -> _Cell:
        row = self._rows[number]
        text = row[start:stop]
        begin = stop - len(text.lstrip(self._margin))
        return _Cell(number, row, begin, max(begin, start + len(text.rstrip(_BLANK))), stop)

    def _add_columns(self, numbers: list[int], bars: list[tuple[int, ...]]) -> None:
        """Lines whose bars stand one under the other: their columns, one after the other."""
        columns: list[list[_Cell]] = []
        for index in range(len(bars[0]) + 1):
            columns.append([])
            for number, places in zip(numbers, bars, strict=True):
                start = places[index - 1] + 1 if index else 0
                stop = places[index] if index < len(places) else len(self._rows[number])
                columns[-1].append(self._cell(number, start, stop))
        if not any(cell.text for cell in columns[0]):
            del columns[0]
        if len(columns) == 1:
            self._add_text(columns[0])
            return
        for column in columns:
            self._add_column(column)

    def _add_column(self, cells: list[_Cell]) -> None:
        """A column of a table: a cell goes on in the next line if the next word did not fit."""
        left = min((cell.indent() for cell in cells if cell.text), default=0)
        above: _Cell | None = None
        for cell in cells:
            self._join(BARRIER if above is None or not cell.text else self._in_column(above, cell, left))
            self._add(cell)
            above = cell if cell.text else None
        self._join(BARRIER)

    def _in_column(self, above: _Cell, below: _Cell, left: int) -> str:
        room = width_of(above.row[: above.stop]) - left
        room -= above.row[above.stop - 1] == " "
        used = width_of(above.text)
        if _may_break(above.text[-1], below.text[0]):
            return BREAK
        if used + 1 + width_of(below.text.partition(" ")[0]) <= room:
            return BARRIER
        return BREAK if used >= room and " " not in above.text else " "

    def _add_text(self, cells: list[_Cell]) -> None:
        """Lines of text: a phrase may go on over any line end, but not over an empty line."""
        above: _Cell | None = None
        for cell in cells:
            if above is None or not cell.text:
                self._join(BARRIER)
            else:
                self._join(BREAK if self._is_open(above, cell) else " ")
            self._add(cell)
            above = cell if cell.text else None
        self._join(BARRIER)

    def _is_open(self, above: _Cell, below: _Cell) -> bool:
        """Whether a word may go on in the next line."""
        if "\u200b" in above.row[above.end :] or _may_break(above.text[-1], below.text[0]):
            return True
        if above.extent() < self._width - _PADDING:
            return False
        if above.row[-1] == " ":  # padded: code, which is cut anywhere
            return True
        word = above.row.rfind(" ", above.start, above.end) + 1 or above.start
        return width_of(above.row[:word]) == below.indent()

    # The text

    def _join(self, joint: str) -> None:
        self._parts.append(joint)
        self._length += 1

    def _add(self, cell: _Cell) -> None:
        text, done = cell.text, 0
        if text.isascii() and "  " not in text and text.isprintable():
            self._put(text, cell.number, cell.start)
            return
        for match in IRREGULAR.finditer(text):
            self._put(text[done : match.start()], cell.number, cell.start + done)
            self._put(regular(match[0]), cell.number, cell.start + match.start())
            done = match.end()
        self._put(text[done:], cell.number, cell.start + done)

    def _put(self, text: str, number: int, column: int) -> None:
        if text:
            self._starts.append(self._length)
            self._places.append((number, column, len(text)))
            self._parts.append(text)
            self._length += len(text)


def width_of(text: str) -> int:
    """Cells that text takes up."""
    return len(text) if text.isascii() else cell_len(text)


def _bar_places(row: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The characters and the cells at which bars stand in a row."""
    parts = row.split(BAR)[:-1]
    characters = accumulate((len(part) + 1 for part in parts), initial=-1)
    cells = accumulate((width_of(part) + 1 for part in parts), initial=-1)
    return tuple(characters)[1:], tuple(cells)[1:]


def _may_break(before: str, after: str) -> bool:
    """Whether a line may end between two characters that no space parts: at wide ones."""
    return _is_wide(before) or _is_wide(after)


def _is_wide(char: str) -> bool:
    """Whether a character is wide, or belongs to a glyph that may be."""
    return char >= "\u1100" and get_character_cell_size(char) != 1


def _is_joined(row: str, index: int) -> bool:
    """Whether a character belongs to the glyph of the one before."""
    return row[index - 1] == "\u200d" or get_character_cell_size(row[index]) == 0


def glyph_hits(page: Page, spans: Iterable[tuple[int, int]], first: int) -> list[Hit]:
    """Hits in reading order, as whole glyphs; one that begins in a glyph of the one before is left out.

    Args:
        page: what was searched.
        spans: places of matches in its text, in their order.
        first: added to the number of each line.
    """
    hits: list[Hit] = []
    last = Piece(-1, 0, 0)
    for start, end in spans:
        pieces = page.pieces(start, end)
        if pieces[0].line == last.line and last.start <= pieces[0].start < last.end:
            continue
        whole = [page.whole(piece) for piece in pieces]
        last = whole[-1]
        hits.append(tuple(piece._replace(line=piece.line + first) for piece in whole))
    hits.sort(key=itemgetter(0))
    return hits
