"""Draws lines that grow at the end: no child widgets, no layout of the screen, known lines from a cache.

It follows the end until the person scrolls up, and then keeps its place.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from tui_stream.ui.widgets.drawing import draw
from tui_stream.ui.widgets.marking import Line, mark
from tui_stream.ui.widgets.quick_scrollbar import QuickScrollBar

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
        self._behind = 0
        self._room = Size()
        self._strip_width = 0
        self._cache: dict[int, Strip] = {}
        self._cache_end = 0

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

    # -- room ---------------------------------------------------------------------------------------

    @property
    def size(self) -> Size:
        """Columns and rows, the scrollbar's included, as the last layout had them."""
        return self._room

    def _size_updated(self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True) -> bool:
        """Takes in what a layout of the screen gave it."""
        self._room = super().size
        self._strip_width = self.scrollable_content_region.width
        return super()._size_updated(size, virtual_size, container_size, layout)

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
        last = max(self.virtual_size.height, self.line_count)
        self._resize_content()
        self._follows = self._follows or self.scroll_y > self.end_line
        if self._follows and round(self.scroll_y) != self.end_line:
            self.move_to(self.end_line)
        else:
            self._draw_lines(first, last)
        self._tell_behind()

    def all_changed(self) -> None:
        """Takes in that every line may be another."""
        self._cache.clear()
        self._resize_content()
        self.refresh()

    def _forget(self, first: int) -> None:
        if len(self._cache) > _MOST_CACHED or self._cache_end - first > _MOST_CACHED:
            self._cache.clear()
        for line in range(first, self._cache_end):
            self._cache.pop(line, None)
        self._cache_end = min(first, self._cache_end)

    def _resize_content(self) -> None:
        """Makes the content as high as its lines, without a layout of the screen."""
        size = Size(self.size.width, self.line_count)
        if size != self.virtual_size:
            self.set_reactive(ScrollView.virtual_size, size)
            self._move_thumb()

    def _move_thumb(self) -> None:
        self.vertical_scrollbar.move_thumb(self.virtual_size.height, self.scroll_y)

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
        """Shows the content from this line on, at once; whether the end is followed stays as it is."""
        line = max(0, min(line, self.end_line))
        moved = line != round(self.scroll_y)
        self.set_reactive(Widget.scroll_target_y, line)
        self.set_reactive(Widget.scroll_y, line)
        self._move_thumb()
        if moved:
            self._draw_lines(line, line + self.size.height)

    def go_to(self, line: int) -> None:
        """Scrolls so that the screen begins with this line, as a person would: the end is followed again."""
        self.scroll_target_y = self.scroll_y = max(0, min(line, self.end_line))

    def stand_at(self, line: int) -> None:
        """Shows the content from this line on, at once, and follows the end where that comes into view."""
        self.move_to(line)
        self._follows = self.scroll_y >= self.end_line
        self._tell_behind()

    def _draw_lines(self, first: int, last: int) -> None:
        """Draws again what is on the screen of the lines [first, last)."""
        top = self.scroll_offset.y
        first, last = max(0, first - top), min(self.size.height, last - top)
        if first < last:
            draw(self, Region(0, first, self._strip_width, last - first))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follows the end again once the person has scrolled there, and no longer once they left it."""
        super().watch_scroll_y(old_value, new_value)
        old, new = round(old_value), round(new_value)
        if old != new:
            self._follows = new >= self.end_line
            self.scrolled(old, new)
            self._tell_behind()

    def _tell_behind(self) -> None:
        below = 0 if self._follows else max(0, self.end_line - round(self.scroll_y))
        if below != self._behind:
            self._behind = below
            self.post_message(self.Behind(below))

    @property
    def vertical_scrollbar(self) -> QuickScrollBar:
        """A scrollbar that is quick, made when first asked for."""
        bar = self._vertical_scrollbar
        if not isinstance(bar, QuickScrollBar):
            self._vertical_scrollbar = bar = QuickScrollBar(vertical=True, name="vertical", thickness=1)
            bar.display = False
            self.app._start_widget(self, bar)  # noqa: SLF001 - as its parent does it
        return bar

    # -- drawing ------------------------------------------------------------------------------------

    def render_lines(self, crop: Region) -> list[Strip]:
        """The strips for a part of the widget; straight from the lines, past the style cache."""
        first = self.scroll_offset.y + crop.y
        strips = self._strips(first, first + crop.height)
        if crop.x or crop.right < self._strip_width:
            strips = [strip.crop(crop.x, crop.right) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """One line, with the offsets that tell what the mouse points at."""
        line = self.scroll_offset.y + y
        return self._strips(line, line + 1)[0].apply_offsets(0, line)

    def _strips(self, first: int, last: int) -> list[Strip]:
        """The lines [first, last) as strips up to the scrollbar, blank ones where there are no more."""
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
                self._cache_end = max(self._cache_end, missing)
                strips += made
                number = missing
            else:
                strips.append(strip)
                number += 1
        return strips

    def _make_strips(self, first: int, last: int, selection: Selection | None) -> list[Strip]:
        base = self.base_style
        lines = []
        for number, segments in enumerate(self.lines(first, last), first):
            span = selection.get_span(number) if selection is not None else None
            if span is not None:
                segments = mark(segments, span, self.selection_style)  # noqa: PLW2901 - one line, marked again and again
            for start, end, style in self.marks(number):
                segments = mark(segments or [Segment(" ")], (start, end), style)  # noqa: PLW2901 - and once more
            lines.append([Segment(text, base + style if style else base) for text, style, _ in segments])
        lines += [[]] * (last - first - len(lines))
        return self._filtered([self._fit(line) for line in lines])

    def _fit(self, line: Line) -> Line:
        """A line as wide as a strip."""
        missing = self._strip_width - sum(cell_len(segment.text) for segment in line)
        if missing > 0:
            return [*line, Segment(" " * missing, self.base_style)]
        return line if not missing else list(Strip(line).crop(0, self._strip_width))

    def _filtered(self, lines: list[Line]) -> list[Strip]:
        """Strips, in the colours that the terminal has."""
        background = self.background_colors[1]
        for line_filter in self.get_line_filters():
            if line_filter.enabled:
                lines = [line_filter.apply(line, background) for line in lines]
        return [Strip(line, self._strip_width) for line in lines]

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
