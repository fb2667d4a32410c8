"""Draws lines that grow at the end: no child widgets, no layout of the screen, known lines from a cache.

It follows the end until the person scrolls up, and then keeps its place.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.selection import Selection
from textual.strip import Strip

from tui_stream.ui.widgets.quick_scrollbar import QuickScrollBar

Line = list[Segment]
BEYOND = 1_000_000  # characters that no line has
_MOST_CACHED = 2000


class LineView(ScrollView, can_focus=True):
    """A scrolled view of lines, which a subclass provides.

    A click does not take the focus: what is typed afterwards still goes where it went before.
    """

    FOCUS_ON_CLICK = False

    @dataclass
    class Behind(Message):
        """How many lines there are below the screen while the view does not follow."""

        lines: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as Textual names it
        super().__init__(id=id)
        self._follows = True
        self._moving = False
        self._behind = 0
        self._cache: dict[int, Strip] = {}

    # -- what a subclass provides -------------------------------------------------------------------

    @property
    @abstractmethod
    def line_count(self) -> int:
        """How many lines there are."""

    @abstractmethod
    def lines(self, first: int, last: int) -> list[Line]:
        """The lines [first, last), those that there are."""

    def marks(self, line: int) -> Sequence[tuple[int, int, Style]]:
        """What of a line is drawn in another style: the first character, the end, the style."""
        del line
        return ()

    def scrolled(self, old: int, new: int) -> None:
        """The screen's first line was this and is that; called before anything is drawn."""

    @property
    @abstractmethod
    def base_style(self) -> Style:
        """The style under every line."""

    @property
    @abstractmethod
    def selection_style(self) -> Style:
        """The style over selected text."""

    # -- growing and following ----------------------------------------------------------------------

    @property
    def follows(self) -> bool:
        """Whether the view stays at the end while text arrives."""
        return self._follows

    def follow(self) -> None:
        """Goes to the end and stays there."""
        self._follows = True
        self.move_to(self.end_line)
        self._tell_behind()

    @property
    def end_line(self) -> int:
        """The first line on the screen when the view is at the end."""
        return max(0, self.line_count - self.size.height)

    def lines_changed(self, first: int) -> None:
        """Takes in that lines changed, or came or went, from this one on."""
        self._forget(first)
        self._resize_content()
        self._follows = self._follows or self.scroll_y > self.end_line
        if self._follows and round(self.scroll_y) != self.end_line:
            self.move_to(self.end_line)
        else:
            self._refresh_from(first)
        self._tell_behind()

    def all_changed(self) -> None:
        """Takes in that every line may be another."""
        self._cache.clear()
        self._resize_content()
        self.refresh()

    def _forget(self, first: int) -> None:
        if len(self._cache) > _MOST_CACHED:
            self._cache.clear()
        for line in [line for line in self._cache if line >= first]:
            del self._cache[line]

    def _resize_content(self) -> None:
        """Makes the content as high as its lines, without a layout of the screen."""
        size = Size(self.size.width, self.line_count)
        if size != self.virtual_size:
            self.set_reactive(ScrollView.virtual_size, size)
            self.vertical_scrollbar.window_virtual_size = size.height

    def redraw(self, *lines: int) -> None:
        """Draws lines again that look different now."""
        for line in lines:
            self._cache.pop(line, None)
            if 0 <= line - self.scroll_offset.y < self.size.height:
                self.refresh(Region(0, line - self.scroll_offset.y, self.size.width, 1))

    def redraw_all(self) -> None:
        """Draws everything again; no line came or went."""
        self._cache.clear()
        self.refresh()

    def move_to(self, line: int) -> None:
        """Shows the content from this line on, at once."""
        self._moving = True
        self.scroll_target_y = self.scroll_y = line
        self._moving = False

    def go_to(self, line: int) -> None:
        """Scrolls so that the screen begins with this line, as a person would: the end is followed again."""
        self.scroll_target_y = self.scroll_y = max(0, min(line, self.end_line))

    def _refresh_from(self, line: int) -> None:
        """Draws again what is on the screen from this line on."""
        top = max(0, line - self.scroll_offset.y)
        if top < self.size.height:
            self.refresh(Region(0, top, self.size.width, self.size.height - top))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follows the end again once the person has scrolled there, and no longer once they left it."""
        super().watch_scroll_y(old_value, new_value)
        old, new = round(old_value), round(new_value)
        if not self._moving and old != new:
            self._follows = new >= self.end_line
            self.scrolled(old, new)
            self._tell_behind()

    def _tell_behind(self) -> None:
        below = 0 if self._follows else max(0, self.end_line - round(self.scroll_y))
        if below != self._behind:
            self._behind = below
            self.post_message(self.Behind(below))

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """A scrollbar that is quick, made when first asked for."""
        if self._vertical_scrollbar is None:
            self._vertical_scrollbar = QuickScrollBar(vertical=True, name="vertical", thickness=1)
            self._vertical_scrollbar.display = False
            self.app._start_widget(self, self._vertical_scrollbar)  # noqa: SLF001 - as its parent does it
        return self._vertical_scrollbar

    # -- drawing ------------------------------------------------------------------------------------

    def render_lines(self, crop: Region) -> list[Strip]:
        """The strips for a part of the widget; straight from the lines, past the style cache."""
        first = self.scroll_offset.y + crop.y
        strips = self._strips(first, first + crop.height)
        if crop.x or crop.width < self.size.width:
            strips = [strip.crop(crop.x, crop.right) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """One line, with the offsets that tell what the mouse points at."""
        line = self.scroll_offset.y + y
        return self._strips(line, line + 1)[0].apply_offsets(0, line)

    def _strips(self, first: int, last: int) -> list[Strip]:
        """The lines [first, last) as strips of the full width, blank ones where there are no more."""
        if self.text_selection is not None:
            return self._make_strips(first, last, self.text_selection)
        strips = []
        number = first
        while number < last:
            strip = self._cache.get(number)
            if strip is None:
                missing = number + 1
                while missing < last and missing not in self._cache:
                    missing += 1
                made = self._make_strips(number, missing, None)
                self._cache.update(enumerate(made, number))
                strips += made
                number = missing
            else:
                strips.append(strip)
                number += 1
        return strips

    def _make_strips(self, first: int, last: int, selection: Selection | None) -> list[Strip]:
        width, base = self.size.width, self.base_style
        strips = []
        for number, segments in enumerate(self.lines(first, last), first):
            span = selection.get_span(number) if selection is not None else None
            if span is not None:
                segments = mark(segments, span, self.selection_style)  # noqa: PLW2901 - one line, marked again and again
            for start, end, style in self.marks(number):
                segments = mark(segments or [Segment(" ")], (start, end), style)  # noqa: PLW2901 - and once more
            styled = [Segment(text, base + style if style else base) for text, style, _ in segments]
            strips.append(Strip(styled).adjust_cell_length(width, base))
        strips += [Strip.blank(width, base)] * (last - first - len(strips))
        background = self.background_colors[1]
        for line_filter in self.get_line_filters():
            if line_filter.enabled:
                strips = [strip.apply_filter(line_filter, background) for strip in strips]
        return strips

    # -- selecting ----------------------------------------------------------------------------------

    @abstractmethod
    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text, as shown, and what to put behind it."""

    def selection_updated(self, selection: Selection | None) -> None:
        """Draws the selection; one that went on beyond this widget ends where the screen does."""
        if selection is not None and (selection.start is None or selection.end is None):
            top = self.scroll_offset.y
            start = selection.start or Offset(0, top)
            end = selection.end or Offset(BEYOND, top + self.size.height - 1)
            self.screen.selections = {self: Selection(start, end)}
        self.refresh()


def mark(line: Line, span: tuple[int, int], style: Style) -> Line:
    """A line with the characters of a span in another style; an end of -1 is the end of the line."""
    start, end = span
    length = sum(len(segment.text) for segment in line)
    stop = length if end == -1 else end
    found: Line = []
    for low, high in pairwise(sorted({0, min(start, length), min(stop, length), length})):
        for segment in _cut(line, low, high):
            marked = start <= low and high <= stop
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
