"""Asks for the name of a file to save to."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui_stream.core.sanitize import clean, clean_line
from tui_stream.errors import StoreError
from tui_stream.ui import export

_HELP = (
    "The end .md saves Markdown, .html a page for a browser, .txt plain text that a screen reader reads well, .json"
    " everything, other versions too. Enter saves, Esc does not."
)


class SaveScreen(ModalScreen[Path | None]):
    """A field with a file's name; a file that exists is replaced only if Enter is pressed twice.

    Args:
        name: what stands in the field at first.
    """

    BINDINGS = [Binding("escape", "cancel", "Cancel", show=False, priority=True)]  # noqa: RUF012 - Textual's own type

    def __init__(self, name: str) -> None:
        super().__init__()
        self._suggested = clean(name)
        self._note = Static(Content(_HELP), markup=False, id="save-note")
        self._asked: Path | None = None
        self._replaces = False

    @property
    def replaces(self) -> bool:
        """Whether the person agreed to replace a file, once the screen has answered."""
        return self._replaces

    def compose(self) -> ComposeResult:
        """The question, the field and what it means."""
        with Vertical(id="save"):
            yield Static(Content("Save the conversation as"), markup=False)
            yield Input(value=self._suggested, select_on_focus=False, id="save-name")
            yield self._note

    def on_mount(self) -> None:
        """Selects the name, so that typing replaces it."""
        field = self.query_one(Input)
        field.focus()
        field.action_select_all()

    @on(Input.Changed)
    def _changed(self) -> None:
        self._asked = None
        self._say(_HELP)

    @on(Input.Submitted)
    async def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        name = event.value.strip()
        if not name:
            return
        path = Path(name)
        try:
            taken = await asyncio.to_thread(export.exists, path)
        except StoreError as error:
            self._say(str(error), trouble=True)
            return
        if not self.is_current:
            return
        if taken and path != self._asked:
            self._asked = path
            self._say(f"{clean_line(name, 100)} exists. Enter once more replaces it.", trouble=True)
            return
        self._replaces = taken
        self.dismiss(path)

    def _say(self, text: str, *, trouble: bool = False) -> None:
        self._note.set_class(trouble, "-trouble")
        self._note.update(Content(text))

    def action_cancel(self) -> None:
        """Saves nothing."""
        self.dismiss(None)
