"""Writes rows so that a terminal shows them, and of rows that stand there only what is new in them.

It exists because text that streams changes its last line with every token: written whole each time, a line would cost
ten times its length, and a slow connection could not follow. Nothing but what every terminal has had since the VT102 is
used, but for cells that are put into a line, which came with the VT220: the cursor moves relative to where it is, a
line or the rest of the screen is erased, lines and cells are deleted.
"""

from __future__ import annotations

import re
from typing import Final

from tui_stream.markdown.cells import width_of
from tui_stream.scrollback.colours import PLAIN, Row, Run, transition
from tui_stream.scrollback.hunks import hunks_of

_ODD: Final = re.compile(
    "[^\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u0370-\u03ff\u0400-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u205e"
    "\u2070-\u209c\u20a0-\u20bf\u2200-\u22ff\u2500-\u25fc"
    "\u3001-\u3029\u3041-\u3096\u30a0-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff60]"
)
"""Characters of which not every terminal is known to agree how wide they are, alone or with their neighbours."""
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
"""Around what is to appear at once; terminals that do not know the mode ignore it."""
_LONG: Final = 12
"""Characters to be written anew from which on it is looked for what is the same among them."""
_ALL: Final = 2
"""Rows that are changed at least where many are."""
_ALL_LINES: Final = 999
"""More than there are below."""
_CLIP, _WRAP = "\x1b[?7l", "\x1b[?7h"
"""Around what a terminal might find wider than it is thought to be: it is cut off then, and begins no line."""


class Painter:
    """Knows the rows at the end of what a terminal shows; does no I/O.

    Rows are counted from the first one that may still change, where the cursor was in the beginning.

    Attributes:
        rows: what stands there.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = [()]
        self._row = 0
        self._at: int | None = 0  # characters of its row before the cursor, None where that is not known
        self._pen = PLAIN
        self._out: list[str] = []
        self._redrawn = 0  # rows that are changed within what stood there
        self._odd = False

    # What is called

    def copy(self) -> Painter:
        """Another that knows the same; nothing may be left to `take`."""
        other = Painter()
        other.rows = list(self.rows)
        other._row, other._at, other._pen = self._row, self._at, self._pen
        return other

    def paint(self, rows: list[Row], same: int = 0) -> None:
        """Let these rows stand there; more than there were push the others up.

        Args:
            rows: all of them.
            same: so many rows at the beginning are known to be as they were.
        """
        shown = self.rows
        if not rows and shown:
            rows = [()]
        for number in range(same, min(len(shown), len(rows))):
            if shown[number] != rows[number]:
                self._change(number, shown[number], rows[number])
        for number in range(len(shown), len(rows)):
            self._go(number - 1, None)
            self._set_pen(PLAIN)
            self._out.append("\r\n")
            self._row, self._at = number, 0
            self._write(rows[number], 0, 0)
        if len(rows) < len(shown):
            self._erase_below(len(rows))
        self.rows = rows

    def commit(self, number: int) -> None:
        """So many rows, from the first, never change again."""
        if number:
            del self.rows[:number]
            self._row -= number

    def delete(self, number: int) -> None:
        """Take so many rows, from the first, off the screen, all if there are fewer; the others move up."""
        if number <= 0 or not self.rows:
            return
        self._redrawn += _ALL
        self._set_pen(PLAIN)
        self._go(0, 0)
        self._out.append(f"\x1b[{min(number, len(self.rows))}M")
        self.rows = self.rows[number:] or [()]

    def clear(self, width: int | None = None) -> None:
        """Erase the rows.

        Args:
            width: the cells to which the terminal has since broken them, if it has.
        """
        self._set_pen(PLAIN)
        if self.rows == [()] and self._row == 0:
            return
        self._redrawn += _ALL
        if width is not None and self.rows and self._row >= 0:
            above = sum(_height(row, width) for row in self.rows[: self._row])
            before = "".join([text for text, _, _ in self.rows[self._row]])[: self._at]
            above += max(0, width_of(before) - 1) // width
            self._out.append(f"\x1b[{above}A\r" if above else "\r")
            self._row = self._at = 0
        if self.rows:
            self._erase_below(0)
            self.rows = [()]

    def leave(self) -> None:
        """Erase the rows, and put the cursor at the beginning of a line with nothing in it."""
        if self.rows != [()]:
            self.clear()
        self.end()

    def end(self) -> None:
        """Put the cursor at the beginning of the line below, without any style."""
        self._set_pen(PLAIN)
        if self.rows == [()] and self._row == 0:
            return
        self._go(len(self.rows) - 1, None)
        self._out.append("\r\n")
        self.rows, self._row, self._at = [()], 0, 0

    def take(self) -> str:
        """What to write for all that was called since this last was."""
        if self.rows and self._row < 0:
            self._go(len(self.rows) - 1, 0)
        text = "".join(self._out)
        if self._odd:
            text = f"{_CLIP}{text}{_WRAP}"
        if self._redrawn > 1:
            text = f"{_BEGIN}{text}{_END}"
        self._out.clear()
        self._redrawn, self._odd = 0, False
        return text

    # How

    def _change(self, number: int, old: Row, new: Row) -> None:
        """Write what is different in a row that stands there."""
        before = "".join([run[0] for run in old])
        after = "".join([run[0] for run in new])
        start = _common(old, new)
        here = self._row == number and self._at == start
        if here and start == len(before) and not _ODD.match(after, start):
            self._write(new, start, 0)
            return
        self._redrawn += start < len(before)
        if _ODD.search(before) or _ODD.search(after):
            if not here or _ODD.match(after, start):  # what follows may join what is before it
                start = 0
                self._go(number, 0)
            self._set_pen(PLAIN)
            self._out.append("\x1b[K")
            self._write(new, start, 0)
            return
        column, old_width, new_width = width_of(after[:start]), width_of(before), width_of(after)
        end = _common_end(old, new, start) if old_width == new_width else 0
        if min(len(before), len(after)) - start - end > _LONG and self._move(number, old, new):
            return
        if not here:
            self._go(number, start, column)
        self._write(new, start, end)
        if new_width < old_width:
            self._set_pen(PLAIN)
            self._out.append("\x1b[K")

    def _move(self, number: int, old: Row, new: Row) -> bool:
        """Write the parts of a row that are new, moving the others; False if that is not possible."""
        length = sum([len(run[0]) for run in new])
        hunks = hunks_of(old, new)
        for hunk in hunks:
            more = hunk.width - hunk.cells
            if self._row != number or self._at != hunk.start:
                self._go(number, hunk.start, hunk.column)
            if more > 0 and hunk.stop < length:
                self._out.append(f"\x1b[{more}@")
            self._write(new, hunk.start, length - hunk.stop)
            if more < 0:
                self._set_pen(PLAIN)
                self._out.append(f"\x1b[{-more}P" if hunk.stop < length else "\x1b[K")
        return bool(hunks)

    def _write(self, row: Row, start: int, end: int) -> None:
        """Write the characters of a row from `start` on, but for the last `end`."""
        stop = sum([len(run[0]) for run in row]) - end
        at = 0
        for run in row:
            text = run[0]
            piece = text[max(0, start - at) : max(0, stop - at)]
            at += len(text)
            if piece:
                self._set_pen(run)
                self._out.append(piece)
                self._odd = self._odd or (not piece.isascii() and _ODD.search(piece) is not None)
        self._at = max(start, stop)

    def _set_pen(self, run: Run) -> None:
        if self._pen[1:] != run[1:]:
            self._out.append(transition(self._pen, run))
            self._pen = run

    def _go(self, row: int, at: int | None, column: int = 0) -> None:
        """Move to a row, there behind its first `at` characters, which take up `column` cells; None for anywhere."""
        distance = row - self._row
        if distance:
            self._out.append(f"\x1b[{abs(distance) if abs(distance) > 1 else ''}{'B' if distance > 0 else 'A'}")
            self._row, self._at = row, None
        if at is not None:
            self._out.append(f"\x1b[{column + 1}G" if column else "\r")
            self._at = at

    def _erase_below(self, row: int) -> None:
        """Erase a row and all below it.

        The first row may be that of the screen, where erasing all makes some terminals, tmux among them, keep what was
        there in the scroll-back; lines that are deleted are gone.
        """
        self._redrawn += _ALL
        self._set_pen(PLAIN)
        self._go(row, 0)
        self._out.append("\x1b[J" if row else f"\x1b[{_ALL_LINES}M")


def _common(old: Row, new: Row) -> int:
    """How many characters two rows have in common at their beginning, styles included."""
    count = 0
    for (a, *looks), (b, *others) in zip(old, new, strict=False):
        if looks != others:
            break
        if a != b:
            return count + next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
        count += len(a)
    return count


def _common_end(old: Row, new: Row, start: int) -> int:
    """How many characters two rows have in common at their end, not counting the first `start` of either."""
    most = min(sum([len(run[0]) for run in row]) for row in (old, new)) - start
    count = 0
    for (a, *looks), (b, *others) in zip(reversed(old), reversed(new), strict=False):
        if looks != others:
            break
        if a != b:
            shorter = min(len(a), len(b))
            count += next((n for n in range(shorter) if a[-1 - n] != b[-1 - n]), shorter)
            break
        count += len(a)
    return max(0, min(count, most))


def _height(row: Row, width: int) -> int:
    """Lines of the terminal that a row takes up where it is broken."""
    return max(1, -(-width_of("".join([run[0] for run in row])) // width))
