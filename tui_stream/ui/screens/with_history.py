"""What a chat screen does with earlier conversations: lists, opens and searches them, and keeps what is unsent.

A pane shows one conversation. While an answer comes in, or prompts wait, another one is opened only after the person
agreed to stop that; what had arrived stays, and what waits goes back into the prompt box.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual import on

from tui_stream.core.models import Conversation
from tui_stream.ui.drafts import NEW
from tui_stream.ui.history import History
from tui_stream.ui.keys import PANEL_OWN
from tui_stream.ui.screens.with_drafts import DraftScreen
from tui_stream.ui.widgets.pane import ChatPane
from tui_stream.ui.widgets.prompt import Prompt
from tui_stream.ui.working import Work, work_on

if TYPE_CHECKING:
    from tui_stream.ui.screens.confirm import ConfirmScreen
    from tui_stream.ui.screens.search import Landing
    from tui_stream.ui.widgets.history_panel import HistoryPanel

_NARROW = "-narrow"  # the screen's class where the list covers the conversation
_TAIL = 100  # messages that are loaded at first
_STOP_FIRST = "An answer is coming in, or a prompt waits. Stop that, and open the other conversation?"
_NOT_KEPT = (
    "This conversation could not be written down. Once you leave it, you can come back to it only if the history can be"
    " written again before the program ends. Leave it?"
)


class HistoryScreen(DraftScreen):
    """A pane with a prompt box, and the conversations that were had before."""

    def __init__(self, pane: ChatPane, prompt: Prompt, history: History) -> None:
        super().__init__(pane, prompt, history)
        self._panel: HistoryPanel | None = None
        self._searched = ""
        self._left = ""
        self._asking: ConfirmScreen | None = None

    def begin_history(self) -> None:
        """Opens the conversation to begin with, and brings back what stood unsent."""
        if self._history.start:
            self._switch(self._history.start)
        self.begin_drafts()
        self._recall_more()

    # -- which conversation -------------------------------------------------------------------------

    def open_conversation(self, conversation_id: str, landing: Landing | None = None, *, stays: bool = False) -> None:
        """Shows a conversation; asks first where that would stop an answer, or leave what cannot be kept.

        Args:
            conversation_id: which one.
            landing: the message to go to, in place of the end.
            stays: the focus stays in the list.
        """
        if conversation_id != self._pane.shown.id or self._pane.arriving:
            self._when_free(partial(self._switch, conversation_id, landing, stays=stays))
        elif landing is not None:
            self._land(landing)
        else:
            self._to_prompt()

    def new_conversation(self, *, stays: bool = False) -> None:
        """Begins a new conversation; asks first where that would stop an answer, or leave what cannot be kept."""
        if self._pane.shown.messages or self._pane.answering or self._pane.arriving:
            self._when_free(partial(self._switch, "", stays=stays))
        else:
            self._to_prompt()

    def _when_free(self, then: Callable[[], None]) -> None:
        if self._pane.answering:
            self._confirm(_STOP_FIRST, "Stop it", partial(work_on, self, partial(self._pane.halt, then), "halt"))
        elif self._history.archive is not None and self._pane.holder.refused and self._pane.holder.unkept:
            self._confirm(_NOT_KEPT, "Leave it", then)
        else:
            then()

    def _confirm(self, question: str, yes: str, then: Callable[[], None]) -> None:
        from tui_stream.ui.screens.confirm import ConfirmScreen

        def answered(yes: bool | None) -> None:
            self._asking = None
            if yes:
                then()

        screen = ConfirmScreen(question, yes)
        self._asking = screen if question is _STOP_FIRST else None
        self.app.push_screen(screen, answered)

    @on(ChatPane.Halted)
    def _halted(self, event: ChatPane.Halted) -> None:
        self._when_free(event.then)

    def _travel(self, work: Work, conversation_id: str) -> None:
        """Goes elsewhere; prompts that are sent meanwhile wait, and are meant for there."""
        way = self._pane.depart(conversation_id)
        self._work(partial(self._arrive, work, way), "switch")

    async def _arrive(self, work: Work, way: object) -> None:
        arrived = False
        try:
            await work()
            arrived = True
        finally:
            self._pane.arrive(way, arrived=arrived)
            if not self._drafting and not self._pane.arriving:
                self.begin_drafts()

    def _switch(self, conversation_id: str, landing: Landing | None = None, *, stays: bool = False) -> None:
        self._travel(partial(self._load_and_show, conversation_id, landing, stays=stays), conversation_id)

    async def _load_and_show(self, conversation_id: str, landing: Landing | None, *, stays: bool) -> None:
        """Shows a kept conversation, or a new one; the prompt box gets what stood unsent there."""
        archive = self._history.archive
        kept = archive is not None and bool(conversation_id)
        conversation = (
            await archive.load(conversation_id, tail=_TAIL) if archive is not None and kept else Conversation()
        )
        await self.load_drafts(conversation.id if kept else NEW)
        await self.show_conversation(conversation, landing, stays=stays)

    async def show_conversation(
        self, conversation: Conversation, landing: Landing | None = None, *, stays: bool = False
    ) -> None:
        """Shows a conversation that is loaded, with what stood unsent there."""
        self._note_draft(leaving=True)
        typed = "" if self._drafting else self._prompt.text
        self._pane.show(conversation)
        self.show_drafts(typed)
        self._mark()
        if landing is not None:
            self._land(landing)
        elif not stays:
            self._to_prompt()
        await self._drafts.save()

    def _to_prompt(self) -> None:
        if self._panel is not None and self.has_class(_NARROW):
            self._panel.close()
        self._prompt.focus()

    def on_resize(self) -> None:
        """A list that covers everything while nobody is in it goes away."""
        self.call_after_refresh(self._uncover)

    def _uncover(self) -> None:
        if self._panel is not None and self.has_class(_NARROW) and self._panel.display and not self.listing:
            self._panel.close()

    # -- going to a message -------------------------------------------------------------------------

    def _land(self, landing: Landing) -> None:
        """Goes to a message; where another branch is shown, shows the message's."""
        if self._panel is not None and self.has_class(_NARROW):
            self._panel.close()
        if self._pane.conversation.land(landing.message_id, landing.words):
            self.set_focus(self._pane.transcript, scroll_visible=False)
        else:
            self._travel(partial(self._land_further, landing), self._pane.shown.id)

    async def _land_further(self, landing: Landing) -> None:
        """Goes to a message that is not loaded, or on another branch."""
        if refusal := await self._pane.reach(landing.message_id):
            self.notify(refusal, markup=False)
        elif self._pane.conversation.land(landing.message_id, landing.words):
            self.set_focus(self._pane.transcript, scroll_visible=False)

    def action_search(self) -> None:
        """Searches all conversations."""
        archive = self._history.archive
        if archive is None:
            self._say_nothing_kept()
            return
        from tui_stream.ui.screens.search import SearchScreen

        screen = SearchScreen(archive, self._history, self._searched)

        def answered(landing: Landing | None) -> None:
            self._searched = screen.text
            if landing is not None:
                self.open_conversation(landing.conversation_id, landing)

        self.app.push_screen(screen, answered)

    def action_new_conversation(self) -> None:
        """Begins a new conversation."""
        self.new_conversation()

    async def make_title(self, conversation: Conversation) -> str:
        """Asks the model for a conversation's title.

        Raises:
            TuiStreamError: there is none to ask, or it named none.
        """
        raise NotImplementedError

    # -- the list of conversations ------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The list has keys of its own while it has the focus."""
        del parameters
        return not (action in PANEL_OWN and self.listing)

    @property
    def listing(self) -> bool:
        """Whether the list of conversations has the focus."""
        return self._panel is not None and self._panel.display and self._panel.has_focus_within

    async def action_conversations(self) -> None:
        """Opens the list, goes to it, or closes it."""
        if self._panel is None:
            from tui_stream.ui.widgets.history_panel import HistoryPanel

            self._panel = HistoryPanel(self._history, self.make_title)
            await self.mount(self._panel)
        elif self.listing:
            self.on_history_panel_closed()
            return
        self._mark()
        self._panel.open()

    def _mark(self) -> None:
        if self._panel is not None:
            self._panel.mark(self._pane.shown.id, locked=self._pane.answering)

    @on(ChatPane.Changed)
    def _pane_changed(self) -> None:
        """A turn began or ended: what was sent is unsent no more, and the conversation is the newest."""
        self._save_draft()
        self._mark()
        if self._panel is not None and self._panel.display:
            self._panel.find()
        if self._asking is not None and self._asking.is_current and not self._pane.answering:
            self._asking.dismiss(True)

    def on_history_panel_opened(self, event: HistoryPanel.Opened) -> None:
        """Opens a conversation."""
        self.open_conversation(event.conversation_id)

    def on_history_panel_new_asked(self) -> None:
        """Begins a conversation."""
        self.new_conversation()

    def on_history_panel_closed(self) -> None:
        """Closes the list."""
        if self._panel is not None:
            self._panel.close()
        self._prompt.focus()

    def on_history_panel_left(self) -> None:
        """Goes back to the prompt."""
        self._to_prompt()

    def on_history_panel_changed(self, event: HistoryPanel.Changed) -> None:
        """Takes over what the conversation is now, if it is the one that is shown."""
        shown = self._pane.shown
        if event.item.id == shown.id:
            shown.title = shown.title if event.title is None else event.title
            shown.pinned = shown.pinned if event.pinned is None else event.pinned
            shown.archived = shown.archived if event.archived is None else event.archived

    def on_history_panel_deleted(self, event: HistoryPanel.Deleted) -> None:
        """Shows a new conversation in place of a deleted one, and the deleted one again when it is back."""
        if not event.back and event.conversation_id == self._pane.shown.id:
            self._left = event.conversation_id
            self.new_conversation(stays=True)
        elif event.back and event.conversation_id == self._left and not self._pane.shown.messages:
            self.open_conversation(event.conversation_id, stays=True)

    def on_history_panel_export_asked(self, event: HistoryPanel.ExportAsked) -> None:
        """Saves a conversation to a file."""
        self._work(partial(self._export, event.conversation_id), "export")

    async def _export(self, conversation_id: str) -> None:
        if self._history.archive is not None:
            from tui_stream.ui.saving import ask_and_save

            ask_and_save(self.app, await self._history.archive.load(conversation_id))
