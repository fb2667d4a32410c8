"""The prompts of a pane that wait until it is free: shown below the conversation, sent in order, or given back."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tui_stream.ui.entries import PromptEntry
from tui_stream.ui.widgets.branch_pane import BranchPane

if TYPE_CHECKING:
    from tui_stream.config import UiSettings
    from tui_stream.core.archive import Archive
    from tui_stream.core.session import OpenSession


class WaitingPane(BranchPane):
    """Keeps the prompts that wait."""

    @dataclass
    class GaveBack(Message):
        """Prompts that were not answered; they belong back into the prompt box."""

        text: str

    class Changed(Message):
        """The conversation, or what waits to be sent, is not what it was: a turn began or ended, or a prompt came."""

    def __init__(self, open_session: OpenSession, ui: UiSettings, archive: Archive | None = None) -> None:
        super().__init__(open_session, ui, archive)
        self._waiting: deque[PromptEntry] = deque()

    @abstractmethod
    def _start_next(self) -> None:
        """Sends what waits longest, where nothing is under way."""

    @property
    def waiting(self) -> list[str]:
        """The prompts that wait."""
        return [entry.prompt for entry in self._waiting]

    def ask(self, text: str) -> None:
        """Sends a prompt, or queues it behind what is under way."""
        self.open()
        entry = PromptEntry(text, queued=self.busy or bool(self._waiting))
        self._waiting.append(entry)
        self._transcript.add(entry)
        self._transcript.follow()
        self._start_next()
        self._show_waiting()

    def _wait_again(self) -> None:
        """Puts what waits below another conversation."""
        waiting = [PromptEntry(text, queued=True) for text in self.waiting]
        self._waiting.clear()
        for entry in waiting:
            self._waiting.append(entry)
            self._transcript.add(entry)

    def moved(self) -> None:
        """What was moved about is in its place: prompts that came meanwhile are sent."""
        if self._waiting:
            self.open()
        self._start_next()
        self._show_waiting()

    def path_changed(self) -> None:
        """Says so."""
        self.post_message(self.Changed())

    def give_back(self, *texts: str) -> None:
        """Puts these, and all prompts that wait, back into the prompt box."""
        given = [*texts, *(entry.prompt for entry in self._waiting)]
        self._transcript.drop(self._waiting)
        self._waiting.clear()
        if given:
            self.post_message(self.GaveBack("\n\n".join(given)))

    def _show_waiting(self) -> None:
        self._status_bar.show(queued=len(self._waiting))
        self.post_message(self.Changed())
