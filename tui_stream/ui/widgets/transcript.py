"""The conversation: entries one under the other, drawn by one widget.

Entries far from the screen are not laid out; their heights are estimated until they are scrolled to.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.message import Message

from tui_stream.ui.answer import AnswerEntry
from tui_stream.ui.entries import Entry, NoteEntry, PromptEntry
from tui_stream.ui.looks import COMPONENTS, Looks, make_looks
from tui_stream.ui.widgets.line_view import Line, LineView

_MARGIN = 1  # cells left free at the right edge, before the scrollbar


class Transcript(LineView):
    """Holds the entries, oldest first."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(COMPONENTS)

    @dataclass
    class LinkClicked(Message):
        """Somebody wants to open a link; its target is foreign text."""

        target: str

    @dataclass
    class CodeClicked(Message):
        """Somebody wants this code on the clipboard."""

        code: str

    def __init__(self) -> None:
        super().__init__(id="transcript")
        self._entries: list[Entry] = []
        self._tops = [0]
        self._welcome: NoteEntry | None = None
        self._made_looks: Looks | None = None

    # -- entries ------------------------------------------------------------------------------------

    def welcome(self, text: str) -> None:
        """Shows a text until the first entry."""
        if self._entries and self._welcome is None:
            return
        self._welcome = NoteEntry(text)
        self._entries = [self._welcome]
        self._entries_changed(0)

    def add(self, entry: Entry, after: Entry | None = None) -> None:
        """Adds an entry at the end, or behind another one."""
        if self._welcome is not None:
            self._entries.clear()
            self._welcome = None
        index = len(self._entries) if after is None else self._entries.index(after) + 1
        self._entries.insert(index, entry)
        self._entries_changed(index)

    def begin(self, prompt: PromptEntry) -> None:
        """A prompt waits no longer."""
        prompt.begin()
        self.changed(prompt, 0)

    def add_answer(self, model: str, *, after: Entry, keep_thinking: bool) -> AnswerEntry:
        """Adds an answer, still empty, behind its prompt."""
        answer = AnswerEntry(model, keep_thinking=keep_thinking)
        self.add(answer, after)
        return answer

    def add_trouble(self, text: str) -> None:
        """Shows what went wrong outside any turn."""
        self.add(NoteEntry(text, trouble=True))

    def drop(self, dropped: Collection[Entry]) -> None:
        """Takes entries out."""
        if dropped:
            first = min(self._entries.index(entry) for entry in dropped)
            self._entries = [entry for entry in self._entries if entry not in dropped]
            self._entries_changed(first)

    def changed(self, entry: Entry, line: int) -> None:
        """An entry changed from this line of its own on."""
        newest = len(self._entries) - 1
        self._entries_changed(newest if self._entries[newest] is entry else self._entries.index(entry), line)

    def _entries_changed(self, index: int, line: int = 0) -> None:
        if self.size.width:
            self._count(index)
            self.lines_changed(self._tops[index] + line)

    # -- geometry -----------------------------------------------------------------------------------

    @property
    def line_count(self) -> int:
        """How many lines there are, some of them perhaps estimated."""
        return self._tops[-1]

    @property
    def base_style(self) -> Style:
        """The transcript's own colours."""
        return self._looks.base

    @property
    def selection_style(self) -> Style:
        """The colours of selected text."""
        return self._looks.selection

    @property
    def _looks(self) -> Looks:
        if self._made_looks is None:
            styles = {name: self.get_component_rich_style(name, partial=True) for name in COMPONENTS}
            self._made_looks = make_looks(self.rich_style, styles, self.app.current_theme)
        return self._made_looks

    @property
    def _text_width(self) -> int:
        return max(1, self.size.width - _MARGIN)

    def _count(self, first: int) -> None:
        """Counts lines anew from an entry on; those far from the screen are estimated."""
        width, looks = self._text_width, self._looks
        del self._tops[first + 1 :]
        newest = len(self._entries) - 1
        for number in range(first, len(self._entries)):
            entry = self._entries[number]
            if number in {first, newest} or entry.fits(width, looks):
                height = entry.lay_out(width, looks)
            else:
                height = entry.estimate(width)
            self._tops.append(self._tops[-1] + height)

    def on_resize(self) -> None:
        """Lays out for the new size, keeping what is in view."""
        self._lay_out_again()

    def notify_style_update(self) -> None:
        """Takes the new theme's colours."""
        super().notify_style_update()
        if self.is_attached and self.size.width:
            self._made_looks = None
            self._lay_out_again()

    def _lay_out_again(self) -> None:
        place = self._place()
        self._count(0)
        self.all_changed()
        self.move_to(self.end_line if self.follows else self._line_of(place))

    def _place(self) -> tuple[int, float]:
        """What is at the top of the screen: an entry, and how far into it."""
        index = self._entry_at(self.scroll_offset.y)
        if index >= len(self._entries):
            return 0, 0.0
        height = self._tops[index + 1] - self._tops[index]
        return index, (self.scroll_offset.y - self._tops[index]) / max(1, height)

    def _line_of(self, place: tuple[int, float]) -> int:
        index, share = place
        if index >= len(self._entries):
            return 0
        self._settle(index)
        height = self._tops[index + 1] - self._tops[index]
        return min(self.end_line, self._tops[index] + round(share * height))

    def _entry_at(self, line: int) -> int:
        return bisect_right(self._tops, line) - 1

    def _settle(self, index: int) -> bool:
        """Lays an entry out whose height was estimated; whether that changed it."""
        width, looks = self._text_width, self._looks
        entry = self._entries[index]
        if entry.fits(width, looks):
            return False
        growth = entry.lay_out(width, looks) - (self._tops[index + 1] - self._tops[index])
        if growth:
            self._tops[index + 1 :] = [top + growth for top in self._tops[index + 1 :]]
        return bool(growth)

    def lines(self, first: int, last: int) -> list[Line]:
        """The lines [first, last); entries that were only estimated are laid out now."""
        found: list[Line] = []
        index = self._entry_at(first)
        while first < last and index < len(self._entries):
            if self._settle(index):
                self.call_after_refresh(self.all_changed)
            top, bottom = self._tops[index], self._tops[index + 1]
            found += self._entries[index].lines(first - top, min(last, bottom) - top)
            first = max(first, bottom)
            index += 1
        return found

    # -- clicking -----------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """Opens a link, folds what was clicked, or copies the code whose label it was."""
        meta = event.style.meta
        if "link" in meta:
            self.post_message(self.LinkClicked(str(meta["link"])))
            return
        line = self.scroll_offset.y + event.y
        index = self._entry_at(line)
        entry = self._entries[index] if index < len(self._entries) else None
        if not isinstance(entry, AnswerEntry):
            return
        if "fold" in meta:
            self.changed(entry, entry.toggle_thinking())
        elif code := entry.code_at(line - self._tops[index]):
            self.post_message(self.CodeClicked(code))
