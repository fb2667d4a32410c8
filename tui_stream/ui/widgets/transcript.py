"""The conversation: entries one under the other, drawn by one widget.

Whatever changes above or below, what is on the screen stays where it is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.message import Message

from tui_stream.ui.answer import AnswerEntry
from tui_stream.ui.browser import Browser
from tui_stream.ui.column import Place
from tui_stream.ui.entries import PromptEntry
from tui_stream.ui.entry import Entry
from tui_stream.ui.keys import browse_bindings
from tui_stream.ui.widgets.browse_actions import BrowseActions
from tui_stream.ui.widgets.message_view import MessageView

if TYPE_CHECKING:
    from tui_stream.core.models import Conversation
    from tui_stream.markdown import WideMode
    from tui_stream.ui.finder import Finder

_SEEK = 0.02  # seconds from one bit of searching to the next
_EARLIER = 1000  # messages that a search asks for at once
_SIDEWAYS = 8  # cells that the wheel moves wide code


class Transcript(MessageView, BrowseActions):
    """The entries, a cursor among them, and what was found in them."""

    BINDINGS: ClassVar[list[BindingType]] = [*browse_bindings()]

    @dataclass
    class Found(Message):
        """Which match the person is at, from 1, and how many there are, so far where it is still searching."""

        position: int | None
        count: int
        searching: bool

    def __init__(self, *, keep_thinking: bool = False, wide: WideMode = "wrap") -> None:
        super().__init__(keep_thinking=keep_thinking, wide=wide)
        self.browser = Browser(self)
        self._goes_to_beginning = False
        self._finder: Finder | None = None
        self._origin = 0
        self._sought_in: Entry | None = None
        self._reveals = True
        self._found_from: Place | None = None
        self._told: Transcript.Found | None = None

    def on_mount(self) -> None:
        """Makes the clock by which a search goes on."""
        self._seeker = self.set_interval(_SEEK, self._seek, pause=True)

    # -- entries ------------------------------------------------------------------------------------

    def replace(self, conversation: Conversation) -> None:
        """Shows a conversation, its end first, in place of everything else."""
        self.find("")
        self._goes_to_beginning = False
        super().replace(conversation)

    def show_path(self, conversation: Conversation, *, without: str = "") -> None:
        """Shows what the conversation's path is now, and goes on with what waited for that."""
        self._goes_to_beginning = self._goes_to_beginning and self.scroll_offset.y == 0
        super().show_path(conversation, without=without)
        if self._goes_to_beginning:
            self.go_to_beginning()
        if self._finder is not None:
            self._origin = self.column.line_of(self._found_from) if self._found_from is not None else 0
            self._seeker.resume()

    def gone(self, entries: Collection[Entry]) -> None:
        """Forgets entries."""
        self.browser.forget(entries)
        if self._found_from is not None and self._found_from.entry in entries:
            self._found_from = None
        if self._finder is not None:
            self._finder.forget(entries)

    def grew(self, entry: Entry, line: int) -> None:
        """Looks again at an entry that changed."""
        if self._finder is not None:
            self._finder.entry_changed(entry, line)
            self._tell_found()

    def came(self, entries: Sequence[Entry]) -> None:
        """Looks at new entries too."""
        if self._finder is not None:
            self._finder.entries_added(entries)

    def earlier_failed(self) -> None:
        """What is not loaded could not be had; what is looked for is not looked for there."""
        self._goes_to_beginning = False
        super().earlier_failed()
        self._tell_found()

    def stand_on(self, entry: Entry, row: int) -> None:
        """Puts an entry's first line on a row of the screen, where there is enough below it, and the cursor there."""
        self.stand_at(self.column.top(self.column.index_of(entry)) - row)
        self._settle_view()
        self.browser.stand(entry)

    def go_to_beginning(self) -> None:
        """Goes to the first message; where it is not loaded, as soon as it is, unless the person went elsewhere."""
        self._goes_to_beginning = self.earlier > 0
        self.want_earlier(self.earlier)
        self.browser.edge(end=False)

    def want_earlier(self, count: int) -> None:
        """Asks for messages that are not loaded: for all of them, where the person wants to see the first one."""
        super().want_earlier(self.earlier if self._goes_to_beginning else count)

    def marks(self, line: int) -> Sequence[tuple[int, int, Style]]:
        """What was found, and where the cursor stands."""
        found = self._finder.marks(line, self.looks) if self._finder is not None else ()
        return [*chain(found, self.browser.marks(line))]

    # -- finding ------------------------------------------------------------------------------------

    def find(self, text: str) -> None:
        """Looks for text, beginning where the screen does; for nothing, to end it."""
        self._finder = self._sought_in = None
        if text.strip():
            from tui_stream.ui.finder import Finder
            from tui_stream.ui.search import Query

            if self._found_from is None:
                self._found_from = self.column.place_at(self.scroll_offset.y)
            self._origin = self.column.line_of(self._found_from) if self._found_from is not None else 0
            self._reveals = True
            self._finder = Finder(self.column, Query(text), self.column.index_at(self._origin))
            self._seeker.resume()
            self._seek()
        else:
            self._found_from = None
            self._seeker.pause()
            self._tell_found()
        self.redraw_all()

    def find_in(self, message_id: str, words: Sequence[str]) -> bool:
        """Goes to a message and marks words, beginning with those in it; False where it is not here."""
        from tui_stream.ui.finder import Finder
        from tui_stream.ui.search_words import WordsQuery

        self.find("")
        entry = self.entry_of(message_id)
        if entry is None:
            return False
        if isinstance(entry, PromptEntry) and entry.folded:
            self.browser.fold(entry)
        self.browser.reveal(entry, 1)
        self._found_from = Place(entry, entry.spot(0))
        self._origin, self._reveals, self._sought_in = self.column.line_of(self._found_from), True, entry
        self._finder = Finder(self.column, WordsQuery(words), self.column.index_of(entry))
        self._seeker.resume()
        self._seek()
        self.redraw_all()
        return True

    @property
    def finding(self) -> bool:
        """Whether anything is looked for."""
        return self._finder is not None

    def step(self, by: int) -> None:
        """Goes to the next match, or to the one before."""
        if self._finder is not None and (match := self._finder.step(by)) is not None:
            self.browser.reveal(match.entry, match.line)
        self._tell_found()

    def _seek(self) -> None:
        """Looks for a few milliseconds."""
        finder = self._finder
        if finder is None or not finder.searching:
            self._seeker.pause()
            if finder is not None and self._seeks_earlier:
                self.want_earlier(_EARLIER)
            return
        with self.held():
            more = finder.work() or self._seeks_earlier
        if finder.current is None and (match := finder.nearest(self._origin)) is not None:
            finder.current = match
            if self._reveals and self._sought_in in {None, match.entry}:
                self.browser.reveal(match.entry, match.line)
        elif not more and not finder.count and self._reveals and self._sought_in is None:
            self.go_to(self._origin)
        self._tell_found()

    @property
    def _seeks_earlier(self) -> bool:
        """Whether what is looked for is also looked for in messages that are not loaded."""
        return self.earlier > 0 and self._sought_in is None and not self.earlier_is_lost

    def _tell_found(self) -> None:
        finder = self._finder
        told = self.Found(None, 0, False)
        if finder is not None:
            told = self.Found(finder.position, finder.count, finder.searching or self._seeks_earlier)
        if told != self._told:
            self._told = told
            self.post_message(told)

    def arranged(self) -> None:
        """Looks again for what was looked for, without going there: its lines may be others now."""
        self.browser.arranged()
        if self._finder is not None:
            current = self._finder.current
            at_match = current is not None and current.entry in self.column
            self._origin = self.column.top(self.column.index_of(current.entry)) if current and at_match else 0
            self._reveals = False
            self._finder.again(self.column.index_at(self._origin))
            self._seeker.resume()

    # -- mouse and keys -----------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """Opens a link, folds what was clicked, or copies the code whose label it was."""
        meta = event.style.meta
        if "link" in meta:
            self.post_message(self.LinkClicked(str(meta["link"])))
            return
        line = self.scroll_offset.y + event.y
        if not self.column.entries or line >= self.line_count:
            return
        index = self.column.index_at(line)
        entry = self.column.entries[index]
        if "fold" in meta:
            self.browser.unfold(entry, meta["fold"])
        elif isinstance(entry, AnswerEntry) and (code := entry.code_at(line - self.column.top(index))):
            self.post_message(self.CopyAsked(code, "The code"))

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Moves the wide code under the mouse."""
        event.stop()
        self.browser.sideways(_SIDEWAYS, self.scroll_offset.y + event.y)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Moves the wide code under the mouse back."""
        event.stop()
        self.browser.sideways(-_SIDEWAYS, self.scroll_offset.y + event.y)

    def on_focus(self) -> None:
        """Shows the cursor."""
        self.browser.show()

    def on_blur(self) -> None:
        """Hides the cursor."""
        self.browser.hide()
