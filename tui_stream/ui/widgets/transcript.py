"""The conversation, drawn line by line by one widget.

Only what stands on the screen is drawn, only what is on the screen is laid out, and text that grows costs
what its new lines cost: no child widgets, no layout of the screen. The view follows the end until the person
scrolls up, and then keeps its place.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from tui_stream.ui.entries import AnswerEntry, Entry, Line, NoteEntry, PromptEntry
from tui_stream.ui.looks import COMPONENTS, Looks, make_looks

_MARGIN = 1  # cells left free at the right edge, before the scrollbar


class Transcript(ScrollView, can_focus=True):
    """Holds the entries, oldest first."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(COMPONENTS)

    @dataclass
    class LinkClicked(Message):
        """Somebody wants to open a link; its target is foreign text."""

        target: str

    @dataclass
    class Behind(Message):
        """How many lines there are below the screen while the view does not follow."""

        lines: int

    def __init__(self) -> None:
        super().__init__(id="transcript")
        self._entries: list[Entry] = []
        self._tops = [0]
        self._queued: list[PromptEntry] = []
        self._welcome: NoteEntry | None = None
        self._looks: Looks | None = None
        self._follows = True
        self._moving = False
        self._behind = 0

    # -- entries ----------------------------------------------------------------------------------

    def welcome(self, text: str) -> None:
        """Shows a text until the first entry."""
        if self._entries and self._welcome is None:
            return
        self._entries = [NoteEntry(text)]
        self._welcome = self._entries[0] if isinstance(self._entries[0], NoteEntry) else None
        self._grown(0, 0)

    def queue_prompt(self, text: str) -> None:
        """Shows a prompt that waits for the answer before it."""
        prompt = PromptEntry(text, queued=True)
        self._queued.append(prompt)
        self._add(prompt)

    def begin_prompt(self, text: str) -> None:
        """Shows a prompt whose turn it is, the same one where it was queued."""
        if self._queued:
            prompt = self._queued.pop(0)
            prompt.begin()
            self.changed(prompt, 0)
        else:
            self._add(PromptEntry(text))

    def add_answer(self, model: str, *, keep_thinking: bool) -> AnswerEntry:
        """Adds an answer, still empty, before the prompts that wait."""
        answer = AnswerEntry(model, keep_thinking=keep_thinking)
        self._add(answer, before=self._queued[0] if self._queued else None)
        return answer

    def add_trouble(self, text: str) -> None:
        """Shows what went wrong outside any turn."""
        self._add(NoteEntry(text, trouble=True))

    def drop_queued(self) -> None:
        """Takes the waiting prompts out."""
        if self._queued:
            first = self._entries.index(self._queued[0])
            self._entries = [entry for entry in self._entries if entry not in self._queued]
            self._queued.clear()
            self._grown(first, 0)

    def changed(self, entry: Entry, line: int) -> None:
        """An entry changed from this line of its own on."""
        self._grown(
            self._entries.index(entry) if self._entries[-1] is not entry else len(self._entries) - 1, line
        )

    def _add(self, entry: Entry, before: Entry | None = None) -> None:
        if self._welcome is not None:
            self._entries.clear()
            self._welcome = None
        index = self._entries.index(before) if before is not None else len(self._entries)
        self._entries.insert(index, entry)
        self._grown(index, 0)

    # -- geometry ---------------------------------------------------------------------------------

    @property
    def text_width(self) -> int:
        """Cells for text."""
        return max(1, self.size.width - _MARGIN)

    @property
    def follows(self) -> bool:
        """Whether the view stays at the end while text arrives."""
        return self._follows

    def follow(self) -> None:
        """Goes to the end and stays there."""
        self._follows = True
        self._move_to(self._end)
        self._tell_behind()

    @property
    def _end(self) -> int:
        return max(0, self._tops[-1] - self.size.height)

    def _grown(self, index: int, line: int) -> None:
        """Takes in that entry ``index`` changed from its line ``line`` on."""
        if not self.size.width:
            return
        self._count(index)
        self._resize_content()
        if self._follows and round(self.scroll_y) != self._end:
            self._move_to(self._end)
        else:
            self._refresh_from(self._tops[index] + line)
        self._tell_behind()

    def _count(self, first: int) -> None:
        """Counts lines anew from an entry on; those far from the screen are estimated."""
        width, looks = self.text_width, self._looks or self._make_looks()
        del self._tops[first + 1 :]
        newest = len(self._entries) - 1
        for number in range(first, len(self._entries)):
            entry = self._entries[number]
            if number in {first, newest} or entry.fits(width, looks):
                height = entry.lay_out(width, looks)
            else:
                height = entry.estimate(width)
            self._tops.append(self._tops[-1] + height)

    def _resize_content(self) -> None:
        """Makes the content as high as its lines, without a layout of the screen."""
        size = Size(self.size.width, self._tops[-1])
        if size != self.virtual_size:
            self.set_reactive(ScrollView.virtual_size, size)
            self.vertical_scrollbar.window_virtual_size = size.height

    def _move_to(self, line: int) -> None:
        self._moving = True
        self.scroll_target_y = self.scroll_y = line
        self._moving = False

    def _refresh_from(self, line: int) -> None:
        """Draws again what is on the screen from this line on."""
        top = max(0, line - self.scroll_offset.y)
        if top < self.size.height:
            self.refresh(Region(0, top, self.size.width, self.size.height - top))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follows the end again once the person has scrolled there, and no longer once they left it."""
        super().watch_scroll_y(old_value, new_value)
        if not self._moving and round(old_value) != round(new_value):
            self._follows = round(new_value) >= self._end
            self._tell_behind()

    def _tell_behind(self) -> None:
        below = 0 if self._follows else max(0, self._end - round(self.scroll_y))
        if below != self._behind:
            self._behind = below
            self.post_message(self.Behind(below))

    def on_resize(self) -> None:
        """Lays out for the new width, keeping what is in view."""
        self._lay_out_again()

    def notify_style_update(self) -> None:
        """Takes the new theme's colours."""
        super().notify_style_update()
        if self.is_attached and self.size.width:
            self._looks = None
            self._lay_out_again()

    def _lay_out_again(self) -> None:
        place = self._place()
        self._count(0)
        self._resize_content()
        self._move_to(self._end if self._follows else self._line_of(place))
        self.refresh()

    def _make_looks(self) -> Looks:
        styles = {name: self.get_component_rich_style(name, partial=True) for name in COMPONENTS}
        self._looks = make_looks(self.rich_style, styles, self.app.current_theme)
        return self._looks

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
        return min(self._end, self._tops[index] + round(share * height))

    def _entry_at(self, line: int) -> int:
        return bisect_right(self._tops, line) - 1

    def _settle(self, index: int) -> bool:
        """Lays an entry out whose height was estimated; whether that changed it."""
        width, looks = self.text_width, self._looks or self._make_looks()
        entry = self._entries[index]
        estimated = self._tops[index + 1] - self._tops[index]
        if entry.fits(width, looks):
            return False
        growth = entry.lay_out(width, looks) - estimated
        if growth:
            self._tops[index + 1 :] = [top + growth for top in self._tops[index + 1 :]]
            self._resize_content()
        return bool(growth)

    # -- drawing ----------------------------------------------------------------------------------

    def render_lines(self, crop: Region) -> list[Strip]:
        """The strips for a part of the widget; straight from the entries, past the style cache."""
        first = self.scroll_offset.y + crop.y
        strips = self._strips(first, first + crop.height)
        if crop.x or crop.width < self.size.width:
            strips = [strip.crop(crop.x, crop.right) for strip in strips]
        for line_filter in self.get_line_filters():
            if line_filter.enabled:
                strips = [strip.apply_filter(line_filter, self.background_colors[1]) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """One line, with the offsets that tell what the mouse points at."""
        line = self.scroll_offset.y + y
        return self._strips(line, line + 1)[0].apply_offsets(0, line)

    def _strips(self, first: int, last: int) -> list[Strip]:
        looks = self._looks or self._make_looks()
        width, base = self.size.width, looks.base
        selection = self.text_selection
        strips = []
        for number, line in enumerate(self._lines(first, last), first):
            span = selection.get_span(number) if selection is not None else None
            segments = line if span is None else _selected(line, span, looks.selection)
            styled = [Segment(text, base + style if style else base) for text, style, _ in segments]
            strips.append(Strip(styled).adjust_cell_length(width, base))
        missing = last - first - len(strips)
        return strips + [Strip.blank(width, base)] * missing

    def _lines(self, first: int, last: int) -> list[Line]:
        """The lines [first, last) that there are; entries that were only estimated are laid out now."""
        found: list[Line] = []
        index = self._entry_at(first)
        while first < last and index < len(self._entries):
            if self._settle(index):
                self.call_after_refresh(self.refresh)
            top, bottom = self._tops[index], self._tops[index + 1]
            found += self._entries[index].lines(first - top, min(last, bottom) - top)
            first = max(first, bottom)
            index += 1
        return found[: max(0, last)]

    # -- selecting and clicking -------------------------------------------------------------------

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text, as shown."""
        first = selection.start.y if selection.start is not None else 0
        last = selection.end.y if selection.end is not None else self._tops[-1] - 1
        texts = []
        for number, line in enumerate(self._lines(first, last + 1), first):
            text = "".join(segment.text for segment in line)
            start, end = selection.get_span(number) or (0, 0)
            texts.append(text[start : len(text) if end == -1 else end].rstrip())
        return "\n".join(texts), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draws the selection."""
        del selection
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Opens a link, or folds what was clicked."""
        meta = event.style.meta
        if "link" in meta:
            self.post_message(self.LinkClicked(str(meta["link"])))
        elif "fold" in meta:
            index = self._entry_at(self.scroll_offset.y + event.y)
            entry = self._entries[index] if index < len(self._entries) else None
            if isinstance(entry, AnswerEntry):
                self.changed(entry, entry.toggle_thinking())


def _selected(line: Line, span: tuple[int, int], style: Style) -> Line:
    """A line with the characters of a span in another style; an end of -1 is the end of the line."""
    start, end = span
    length = sum(len(segment.text) for segment in line)
    cuts = sorted({0, min(start, length), length if end == -1 else min(end, length), length})
    found: Line = []
    for low, high in pairwise(cuts):
        marked = start <= low and (end == -1 or high <= end)
        for segment in _cut(line, low, high):
            found.append(Segment(segment.text, (segment.style or Style()) + style) if marked else segment)
    return found


def _cut(line: Line, low: int, high: int) -> Line:
    """The characters [low, high) of a line."""
    found: Line = []
    position = 0
    for text, style, _ in line:
        piece = text[max(0, low - position) : max(0, high - position)]
        if piece:
            found.append(Segment(piece, style))
        position += len(text)
    return found
