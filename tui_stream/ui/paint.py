"""Writes to the terminal what has changed on the screen, and nothing else.

Textual writes every cell of every region that a widget asked to be drawn again. When text scrolls that is the whole
conversation for each new line, some ten kilobytes a frame, nearly all of which already stands on the screen. So what
stands there is remembered: what is the same is left out, and what only moved is moved by the terminal itself, with
the margins and the insertion and deletion of lines that each has had since the VT102.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple, cast

from rich.console import Console, RenderableType
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from tui_stream.ui.guard import guarded

Row = dict[int, tuple[int, str]]
"""What stands in a row: by its first column, the column behind it and the text with its styles."""

_LEAST_MOVED = 3  # rows; fewer are written as quickly as moved


class Piece(NamedTuple):
    """Some cells side by side.

    Attributes:
        end: the column behind the last one.
        text: what to write, styles included; it leaves no style behind.
    """

    y: int
    x: int
    end: int
    text: str


class Painter:
    """Remembers what stands on the terminal; does no I/O."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._width = 0
        self._whole = False  # whether it is known what stands in every cell

    def forget(self) -> None:
        """The terminal may show anything now: all of it is written the next time."""
        self._rows = []

    def paint(self, pieces: Iterable[tuple[int, int, int, str]], width: int, height: int) -> str:
        """What to write so that these pieces, each as a `Piece`, stand where they belong; all else stays as it is."""
        if (self._width, len(self._rows)) != (width, height):
            self._width, self._rows, self._whole = width, [{} for _ in range(height)], False
        wanted: dict[int, Row] = {}
        for y, x, end, text in pieces:
            if not 0 <= y < height or end > width:  # drawn for a larger screen; it is drawn again for this one
                continue
            row = wanted.get(y)
            if row is None:
                if self._rows[y].get(x) == (end, text):
                    continue
                row = wanted[y] = self._rows[y].copy()
            if _put(row, x, end, text):
                self._whole = False
        moved = self._move(sorted(wanted), wanted) if len(wanted) > _LEAST_MOVED else ""
        written = [_write(y, row, self._rows[y]) for y, row in sorted(wanted.items()) if row != self._rows[y]]
        for y, row in wanted.items():
            self._rows[y] = row
        if not self._whole:
            self._whole = all(sum(end - x for x, (end, _) in row.items()) == width for row in self._rows)
        return moved + "".join(written)

    # -- moving -------------------------------------------------------------------------------------

    def _move(self, changed: list[int], wanted: dict[int, Row]) -> str:
        """Moves rows to where they are wanted, if that saves writing; what else that did is put right in ``wanted``.

        Args:
            changed: the rows that are wanted otherwise than they are, from the top down.
            wanted: what is wanted in these rows; rows that moved along are added.
        """
        if not self._whole:
            return ""
        distance, new = self._distance(changed, wanted)
        if len(new) < _LEAST_MOVED:
            return ""
        top, bottom = min(new[0], new[0] + distance), max(new[-1], new[-1] + distance)
        unchanged = bottom - top + 1 - (bisect_right(changed, bottom) - bisect_left(changed, top))
        if len(new) < unchanged + _LEAST_MOVED:
            return ""
        for y in range(top, bottom + 1):
            wanted.setdefault(y, self._rows[y])
        blank: list[Row] = [{} for _ in range(abs(distance))]
        rows = self._rows[top : bottom + 1]
        self._rows[top : bottom + 1] = [*rows[distance:], *blank] if distance > 0 else [*blank, *rows[:distance]]
        return f"\x1b[{top + 1};{bottom + 1}r\x1b[{top + 1}H\x1b[{abs(distance)}{'M' if distance > 0 else 'L'}\x1b[r"

    def _distance(self, changed: list[int], wanted: dict[int, Row]) -> tuple[int, list[int]]:
        """How many rows down most of what is wanted stands now, and the rows for which that is so."""
        places: dict[str, int | None] = {}
        for y in range(changed[0], changed[-1] + 1):
            text = _main(self._rows[y])
            places[text] = None if text in places else y
        found: dict[int, list[int]] = {}
        for y in changed:
            place = places.get(_main(wanted[y]))
            if place is not None and place != y:
                found.setdefault(place - y, []).append(y)
        return max(found.items(), key=lambda pair: len(pair[1]), default=(0, []))


def _main(row: Row) -> str:
    """The text of the widest piece."""
    widest, found = 0, ""
    for x, (end, text) in row.items():
        if end - x > widest:
            widest, found = end - x, text
    return found


def _put(row: Row, x: int, end: int, text: str) -> bool:
    """Puts a piece into a row, in place of all that it covers; whether that was cut otherwise."""
    shown = row.get(x)
    cut = shown is None or shown[0] != end
    if cut:
        for start in [start for start, (stop, _) in row.items() if start < end and stop > x]:
            del row[start]
    row[x] = (end, text)
    return cut


def _write(y: int, row: Row, shown: Row) -> str:
    """From the first piece that changed to the end of the row.

    What comes behind a piece is written again, since a terminal may have drawn a character wider than was thought.
    """
    parts: list[str] = []
    for x, piece in sorted(row.items()):
        if parts or shown.get(x) != piece:
            parts.append(f"\x1b[{y + 1};{x + 1}H{piece[1]}")
    return "".join(parts)


class Painted(CompositorUpdate):
    """An update of Textual's that goes through a painter.

    Args:
        update: what Textual would have written.
        size: columns and rows of the screen.
    """

    def __init__(self, update: CompositorUpdate, painter: Painter, size: tuple[int, int]) -> None:
        self._update = update
        self._painter = painter
        self._size = size

    def render_segments(self, console: Console) -> str:
        """What to write to the terminal."""
        update = self._update
        if isinstance(update, ChopsUpdate):
            return self._painter.paint(_chops(update, console), *self._size)
        if isinstance(update, LayoutUpdate):
            return self._painter.paint(_layout(update, console), *self._size)
        self._painter.forget()
        return update.render_segments(console)


def painted(renderable: RenderableType | None, painter: Painter, size: tuple[int, int]) -> RenderableType | None:
    """What Textual displays, through a painter if it is an update of the screen."""
    update: object = renderable
    if isinstance(update, CompositorUpdate):
        return cast("RenderableType", Painted(update, painter, size))
    return renderable


def _layout(update: LayoutUpdate, console: Console) -> Iterator[tuple[int, int, int, str]]:
    for y, strips in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in strips:
            end = x + strip.cell_length
            yield y, x, end, _rendered(strip, console)
            x = end


def _rendered(strip: Strip, console: Console) -> str:
    """What to write for a strip; what it was before is known to be fit for a terminal."""
    return (strip if strip._render_cache is not None else guarded(strip)).render(console)  # noqa: SLF001 - tells that


def _chops(update: ChopsUpdate, console: Console) -> Iterator[tuple[int, int, int, str]]:
    """The pieces that the update's own ``render_segments`` writes."""
    for y, first, last in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is None or x > last or end <= first:
                continue
            if not (first <= x < last and end <= last):
                end = min(end, last)  # noqa: PLW2901 - as Textual crops it
                strip = strip.crop(0, end - x)  # noqa: PLW2901
            if end > x:
                yield y, x, end, _rendered(strip, console)
