"""A line of text to type into, which hands on the keys that mean something to what stands around it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from textual import events
from textual.message import Message
from textual.widgets import Input

from tui_stream.core.sanitize import clean
from tui_stream.ui.search import LONGEST

_LINE_ENDS: Final = re.compile(r"[\t\r\n]+")


class LineField(Input):
    """One clean line of text.

    Its messages come in the order of the keys: a key that is handed on follows the change that was typed before it.

    Args:
        hint: what stands in it while it is empty.
        hands_on: the keys that it takes no notice of.
    """

    @dataclass
    class Key(Message):
        """One of the keys that it hands on."""

        key: str
        field: LineField

        @property
        def control(self) -> LineField:
            """The field, by which handlers tell one from another."""
            return self.field

    def __init__(self, hint: str, hands_on: frozenset[str], *, id: str) -> None:  # noqa: A002 - as Textual names it
        super().__init__(placeholder=hint, compact=True, id=id)
        self._hands_on = hands_on

    def validate_value(self, value: str) -> str:
        """One clean line, however it came in."""
        return one_line(value)

    async def _on_key(self, event: events.Key) -> None:
        if event.key in self._hands_on:
            event.stop()
            event.prevent_default()
            self.post_message(self.Key(event.key, self))
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
        text = one_line(event.text)
        if text:
            self.replace(text, *self.selection)


def one_line(text: str) -> str:
    """Clean text without line ends, no longer than what is looked at."""
    return clean(_LINE_ENDS.sub(" ", text))[:LONGEST]
