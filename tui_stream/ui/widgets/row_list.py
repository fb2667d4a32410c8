"""A list of any length: rows are drawn when they are on the screen, and are no widgets.

Items are one row high or several, with headings between them; what a row shows is a subclass's business.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

_NEAR = 60  # rows below the screen that should be known


class Row(NamedTuple):
    """One row.

    Attributes:
        item: the number of the item that it shows, None for a heading.
        part: which row of the item, from 0.
        heading: what a heading says.
    """

    item: int | None
    part: int = 0
    heading: str = ""


class RowList(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows rows, one item of which the person is at."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--here"}

    @dataclass
    class Chosen(Message):
        """The person wants this item."""

        item: int

    @dataclass
    class Moved(Message):
        """The person is at this item now, or at none."""

        item: int | None

    class RunsOut(Message):
        """The screen is near the last row."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as Textual names it
        super().__init__(id=id)
        self._rows: Sequence[Row] = ()
        self._tops: list[int] = []
        self._here: int | None = None
        self._said = Content()

    @abstractmethod
    def draw(self, row: Row, width: int) -> Content:
        """What a row shows, in at most so many cells."""

    # -- rows ---------------------------------------------------------------------------------------

    def fill(self, rows: Sequence[Row], here: int | None) -> None:
        """Shows other rows.

        Args:
            rows: headings and items; these are numbered from 0 in their order.
            here: the item to be at; None for the first one.
        """
        self._rows = rows
        self._tops = [number for number, row in enumerate(rows) if row.item is not None and not row.part]
        self._here = None if not self._tops else min(here or 0, len(self._tops) - 1)
        self.virtual_size = Size(self.size.width, len(rows))
        self._bring_in()
        self.refresh()
        self.post_message(self.Moved(self._here))
        self._look_ahead()

    def say(self, text: Content) -> None:
        """This stands in place of the rows while there are none."""
        self._said = text
        self.refresh()

    @property
    def here(self) -> int | None:
        """The item that the person is at."""
        return self._here

    def _go(self, item: int) -> None:
        if self._tops:
            self._here = max(0, min(item, len(self._tops) - 1))
            self._bring_in()
            self.refresh()
            self.post_message(self.Moved(self._here))

    def move(self, by: int) -> None:
        """Goes some items down, or up."""
        self._go((self._here or 0) + by)

    def page(self, by: int) -> None:
        """Goes down, or up, by a screen."""
        if self._here is None:
            return
        wanted = self._tops[self._here] + by * max(1, self._rows_shown - 1)
        step = 1 if by > 0 else -1
        item = self._here + step
        while 0 <= item + step < len(self._tops) and abs(self._tops[item] - wanted) > abs(
            self._tops[item + step] - wanted
        ):
            item += step
        self._go(item)

    def edge(self, *, end: bool) -> None:
        """Goes to the last item, or to the first."""
        self._go(len(self._tops) - 1 if end else 0)

    def choose(self) -> None:
        """Takes the item that the person is at."""
        if self._here is not None:
            self.post_message(self.Chosen(self._here))

    @property
    def _rows_shown(self) -> int:
        return self.scrollable_content_region.height

    def _bring_in(self) -> None:
        """Scrolls as far as it takes to see the item, and the heading above it."""
        if self._here is None or not self._rows_shown:
            return
        first = self._tops[self._here]
        last = first + 1
        while last < len(self._rows) and self._rows[last].part:
            last += 1
        if first and self._rows[first - 1].item is None:
            first -= 1
        top = self.scroll_offset.y
        if first < top:
            self._scroll(first)
        elif last > top + self._rows_shown:
            self._scroll(last - self._rows_shown)

    def _scroll(self, row: int) -> None:
        self.scroll_to(y=row, animate=False, immediate=True)

    def _look_ahead(self) -> None:
        if self.scroll_offset.y + self._rows_shown + _NEAR >= len(self._rows):
            self.post_message(self.RunsOut())

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Says so where the rows run out."""
        super().watch_scroll_y(old_value, new_value)
        self._look_ahead()

    def on_resize(self) -> None:
        """Keeps the item on the screen."""
        self.virtual_size = Size(self.size.width, len(self._rows))
        self._bring_in()

    # -- drawing and mouse --------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """One row."""
        number, width = self.scroll_offset.y + y, self.scrollable_content_region.width
        if not self._rows:
            return self._render_said(y, width)
        if number >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[number]
        here = row.item is not None and row.item == self._here
        style = self.get_visual_style("rows--here") if here else self.visual_style
        strips = Visual.to_strips(self, self.draw(row, width), width, 1, style, apply_selection=False, pad=True)
        return strips[0].adjust_cell_length(width, style.rich_style)

    def _render_said(self, y: int, width: int) -> Strip:
        strips = Visual.to_strips(self, self._said, width, None, self.visual_style, apply_selection=False, pad=True)
        return strips[y] if y < len(strips) else Strip.blank(width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        """Takes the item under the mouse."""
        number = self.scroll_offset.y + event.y
        if number < len(self._rows) and (item := self._rows[number].item) is not None:
            self._go(item)
            self.choose()


def fitted(text: str, width: int, style: str = "") -> Content:
    """Foreign text, cut or filled to a width in cells."""
    return Content.styled(text, style).truncate(max(0, width), ellipsis=True, pad=True)
