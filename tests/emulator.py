"""A terminal as far as text that scrolls by needs one: what it shows, and what has left it at the top.

It knows what is written to it and refuses everything else, so that a sequence that few terminals know is noticed.
"""

from __future__ import annotations

import re
from typing import Final

from tui_stream.markdown.cells import char_widths

_TOKEN: Final = re.compile(
    r"\x1b\[(?P<private>\??)(?P<numbers>[\d;]*)(?P<final>[@A-Za-z])"
    r"|\x1b\]8;;(?P<link>[^\x1b\x07]*)\x1b\\"
    r"|(?P<control>[\r\n])"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
)
Cell = tuple[str, str, str]
"""A glyph, its SGR parameters and its link; the second half of a wide one is empty."""
BLANK: Final[Cell] = (" ", "", "")


class Emulator:
    """Columns, rows and a scroll-back without end.

    Args:
        reflows: whether lines that have become too long are broken, and joined again, at another width.

    Attributes:
        modes: the private modes that are not as they were in the beginning.
        pen: the style and link of what comes next.
    """

    def __init__(self, columns: int, rows: int, *, reflows: bool = True) -> None:
        self.columns, self.rows = columns, rows
        self.reflows = reflows
        self.lines: list[list[Cell]] = [[]]
        self.soft: set[int] = set()
        self.top = self.row = self.column = 0
        self.wrapping = False
        self.modes: dict[str, bool] = {}
        self.pen = ("", "")

    # What is called

    def write(self, text: str) -> None:
        """Shows what is written; sequences are never cut."""
        position = 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise AssertionError(f"unknown: {text[position : position + 30]!r}")
            position = match.end()
            if match["final"]:
                self._sequence(match["private"], match["numbers"], match["final"])
            elif match["control"]:
                self._control(match["control"])
            elif match["text"]:
                self._print(match["text"])
            else:
                self.pen = (self.pen[0], match["link"])

    def resize(self, columns: int, rows: int) -> None:
        """Takes another size, as terminals that reflow do, or those that cut."""
        if self.reflows:
            self._reflow(columns)
        self.columns, self.rows = columns, rows
        self.column = min(self.column, columns - 1)
        self.wrapping = False
        self.top = min(max(0, len(self.lines) - rows), max(self.row, 0))
        self.top = max(self.top, self.row - rows + 1)

    def text(self) -> list[str]:
        """All lines, the scroll-back first, without blanks at their ends, and without empty ones below."""
        return [line.rstrip() for line in self.raw()]

    def raw(self) -> list[str]:
        """The same with the blanks that were written."""
        lines = ["".join(glyph for glyph, _, _ in line) for line in self.lines]
        while lines and not lines[-1].strip():
            lines.pop()
        return lines

    def cells(self) -> list[list[Cell]]:
        """The same as cells with their styles; blanks of no style at the ends are left out."""
        found = []
        for line in self.lines:
            kept = list(line)
            while kept and kept[-1] == BLANK:
                kept.pop()
            found.append(kept)
        while found and not found[-1]:
            found.pop()
        return found

    # How

    def _reflow(self, columns: int) -> None:
        joined: list[list[Cell]] = []
        cursor = (0, 0)
        for number, line in enumerate(self.lines):
            if number in self.soft and joined:
                start = len(joined[-1])
                joined[-1] = joined[-1] + line
            else:
                start = 0
                joined.append(list(line))
            if number == self.row:
                cursor = (len(joined) - 1, start + self.column)
        self.lines, self.soft = [], set()
        for number, line in enumerate(joined):
            if number == cursor[0]:
                at = max(0, cursor[1] - 1 if cursor[1] and cursor[1] % columns == 0 else cursor[1])
                self.row = len(self.lines) + at // columns
                self.column = at % columns
            pieces = [line[start : start + columns] for start in range(0, len(line), columns)] or [[]]
            self.soft.update(range(len(self.lines) + 1, len(self.lines) + len(pieces)))
            self.lines.extend(pieces)
        self._fill()

    def _control(self, character: str) -> None:
        self.wrapping = False
        if character == "\r":
            self.column = 0
        else:
            self._down()

    def _down(self) -> None:
        self.row += 1
        self._fill()
        self.top = max(self.top, self.row - self.rows + 1)

    def _fill(self) -> None:
        while len(self.lines) <= self.row:
            self.lines.append([])

    def _print(self, text: str) -> None:
        for character, width in zip(text, char_widths(text), strict=True):
            if not width:
                self._join(character)
                continue
            clipped = self.modes.get("7") is False
            if self.wrapping or self.column + width > self.columns:
                if clipped:
                    self.column = self.columns - width
                else:
                    self._down()
                    self.soft.add(self.row)
                    self.column = 0
                self.wrapping = False
            self._put([(character, *self.pen), *[("", *self.pen)] * (width - 1)])

    def _join(self, character: str) -> None:
        line = self.lines[self.row]
        at = min(self.column - (0 if self.wrapping else 1), len(line) - 1)
        while at > 0 and not line[at][0]:
            at -= 1
        if 0 <= at < len(line):
            line[at] = (line[at][0] + character, *line[at][1:])

    def _put(self, cells: list[Cell]) -> None:
        line = self.lines[self.row]
        line.extend([BLANK] * (self.column - len(line)))
        line[self.column : self.column + len(cells)] = cells
        self.column += len(cells)
        if self.column >= self.columns:
            self.column, self.wrapping = self.columns - 1, True

    def _sequence(self, private: str, numbers: str, final: str) -> None:
        if private:
            self._mode(numbers, on={"h": True, "l": False}[final])
            return
        if final == "m":
            self._style(numbers)
            return
        number = int(numbers or {"J": 0, "K": 0}.get(final, 1))
        self.wrapping = False
        if final in "AB":
            self._climb(-number if final == "A" else number)
        elif final == "G":
            self.column = min(number, self.columns) - 1
        elif (final, number) == ("K", 0):
            self._blank(self.row, self.column)
        elif (final, number) == ("J", 0):
            self._blank(self.row, self.column)
            for below in range(self.row + 1, len(self.lines)):
                self._blank(below, 0)
        elif final in "@P":
            self._shift(number if final == "@" else -number)
        elif final == "M":
            assert self.row >= self.top
            last = min(self.row + number, self.top + self.rows, len(self.lines))
            del self.lines[self.row : last]
            gone = last - self.row
            self.soft = {line - gone * (line >= last) for line in self.soft if not self.row <= line <= last}
            self._fill()
            self.column = 0
        else:
            raise AssertionError(f"unknown: CSI {numbers} {final}")

    def _blank(self, row: int, column: int) -> None:
        """Erases to the end of a line; as on some terminals, in the colour of the pen."""
        del self.lines[row][column:]
        if self.pen[0]:
            line = self.lines[row]
            line.extend([BLANK] * (column - len(line)))
            line.extend([(" ", self.pen[0], "")] * (self.columns - column))
        self.soft.discard(row + 1)

    def _climb(self, number: int) -> None:
        """Moves the cursor down, or up, within the screen."""
        self.row = min(max(self.top, self.row + number), self.top + self.rows - 1)
        self._fill()

    def _shift(self, number: int) -> None:
        """Puts cells in where the cursor is, or takes them out; no cell that shows anything may leave the line."""
        line = self.lines[self.row]
        line.extend([BLANK] * (self.column - len(line)))
        assert not line[self.column :] or line[self.column][0], "within a wide character"
        if number > 0:
            line[self.column : self.column] = [(" ", self.pen[0], "")] * number
            assert len(line) <= self.columns, "pushed off the line"
        else:
            del line[self.column : self.column - number]

    def _mode(self, numbers: str, *, on: bool) -> None:
        usual = {"7": True, "2026": False, "25": True}[numbers]
        if on == usual:
            self.modes.pop(numbers, None)
        else:
            self.modes[numbers] = on

    def _style(self, numbers: str) -> None:
        parameters = self.pen[0]
        for piece in [numbers] if numbers else [""]:
            if piece in {"", "0"}:
                parameters = ""
            elif piece.startswith("0;"):
                parameters = piece[2:]
            else:
                assert not parameters, f"{numbers} on top of {parameters}"
                parameters = piece
        self.pen = (parameters, self.pen[1])
