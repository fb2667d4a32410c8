"""Draws a column of entries. Whatever changes above or below, what is on the screen stays where it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from rich.style import Style
from textual.geometry import Offset
from textual.selection import Selection

from tui_stream.ui.column import Column, Place
from tui_stream.ui.entry import Line
from tui_stream.ui.looks import COMPONENTS, Looks, make_looks
from tui_stream.ui.widgets.line_view import BEYOND, LineView

_MARGIN = 1  # cells left free at the right edge, before the scrollbar
_ROUNDS = 8  # times that laying out what is in view may bring something else into view
_SETTLE = 0.02  # seconds from one bit of laying out to the next


class EntryView(LineView):
    """Lays entries out where somebody looks, and draws them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(COMPONENTS)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as Textual names it
        super().__init__(id=id)
        self.column = Column()
        self._made_looks: Looks | None = None

    def on_mount(self) -> None:
        """Makes the clock by which what is left over gets laid out."""
        self._settler = self.set_interval(_SETTLE, self._settle_some, pause=True)

    def show_changed(self, line: int) -> None:
        """Draws what changed from a line on."""
        if self.size.width:
            self.lines_changed(line)
            self._settle_view()

    # -- geometry -----------------------------------------------------------------------------------

    @property
    def line_count(self) -> int:
        """How many lines there are, some of them perhaps estimated."""
        return self.column.height

    def lines(self, first: int, last: int) -> list[Line]:
        """The lines [first, last)."""
        return self.column.lines(first, last)

    def on_resize(self) -> None:
        """Lays out for the new size, keeping what is in view."""
        self._lay_out_again()

    def _lay_out_again(self) -> None:
        width, looks = max(1, self.size.width - _MARGIN), self._looks
        again = not self.column.arranged_for(width, looks)
        with self.held():
            self.column.arrange(width, looks)
        if again:
            self.arranged()

    def arranged(self) -> None:
        """All lines may be others now."""

    @contextmanager
    def held(self, row: int = 0) -> Iterator[None]:
        """Keeps what stands on a row of the screen, and what is selected, while the layout changes."""
        place = self.column.place_at(self.scroll_offset.y + row)
        selected = self._selected_places()
        follows = self.follows
        yield
        self._select_places(selected)
        self.all_changed()
        if follows:
            self.follow()
        elif place is not None:
            self.move_to(self.column.line_of(place) - row)
        self._settle_view()

    def _settle_view(self) -> None:
        """Lays out what is in view where it is not; what the view begins with, or its end, stays where it is."""
        for _ in range(_ROUNDS):
            first = self.end_line if self.follows else self.scroll_offset.y
            place = None if self.follows else self.column.place_at(first)
            if self.column.settle(first, first + self.size.height) is None:
                break
            self.all_changed()
            self.move_to(self.end_line if place is None else self.column.line_of(place))
        if self.column.unsettled(self.scroll_offset.y, self.scroll_offset.y + self.size.height):
            self._settler.resume()

    def scrolled(self, old: int, new: int) -> None:
        """Lays out what came into view; lines that were in view before keep their place on the screen."""
        if self.follows:
            self._settle_view()
            return
        row = old - new if 0 < old - new < self.size.height else 0
        place = self.column.place_at(new + row)
        if self.column.settle(new, new + self.size.height) is not None and place is not None:
            self.all_changed()
            self.move_to(self.column.line_of(place) - row)
        self._settle_view()

    def _settle_some(self) -> None:
        """Lays out a bit of what is only estimated, near the screen."""
        first, last = self.scroll_offset.y, self.scroll_offset.y + self.size.height
        if not self.column.unsettled(first, last):
            self._settler.pause()
            return
        with self.held():
            self.column.settle_some(first, last)

    # -- looks --------------------------------------------------------------------------------------

    @property
    def looks(self) -> Looks:
        """The styles."""
        return self._looks

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

    def notify_style_update(self) -> None:
        """Takes the new theme's colours."""
        super().notify_style_update()
        if self.is_attached and self.size.width:
            self._made_looks = None
            self._lay_out_again()

    # -- selecting ----------------------------------------------------------------------------------

    @property
    def selected_lines(self) -> tuple[int, int] | None:
        """The lines [first, last) that something is selected of."""
        selection = self.text_selection
        if selection is None:
            return None
        first = selection.start.y if selection.start is not None else 0
        last = selection.end.y + 1 if selection.end is not None else self.line_count
        return first, last

    @property
    def selected_source(self) -> str:
        """The Markdown of what is selected: whole blocks; of code and tables, whole lines."""
        lines = self.selected_lines
        return self.column.source(*lines) if lines is not None else ""

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text, as shown."""
        return self.column.text(selection), "\n"

    def select(self, first: int, last: int) -> None:
        """Selects the lines [first, last)."""
        self.screen.selections = {self: Selection(Offset(0, first), Offset(BEYOND, last - 1))}

    def _selected_places(self) -> tuple[Selection, Place | None, Place | None] | None:
        selection = self.text_selection
        if selection is None:
            return None
        first, last = (self.column.place_at(end.y) if end is not None else None for end in selection)
        return selection, first, last

    def _select_places(self, selected: tuple[Selection, Place | None, Place | None] | None) -> None:
        """Selects the same text again, which may stand on other lines now."""
        if selected is None:
            return
        (start, end), first, last = selected
        if any(place is not None and place.entry not in self.column for place in (first, last)):
            self.screen.clear_selection()
            return
        moved = Selection(
            Offset(start.x, self.column.line_of(first)) if start and first else start,
            Offset(end.x, self.column.line_of(last)) if end and last else end,
        )
        if moved != selected[0]:
            self.screen.selections = {**self.screen.selections, self: moved}
