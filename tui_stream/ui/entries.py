"""The entries of the transcript that do not grow: what the person said, and what the program says."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style

from tui_stream.core.sanitize import clean
from tui_stream.ui.entry import INDENT, Entry, Line, Spot, fold_mark, wrapped
from tui_stream.ui.looks import Looks

if TYPE_CHECKING:
    from tui_stream.core.models import Message

_HEAD = 2  # lines of a prompt above its text


class TextEntry(Entry):
    """Text that does not grow."""

    __slots__ = ("_lines", "_text")

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = clean(text)
        self._lines: Sequence[Line] = ()

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
        shown = self._lines[max(0, first - 1) : max(0, last - 1)]
        return [[], *shown] if first <= 0 < last else list(shown)

    def again(self) -> None:
        """Something about it changed: lays it out anew."""
        self._measured = 0
        if self._looks is not None:
            self._restyle(self._width, self._looks)

    def _forget(self) -> None:
        self._lines = ()


class PromptEntry(TextEntry):
    """What the person said, as typed; a long one is folded.

    Attributes:
        prompt: the text as it is to be sent.
        queued: it waits for what is under way.
        adds_to: the answer that is stopped for its sake, None where it is a prompt of its own.
        folded: only its first lines are shown.
    """

    __slots__ = ("_message", "_origins", "adds_to", "folded", "prompt", "queued")

    LONG = (40, 4000)  # typed lines and characters that a prompt may have before it is folded
    FOLDED = (12, 1200)  # typed lines and characters that a folded one shows at most

    def __init__(
        self, text: str, *, queued: bool = False, message: Message | None = None, adds_to: Message | None = None
    ) -> None:
        super().__init__(text)
        self.adds_to = adds_to
        self.prompt = text
        self.queued = queued
        self._message = message
        self.folded = self._exceeds(*self.LONG)
        self._origins: Sequence[int] = ()

    @property
    def message(self) -> Message | None:
        """The message, where it was given one."""
        return self._message

    def begin(self, message: Message) -> None:
        """It waits no longer: it is this message now."""
        self._message = message
        self.queued = False
        self.again()

    def fold(self) -> int | None:
        """Folds it or unfolds it."""
        if not self._exceeds(*self.FOLDED):
            return None
        self.folded = not self.folded
        self.again()
        return 0

    def _exceeds(self, lines: int, characters: int) -> bool:
        return len(self._text) > characters or self._text.count("\n") >= lines

    @property
    def _shown(self) -> str:
        """The text, or its beginning where it is folded."""
        if not self.folded:
            return self._text
        lines, characters = self.FOLDED
        return "\n".join(self._text[:characters].split("\n")[:lines])

    def estimate(self, width: int) -> int:
        """About how many lines; few where it is folded."""
        return self.FOLDED[0] + 4 if self.folded else super().estimate(width)

    def source_of(self, first: int, last: int) -> str:
        """The typed lines that the lines [first, last) show; all of them where the fold's mark is among them."""
        origins = self._origins[max(0, first - _HEAD) : max(0, last - _HEAD)]
        if not origins or origins[-1] < 0:
            return self._text if origins else ""
        return "\n".join(self._text.split("\n")[origins[0] : origins[-1] + 1])

    def spot(self, line: int) -> Spot:
        """The typed line."""
        if line < _HEAD or not self._origins:
            return Spot(0, line)
        return Spot(1, self._origins[min(line - _HEAD, len(self._origins) - 1)])

    def line_of(self, spot: Spot) -> int:
        """Where a typed line begins now."""
        if not spot.part or spot.offset < 0:
            return min(spot.offset, self.height - 1) if not spot.part else self.height - 1
        shown = self._origins[:-1] if self.folded else self._origins
        return min(_HEAD + bisect_left(shown, spot.offset), self.height - 1)

    def _forget(self) -> None:
        super()._forget()
        self._origins = ()

    def _restyle(self, width: int, looks: Looks) -> None:
        bar, label = (looks.queued_bar, looks.queued_label) if self.queued else (looks.prompt_bar, looks.prompt_label)
        style = looks.quiet if self.queued else Style()
        shown = self._shown
        texts = shown.split("\n")
        rows: list[Line] = [[Segment("You · queued" if self.queued else "You", label)]]
        rows[0] += [Segment(self._version_text, looks.quiet)] if self._version_text else []
        origins: list[int] = []
        if not shown and self._message is not None and self._message.error:
            rows += wrapped(clean(self._message.error), looks.quiet, width - INDENT)
            origins += [0] * (len(rows) - 1)
            texts = []
        for number, text in enumerate(texts):
            wrapping = wrapped(text, style, width - INDENT)
            rows += wrapping
            origins += [number] * len(wrapping)
        if shown and (said := _cut_text(self._message)):
            cut = wrapped(said, looks.quiet + Style(italic=True), width - INDENT)
            rows += cut
            origins += [len(texts) - 1] * len(cut)
        if self.folded:
            rows.append([fold_mark(self._text.count("\n", len(shown)), len(self._text) - len(shown), looks)])
            origins.append(-1)
        self._origins = origins
        self._lines = [_barred(row, bar, looks.prompt, width) for row in rows]


def _cut_text(message: Message | None) -> str:
    """What requests leave out from a prompt on, a sentence."""
    if message is None or message.cut is None:
        return ""
    count = message.cut.left_out
    what = "The oldest message is" if count == 1 else f"The oldest {count:,} messages are"
    return f"{what} not sent from here on{', but summed up' if message.cut.summary else ''}."


def _barred(row: Line, bar: Style, under: Style, width: int) -> Line:
    """A line behind a bar, its background filled to the full width."""
    line = [Segment("▌", under + bar), Segment(" ", under)]
    line += [Segment(text, under + style if style else under) for text, style, _ in row]
    rest = width - sum(segment.cell_length for segment in line)
    return [*line, Segment(" " * rest, under)] if rest > 0 else line


class NoteEntry(TextEntry):
    """Something the program says; trouble in the colour of errors."""

    __slots__ = ("_trouble",)

    def __init__(self, text: str, *, trouble: bool = False) -> None:
        super().__init__(text)
        self._trouble = trouble

    def _restyle(self, width: int, looks: Looks) -> None:
        style = looks.error if self._trouble else looks.quiet
        self._lines = [[Segment("  "), *row] for row in wrapped(self._text, style, width - INDENT)]


class EarlierEntry(NoteEntry):
    """Says that messages before those below it are not loaded; no part of what was said."""

    __slots__ = ()

    def __init__(self, count: int) -> None:
        super().__init__(_earlier_text(count))

    def tell(self, count: int, *, failed: bool = False) -> None:
        """So many they are now."""
        self._text = _earlier_text(count) + (", which cannot be read" if failed else "")
        self.again()

    @property
    def source(self) -> str:
        """Nothing that could be copied."""
        return ""

    @property
    def searched(self) -> Iterator[str]:
        """Nothing that could be found."""
        return iter(())

    def measure(self, width: int) -> int:
        """Two lines: one that is empty, and its own."""
        del width
        return 2

    def _restyle(self, width: int, looks: Looks) -> None:
        style = looks.quiet + Style(italic=True)
        self._lines = wrapped(f"  {self._text}", style, width)[:1]


def _earlier_text(count: int) -> str:
    return f"↑ {count:,} earlier message{'' if count == 1 else 's'}"
