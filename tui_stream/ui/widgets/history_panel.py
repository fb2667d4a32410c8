"""The list of conversations at the side, and what its keys do.

It changes what is kept, and asks for the rest: which conversation is shown is the screen's business.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui_stream.ui.catalogue import Catalogue, Kind
from tui_stream.ui.keys import PANEL_KEYS, Key, panel_bindings
from tui_stream.ui.widgets.catalogue_view import CatalogueView
from tui_stream.ui.widgets.conversation_list import title_text
from tui_stream.ui.widgets.line_field import LineField
from tui_stream.ui.widgets.row_list import RowList

if TYPE_CHECKING:
    from tui_stream.core.archive import Overview
    from tui_stream.ui.history import History, MakeTitle

Change = Callable[[Catalogue, "Overview"], Coroutine[None, None, None]]
_OF_ONE = frozenset({"open", "rename", "name", "pin", "put_away", "remove", "export"})
"""What is done with one conversation."""
_LOCKED = "An answer is coming in there. Esc in the prompt stops it; then it can be deleted."


class HistoryPanel(CatalogueView):
    """Opens, renames, pins, archives, deletes and brings back."""

    BINDINGS: ClassVar[list[BindingType]] = [*panel_bindings()]

    @dataclass
    class Opened(Message):
        """The person wants to see this conversation."""

        conversation_id: str

    class NewAsked(Message):
        """The person wants a new conversation."""

    class Closed(Message):
        """The list is not wanted any more."""

    class Left(Message):
        """The person goes back to the prompt."""

    @dataclass
    class ExportAsked(Message):
        """The person wants this conversation in a file."""

        conversation_id: str

    @dataclass
    class Changed(Message):
        """Something about a conversation is different now.

        Attributes:
            item: as it was before.
            title, pinned, archived: what it is now; None where that is as it was.
        """

        item: Overview
        title: str | None = None
        pinned: bool | None = None
        archived: bool | None = None

    @dataclass
    class Deleted(Message):
        """A conversation is gone, or it is back."""

        conversation_id: str
        back: bool = False

    def __init__(self, history: History, make_title: MakeTitle) -> None:
        super().__init__(history)
        self._make_title = make_title
        self._archive = history.archive
        self._title = LineField("Its first line", frozenset({"escape", "enter", "tab"}), id="history-title")
        self._title_label = Static(Content("New title"), markup=False, id="history-title-label")
        self._renamed: Overview | None = None
        self._locked = ""

    def compose(self) -> ComposeResult:
        """The list, and below it a field that is shown while a title is changed."""
        yield from super().compose()
        self._title.display = self._title_label.display = False
        yield self._title_label
        yield self._title

    @property
    def keys(self) -> Sequence[Key]:
        """The keys that do something now."""
        return [key for key in PANEL_KEYS if self.list.item is not None or key.action not in _OF_ONE]

    @property
    def selected_text(self) -> str:
        """What is selected in one of its fields."""
        return next((field.selected_text for field in (self.filter, self._title) if field.has_focus), "")

    # -- what the screen tells it -------------------------------------------------------------------

    def open(self) -> None:
        """Shows it, as things are now, and goes to the list."""
        self.display = True
        self.screen.set_focus(self.list, scroll_visible=False)
        self.list.go_to_current()
        self.find()

    def close(self) -> None:
        """Hides it; the next time it lists everything again."""
        self._end_renaming()
        self.filter.value = ""
        self.display = False

    def mark(self, conversation_id: str, *, locked: bool) -> None:
        """Says which conversation is shown, and whether an answer is coming in there."""
        self._locked = conversation_id if locked else ""
        self.list.mark(conversation_id)

    # -- keys that change nothing -------------------------------------------------------------------

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        if self.list.item is not None:
            self.post_message(self.Opened(self.list.item.id))

    def action_open(self) -> None:
        """Opens the conversation."""
        self.list.choose()

    def action_move(self, by: int) -> None:
        """Goes down, or up."""
        self.end_notice()
        self.list.move(by)

    def action_page(self, by: int) -> None:
        """Goes down, or up, by a screen."""
        self.end_notice()
        self.list.page(by)

    def action_edge(self, end: bool) -> None:
        """Goes to the last one, or the first."""
        self.end_notice()
        self.list.edge(end=end)

    def action_filter(self) -> None:
        """Goes to the filter."""
        self.end_notice()
        self.filter.focus()
        self.filter.action_select_all()

    def action_begin(self) -> None:
        """Begins a new conversation."""
        self.post_message(self.NewAsked())

    def action_leave(self) -> None:
        """Goes back to the prompt."""
        self.post_message(self.Left())

    def action_close(self) -> None:
        """Closes the list."""
        self.post_message(self.Closed())

    def action_archived(self) -> None:
        """Shows the archived ones, or the others."""
        if self.catalogue is not None:
            self.end_notice()
            self.find(archived=not self.catalogue.archived)

    def action_export(self) -> None:
        """Saves the conversation to a file."""
        if self.list.item is not None:
            self.post_message(self.ExportAsked(self.list.item.id))

    # -- keys that change something -----------------------------------------------------------------

    def _change(self, change: Change) -> None:
        if self.catalogue is not None and self.list.item is not None:
            self.do(partial(change, self.catalogue, self.list.item))

    def action_pin(self) -> None:
        """Pins it, or no longer."""
        self._change(self._pin)

    async def _pin(self, catalogue: Catalogue, item: Overview) -> None:
        await catalogue.pin(item)
        self.post_message(self.Changed(item, pinned=not item.pinned))
        self.find()

    def action_put_away(self) -> None:
        """Archives it, or takes it out of the archive."""
        self._change(self._put_away)

    async def _put_away(self, catalogue: Catalogue, item: Overview) -> None:
        await catalogue.archive(item)
        self.post_message(self.Changed(item, archived=not item.archived))
        self.notice(_archived_text(item, not item.archived))
        self.find()

    def action_remove(self) -> None:
        """Deletes it."""
        if self.list.item is not None and self.list.item.id == self._locked:
            self.notice(_LOCKED, "$text-warning")
        else:
            self._change(self._delete)

    async def _delete(self, catalogue: Catalogue, item: Overview) -> None:
        await catalogue.delete(item)
        self.post_message(self.Deleted(item.id))
        self.notice(f"Deleted, u brings it back: {title_text(item)}")
        self.find()

    def action_undo(self) -> None:
        """Takes back the last deletion, archiving or renaming."""
        if self.catalogue is not None:
            self.do(partial(self._undo, self.catalogue))

    async def _undo(self, catalogue: Catalogue) -> None:
        deed = await catalogue.undo()
        if deed is None:
            self.notice("There is nothing to take back since the program began.")
            return
        item = deed.item
        match deed.kind:
            case Kind.DELETED:
                self.notice(f"Back again: {title_text(item)}")
                self.post_message(self.Deleted(item.id, back=True))
            case Kind.ARCHIVED:
                self.notice(_archived_text(item, item.archived))
                self.post_message(self.Changed(item, archived=item.archived))
            case Kind.RENAMED:
                self.notice(f"Called as before: {title_text(item)}")
                self.post_message(self.Changed(item, title=deed.title))
        self.list.wants(item.id)
        self.find()

    # -- titles -------------------------------------------------------------------------------------

    def action_rename(self) -> None:
        """Changes the title, in a field below the list."""
        item = self.list.item
        if item is not None:
            self.end_notice()
            self._renamed = item
            self._title.value = title_text(item)
            self._title.display = self._title_label.display = True
            self._title.focus()
            self._title.action_select_all()

    @on(LineField.Key, "#history-title")
    def _title_key(self, event: LineField.Key) -> None:
        event.stop()
        item, title = self._renamed, self._title.value.strip()
        self._end_renaming()
        if event.key == "enter" and item is not None and self.catalogue is not None:
            self.do(partial(self._rename, self.catalogue, item, title))

    def _end_renaming(self) -> None:
        self._renamed = None
        if self._title.display:
            self._title.display = self._title_label.display = False
            self.list.focus()

    async def _rename(self, catalogue: Catalogue, item: Overview, title: str) -> None:
        await catalogue.rename(item, title)
        self.post_message(self.Changed(item, title=title))
        self.find()

    def action_name(self) -> None:
        """Lets the model make a title."""
        self._change(self._make_name)

    async def _make_name(self, catalogue: Catalogue, item: Overview) -> None:
        if self._archive is not None:
            self.notice("Asking the model for a title …")
            title = await self._make_title(await self._archive.load(item.id))
            await self._rename(catalogue, item, title)
            self.notice(f"Now called: {title}")


def _archived_text(item: Overview, archived: bool) -> str:
    where = "Archived, A shows where" if archived else "Back among the others"
    return f"{where}: {title_text(item)}"
