"""Finds text in the conversation, little by little, while it may be growing.

An entry whose source cannot hold the words is not even laid out; of one that grows only what changed is looked
at again.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Collection, Sequence
from itertools import chain
from typing import NamedTuple

from rich.style import Style

from tui_stream.ui.column import Column
from tui_stream.ui.entry import Entry
from tui_stream.ui.looks import Looks
from tui_stream.ui.search import Hit, Query, row_text
from tui_stream.ui.search_words import WordsQuery

_LINES = 100  # lines of one entry that are looked through at once
_SLICE = 0.005  # seconds between two looks at the keyboard
_MOST = 50_000  # matches after which a search ends


class Match(NamedTuple):
    """One place where the words stand; lines are counted from the entry's first."""

    entry: Entry
    hit: Hit

    @property
    def line(self) -> int:
        """The first line of it."""
        return self.hit[0].line


class _Job(NamedTuple):
    """Lines of an entry that are still to be looked through."""

    entry: Entry
    first: int


class Finder:
    """One search. It knows where it has looked, what it found, and which match the person is at."""

    def __init__(
        self, column: Column, query: Query | WordsQuery, nearest: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.query = query
        self._clock = clock
        self.current: Match | None = None
        self._column = column
        self._found: dict[Entry, list[Hit]] = {}
        self._jobs: deque[_Job] = deque()
        self.again(nearest)

    @property
    def searching(self) -> bool:
        """Whether there is more to look through; not all of it is, where there are too many matches."""
        return bool(self._jobs) and self.count < _MOST

    @property
    def count(self) -> int:
        """Matches so far."""
        return sum(map(len, self._found.values()))

    @property
    def position(self) -> int | None:
        """The number of the match that the person is at, from 1."""
        if self.current is None:
            return None
        before = 0
        for entry in self._column.entries:
            hits = self._found.get(entry, [])
            if entry is self.current.entry:
                return before + hits.index(self.current.hit) + 1 if self.current.hit in hits else None
            before += len(hits)
        return None

    def again(self, nearest: int) -> None:
        """Begins again, since all lines may be others now, with this entry."""
        entries = self._column.entries
        self._found.clear()
        self._jobs = deque(_Job(entry, 0) for entry in chain(entries[nearest:], reversed(entries[:nearest])))
        self.current = None

    # -- looking ------------------------------------------------------------------------------------

    def work(self) -> bool:
        """Looks through a few entries more, which may move lines; whether there is more to look through."""
        end = self._clock() + _SLICE
        while self.searching:
            self._do(self._jobs.popleft())
            if self._clock() >= end:
                break
        return self.searching

    def _do(self, job: _Job) -> None:
        """Looks through some of an entry."""
        entry, first = job
        if not first and not any(map(self.query.may_match, entry.searched)):
            return
        if not self._column.settle_more(self._column.index_of(entry)):
            self._jobs.appendleft(job)
            return
        last = min(entry.height, first + _LINES)
        self._search(entry, first, last)
        if last < entry.height:
            self._jobs.appendleft(_Job(entry, last))

    def entry_changed(self, entry: Entry, line: int) -> None:
        """Looks again at an entry that changed from a line of its own on."""
        for number, job in enumerate(self._jobs):
            if job.entry is entry:
                self._jobs[number] = _Job(entry, min(job.first, line))
                self._cut(entry, line)
                return
        self._search(entry, line, entry.height)

    def _cut(self, entry: Entry, line: int) -> list[Hit]:
        """Forgets the matches of an entry that reach a line or stand below it; the list of those that are left."""
        hits = self._found.setdefault(entry, [])
        tail = bisect_left(hits, line - self.query.reach(self._column.width), key=_begin)
        hits[tail:] = [hit for hit in hits[tail:] if _end(hit) < line]
        return hits

    def entries_added(self, entries: Sequence[Entry]) -> None:
        """These are new: looks through them last, from the last to the first."""
        self._jobs.extend(_Job(entry, 0) for entry in reversed(entries))

    def forget(self, entries: Collection[Entry]) -> None:
        """These entries are gone."""
        for entry in entries:
            self._found.pop(entry, None)
        self._jobs = deque(job for job in self._jobs if job.entry not in entries)
        if self.current is not None and self.current.entry in entries:
            self.current = None

    def _search(self, entry: Entry, first: int, last: int) -> None:
        """Looks through the lines [first, last), and those above them that a match may begin on."""
        above = max(0, first - self.query.reach(self._column.width))
        rows = [row_text(line) for line in entry.lines(above, last)]
        hits = self._cut(entry, first)
        tail = bisect_left(hits, above, key=_begin)
        found = [hit for hit in self.query.hits(rows, above, width=self._column.width) if _end(hit) >= first]
        hits[tail:] = sorted([*hits[tail:], *found])
        if not hits:
            del self._found[entry]

    # -- stepping -----------------------------------------------------------------------------------

    def nearest(self, line: int) -> Match | None:
        """The first match at a line of the conversation or below, else the last one above."""
        index = self._column.index_at(line)
        entries = self._column.entries
        for number in range(index, len(entries)):
            top = self._column.top(number)
            for hit in self._found.get(entries[number], ()):
                if top + hit[0].line >= line:
                    return Match(entries[number], hit)
        for number in range(min(index, len(entries) - 1), -1, -1):
            if hits := self._found.get(entries[number]):
                return Match(entries[number], hits[-1])
        return None

    def step(self, by: int) -> Match | None:
        """Goes to the next match, or to the one before; round from the last to the first."""
        matches = [Match(entry, hit) for entry in self._column.entries for hit in self._found.get(entry, ())]
        if not matches:
            self.current = None
        elif self.current in matches:
            self.current = matches[(matches.index(self.current) + by) % len(matches)]
        else:
            self.current = matches[0 if by > 0 else -1]
        return self.current

    # -- showing ------------------------------------------------------------------------------------

    def marks(self, line: int, looks: Looks) -> Sequence[tuple[int, int, Style]]:
        """Where something was found on a line of the conversation."""
        if not self._found:
            return ()
        index = self._column.index_at(line)
        entry, within = self._column.entries[index], line - self._column.top(index)
        current = self.current.hit if self.current is not None and self.current.entry is entry else None
        return [
            (piece.start, piece.end, looks.found_now if hit is current or hit == current else looks.found)
            for hit in self._hits_at(entry, within)
            for piece in hit
            if piece.line == within
        ]

    def _hits_at(self, entry: Entry, line: int) -> Sequence[Hit]:
        """The matches that may stand on a line: those that begin no further above than a match is long."""
        hits = self._found.get(entry, [])
        reach = self.query.reach(self._column.width)
        low = bisect_left(hits, line - reach, key=_begin)
        return hits[low : bisect_right(hits, line, key=_begin)]


def _begin(hit: Hit) -> int:
    return hit[0].line


def _end(hit: Hit) -> int:
    return max(piece.line for piece in hit)
