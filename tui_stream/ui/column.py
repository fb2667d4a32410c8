"""The entries of a conversation one under the other, and which line is whose.

It exists so that start-up, memory and a resize do not grow with the conversation: an entry is laid out when
somebody looks at it, and until then its height is an estimate; those looked at long ago forget their lines again.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from textual.selection import Selection

from tui_stream.ui.entry import Entry, Line, Spot
from tui_stream.ui.looks import Looks

_MOST_LAID_OUT = 40  # entries at rest that keep their lines
_SETTLED_AT_ONCE = 2000  # characters that are laid out between two looks at the keyboard


class Place(NamedTuple):
    """A place in the conversation that means the same after another layout."""

    entry: Entry
    spot: Spot


class Column:
    """Entries, oldest first; lines are counted from the first one's first."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._tops = array("q", [0])
        self._width = 0
        self._looks: Looks | None = None
        self._laid_out: dict[Entry, None] = {}

    # -- entries ------------------------------------------------------------------------------------

    @property
    def entries(self) -> Sequence[Entry]:
        """The entries, oldest first."""
        return self._entries

    @property
    def height(self) -> int:
        """How many lines there are, some of them perhaps estimated."""
        return self._tops[-1]

    @property
    def width(self) -> int:
        """Cells that it is laid out for; 0 before it is."""
        return self._width

    def top(self, index: int) -> int:
        """The first line of an entry."""
        return self._tops[index]

    def index_of(self, entry: Entry) -> int:
        """The number of an entry; quick for the newest."""
        for index in range(len(self._entries) - 1, -1, -1):
            if self._entries[index] is entry:
                return index
        raise ValueError("there is no such entry")

    def __contains__(self, entry: object) -> bool:
        """Whether the entry is still there."""
        return any(each is entry for each in reversed(self._entries))

    def index_at(self, line: int) -> int:
        """The number of the entry that a line belongs to, the nearest one where there is no such line."""
        return max(0, min(bisect_right(self._tops, line), len(self._entries)) - 1)

    def insert(self, index: int, entries: Iterable[Entry]) -> int:
        """Puts entries in before another one; the first line that changed."""
        self._entries[index:index] = entries
        return self._count(index)

    def remove(self, removed: Collection[Entry]) -> int:
        """Takes entries out; the first line that changed."""
        first = min(self._entries.index(entry) for entry in removed)
        for entry in removed:
            self._laid_out.pop(entry, None)
        self._entries = [entry for entry in self._entries if entry not in removed]
        return self._count(first)

    def clear(self) -> None:
        """Takes all entries out."""
        self._entries.clear()
        self._laid_out.clear()
        self._count(0)

    def changed(self, entry: Entry, line: int = 0) -> int:
        """Takes in that an entry changed from a line of its own on; the first line that changed."""
        index = self.index_of(entry)
        if self._looks is not None:
            self._lay_out(entry, self._looks)
        return self._count(index) + line

    # -- layout -------------------------------------------------------------------------------------

    def arranged_for(self, width: int, looks: Looks) -> bool:
        """Whether it is counted for this width and these looks."""
        return (width, looks) == (self._width, self._looks)

    def arrange(self, width: int, looks: Looks) -> None:
        """Counts for a width and looks; nothing is laid out before somebody looks at it."""
        if not self.arranged_for(width, looks):
            self._width, self._looks = width, looks
            self._count(0)

    def _count(self, first: int) -> int:
        """Counts lines anew from an entry on; its first line."""
        del self._tops[first + 1 :]
        top, width = self._tops[first], self._width
        if width:
            for entry in self._entries[first:]:
                top += entry.measure(width)
                self._tops.append(top)
        else:
            self._tops.extend([top] * (len(self._entries) - first))
        return self._tops[first]

    def settle(self, first: int, last: int) -> int | None:
        """Lays out the entries that show the lines [first, last), where they are not yet.

        Returns:
            The first line that may have moved, None where nothing did.
        """
        moved: int | None = None
        index = self.index_at(first)
        while index < len(self._entries) and self._tops[index] < last:
            if self._look_at(index, first, last) and moved is None:
                moved = self._tops[index]
            index += 1
        self._release(index - self.index_at(first))
        return moved

    def _look_at(self, index: int, first: int, last: int) -> bool:
        """Lays out what the lines [first, last) show of an entry; whether its height changed."""
        moved = self._settle_entry(index)
        entry, top = self._entries[index], self._tops[index]
        if not entry.settled:
            entry.lines(max(0, first - top), last - top)
            moved = self._grow(index, entry.height) or moved
        return moved

    def _settle_entry(self, index: int) -> bool:
        """Lays an entry out; whether its height changed."""
        entry = self._entries[index]
        if self._looks is None:
            return False
        self._lay_out(entry, self._looks)
        return self._grow(index, entry.height)

    def _lay_out(self, entry: Entry, looks: Looks) -> None:
        self._laid_out.pop(entry, None)
        self._laid_out[entry] = None
        entry.lay_out(self._width, looks)

    def _grow(self, index: int, height: int) -> bool:
        growth = height - (self._tops[index + 1] - self._tops[index])
        if growth:
            self._tops[index + 1 :] = array("q", [top + growth for top in self._tops[index + 1 :]])
        return bool(growth)

    def _release(self, in_view: int = 0) -> None:
        """Lets the entries that were looked at longest ago forget their lines, but none of those in view."""
        surplus = len(self._laid_out) - max(_MOST_LAID_OUT, 2 * in_view)
        for entry in list(self._laid_out)[: max(0, surplus)]:
            del self._laid_out[entry]
            if not entry.release():
                self._laid_out[entry] = None

    def unsettled(self, first: int, last: int) -> bool:
        """Whether an entry that shows some of the lines [first, last) has heights that are estimates."""
        return any(not self._entries[index].settled for index in self._indexes(first, last))

    def settle_some(self, first: int, last: int) -> int | None:
        """Makes estimates among the lines [first, last) better, for a few milliseconds; the first line that moved."""
        for index in self._indexes(first, last):
            entry = self._entries[index]
            if not entry.settled:
                self._settle_entry(index)
                entry.settle(_SETTLED_AT_ONCE)
                self._grow(index, entry.height)
                return self._tops[index]
        return None

    def settle_all(self, index: int) -> Entry:
        """Lays out all of an entry; the entry."""
        entry = self._entries[index]
        if self._looks is not None:
            self._lay_out(entry, self._looks)
            entry.settle()
            self._grow(index, entry.height)
            self._release()
        return entry

    def settle_more(self, index: int) -> bool:
        """Lays out an entry, or a bit more of it; whether all of it is laid out."""
        self._settle_entry(index)
        entry = self._entries[index]
        if entry.settled:
            self._release()
            return True
        entry.settle(_SETTLED_AT_ONCE)
        self._grow(index, entry.height)
        return False

    def _indexes(self, first: int, last: int) -> range:
        if not self._entries:
            return range(0)
        return range(self.index_at(first), self.index_at(max(first, last - 1)) + 1)

    # -- lines and places ---------------------------------------------------------------------------

    def lines(self, first: int, last: int) -> list[Line]:
        """The lines [first, last); entries that were only estimated are laid out now."""
        found: list[Line] = []
        for index in self._indexes(first, last):
            top, bottom = self._tops[index], self._tops[index + 1]
            if self._looks is not None and top < last and first < bottom:
                entry = self._entries[index]
                self._lay_out(entry, self._looks)
                wanted = min(last, bottom) - max(first, top)
                lines = entry.lines(max(first, top) - top, min(last, bottom) - top)
                found += lines + [[]] * (wanted - len(lines))
        return found

    def place_at(self, line: int) -> Place | None:
        """What stands on a line; None where there is nothing."""
        if not self._entries:
            return None
        index = self.index_at(line)
        entry = self._entries[index]
        if self._looks is not None:
            self._settle_entry(index)
        return Place(entry, entry.spot(max(0, min(line - self._tops[index], entry.height - 1))))

    def line_of(self, place: Place) -> int:
        """Where that stands now."""
        index = self.index_of(place.entry)
        self._settle_entry(index)
        return self._tops[index] + place.entry.line_of(place.spot)

    def source(self, first: int, last: int) -> str:
        """The Markdown that the lines [first, last) show; entries that are shown whole need no layout for it."""
        sources = []
        for entry, low, high in self._spans(first, last):
            if low <= 1 and high is None:
                sources.append(entry.source)
            else:
                with self._laid_out_whole(entry):
                    sources.append(entry.source_of(low, entry.height if high is None else high))
        return "\n\n".join(source for source in sources if source)

    def text(self, selection: Selection) -> str:
        """What is selected, as shown."""
        first = selection.start.y if selection.start is not None else 0
        last = selection.end.y + 1 if selection.end is not None else self.height
        texts: list[str] = []
        for entry, low, high in self._spans(first, last):
            with self._laid_out_whole(entry):
                lines = entry.lines(low, entry.height if high is None else high)
            texts += ["".join(segment.text for segment in line) for line in lines]
        if texts and selection.end is not None:
            texts[-1] = texts[-1][: selection.end.x]
        if texts and selection.start is not None:
            texts[0] = texts[0][selection.start.x :]
        return "\n".join(text.rstrip() for text in texts)

    def _spans(self, first: int, last: int) -> list[tuple[Entry, int, int | None]]:
        """The entries that show the lines [first, last), each with its own first and last of them; None for its end."""
        found: list[tuple[Entry, int, int | None]] = []
        for index in self._indexes(first, last):
            top, bottom = self._tops[index], self._tops[index + 1]
            found.append((self._entries[index], max(0, first - top), last - top if last < bottom else None))
        return found

    @contextmanager
    def _laid_out_whole(self, entry: Entry) -> Iterator[None]:
        """Lays out all of an entry, for a moment where it is not laid out anyway."""
        known = entry in self._laid_out
        if self._looks is not None:
            entry.lay_out(self._width, self._looks)
            entry.settle()
        yield
        if not known:
            entry.release()
