"""The rows of the list of conversations: the pinned first, the others by the day on which they were used last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from tui_stream.core import figures
from tui_stream.core.sanitize import clean_line
from tui_stream.ui.widgets.row_list import Row, RowList, fitted

if TYPE_CHECKING:
    from tui_stream.core.archive import Overview
    from tui_stream.ui.history import History

_TITLE = 200  # characters of a title that are looked at
_COUNTED = 34  # cells from which on there is room for the number of messages


class ConversationList(RowList):
    """Lists conversations.

    Args:
        history: what time it is, and where.
    """

    def __init__(self, history: History) -> None:
        super().__init__(id="conversations")
        self._history = history
        self._items: Sequence[Overview] = ()
        self._days = history.days
        self._current = ""
        self._wanted = ""

    @property
    def item(self) -> Overview | None:
        """The conversation that the person is at."""
        return self._items[self.here] if self.here is not None else None

    def show(self, items: Sequence[Overview], *, stays: bool = True) -> None:
        """Lists these.

        Args:
            items: the pinned first.
            stays: the person stays at the conversation where they were, or at its place if it is gone; otherwise
                they begin at the first.
        """
        at, here = self._wanted or (self.item.id if self.item is not None else ""), self.here
        self._items, self._days = items, self._history.days
        ids = {item.id: number for number, item in enumerate(items)}
        if self._wanted in ids or stays:
            here = ids.get(at, here)
            self._wanted = "" if self._wanted in ids else self._wanted
        else:
            here = 0
        self.fill(self._make_rows(), here)

    def wants(self, conversation_id: str) -> None:
        """The person is to be at this conversation, once it is listed."""
        self._wanted = conversation_id

    def mark(self, conversation_id: str) -> None:
        """This conversation is the one that is shown; the person goes to it."""
        if conversation_id != self._current:
            self._current = conversation_id
            self.go_to_current()
            self.refresh()

    def go_to_current(self) -> None:
        """Goes to the conversation that is shown, as soon as it is listed."""
        number = next((number for number, item in enumerate(self._items) if item.id == self._current), None)
        if number is None:
            self.wants(self._current)
        else:
            self._go(number)

    def _go(self, item: int) -> None:
        self._wanted = ""
        super()._go(item)

    def _make_rows(self) -> list[Row]:
        rows: list[Row] = []
        heading = ""
        for number, item in enumerate(self._items):
            wanted = "Pinned" if item.pinned else self._days.group(item.updated_at)
            if wanted != heading:
                heading = wanted
                rows.append(Row(None, heading=heading))
            rows.append(Row(number))
        return rows

    def draw(self, row: Row, width: int) -> Content:
        """A heading, or a conversation: what is the matter with it, its title, its messages, its time."""
        if row.item is None:
            return fitted(row.heading, width, "bold $foreground-muted")
        item = self._items[row.item]
        when = self._days.short_time(item.updated_at)
        count = f"{item.messages:>2,} " if width >= _COUNTED else ""
        end = Content.assemble(
            ("! " if item.interrupted else "", "bold $text-warning"), (count + when, "$foreground-muted")
        )
        current = item.id == self._current
        mark = Content.styled("● " if current else "  ", "$text-accent")
        title = fitted(title_text(item), width - mark.cell_length - end.cell_length - 1, "bold" if current else "")
        return Content.assemble(mark, title, " ", end)


def title_text(item: Overview) -> str:
    """A conversation's title, foreign text, as one clean line."""
    return clean_line(item.title, _TITLE) or "Untitled"


def detail_text(item: Overview) -> str:
    """What else is known of it, one line."""
    parts = [f"{item.messages:,} message{'s' if item.messages != 1 else ''}"]
    if item.interrupted:
        parts.insert(0, "interrupted")
    if item.model:
        parts.append(clean_line(figures.model_text(item.model), 60))
    if item.cost is not None and item.cost.amount:
        parts.append(figures.cost_text(item.cost))
    return " · ".join(parts)
