"""What several tests of the scroll-back need."""

from __future__ import annotations

from collections.abc import Iterable

from rich.color import ColorSystem

from tests.emulator import Cell, Emulator
from tui_stream.markdown.themes import DARK
from tui_stream.scrollback.colours import Encoder
from tui_stream.scrollback.printer import Printer, Size


def printer(columns: int, rows: int, *, reflows: bool = True, colours: ColorSystem | None = None) -> Printer:
    return Printer(Size(columns, rows), DARK, Encoder(colours or ColorSystem.TRUECOLOR), reflows=reflows)


class Watched:
    """A printer and the terminal it prints to; what has left the screen may not change."""

    def __init__(self, columns: int, rows: int, *, reflows: bool = True) -> None:
        self.printer = printer(columns, rows, reflows=reflows)
        self.terminal = Emulator(columns, rows, reflows=reflows)
        self.written = 0
        self._above: list[list[Cell]] = []

    def write(self, text: str) -> None:
        self.written += len(text.encode())
        self.terminal.write(text)
        above = self.terminal.lines[: self.terminal.top]
        assert above[: len(self._above)] == self._above
        self._above = [list(line) for line in above]
        assert not self.terminal.modes

    def feed(self, text: str) -> None:
        self.printer.feed(text)
        self.write(self.printer.frame())

    def resize(self, columns: int, rows: int) -> None:
        self.terminal.resize(columns, rows)
        self._above = []
        self.write(self.printer.resize(Size(columns, rows)))

    def end(self) -> None:
        self.printer.finish()
        self.write(self.printer.end())
        assert self.terminal.row >= len(self.terminal.text())
        assert self.terminal.pen == ("", "")
        assert self.terminal.column == 0


def shown(pieces: Iterable[str], columns: int, rows: int) -> Watched:
    watched = Watched(columns, rows)
    for piece in pieces:
        watched.feed(piece)
    watched.end()
    return watched
