"""The line to type into what is looked for in the conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from tui_stream.ui.widgets.line_field import LineField

_STEPS: Final = {"enter": 1, "down": 1, "shift+enter": -1, "up": -1}


class FindBar(Horizontal):
    """One line with a field and a count; not shown until it is opened.

    Its messages come in the order of the keys: a step follows the change that was typed before it.
    """

    @dataclass
    class Changed(Message):
        """This is to be looked for now; nothing if it is blank."""

        text: str

    @dataclass
    class Step(Message):
        """The person wants to see the next match, or with -1 the one before."""

        by: int

    class Closed(Message):
        """It is no longer shown."""

    def __init__(self) -> None:
        super().__init__(id="find")
        self._field = LineField("Text in the conversation", frozenset({"escape", *_STEPS}), id="find-field")
        self._count = Static(Content(), markup=False, id="find-count")
        self.display = False

    def compose(self) -> ComposeResult:
        """From left to right."""
        yield Static(Content("Find"), markup=False, id="find-label")
        yield self._field
        yield self._count

    @property
    def is_open(self) -> bool:
        """Whether it is shown."""
        return self.display

    @property
    def text(self) -> str:
        """What stands in the field."""
        return self._field.value

    @property
    def selected_text(self) -> str:
        """What is selected in the field."""
        return self._field.selected_text

    def open(self, text: str = "") -> None:
        """Shows it and goes to its field, in which the text, if there is none the old one, is selected."""
        opened, old = not self.display, self.text
        self.display = True
        if text:
            self._field.value = text
        self.screen.set_focus(self._field, scroll_visible=False)
        self._field.action_select_all()
        if opened and self.text and self.text == old:
            self.post_message(self.Changed(self.text))

    def close(self) -> None:
        """Hides it; the text stays for the next time."""
        if self.display:
            self.display = False
            self._count.update(Content())
            self.post_message(self.Closed())

    def show(self, position: int | None, count: int, searching: bool) -> None:
        """Says how many matches there are.

        Args:
            position: the number of the one that is shown, counted from 1.
            count: how many were found.
            searching: there may be more.
        """
        self._count.set_class(not count and not searching, "-none")
        self._count.update(Content(_count_text(position, count, searching) if self.text.strip() else ""))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.is_open:
            if not event.value.strip():
                self._count.update(Content())
            self.post_message(self.Changed(event.value))

    @on(LineField.Key)
    def _act(self, event: LineField.Key) -> None:
        event.stop()
        if event.key == "escape":
            self.close()
        elif self.is_open:
            self.post_message(self.Step(_STEPS[event.key]))


def _count_text(position: int | None, count: int, searching: bool) -> str:
    if not count:
        return "searching …" if searching else "no match"
    found = f"{count:,}+ …" if searching else f"{count:,}"
    if position is not None:
        return f"{position:,} of {found}"
    return found if searching else f"{found} {'match' if count == 1 else 'matches'}"
