"""The box the person types into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import TextArea

from tui_stream.core.sanitize import clean
from tui_stream.ui.recall import Recall

_EDITING = " Editing an earlier prompt "
_EDITING_KEYS = " Enter sends it beside the old one, Esc gives up "
_ADD_KEYS = frozenset({"ctrl+g", "ctrl+enter"})
_RECALL_KEYS = frozenset({"up", "down"})
_NEWLINE_KEYS = frozenset({"ctrl+j", "newline", "shift+enter", "alt+enter"})


class Prompt(TextArea):
    """A text area that grows with its text; Enter sends it, Ctrl+J begins a new line."""

    @dataclass
    class Submitted(Message):
        """The person wants this text to be sent.

        Attributes:
            adds: it is to be added to the question under way.
            edits: it is another wording of a prompt that was sent; it stands in the box until `Prompt.end_edit`.
        """

        text: str
        adds: bool = False
        edits: bool = False

    class RecallsMore(Message):
        """Earlier prompts are wanted, of which more should be fetched."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+underscore,super+z", "undo", "Takes back what was typed last", show=False),
    ]

    def __init__(self) -> None:
        self.recall = Recall()
        """The prompts that the arrow keys go through."""
        self._recalled: tuple[str, object] | None = None
        self._put_by: str | None = None
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
        elif event.key in _RECALL_KEYS and self._recall(older=event.key == "up"):
            event.stop()
            event.prevent_default()
        elif event.is_printable or not await self._run_binding(event.key):
            await super()._on_key(event)
        else:
            event.stop()
            event.prevent_default()

    def _recall(self, *, older: bool) -> bool:
        """Goes to an earlier prompt, or back, where an arrow key leads out of the text; whether it does."""
        here, at_recalled = self.selection.end, self._recalled == (self.text, self.selection)
        edge = self.navigator.is_first_wrapped_line if older else self.navigator.is_last_wrapped_line
        if not self.selection.is_empty or not (at_recalled or edge(here)):
            return False
        text = self.recall.step(older, self.text)
        if self.recall.runs_out:
            self.post_message(self.RecallsMore())
        if text is None:
            return False
        self._put(text)
        self._recalled = (self.text, self.selection)
        return True

    def show(self, text: str) -> None:
        """Shows what stood unsent in another conversation; earlier prompts begin at the newest again."""
        self._mark_editing(None)
        self.recall.reset()
        self._put(text)

    def use(self, prompt: str) -> None:
        """Puts an earlier prompt in; a step back brings back what stands there now."""
        self.recall.pick(prompt, self.text)
        self._put(prompt)
        self._recalled = (self.text, self.selection)

    @property
    def editing(self) -> bool:
        """Whether a prompt that was sent is changed in it."""
        return self._put_by is not None

    @property
    def unsent(self) -> list[str]:
        """What was typed and not sent; while a prompt is edited, what was put by for that."""
        text = self.text if self._put_by is None else self._put_by
        return [text] if text.strip() else []

    def begin_edit(self, text: str) -> None:
        """Puts a prompt in that was sent, to be changed; what stands there is put by until `end_edit`."""
        self._mark_editing(self.text if self._put_by is None else self._put_by)
        self.recall.reset()
        self._put(text)

    def end_edit(self) -> None:
        """What was put by stands there again."""
        if self._put_by is not None:
            text = self._put_by
            self._mark_editing(None)
            self.recall.reset()
            self._put(text)

    def _mark_editing(self, put_by: str | None) -> None:
        self._put_by = put_by
        self.set_class(self.editing, "-editing")
        self.border_title = Content(_EDITING) if self.editing else None
        self.border_subtitle = Content(_EDITING_KEYS) if self.editing else None

    def _put(self, text: str) -> None:
        self.text = text
        self.move_cursor(self.document.end)

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
        if self.text.strip() and self.editing:
            self.post_message(self.Submitted(self.text, adds, edits=True))
        elif self.text.strip():
            text = self.text
            self.recall.sent(text)
            self.clear()
            self.post_message(self.Submitted(text, adds))

    def give_back(self, text: str) -> None:
        """Puts text back that was not answered, before whatever was typed since."""
        typed = self.text if self._put_by is None else self._put_by
        joined = f"{text}\n\n{typed}" if typed.strip() else text
        if self._put_by is None:
            self._put(joined)
        else:
            self._put_by = joined

    def take_back(self, text: str) -> None:
        """Takes out what `give_back` put in, if it still stands there; what was typed behind it stays."""
        if text and not self.editing and f"{self.text}\n\n".startswith(f"{text}\n\n"):
            self._put(self.text[len(text) :].removeprefix("\n\n"))
