"""Decides which lines of growing Markdown stand in the scroll-back for good, and which are still drawn anew.

It exists because what has left the screen cannot be changed: a line goes into the scroll-back when no text to come can
change it, and until then it stays on the screen. Where the lines that may change are more than the screen has room for,
only the last of them are shown; they are printed from the first as soon as they are finished.

A label that is defined later changes the lines before. They wait for that no longer than they are on the screen.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from rich.segment import Segment

from tui_stream.markdown import LiveMarkdown
from tui_stream.markdown.themes import MarkdownTheme
from tui_stream.scrollback.colours import PLAIN, Encoder, Row, transition
from tui_stream.scrollback.ledger import Ledger, cost_of, growth
from tui_stream.scrollback.painter import Painter

_LEAST_REST: Final = 64
"""Characters after which what was put off is tried again at the earliest."""
_GAIN: Final = 4
"""Bytes that a character brings what was put off nearer to being drawn, at most."""


class Size(NamedTuple):
    """Of a terminal, in cells."""

    columns: int
    rows: int


class Printing(Protocol):
    """Turns growing Markdown into what to write; does no I/O and reads no clock."""

    def feed(self, text: str) -> None:
        """Adds text."""

    def finish(self) -> None:
        """The text is complete: what stands now is all there will be."""

    def frame(self) -> str:
        """What to write so that all is shown that may be shown yet."""

    def end(self) -> str:
        """What to write last: the cursor is below the text then, and no style is left."""


class Printer:
    """For a terminal that knows how to move its cursor.

    Args:
        reflows: whether the terminal breaks lines that have become too long anew.

    Attributes:
        steady: whether to write only lines that no text to come can change, and never to move the cursor.
    """

    def __init__(self, size: Size, theme: MarkdownTheme, encoder: Encoder, *, reflows: bool = True) -> None:
        self.steady = False
        self._live = LiveMarkdown(size.columns, theme=theme, printed=True)
        self._live.hold()
        self._encoder = encoder
        self._painter = Painter()
        self._size = size
        self._reflows = reflows
        self._done = 0
        """Lines that stand for good."""
        self._top = 0
        """The first line that the painter's rows show."""
        self._changed = 0
        """The first line that may be another than the painter's row."""
        self._ledger = Ledger()
        self._shown: int | None = None
        """What the painter's rows cost, where that is known."""
        self._put_off = False
        self._rest = 0
        """Characters to come before what was put off is tried again."""

    # What is called

    @property
    def behind(self) -> bool:
        """Whether something is not shown yet, or not as it will be, so as not to write too much."""
        return not self.steady and (self._put_off or self._live.strained)

    def feed(self, text: str) -> None:
        """Add text."""
        self._rest -= len(text)
        self._changed = min(self._changed, self._live.append(text))

    def finish(self) -> None:
        """End the text."""
        self._changed = min(self._changed, self._live.finish())

    def frame(self, *, complete: bool = False) -> str:
        """What to write so that the terminal shows what there is.

        Args:
            complete: whether all is to be shown, however much is written for that; else some may be put off, see
                `behind`. Where nothing stands, none is.
        """
        complete = complete or self._painter.rows == [()]
        fitted = self._fit(complete=complete)
        stable, first = self._extent()
        if complete or stable > self._done or self._adds(first):
            self._put_off = False
            self._draw(stable, first)
            return self._take()
        if self._put_off and self._rest > 0:
            return ""
        return self._try(stable, first, fitted=fitted)

    def end(self) -> str:
        """What to write last."""
        self._put_off = False
        self._draw(*self._extent())
        self._painter.end()
        return self._take()

    def resize(self, size: Size) -> str:
        """What to write after the terminal has another size; the next frame draws what is missing then."""
        another, self._size = size.columns != self._size.columns, size
        gone = len(self._painter.rows) - max(1, size.rows)
        if another:
            self._painter.clear(size.columns if self._reflows else None)
            self._live.reflow(size.columns)
            self._top = self._changed = self._done
            self._ledger.hidden = 0
        elif gone > 0:  # above a screen that has become lower, where they cannot be reached
            self._painter.commit(gone)
            self._top += gone
        return self._take()

    def withdraw(self) -> str:
        """What to write before something else writes to the terminal.

        Lines that may change are taken away, and the cursor is at the beginning of a line that is empty. The next frame
        draws them where the cursor is then; it must be at the beginning of a line again.
        """
        self._painter.leave()
        text = self._take()
        self._painter = Painter()
        self._top = self._changed = self._done
        self._ledger.hidden = 0
        return text

    # How

    def _extent(self) -> tuple[int, int]:
        """The first line that may change, and the first of those that there is room for."""
        live, room = self._live, max(1, self._size.rows - 1)
        stable = settled(live, room)
        return stable, max(stable, live.height - room)

    def _adds(self, first: int) -> bool:
        """Whether nothing above the last row that stands there is to be written."""
        if self._live.strained:
            return self.steady
        return self.steady or (first <= self._top and self._changed >= self._top + len(self._painter.rows) - 1)

    def _try(self, stable: int, first: int, *, fitted: bool) -> str:
        """Draw, but if that costs too much, have it undone."""
        before = self._painter, self._ledger, self._top, self._changed
        self._painter, self._ledger = self._painter.copy(), self._ledger.copy()
        self._draw(stable, first)
        text, rows = self._painter.take(), self._painter.rows
        added = growth(before[0].rows, rows)
        cost, again = len(text.encode()), self._live.strained
        shown, excess = None, 0.0
        if again or fitted or self._ledger.is_near(cost, added):
            shown = self._cost_shown(before[0].rows) + added
            excess = self._ledger.excess(cost, added, shown, again=again)
        self._put_off = excess > 0
        if self._put_off:
            self._painter, self._ledger, self._top, self._changed = before
            self._rest = max(_LEAST_REST, int(excess / _GAIN))
            return ""
        self._ledger.written += cost
        if fitted and shown is not None:
            self._ledger.learn(cost - added, shown - added)
        self._shown = shown
        return text

    def _fit(self, *, complete: bool) -> bool:
        """Let a table have the columns that it asks for, if that is not too dear."""
        if not self._live.strained or self.steady:
            return False
        allowed = complete or self._ledger.allows(self._cost_shown(self._painter.rows))
        if allowed:
            self._changed = min(self._changed, self._live.fit())
        return allowed

    def _cost_shown(self, rows: list[Row]) -> int:
        if self._shown is None:
            self._shown = cost_of(rows)
        return self._shown

    def _take(self) -> str:
        text = self._painter.take()
        self._shown = None
        self._ledger.written += len(text.encode())
        return text

    def _draw(self, stable: int, first: int) -> None:
        if stable > self._done or first > self._top:
            self._advance(stable, first)
        self._paint(stable if self.steady else self._live.height)

    def _advance(self, stable: int, first: int) -> None:
        """Leave the lines before `stable` for good, and of the others show those from `first` on."""
        painter = self._painter
        if stable > self._done:
            if self._top > self._done:
                painter.clear()
                self._top = self._changed = self._done
                self._ledger.hidden = 0
            self._paint(stable if first > stable or self.steady else self._live.height)
            self._ledger.done += cost_of(painter.rows[: stable - self._top])
            painter.commit(stable - self._top)
            self._done = self._top = stable
        if first > self._top and not self.steady:
            if first - self._top >= len(painter.rows):
                self._changed = min(self._changed, first)
            self._ledger.hidden += cost_of(painter.rows[: first - self._top])
            painter.delete(first - self._top)
            self._top = first

    def _paint(self, end: int) -> None:
        """Let the rows show the lines up to this one."""
        live, shown, encode = self._live, self._painter.rows, self._encoder.row
        same = max(0, min(self._changed - self._top, len(shown)))
        rows = shown[:same]
        rows.extend(map(encode, live.lines(self._top + same, end)))
        self._changed = end
        if end == live.height > max(live.stable_height, self._top):
            rows[-1] = encode(live.lines(end - 1, end)[0], growing=True)
            self._changed = end - 1
        self._painter.paint(rows, same)


class LinePrinter:
    """For what cannot move a cursor, a file or another program: each line once, when nothing can change it.

    Args:
        columns: of a line, in cells.
        patience: lines that wait for the definition of a label.
    """

    def __init__(self, columns: int, theme: MarkdownTheme, encoder: Encoder, *, patience: int = 50) -> None:
        self._live = LiveMarkdown(columns, theme=theme, printed=True)
        self._encoder = encoder
        self._patience = patience
        self._done = 0

    def feed(self, text: str) -> None:
        """Add text."""
        self._live.append(text)

    def finish(self) -> None:
        """End the text."""
        self._live.finish()

    def frame(self) -> str:
        """The lines that are finished since the last call."""
        stable = settled(self._live, self._patience)
        lines = self._live.lines(self._done, stable)
        self._done = max(self._done, stable)
        return "".join(map(self._text, lines))

    def end(self) -> str:
        """The rest."""
        return self.frame()

    def _text(self, line: list[Segment]) -> str:
        parts: list[str] = []
        pen = PLAIN
        for run in self._encoder.row(line):
            parts += transition(pen, run), run[0]
            pen = run
        return "".join([*parts, transition(pen, PLAIN), "\n"])


def settled(live: LiveMarkdown, room: int) -> int:
    """How many lines no text to come can change; to have no more than `room` others, some stop to wait for labels."""
    stable = live.stable_height
    if live.height - stable > room:
        live.seal(min(live.waiting_height, live.height - room))
        stable = live.stable_height
    return stable
