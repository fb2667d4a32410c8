"""A question that is answered with yes or no."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from tui_stream.core.sanitize import clean


class ConfirmScreen(ModalScreen[bool]):
    """Asks; Enter or y says yes, Esc or n says no."""

    BINDINGS = [  # noqa: RUF012 - Textual's own type
        Binding("y", "answer(True)", "Yes", show=False),
        Binding("n,escape", "answer(False)", "No", show=False),
    ]

    def __init__(self, question: str, yes: str) -> None:
        super().__init__()
        self._question = clean(question)
        self._yes = yes

    def compose(self) -> ComposeResult:
        """The question and two buttons."""
        with Vertical(id="confirm"):
            yield Static(Content(self._question), markup=False)
            with Horizontal():
                yield Button(Content(self._yes), variant="primary", id="yes")
                yield Button(Content("No"), id="no")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A button answers."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:
        """A key answers."""
        self.dismiss(answer)
