"""What a chat screen does with the messages of the conversation: edits them, asks again, and leads to their versions.

A prompt is edited in the prompt box. What stood there unsent is put by meanwhile, and comes back.
"""

from __future__ import annotations

from functools import partial

from textual import on

from tui_stream.core import figures
from tui_stream.core.models import Conversation, Message, Role
from tui_stream.errors import TuiStreamError
from tui_stream.ui.drafts import edit_place
from tui_stream.ui.screens.with_history import HistoryScreen
from tui_stream.ui.widgets.branch_pane import BranchPane
from tui_stream.ui.widgets.transcript import Transcript

_SHORTLY = 3.0  # seconds for which something is said
_NO_MESSAGE = "There is no message at the cursor that this can be done with."
_NO_PROMPT = "Only a prompt of yours can be edited; r asks again for an answer."
_NO_ANSWER = "There is no answer to ask for again."
_FORKED = "This is a new conversation, with everything up to there."
_FORKED_QUESTION = "This is a new conversation, with everything up to there. Ctrl+R asks for its answer."
_LOST = "The prompt that was edited is not there any more; Enter sends this as a new one."


class BranchScreen(HistoryScreen):
    """A conversation with several versions of its messages."""

    # -- what is asked for at the cursor ------------------------------------------------------------

    @on(Transcript.DeedAsked)
    def _do_at_cursor(self, event: Transcript.DeedAsked) -> None:
        pane, message = self._pane, self._pane.here
        asks = event.deed in {"edit", "ask", "ask_other"}
        if refusal := pane.refusal_to_ask if asks else pane.refusal:
            self._tell(refusal)
        elif event.deed == "undo":
            pane.undo()
        elif message is None:
            self._tell(_NO_MESSAGE)
        elif event.deed == "edit":
            self._edit(message)
        elif event.deed == "fork":
            pane.fork(message)
        elif event.deed == "delete":
            pane.delete(message)
        else:
            self._ask_again(message, other=event.deed == "ask_other")

    @on(Transcript.SiblingAsked)
    def _show_sibling(self, event: Transcript.SiblingAsked) -> None:
        self._pane.switch(event.step)

    def action_sibling(self, step: int) -> None:
        """Shows another version of the newest message that has several; while browsing, of the one at the cursor."""
        self._pane.switch(step)

    @on(BranchPane.Said)
    def _said(self, event: BranchPane.Said) -> None:
        if event.trouble:
            self.notify(event.text, severity="error", markup=False, timeout=8)
        else:
            self._tell(event.text)

    def _tell(self, text: str) -> None:
        self.notify(text, markup=False, timeout=_SHORTLY)

    # -- asking again -------------------------------------------------------------------------------

    def _ask_again(self, message: Message, *, other: bool) -> None:
        answer = self._pane.answer_to(message)
        if answer is None and message is self._pane.question and not other:
            self._pane.retry()
        elif answer is None:
            self._tell(_NO_ANSWER)
        elif other:
            self._choose_model(answer)
        else:
            self._ask_for(answer, "")

    def _choose_model(self, answer: Message) -> None:
        from tui_stream.ui.screens.models import ModelsScreen

        def answered(model: str | None) -> None:
            if model is not None:
                self._ask_for(answer, model)

        if self._pane.session is not None:
            self.app.push_screen(ModelsScreen(self._pane.session.provider), answered)

    def _ask_for(self, answer: Message, model: str) -> None:
        if refusal := self._pane.refusal_to_ask:
            self._tell(refusal)
        elif answer not in self._pane.shown.messages:
            self._tell(_NO_ANSWER)
        else:
            if answer is self._pane.shown.messages[-1]:
                self._prompt.take_back(self._pane.asked)
            self._pane.ask_again(answer, model)

    # -- editing ------------------------------------------------------------------------------------

    def _edit(self, message: Message) -> None:
        if message.role is not Role.USER:
            self._tell(_NO_PROMPT)
            return
        self._edited = message
        self._prompt.begin_edit(message.text)
        self._prompt.focus()
        if self.has_class("-short"):
            self._tell("Enter sends it beside the old one, Esc gives up.")

    def take_up_edit(self) -> None:
        """Goes on with another wording of a prompt that was not sent, where that prompt is still there."""
        tree = self._pane.shown.tree
        for message_id, text in self._drafts.edits(self._place).items():
            if message_id in tree:
                if not self._take_up(message_id, text):
                    self._work(partial(self._reach_and_take_up, message_id, text), "edit")
                return
            self._drafts.note(edit_place(self._place, message_id), "")
            self._prompt.give_back(text)
            self._tell(_LOST)

    def _take_up(self, message_id: str, text: str) -> bool:
        """Edits a message that is loaded and shown; whether it is."""
        found = next((one for one in self._pane.shown.messages if one.id == message_id), None)
        if found is not None:
            self._edited = found
            self._prompt.begin_edit(text)
        return found is not None

    async def _reach_and_take_up(self, message_id: str, text: str) -> None:
        """Edits a message that is not loaded, or on another branch, unless the person is at something else by then."""
        conversation = self._pane.shown
        refusal = await self._pane.reach(message_id)
        if not refusal and self._pane.shown is conversation and not self._prompt.editing:
            self._take_up(message_id, text)

    def end_edit(self) -> bool:
        """Gives up editing; whether anything was edited."""
        editing, self._edited = self._prompt.editing, None
        self._prompt.end_edit()
        return editing

    def send_edit(self, text: str) -> None:
        """Sends another wording of the prompt that is edited; where that cannot be, it stays in the box."""
        edited = self._edited
        if edited is None or not self._prompt.editing:
            return
        if refusal := self._pane.refusal_to_ask:
            self._tell(refusal)
        elif edited not in self._pane.shown.messages:
            self._edited = None
            self._prompt.end_edit()
            self._prompt.give_back(text)
            self._tell(_LOST)
        else:
            self._edited = None
            self._prompt.recall.sent(text)
            self._prompt.end_edit()
            self._pane.edit(edited, text)

    @on(BranchPane.NotEdited)
    def _not_edited(self, event: BranchPane.NotEdited) -> None:
        """Goes on with the wording that was not sent, where nothing else was begun meanwhile."""
        if self._prompt.editing or event.prompt not in self._pane.shown.messages:
            self._prompt.give_back(event.text)
        else:
            self._edited = event.prompt
            self._prompt.begin_edit(event.text)

    # -- other conversations ------------------------------------------------------------------------

    @on(BranchPane.Forked)
    def _forked(self, event: BranchPane.Forked) -> None:
        """Goes on with the copy."""
        if self._history.archive is not None:
            self.open_conversation(event.conversation.id)
        else:
            self._travel(partial(self.show_conversation, event.conversation), event.conversation.id)
        ends = event.conversation.messages[-1].role is Role.USER
        self._tell(_FORKED_QUESTION if ends else _FORKED)

    @on(BranchPane.BroughtBack)
    def _brought_back(self, event: BranchPane.BroughtBack) -> None:
        """Shows what was deleted, where that is in the conversation that is shown."""
        if event.conversation_id == self._pane.shown.id:
            self._switch(event.conversation_id)
            self._tell("Back again.")
        else:
            self._tell("Back again, in the conversation that it was deleted from.")

    async def make_title(self, conversation: Conversation) -> str:
        """Asks the model for a conversation's title.

        Raises:
            TuiStreamError: there is none to ask, or it named none.
        """
        if self._history.make_title is not None:
            return await self._history.make_title(conversation)
        session, shown = self._pane.session, self._pane.shown
        if session is None:
            raise TuiStreamError("There is no model that could be asked for a title.", hint="r changes it by hand.")
        try:
            other = None if conversation.id == shown.id else conversation
            made = await session.suggest_title(other, permit=self._pane.permit)
        except ValueError as error:
            raise TuiStreamError(f"No title can be made now: {error}.", hint="Try it again later.") from error
        finally:
            self._pane.spent_beside()
        if made.cost.amount:
            self._tell(f"The title cost {figures.cost_text(made.cost)}.")
        return made.title
