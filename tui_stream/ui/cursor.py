"""The cursor of the conversation, and how it moves: by lines, by screens, and from one thing of a kind to the next."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Literal

from rich.style import Style

from tui_stream.ui.answer import AnswerEntry
from tui_stream.ui.column import Place
from tui_stream.ui.entries import NoteEntry
from tui_stream.ui.entry import Entry, Stop, StopKind

if TYPE_CHECKING:
    from tui_stream.ui.widgets.transcript import Transcript

Target = Literal["message", "heading", "code", "link"]
"""What one can jump to."""

_SIGNS: dict[StopKind, re.Pattern[str]] = {
    "heading": re.compile(r"^[ \t>*+-]*(?:\d+[.)][ \t]*)?#{1,6}(?:[ \t]|$)|^[ \t>]*(?:=+|-+)[ \t]*$", re.MULTILINE),
    "code": re.compile(r"```|~~~|^[ >]*(?: {4}|\t)", re.MULTILINE),
    "link": re.compile(r"\[|://|www\.|@"),
}
"""What must stand in a source that holds one; an entry without it need not be laid out."""


class Cursor:
    """The cursor of a transcript. Only a transcript with the focus shows it."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._column = transcript.column
        self._active = False
        self._cursor: Place | None = None
        self._anchor: Place | None = None
        self._link: tuple[Entry, Stop] | None = None
        self._number = 0

    # -- the cursor ---------------------------------------------------------------------------------

    @property
    def line(self) -> int:
        """The line that the cursor stands on; where there is none yet, the last one on the screen that has text."""
        transcript = self._transcript
        top = transcript.scroll_offset.y
        bottom = top + transcript.size.height
        if self._cursor is not None:
            line = self._column.line_of(self._cursor)
            if self._active or top <= line < bottom:
                return line
        return max(0, min(transcript.line_count, bottom) - 1)

    @property
    def entry(self) -> Entry | None:
        """The entry that the cursor stands in."""
        entries = self._column.entries
        return entries[self._column.index_at(self.line)] if entries else None

    @property
    def active(self) -> bool:
        """Whether the cursor shows."""
        return self._active

    def stand(self, entry: Entry) -> None:
        """Puts the cursor on an entry's first line, wherever that is."""
        self._link = None
        self._put(self._column.top(self._column.index_of(entry)) + 1)

    @property
    def answer(self) -> AnswerEntry | None:
        """The answer that the cursor stands in, where one shows."""
        entry = self.entry if self._active else None
        return entry if isinstance(entry, AnswerEntry) else None

    def show(self) -> None:
        """Shows the cursor, on the screen."""
        line = self.line
        self._active = True
        self._put(line)

    def hide(self) -> None:
        """Hides the cursor, until it is shown again."""
        self._active = False
        self._anchor = None
        self._link = None
        self._transcript.redraw_all()

    def forget(self, entries: Collection[Entry]) -> None:
        """These entries are gone."""
        if self._cursor is not None and self._cursor.entry in entries:
            self._cursor = None
        if self._anchor is not None and self._anchor.entry in entries:
            self._anchor = None
        if self._link is not None and self._link[0] in entries:
            self._link = None

    def arranged(self) -> None:
        """Lines may be others now; the cursor keeps its place, and where a link stands is not known any more."""
        self._link = None

    def _put(self, line: int) -> None:
        """Moves the cursor, and the selection's end with it."""
        if not self._column.entries:
            return
        line = max(0, min(line, self._transcript.line_count - 1))
        self._cursor = self._column.place_at(line)
        self._number = 0
        self._transcript.redraw_all()
        if self._anchor is not None:
            start = self._column.line_of(self._anchor)
            self._transcript.select(min(start, line), max(start, line) + 1)

    def marks(self, line: int) -> Iterator[tuple[int, int, Style]]:
        """How the cursor and the link that it is at show on a line."""
        if not self._active or self._cursor is None or line != self.line:
            return
        looks = self._transcript.looks
        yield 0, 1, looks.cursor
        if self._link is not None:
            entry, stop = self._link
            if self._column.top(self._column.index_of(entry)) + stop.line == line:
                yield stop.start, stop.end, looks.found_now

    # -- moving -------------------------------------------------------------------------------------

    def move(self, by: int, *, select: bool = False) -> None:
        """Moves the cursor by lines, and scrolls only as far as it has to."""
        if select and self._anchor is None:
            self._anchor = self._column.place_at(self.line)
        self._link = None
        self._put(self.line + by)
        first, height = self._transcript.scroll_offset.y, self._transcript.size.height
        if self.line < first:
            self._transcript.go_to(self.line)
        elif self.line >= first + height:
            self._transcript.go_to(self.line - height + 1)

    def page(self, by: int) -> None:
        """Scrolls by screens; the cursor keeps its row."""
        row = self.line - self._transcript.scroll_offset.y
        before = self._transcript.scroll_offset.y
        self._transcript.go_to(before + by * max(1, self._transcript.size.height - 1))
        self._link = None
        stuck = self._transcript.scroll_offset.y == before
        edge = 0 if by < 0 else self._transcript.line_count - 1
        self._put(edge if stuck else self._transcript.scroll_offset.y + row)

    def edge(self, *, end: bool) -> None:
        """Goes to the first line, or to the last one and follows the answer."""
        self._link = None
        if end:
            self._transcript.follow()
        else:
            self._transcript.go_to(0)
        self._put(self._transcript.line_count - 1 if end else 0)

    def jump(self, target: Target, by: int) -> bool:
        """Goes to the next or the last one of a kind; False where there is none."""
        with self._transcript.held():
            found = self._next_message(by) if target == "message" else self._next_stop(target, by)
        if found is None:
            return False
        self.reveal(found[0], found[1].line)
        self._link = found if target == "link" else None
        self._transcript.redraw_all()
        return True

    def reveal(self, entry: Entry, line: int) -> None:
        """Brings a line of an entry onto the screen, and the cursor to it."""
        self._link = None
        with self._transcript.held():
            self._column.settle_all(self._column.index_of(entry))
        wanted = self._column.top(self._column.index_of(entry)) + line
        first, height = self._transcript.scroll_offset.y, self._transcript.size.height
        if not first + 1 <= wanted < first + height - 1:
            self._transcript.go_to(max(0, wanted - height // 4))
            wanted = self._column.top(self._column.index_of(entry)) + line
        self._put(wanted)

    def _next_message(self, by: int) -> tuple[Entry, Stop] | None:
        """The next entry's first line; going back, the beginning of this one first."""
        entries = self._column.entries
        if not entries:
            return None
        index = self._column.index_at(self.line)
        if by < 0 and self.line > self._column.top(index) + 1:
            return entries[index], Stop(1)
        index += by
        while 0 <= index < len(entries) and isinstance(entries[index], NoteEntry):
            index += by
        return (entries[index], Stop(1)) if 0 <= index < len(entries) else None

    def _next_stop(self, kind: StopKind, by: int) -> tuple[Entry, Stop] | None:
        entries = self._column.entries
        if not entries:
            return None
        index = self._column.index_at(self.line)
        start = self._link[1].start if self._link is not None else -1
        here = (self.line - self._column.top(index), start if kind == "link" else 0)
        while 0 <= index < len(entries):
            if _SIGNS[kind].search(entries[index].source):
                entry = self._column.settle_all(index)
                places = [(stop, (stop.line, stop.start)) for stop in entry.stops(kind)]
                stops = [stop for stop, place in places if (place > here if by > 0 else place < here)]
                if stops:
                    return entry, stops[0 if by > 0 else -1]
            index += by
            here = (-1, -1) if by > 0 else (1 << 30, 0)
        return None
