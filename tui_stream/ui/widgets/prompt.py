"""The box the person types into."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import TextArea

from tui_stream.core.sanitize import clean

_ADD_KEYS = frozenset({"ctrl+g", "ctrl+enter"})
_NEWLINE_KEYS = frozenset({"ctrl+j", "newline", "shift+enter", "alt+enter"})


class Prompt(TextArea):
    """A text area that grows with its text; Enter sends it, Ctrl+J begins a new line."""

    @dataclass
    class Submitted(Message):
        """The person wants this text to be sent.

        Attributes:
            adds: it is to be added to the question under way.
        """

        text: str
        adds: bool = False

    def __init__(self) -> None:
        super().__init__(
            placeholder=Content("Ask anything.  Enter sends, Ctrl+J begins a new line."),
            soft_wrap=True,
            show_line_numbers=False,
            compact=True,
            highlight_cursor_line=False,
            id="prompt",
        )

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.submit()
        elif event.key in _ADD_KEYS:
            event.stop()
            event.prevent_default()
            self.submit(adds=True)
        elif event.key in _NEWLINE_KEYS:
            event.stop()
            event.prevent_default()
            self._type("\n")
        elif event.is_printable or not await self._run_binding(event.key):
            await super()._on_key(event)
        else:
            event.stop()
            event.prevent_default()

    async def _run_binding(self, key: str) -> bool:
        """Runs what a key means in a text area now, and not after the keys that were typed behind it."""
        for binding in self._bindings.key_to_bindings.get(key, ()):
            await self.run_action(binding.action)
            return True
        return False

    async def _on_paste(self, event: events.Paste) -> None:
        """Pastes as text: nothing in a clipboard is a key, and no control character gets in."""
        event.stop()
        event.prevent_default()
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        self._type(clean(text))

    def _type(self, text: str) -> None:
        """Puts text in as if it were typed: in place of what is selected."""
        self._replace_via_keyboard(text, *self.selection)

    def submit(self, *, adds: bool = False) -> None:
        """Hands the text on, unless it is blank."""
        if self.text.strip():
            text = self.text
            self.clear()
            self.post_message(self.Submitted(text, adds))

    def give_back(self, text: str) -> None:
        """Puts text back that was not answered, before whatever was typed since."""
        typed = self.text
        self.text = f"{text}\n\n{typed}" if typed.strip() else text
        self.move_cursor(self.document.end)

    def take_back(self, text: str) -> None:
        """Takes out what `give_back` put in, if it still stands there; what was typed behind it stays."""
        if not text or not f"{self.text}\n\n".startswith(f"{text}\n\n"):
            return
        self.text = self.text[len(text) :].removeprefix("\n\n")
        self.move_cursor(self.document.end)
