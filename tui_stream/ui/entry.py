"""An entry of the transcript: it knows its lines, and lays out only what changed.

Entries are no widgets, and those that are not looked at hold no lines: thousands of them cost what their
text costs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from rich.segment import Segment
from rich.style import Style

from tui_stream.ui.looks import Looks

if TYPE_CHECKING:
    from tui_stream.core.models import Message

Line = list[Segment]
StopKind = Literal["heading", "code", "link"]
"""What one can jump to within an entry."""

INDENT = 2
FOLD = {"fold": "thoughts"}
"""Marks the segments that fold or unfold thoughts when clicked."""
FOLD_FACTS = {"fold": "facts"}
"""Marks the segments that fold or unfold the figures of an answer when clicked."""
FOLD_ENTRY = {"fold": "entry"}
"""Marks the segments that fold or unfold an entry when clicked."""


class Spot(NamedTuple):
    """A place in an entry that means the same after another layout.

    Attributes:
        part: which part of the entry, counted from its first.
        offset: an offset in the part's source, or a line of a part that has none.
        share: how far below the first line of that, as a share of its block's height.
    """

    part: int = 0
    offset: int = 0
    share: float = 0.0


class Stop(NamedTuple):
    """Something to jump to.

    Attributes:
        line: its line in the entry.
        start, end: its characters in that line; all of the line where both are 0.
        target: where a link leads, foreign text.
    """

    line: int
    start: int = 0
    end: int = 0
    target: str = ""


def wrapped(text: str, style: Style, width: int) -> list[Line]:
    """Text broken into lines of a width in cells."""
    from tui_stream.markdown.cells import wrap_runs

    return wrap_runs([(text, style)], width).lines


class Entry(ABC):
    """One entry; an empty line stands above it."""

    __slots__ = ("_height", "_looks", "_measured", "_width", "version")

    def __init__(self) -> None:
        self._width = 0
        self._looks: Looks | None = None
        self._measured = 0
        self._height = 0
        self.version = (1, 1)
        """Which one of how many that were said in its place it is."""

    # -- layout -------------------------------------------------------------------------------------

    def lay_out(self, width: int, looks: Looks) -> int:
        """Lays out for a width in cells; returns the number of lines."""
        if not self.fits(width, looks):
            self._width, self._looks = width, looks
            self._restyle(width, looks)
        return self.height

    def fits(self, width: int, looks: Looks) -> bool:
        """Whether it is laid out for this width and these looks."""
        return self._width == width and self._looks is looks

    def measure(self, width: int) -> int:
        """Its lines at a width: known where it has been laid out for it, else an estimate."""
        if self._looks is not None and self._width == width:
            return self.height
        return self._height if self._measured == width else self.estimate(width)

    def estimate(self, width: int) -> int:
        """About how many lines it will have, without laying it out."""
        text = self.source
        return 3 + text.count("\n") + len(text) // max(1, width)

    def release(self) -> bool:
        """Forgets its lines, but not how many they are; False where it cannot do without."""
        if self._looks is None:
            return True
        if not self._at_rest:
            return False
        if self.settled:
            self._height, self._measured = self.height, self._width
        self._width, self._looks = 0, None
        self._forget()
        return True

    @property
    def settled(self) -> bool:
        """Whether all of it is laid out; else its height is an estimate, which `settle` makes better."""
        return True

    def settle(self, characters: int | None = None) -> None:
        """Lays out some of what is left, about so many characters of it; all if None."""
        del characters

    @property
    @abstractmethod
    def height(self) -> int:
        """The number of lines, the empty one included; it must be laid out."""

    @abstractmethod
    def lines(self, first: int, last: int) -> list[Line]:
        """The lines [first, last)."""

    @property
    def _at_rest(self) -> bool:
        """Whether its lines can be made again from what it keeps."""
        return True

    @abstractmethod
    def _restyle(self, width: int, looks: Looks) -> None:
        """Lays out anew, for these which are kept as ``_width`` and ``_looks`` too."""

    @abstractmethod
    def _forget(self) -> None:
        """Drops what a layout made."""

    # -- what it holds ------------------------------------------------------------------------------

    @property
    @abstractmethod
    def source(self) -> str:
        """The text, as it is to be copied."""

    @property
    def searched(self) -> Iterator[str]:
        """Everything that its lines are made of."""
        yield self.source

    @property
    def message(self) -> Message | None:
        """The message that it shows; None where it is none, or not over yet."""
        return None

    @property
    def message_id(self) -> str:
        """The id of the message that it shows, or is going to show; empty where it is none."""
        return self.message.id if self.message is not None else ""

    def number(self, version: tuple[int, int]) -> None:
        """Which one of how many that were said in its place it is; its height stays."""
        if version != self.version:
            self.version = version
            if self._looks is not None:
                self._remark(self._looks)

    @property
    def _version_text(self) -> str:
        """``2/3``, where there is more than one."""
        this, count = self.version
        return f"  {this}/{count}" if count > 1 else ""

    def _remark(self, looks: Looks) -> None:
        """Writes its first line anew."""
        self._restyle(self._width, looks)

    def source_of(self, first: int, last: int) -> str:
        """The text that the lines [first, last) show, as it is to be copied: whole blocks or source lines."""
        del first, last
        return self.source

    def spot(self, line: int) -> Spot:
        """What stands on a line."""
        return Spot(0, 0, line / max(1, self.height))

    def line_of(self, spot: Spot) -> int:
        """Where that stands now."""
        return min(self.height - 1, round(spot.share * self.height))

    def stops(self, kind: StopKind) -> Sequence[Stop]:
        """What one can jump to in it, from its first line to its last; it must be laid out."""
        del kind
        return ()

    def fold(self) -> int | None:
        """Folds it to a few lines or unfolds it; the first line that changed, None if it is short."""
        return None


def fold_mark(lines: int, characters: int, looks: Looks) -> Segment:
    """What stands for the lines, or else characters, that are folded away; a click unfolds them."""
    what = f"{lines:,} more line" if lines else f"{characters:,} more character"
    what += "s" if (lines or characters) != 1 else ""
    return Segment(f"▸ {what}", looks.quiet + Style(italic=True, meta=FOLD_ENTRY))
