"""Asks before something is sent that costs much, goes past a budget, or does not fit the model's window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from tui_stream.core.models import Role
from tui_stream.core.sanitize import clean_line

if TYPE_CHECKING:
    from tui_stream.core.models import Message
    from tui_stream.core.outlook import ContextPlan

Choice = Literal["send", "drop", "summarise", "apart"]
"""What the person wants: send it as it is, leave the oldest turns out, sum them up, or begin a branch without them."""

_KEYS: dict[Choice, str] = {"drop": "d", "summarise": "s", "apart": "b", "send": "a"}
_SHOWN = 5  # messages of those that would be left out that are named
_LINE = 60  # characters of each


class BeforeScreen(ModalScreen["Choice | None"]):
    """Says what speaks against it, and what can be done; Esc or n sends nothing.

    Args:
        questions: what speaks against it, sentences.
        plan: what would be left out so that it fits; None where nothing can be.
        window: tokens that the model takes, where that is known.
        apart: it could be sent on a branch of its own.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"choose('{choice}')", choice, show=False) for choice, key in _KEYS.items()),
        Binding("y", "choose('send')", "Send", show=False),
        Binding("n,escape", "refuse", "Do not send", show=False),
        Binding("right,down", "app.focus_next", "Next", show=False),
        Binding("left,up", "app.focus_previous", "Previous", show=False),
    ]
    AUTO_FOCUS = "#refuse"

    def __init__(
        self,
        questions: Sequence[str],
        plan: ContextPlan | None = None,
        *,
        window: int | None = None,
        apart: bool = False,
    ) -> None:
        super().__init__()
        self._questions = questions
        self._window = window
        self._plan = plan if plan is not None and plan.left_out else None
        self._choices = list(self._offered(apart=apart))

    def _offered(self, *, apart: bool) -> Iterator[tuple[Choice, str]]:
        if self._plan is not None:
            yield "drop", "Leave them out"
            yield "summarise", "Sum them up"
        if self._plan is not None and apart:
            yield "apart", "Branch off"
        yield "send", "Send all the same"

    def compose(self) -> ComposeResult:
        """The questions, what could be left out, and a button for each choice."""
        with VerticalScroll(id="before"):
            yield Static(Content("\n").join(self._lines()), markup=False)
            with Grid():
                for choice, label in self._choices:
                    yield Button(Content.assemble(label, (f" {_KEYS[choice]}", "bold")), id=choice)
                yield Button(Content.assemble("Do not send", (" Esc", "bold")), variant="primary", id="refuse")

    def _lines(self) -> Iterator[Content]:
        for question in self._questions:
            yield Content(question)
        if self._plan is None:
            return
        plan = self._plan
        count, rest = len(plan.left_out), len(plan.left_out) - _SHOWN
        so_many = f"the oldest {count:,} messages" if count > 1 else "the oldest message"
        yield Content("")
        fits = "" if plan.enough else f", more than the {self._window or 0:,} even so"
        yield Content(f"Without {so_many} it is about {plan.tokens:,} tokens{fits}:")
        for message in plan.left_out[:_SHOWN]:
            yield Content.styled(_named(message), "$text-muted")
        if rest > 0:
            yield Content.styled(f"  … and {rest:,} more", "$text-muted")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A button answers."""
        chosen = next((choice for choice, _ in self._choices if choice == event.button.id), None)
        self.dismiss(chosen)

    def action_choose(self, choice: Choice) -> None:
        """A key answers, where its choice is offered."""
        if any(choice == offered for offered, _ in self._choices):
            self.dismiss(choice)

    def action_refuse(self) -> None:
        """Sends nothing."""
        self.dismiss(None)


def _named(message: Message) -> str:
    who = "You" if message.role is Role.USER else "Answer"
    return f"  {who}: {clean_line(message.text, _LINE)}"
