"""A field, and below it what is found while somebody types into it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui_stream.core.sanitize import clean
from tui_stream.errors import StoreError
from tui_stream.ui.widgets.line_field import LineField
from tui_stream.ui.widgets.row_list import Row, RowList
from tui_stream.ui.working import work_on

Found = TypeVar("Found")
Answer = TypeVar("Answer")

_SETTLED = 0.05  # seconds without a key after which it is looked for what was typed
_STEPS = {"up": -1, "down": 1}
_PAGES = {"pageup": -1, "pagedown": 1}


class LookupScreen(ModalScreen[Answer], Generic[Found, Answer]):
    """Looks for what stands in the field, and answers with what the person takes.

    Only what was found for the text that stands there now is shown or taken: an earlier search is given up.

    Args:
        results: shows what was found.
        text: what stands in the field at first.
        hint: what stands in it while it is empty.
        parts: rows of each result.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Close", show=False, priority=True)]
    AUTO_FOCUS = "#lookup-field"

    def __init__(self, results: RowList, *, text: str, hint: str, parts: int = 1) -> None:
        super().__init__()
        self.found: Sequence[Found] = ()
        self._results = results
        self._parts = parts
        self._text = text
        self._field = LineField(hint, frozenset({"enter", "tab", *_STEPS, *_PAGES}), id="lookup-field")
        self._note = Static(Content(), markup=False, id="lookup-note")
        self._found_for: str | None = None
        self._takes_when_found = False

    # -- what a subclass provides -------------------------------------------------------------------

    async def look(self, text: str) -> Sequence[Found]:
        """What there is for a text.

        Raises:
            StoreError: it cannot be read.
        """
        raise NotImplementedError

    def note(self, text: str) -> str:
        """What is said below the results."""
        raise NotImplementedError

    def take(self, found: Found) -> None:
        """The person takes this."""
        raise NotImplementedError

    def show(self, found: Sequence[Found]) -> None:
        """Hands what was found to the list."""
        raise NotImplementedError

    # -- looking ------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        with Vertical(id="lookup"):
            yield self._field
            yield self._results
            yield self._note

    def on_mount(self) -> None:
        """Looks for what was looked for the last time; typing replaces it."""
        self._field.value = self._text
        self._field.action_select_all()
        if not self._text:
            self._look("")

    def _look(self, text: str) -> None:
        self._takes_when_found = False
        work_on(self, partial(self._find, text), "look")

    async def _find(self, text: str) -> None:
        if self._found_for is not None:
            await asyncio.sleep(_SETTLED)
        try:
            found = await self.look(text)
        except StoreError as error:
            self._say(str(error), trouble=True)
            return
        self.found, self._found_for = found, text
        self.show(found)
        self._results.fill([Row(item, part) for item in range(len(found)) for part in range(self._parts)], None)
        self._say(self.note(text))
        if self._takes_when_found:
            self._results.choose()

    def _say(self, text: str, *, trouble: bool = False) -> None:
        self._note.update(Content.styled(clean(text), "$text-error" if trouble else ""))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._look(event.value)

    @on(LineField.Key)
    def _key(self, event: LineField.Key) -> None:
        event.stop()
        if event.key in _STEPS:
            self._results.move(_STEPS[event.key])
        elif event.key in _PAGES:
            self._results.page(_PAGES[event.key])
        elif event.key == "enter" and self._found_for == self._field.value:
            self._results.choose()
        elif event.key == "enter":
            self._takes_when_found = True

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        if event.item < len(self.found):
            self.take(self.found[event.item])

    @on(RowList.RunsOut)
    @on(RowList.Moved)
    def _ignore(self, event: RowList.RunsOut | RowList.Moved) -> None:
        event.stop()

    def action_cancel(self) -> None:
        """Takes nothing."""
        self.dismiss(None)
