"""What stands in the transcript: each entry knows its lines, and lays out only what changed.

Entries are no widgets: thousands of them cost what their text costs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from rich.segment import Segment
from rich.style import Style

from tui_stream.core.sanitize import clean
from tui_stream.ui.looks import Looks

Line = list[Segment]

INDENT = 2


def wrapped(text: str, style: Style, width: int) -> list[Line]:
    """Text broken into lines of a width in cells."""
    from tui_stream.markdown.cells import wrap_runs

    return wrap_runs([(text, style)], width).lines


class Entry(ABC):
    """One entry; an empty line stands above it."""

    def __init__(self) -> None:
        self._width = 0
        self._looks: Looks | None = None

    def lay_out(self, width: int, looks: Looks) -> int:
        """Lays out for a width in cells; returns the number of lines."""
        if (width, looks) != (self._width, self._looks):
            self._width, self._looks = width, looks
            self._restyle(width, looks)
        return self.height

    def fits(self, width: int, looks: Looks) -> bool:
        """Whether it is laid out for this width and these looks."""
        return self._width == width and self._looks is looks

    def estimate(self, width: int) -> int:
        """About how many lines it will have, without laying it out."""
        text = self.source
        return 3 + text.count("\n") + len(text) // max(1, width)

    @property
    @abstractmethod
    def height(self) -> int:
        """The number of lines, the empty one included; it must be laid out."""

    @property
    @abstractmethod
    def source(self) -> str:
        """The text, as it is to be copied."""

    @abstractmethod
    def lines(self, first: int, last: int) -> list[Line]:
        """The lines [first, last)."""

    @abstractmethod
    def _restyle(self, width: int, looks: Looks) -> None:
        """Lays out anew, for these which are kept as ``_width`` and ``_looks`` too."""


class TextEntry(Entry):
    """Text that does not grow, behind a bar or without one."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = clean(text)
        self._lines: list[Line] = []

    @property
    def source(self) -> str:
        """The text."""
        return self._text

    @property
    def height(self) -> int:
        """Its lines and an empty one."""
        return len(self._lines) + 1

    def lines(self, first: int, last: int) -> list[Line]:
        """The lines [first, last)."""
        return [[], *self._lines][first:last]

    def again(self) -> None:
        """Something about it changed: lays it out anew."""
        if self._looks is not None:
            self._restyle(self._width, self._looks)


class PromptEntry(TextEntry):
    """What the person said, as typed.

    Attributes:
        prompt: the text as it is to be sent.
        queued: it waits for what is under way.
    """

    def __init__(self, text: str, *, queued: bool = False) -> None:
        super().__init__(text)
        self.prompt = text
        self.queued = queued

    def begin(self) -> None:
        """It waits no longer."""
        self.queued = False
        self.again()

    def _restyle(self, width: int, looks: Looks) -> None:
        bar, label = (looks.queued_bar, looks.queued_label) if self.queued else (looks.prompt_bar, looks.prompt_label)
        rows = [[Segment("You · queued" if self.queued else "You", label)]]
        rows += wrapped(self._text, looks.quiet if self.queued else Style(), width - INDENT)
        self._lines = [_barred(row, bar, looks.prompt, width) for row in rows]


def _barred(row: Line, bar: Style, under: Style, width: int) -> Line:
    """A line behind a bar, its background filled to the full width."""
    line = [Segment("▌", under + bar), Segment(" ", under)]
    line += [Segment(text, under + style if style else under) for text, style, _ in row]
    rest = width - sum(segment.cell_length for segment in line)
    return [*line, Segment(" " * rest, under)] if rest > 0 else line


class NoteEntry(TextEntry):
    """Something the program says; trouble in the colour of errors."""

    def __init__(self, text: str, *, trouble: bool = False) -> None:
        super().__init__(text)
        self._trouble = trouble

    def _restyle(self, width: int, looks: Looks) -> None:
        style = looks.error if self._trouble else looks.quiet
        self._lines = [[Segment("  "), *row] for row in wrapped(self._text, style, width - INDENT)]
