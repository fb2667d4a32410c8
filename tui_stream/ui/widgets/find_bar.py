"""The line to type into what is looked for in the conversation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from tui_stream.core.sanitize import clean
from tui_stream.ui.search import LONGEST

_STEPS: Final = {"enter": 1, "down": 1, "shift+enter": -1, "up": -1}
_LINE_ENDS: Final = re.compile(r"[\t\r\n]+")


class _Field(Input):
    """A line of text that hands on the keys that are none."""

    @dataclass
    class Key(Message):
        """One of the keys that the bar takes."""

        key: str

    def __init__(self) -> None:
        super().__init__(placeholder="Text in the conversation", compact=True, id="find-field")

    def validate_value(self, value: str) -> str:
        """One clean line, however it came in."""
        return _one_line(value)

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "escape" or event.key in _STEPS:
            event.stop()
            event.prevent_default()
            self.post_message(self.Key(event.key))
        elif not event.is_printable and await self._run_binding(event.key):
            event.stop()
            event.prevent_default()

    async def _run_binding(self, key: str) -> bool:
        """Runs what a key means in a field now, and not after the keys that were typed behind it."""
        for binding in self._bindings.key_to_bindings.get(key, ()):
            await self.run_action(binding.action)
            return True
        return False

    def _on_paste(self, event: events.Paste) -> None:
        """Pastes all lines as one."""
        event.stop()
        event.prevent_default()
        text = _one_line(event.text)
        if text:
            self.replace(text, *self.selection)


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
        self._field = _Field()
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

    @on(_Field.Key)
    def _act(self, event: _Field.Key) -> None:
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


def _one_line(text: str) -> str:
    """Clean text without line ends, no longer than what is looked at."""
    return clean(_LINE_ENDS.sub(" ", text))[:LONGEST]
