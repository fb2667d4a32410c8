"""A filter, the conversations that fit it, and a line that says more about the one that is marked."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from tui_stream.core.sanitize import clean
from tui_stream.errors import TuiStreamError
from tui_stream.ui.catalogue import PAGE, Catalogue
from tui_stream.ui.widgets.conversation_list import ConversationList, detail_text
from tui_stream.ui.widgets.line_field import LineField
from tui_stream.ui.widgets.row_list import RowList
from tui_stream.ui.working import Work, work_on

if TYPE_CHECKING:
    from tui_stream.ui.history import History

_NOTICED = 10.0  # seconds for which something is said
_STEPS = {"up": -1, "down": 1}
_PAGES = {"pageup": -1, "pagedown": 1}
_FILTER_KEYS = frozenset({"escape", "enter", "tab", *_STEPS, *_PAGES})


class CatalogueView(Vertical):
    """Lists conversations; what was found late never takes the place of what was asked for since."""

    class Listed(Message):
        """Something else is listed, or marked."""

    def __init__(self, history: History) -> None:
        super().__init__(id="history")
        self.catalogue = Catalogue(history.archive) if history.archive is not None else None
        self.list = ConversationList(history)
        self.filter = LineField("/ filters by title", _FILTER_KEYS, id="history-filter")
        self._reason = history.reason
        self._head = Static(Content("Conversations"), markup=False, id="history-head")
        self._foot = Static(Content(), markup=False, id="history-foot")
        self._asked = 0
        self._found = 0
        self._looks_further = False
        self._opens_when_found = False
        self._noticed = False

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self._head
        yield self.filter
        yield self.list
        yield self._foot

    def on_mount(self) -> None:
        """Says so where nothing is kept."""
        self._notices = self.set_interval(_NOTICED, self.end_notice, pause=True)
        if self.catalogue is None:
            self.filter.disabled = True
            self.list.say(Content.styled(clean(f"Nothing is kept. {self._reason}".strip()), "$text-warning"))

    # -- finding ------------------------------------------------------------------------------------

    def find(self, *, archived: bool | None = None) -> None:
        """Lists what the filter wants, anew; what was being looked for before is not wanted any more."""
        if self.catalogue is not None:
            self._asked += 1
            wanted = self.catalogue.archived if archived is None else archived
            work_on(self, partial(self._safely, partial(self._find, self.catalogue, wanted)), "list")

    async def _find(self, catalogue: Catalogue, archived: bool) -> None:
        asked, text = self._asked, self.filter.value
        same = (text, archived) == (catalogue.text, catalogue.archived)
        least = max(PAGE, len(catalogue.items)) if same else PAGE
        try:
            await catalogue.find(text, archived=archived, least=least)
        finally:
            opens, self._opens_when_found = self._opens_when_found and asked == self._asked, False
            self._found = asked
        self.show(stays=same)
        if opens:
            self.list.choose()

    def show(self, *, stays: bool = True) -> None:
        """Lists what was found; the person stays where they were, or begins at the first."""
        if self.catalogue is not None:
            self._head.update(Content("Archived conversations" if self.catalogue.archived else "Conversations"))
            empty = "The archive is empty." if self.catalogue.archived else "There are no conversations yet."
            self.list.say(Content("No title has these words." if self.catalogue.text.strip() else empty))
            self.list.show(self.catalogue.items, stays=stays)

    @on(RowList.RunsOut)
    def _find_more(self, event: RowList.RunsOut) -> None:
        event.stop()
        if self.catalogue is None or self.catalogue.complete or self._looks_further or self._asked != self._found:
            return
        self._looks_further = True
        work = partial(self._look_further, self.catalogue)
        work_on(self, partial(self._safely, work), "list")

    async def _look_further(self, catalogue: Catalogue) -> None:
        try:
            await catalogue.more()
        finally:
            self._looks_further = False
        self.show()

    @on(Input.Changed, "#history-filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._opens_when_found = False
        self.end_notice()
        self.find()

    @on(LineField.Key, "#history-filter")
    def _filter_key(self, event: LineField.Key) -> None:
        event.stop()
        key = event.key
        self.end_notice()
        if key == "enter":
            self._open_found()
        elif key in _STEPS:
            self.list.move(_STEPS[key])
        elif key in _PAGES:
            self.list.page(_PAGES[key])
        else:
            self.filter.value = "" if key == "escape" else self.filter.value
            self.list.focus()

    def _open_found(self) -> None:
        """Opens what the filter leads to, as soon as that is known."""
        if self._asked == self._found:
            self.list.choose()
        else:
            self._opens_when_found = True

    # -- saying -------------------------------------------------------------------------------------

    @on(RowList.Moved)
    def _moved(self, event: RowList.Moved) -> None:
        event.stop()
        if not self._noticed:
            self._say_detail()
        self.post_message(self.Listed())

    def _say_detail(self) -> None:
        item = self.list.item
        self._foot.update(Content(detail_text(item)) if item is not None else Content())

    def notice(self, text: str, style: str = "$text") -> None:
        """Says something, for some seconds."""
        self._noticed = True
        self._foot.update(Content.styled(clean(text), style))
        self._notices.reset()
        self._notices.resume()

    def end_notice(self) -> None:
        """What was said is not said any more, since something else is done."""
        if self._noticed:
            self._noticed = False
            self._notices.pause()
            self._say_detail()

    async def _safely(self, work: Work) -> None:
        """Does something; says what went wrong, here or where it is seen while this is not."""
        try:
            await work()
        except TuiStreamError as error:
            if not self.display:
                self.app.notify(str(error), severity="error", markup=False, timeout=8)
            elif self.list.item is not None:
                self.notice(str(error), "$text-error")
            else:
                self.list.say(Content.styled(clean(str(error)), "$text-error"))

    def do(self, work: Work) -> None:
        """Does something in the background."""
        work_on(self, partial(self._safely, work), "change", newest_only=False)
