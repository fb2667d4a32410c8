"""The conversation: entries one under the other, drawn by one widget.

Whatever changes above or below, what is on the screen stays where it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.message import Message

from tui_stream.core.models import Message as ChatMessage
from tui_stream.core.models import Role
from tui_stream.ui.answer import AnswerEntry
from tui_stream.ui.browser import Browser
from tui_stream.ui.column import Place
from tui_stream.ui.entries import NoteEntry, PromptEntry
from tui_stream.ui.entry import Entry
from tui_stream.ui.keys import browse_bindings
from tui_stream.ui.languages import Languages
from tui_stream.ui.widgets.browse_actions import BrowseActions
from tui_stream.ui.widgets.entry_view import EntryView

if TYPE_CHECKING:
    from tui_stream.markdown import WideMode
    from tui_stream.ui.finder import Finder

_SEEK = 0.02  # seconds from one bit of searching to the next
_SIDEWAYS = 8  # cells that the wheel moves wide code


class Transcript(EntryView, BrowseActions):
    """Holds the entries, oldest first."""

    BINDINGS: ClassVar[list[BindingType]] = [*browse_bindings()]

    @dataclass
    class Found(Message):
        """Which match the person is at, from 1, and how many there are, so far where it is still searching."""

        position: int | None
        count: int
        searching: bool

    def __init__(self, *, keep_thinking: bool = False, wide: WideMode = "wrap") -> None:
        super().__init__(id="transcript")
        self.browser = Browser(self)
        self._keep_thinking = keep_thinking
        self._wide: WideMode = wide
        self._welcome: NoteEntry | None = None
        self._finder: Finder | None = None
        self._origin = 0
        self._reveals = True
        self._found_from: Place | None = None
        self._told: Transcript.Found | None = None
        self._languages = Languages()

    def on_mount(self) -> None:
        """Makes the clock by which a search goes on."""
        self._seeker = self.set_interval(_SEEK, self._seek, pause=True)

    # -- entries ------------------------------------------------------------------------------------

    def welcome(self, text: str) -> None:
        """Shows a text until the first entry."""
        if self.column.entries and self._welcome is None:
            return
        self._unwelcome()
        self._welcome = NoteEntry(text)
        self.show_changed(self.column.insert(0, [self._welcome]))

    def load(self, messages: Sequence[ChatMessage]) -> None:
        """Shows messages of an earlier time, above whatever there is; they are laid out when they are looked at."""
        self._unwelcome()
        entries: list[Entry] = [
            AnswerEntry.of(message, keep_thinking=self._keep_thinking, wide=self._wide)
            if message.role is Role.ASSISTANT
            else PromptEntry(message.text, message=message)
            for message in messages
        ]
        self.show_changed(self.column.insert(0, entries))

    def add(self, entry: Entry, after: Entry | None = None) -> None:
        """Adds an entry at the end, or behind another one."""
        self._unwelcome()
        index = len(self.column.entries) if after is None else self.column.index_of(after) + 1
        self.show_changed(self.column.insert(index, [entry]))

    def insert(self, entry: Entry, *, before: Entry) -> None:
        """Adds an entry before another one; what is on the screen stays where it is."""
        with self.held():
            self.column.insert(self.column.index_of(before), [entry])

    def begin(self, prompt: PromptEntry) -> None:
        """A prompt waits no longer."""
        prompt.begin()
        self.changed(prompt, 0)

    def add_answer(self, model: str, *, after: Entry) -> AnswerEntry:
        """Adds an answer, still empty, behind its prompt."""
        answer = AnswerEntry(model, keep_thinking=self._keep_thinking, wide=self._wide)
        self.add(answer, after)
        return answer

    def add_trouble(self, text: str) -> None:
        """Shows what went wrong outside any turn."""
        self.add(NoteEntry(text, trouble=True))

    def drop(self, dropped: Collection[Entry]) -> None:
        """Takes entries out."""
        if dropped:
            self.browser.forget(dropped)
            if self._found_from is not None and self._found_from.entry in dropped:
                self._found_from = None
            if self._finder is not None:
                self._finder.forget(dropped)
            self.show_changed(self.column.remove(dropped))

    def changed(self, entry: Entry, line: int) -> None:
        """An entry changed from this line of its own on."""
        self.show_changed(self.column.changed(entry, line))
        self._found_changes(entry, line)

    async def write(self, answer: AnswerEntry, text: str) -> None:
        """Adds text to an answer; a language that it brings is made ready in a thread first."""
        if languages := self._languages.new_in(text):
            from tui_stream.markdown import lexers_ready, load_lexers

            if not lexers_ready(languages):
                await asyncio.to_thread(load_lexers, languages)
        if self.follows or not answer.folds_next:
            self.changed(answer, answer.append(text))
            return
        with self.held():
            line = self.column.changed(answer, answer.append(text))
        self._found_changes(answer, line)

    def rearrange(self, entry: Entry, line: int) -> None:
        """As `changed`, where somebody asked for it: what stands on the screen stays there, or else the entry's top."""
        top = self.column.top(self.column.index_of(entry))
        row = max(0, top - self.scroll_offset.y)
        with self.held(row):
            self.column.changed(entry, line)
        self._found_changes(entry, line)

    def _unwelcome(self) -> None:
        if self._welcome is not None:
            welcome, self._welcome = self._welcome, None
            self.drop([welcome])

    def marks(self, line: int) -> Sequence[tuple[int, int, Style]]:
        """What was found, and where the cursor stands."""
        found = self._finder.marks(line, self.looks) if self._finder is not None else ()
        return [*chain(found, self.browser.marks(line))]

    # -- finding ------------------------------------------------------------------------------------

    def find(self, text: str) -> None:
        """Looks for text, beginning where the screen does; for nothing, to end it."""
        self._finder = None
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
            return
        with self.held():
            more = finder.work()
        if finder.current is None and (match := finder.nearest(self._origin)) is not None:
            finder.current = match
            if self._reveals:
                self.browser.reveal(match.entry, match.line)
        elif not more and not finder.count and self._reveals:
            self.go_to(self._origin)
        self._tell_found()

    def _found_changes(self, entry: Entry, line: int) -> None:
        if self._finder is not None:
            self._finder.entry_changed(entry, line)
            self._tell_found()

    def _tell_found(self) -> None:
        finder = self._finder
        told = self.Found(finder.position, finder.count, finder.searching) if finder else self.Found(None, 0, False)
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
            self.browser.fold(entry, thoughts=meta["fold"] == "thoughts")
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
