"""The transcript and the find bar under it, which know nothing of each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from tui_stream.ui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from tui_stream.ui.widgets.find_bar import FindBar


class ConversationView(Vertical):
    """Finds in its transcript what is typed into its find bar, which is made when it is first needed."""

    def __init__(self, transcript: Transcript) -> None:
        super().__init__()
        self._transcript = transcript
        self._find_bar: FindBar | None = None
        self._text = ""

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self._transcript

    @property
    def finding(self) -> bool:
        """Whether the find bar has the focus."""
        return self._find_bar is not None and self._find_bar.has_focus_within

    @property
    def selected_text(self) -> str:
        """What is selected in the find bar."""
        return self._find_bar.selected_text if self._find_bar is not None and self.finding else ""

    @on(Transcript.FindAsked)
    async def find(self) -> None:
        """Opens the find bar."""
        if self._find_bar is None:
            from tui_stream.ui.widgets.find_bar import FindBar

            self._find_bar = FindBar()
            await self.mount(self._find_bar)
        self._find_bar.open(self._text)
        self._transcript.find(self._text)

    def end_find(self) -> None:
        """Closes the find bar; nothing is marked any more."""
        if self._find_bar is not None:
            self._find_bar.close()

    def on_find_bar_changed(self, event: FindBar.Changed) -> None:
        """Looks for what was typed."""
        event.stop()
        self._text = event.text
        self._transcript.find(event.text)

    def on_find_bar_step(self, event: FindBar.Step) -> None:
        """Goes to another match."""
        event.stop()
        self._transcript.step(event.by)

    def on_find_bar_closed(self, event: FindBar.Closed) -> None:
        """Ends the search; the keys go to the conversation, where the last match is."""
        event.stop()
        self._transcript.find("")
        self._transcript.focus(scroll_visible=False)

    def land(self, message_id: str, words: Sequence[str]) -> bool:
        """Goes to a message, in which these words are marked, as they are elsewhere; False where it is not shown."""
        self.end_find()
        return self._transcript.find_in(message_id, words)

    @on(Transcript.StepAsked)
    def _step(self, event: Transcript.StepAsked) -> None:
        event.stop()
        if self._text and not self._transcript.finding:
            self._transcript.find(self._text)
        self._transcript.step(event.by)

    @on(Transcript.Found)
    def _found(self, event: Transcript.Found) -> None:
        event.stop()
        if self._find_bar is not None:
            self._find_bar.show(event.position, event.count, event.searching)
