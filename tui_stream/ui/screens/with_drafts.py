"""What a chat screen keeps of what is typed: unsent text for each conversation, and earlier prompts to use again.

A prompt counts as unsent until the history has it. What is typed as another wording of an earlier prompt has a place of
its own, with that prompt's name.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import events, on
from textual.screen import Screen
from textual.widgets import TextArea

from tui_stream.core.models import Role
from tui_stream.errors import StoreError
from tui_stream.ui.drafts import NEW, SAVE_AFTER, Drafts, edit_place
from tui_stream.ui.history import History
from tui_stream.ui.recall import Recall
from tui_stream.ui.widgets.pane import ChatPane
from tui_stream.ui.widgets.prompt import Prompt
from tui_stream.ui.working import Work, work_on

if TYPE_CHECKING:
    from textual.timer import Timer

    from tui_stream.core.models import Message


class DraftScreen(Screen[None]):
    """A pane with a prompt box."""

    def __init__(self, pane: ChatPane, prompt: Prompt, history: History) -> None:
        super().__init__()
        self._pane = pane
        self._prompt = prompt
        self._history = history
        self._edited: Message | None = None
        self._place = NEW
        self._edit_place = ""
        self._drafts = Drafts(history.archive, self._failed_aside)
        self._drafting = False
        self._drafting_clock: Timer | None = None
        self._told_aside = ""
        if history.archive is not None:
            archive = history.archive
            prompt.recall = Recall(lambda limit, offset: archive.prompts(limit=limit, offset=offset))

    def begin_drafts(self) -> None:
        """Brings back what stood unsent before any conversation, unless another one is on its way."""
        if not self._pane.arriving:
            self._work(self.restore_draft, "restored")

    async def on_unmount(self) -> None:
        """Keeps what stands unsent."""
        self._note_draft()
        await self._drafts.save()

    def _failed(self, error: StoreError) -> None:
        self.app.notify(str(error), severity="error", markup=False, timeout=8)

    def _failed_aside(self, error: StoreError) -> None:
        """Says what went wrong that nobody asked for; of several things that fail alike, once."""
        if str(error) != self._told_aside:
            self._told_aside = str(error)
            self._failed(error)

    def _work(self, work: Work, group: str = "history") -> None:
        """Does something with what is kept; says so where that fails. The newest work of a group is what counts."""
        work_on(self, partial(self._safely, work), group)

    async def _safely(self, work: Work) -> None:
        try:
            await work()
        except StoreError as error:
            self._failed(error)

    def _say_nothing_kept(self) -> None:
        self.notify(f"Nothing is kept. {self._history.reason}".strip(), markup=False, timeout=4)

    # -- what stands unsent ---------------------------------------------------------------------------

    @property
    def _place_now(self) -> str:
        """The conversation that is shown, once the history knows it."""
        shown = self._pane.shown
        return NEW if not shown.messages or shown.messages[0] in self._pane.holder.unkept else shown.id

    def _note_draft(self, *, leaving: bool = False) -> None:
        """Takes in what stands unsent: prompts that wait, and what is in the prompt box.

        Args:
            leaving: prompts that wait are meant for where the person goes.
        """
        if not self._drafting:
            return
        place = self._place_now
        if place != self._place:
            self._drafts.note(self._place, "")
            self._place = place
        waiting = [] if leaving else self._pane.waiting
        self._drafts.note(place, "\n\n".join([*self._on_their_way, *waiting, *self._prompt.unsent]))
        self._note_edit(place)

    @property
    def _on_their_way(self) -> list[str]:
        """Prompts that were sent and that the history is about to get; what it refused is offered to it again."""
        holder = self._pane.holder
        return [] if holder.refused else [one.text for one in holder.unkept if one.role is Role.USER]

    def _note_edit(self, place: str) -> None:
        editing = self._edited if self._prompt.editing else None
        at = edit_place(place, editing.id) if editing is not None else ""
        if self._edit_place and self._edit_place != at:
            self._drafts.note(self._edit_place, "")
        self._edit_place = at
        if at:
            self._drafts.note(at, self._prompt.text)

    async def load_drafts(self, place: str) -> None:
        """Looks up what stood unsent in a place; where that fails, it is said and nothing else."""
        try:
            await self._drafts.load(place)
        except StoreError as error:
            self._failed_aside(error)

    async def restore_draft(self) -> None:
        """Brings back what stood unsent before any conversation, where the person has not gone elsewhere meanwhile."""
        await self.load_drafts(NEW)
        if self._drafting or self._pane.arriving:
            return
        self._drafting = True
        edits = self._drafts.edits(NEW)
        for message_id in edits:
            self._drafts.note(edit_place(NEW, message_id), "")
        for text in (*edits.values(), self._drafts.text(NEW)):
            if text:
                self._prompt.give_back(text)

    def show_drafts(self, typed: str = "") -> None:
        """Shows what stood unsent in the conversation that is shown now, before what was typed for it meanwhile."""
        self._drafting, self._edited, self._edit_place = True, None, ""
        self._place = self._place_now
        unsent = [self._drafts.text(self._place), typed]
        self._prompt.show("\n\n".join(text for text in unsent if text.strip()))
        self.take_up_edit()

    def take_up_edit(self) -> None:
        """Goes on with another wording of a prompt that was not sent."""

    def _save_draft(self) -> None:
        self._drafting_clock = None
        self._note_draft()
        work_on(self, self._drafts.save, "drafts", newest_only=False)

    @on(TextArea.Changed, "#prompt")
    def _typed(self) -> None:
        if self._drafting_clock is None:
            self._drafting_clock = self.set_timer(SAVE_AFTER, self._save_draft)

    def on_descendant_blur(self) -> None:
        """Keeps what stands unsent when the person goes elsewhere."""
        self._save_draft()

    def on_app_blur(self, event: events.AppBlur) -> None:
        """Keeps it when they go to another program."""
        del event
        self._save_draft()

    # -- earlier prompts ------------------------------------------------------------------------------

    @on(Prompt.RecallsMore)
    def _recall_more(self) -> None:
        work_on(self, self._load_recall, "recall")

    async def _load_recall(self) -> None:
        try:
            await self._prompt.recall.load()
        except StoreError as error:
            self._failed_aside(error)

    def action_recall_list(self) -> None:
        """Lists earlier prompts."""
        archive = self._history.archive
        if archive is None:
            self._say_nothing_kept()
            return
        from tui_stream.ui.screens.prompts import PromptsScreen

        def answered(prompt: str | None) -> None:
            if prompt is not None:
                self._prompt.use(prompt)
            self._prompt.focus()

        self.app.push_screen(PromptsScreen(archive), answered)
