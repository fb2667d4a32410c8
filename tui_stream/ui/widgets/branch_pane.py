"""What can be done with the messages of a conversation: edit them, ask again, move between versions, copy, delete.

Nothing of that happens while an answer comes in.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual.message import Message

from tui_stream.core.models import Message as ChatMessage
from tui_stream.core.models import Role
from tui_stream.errors import StoreError
from tui_stream.ui.answer import AnswerEntry
from tui_stream.ui.entry import Entry
from tui_stream.ui.notes import Offers
from tui_stream.ui.widgets.holder_pane import HolderPane

if TYPE_CHECKING:
    from tui_stream.config import UiSettings
    from tui_stream.core.archive import Archive
    from tui_stream.core.branching import DeletedTurn
    from tui_stream.core.models import Conversation
    from tui_stream.core.session import ChatSession, OpenSession
    from tui_stream.core.turn import Turn

_QUESTION = 20  # messages that are loaded where a question is looked for
_NOT_READY = "The model is not ready yet."


class BranchPane(HolderPane):
    """Leads to other paths through the conversation than the one that is shown."""

    @dataclass
    class Forked(Message):
        """There is a new conversation, a copy of the beginning of the one that is shown."""

        conversation: Conversation

    @dataclass
    class NotEdited(Message):
        """Another wording of a prompt was not sent after all."""

        prompt: ChatMessage
        text: str

    @dataclass
    class BroughtBack(Message):
        """A turn that had been deleted is back, in a conversation that does not show it."""

        conversation_id: str

    def __init__(self, open_session: OpenSession, ui: UiSettings, archive: Archive | None = None) -> None:
        super().__init__(open_session, ui, archive)
        self._deleted: list[DeletedTurn] = []

    # -- what a subclass does -----------------------------------------------------------------------

    @abstractmethod
    async def _run(self, session: ChatSession, turn: Turn, answer: AnswerEntry) -> None:
        """Runs a turn, which is shown in this entry."""

    def not_edited(self, prompt: ChatMessage, text: str) -> None:
        """Another wording of a prompt is not sent after all; it goes back to where it was typed."""
        self.post_message(self.NotEdited(prompt, text))

    # -- what is there ------------------------------------------------------------------------------

    @property
    def refusal_to_ask(self) -> str:
        """Why nothing can be asked now; empty where it can."""
        return self.refusal or (_NOT_READY if self.session is None or self.busy else "")

    def message_of(self, entry: Entry | None) -> ChatMessage | None:
        """The message that an entry shows, if it is on the path and over."""
        message = entry.message if entry is not None else None
        return message if message is not None and message in self.shown.messages else None

    @property
    def here(self) -> ChatMessage | None:
        """The message at the cursor."""
        return self.message_of(self._transcript.browser.entry)

    def answer_to(self, message: ChatMessage) -> ChatMessage | None:
        """The message itself where it is an answer, else the answer that follows it."""
        messages = self.shown.messages
        after = messages[messages.index(message) :]
        return next((one for one in after if one.role is Role.ASSISTANT), None)

    @property
    def question(self) -> ChatMessage | None:
        """The prompt that the conversation ends with, where it has no answer."""
        last = self.shown.messages[-1:]
        return last[0] if last and last[0].role is Role.USER else None

    # -- an answer that broke off ---------------------------------------------------------------------

    @property
    def offers(self) -> Offers:
        """What can be done about the newest answer, if it broke off."""
        answer = self._display.answer
        return Offers() if answer is None or self.busy else answer.offers

    @property
    def offering(self) -> bool:
        """Whether it says so."""
        return bool(self.offers) and self._display.answer is not None and self._display.answer.offering

    @property
    def broke_off(self) -> bool:
        """Whether something could be done about the newest answer, if nothing were under way."""
        return self._display.answer is not None and bool(self._display.answer.offers)

    def keep(self) -> None:
        """Leaves an answer that broke off as it is; what could be done about it still can be."""
        self._display.keep()

    # -- asking -------------------------------------------------------------------------------------

    def answer(self, prompt: ChatMessage) -> None:
        """Asks for the answer to the prompt that the conversation ends with; nothing else may be under way."""
        if self.session is not None and not self.busy:
            self._start(self._answer(self.session, prompt))

    def edit(self, prompt: ChatMessage, text: str) -> None:
        """Sends another wording of a prompt, beside it; nothing else may be under way."""
        if self.session is not None and not self.busy:
            self._start(self._edit(self.session, prompt, text))

    def ask_again(self, answer: ChatMessage, model: str = "") -> None:
        """Asks again for an answer, this once another model if one is named; nothing else may be under way."""
        if self.session is not None and not self.busy:
            self._start(self._ask_again(self.session, answer, model))

    async def _answer(self, session: ChatSession, prompt: ChatMessage) -> None:
        agreed = await self.agree(session)
        if agreed is not None and session.conversation.messages[-1:] == [prompt]:
            await self._run_beside(session, agreed.applied(session.answer(prompt)))

    async def _edit(self, session: ChatSession, prompt: ChatMessage, text: str) -> None:
        agreed = await self.agree(session, text, before=prompt, cuts=True)
        if agreed is None:
            self.not_edited(prompt, text)
        else:
            await self._run_beside(session, agreed.applied(session.edit(prompt, text)))

    async def _ask_again(self, session: ChatSession, answer: ChatMessage, model: str = "") -> None:
        try:
            await self._load_question(answer)
        except StoreError as error:
            self._say(str(error), trouble=True)
            return
        if session.conversation.messages[0] is answer:
            self._say("Nothing was asked before this answer.")
            return
        agreed = await self.agree(session, before=answer, model=model)
        if agreed is not None:
            await self._run_beside(session, agreed.applied(session.regenerate(answer, model=model)))

    async def _load_question(self, message: ChatMessage) -> None:
        """Loads what was asked before a message, where that is not loaded."""
        messages = self.shown.messages
        while all(one.role is Role.USER for one in messages[: messages.index(message)]):
            if not await self.holder.load_earlier(_QUESTION):
                break

    async def _run_beside(self, session: ChatSession, turn: Turn) -> None:
        """Runs a turn on a branch of its own: what stood in its place leaves the screen."""
        self._display.withdraw()
        self._transcript.show_path(session.conversation, without=turn.message.id)
        answer = self._transcript.add_answer(turn.message.model, message_id=turn.message.id)
        self._transcript.number(session.conversation.tree)
        self._transcript.follow()
        if self._transcript.browser.active:
            self._transcript.browser.stand(answer)
        await self._run(session, turn, answer)

    # -- moving about -------------------------------------------------------------------------------

    def switch(self, step: int) -> None:
        """Shows another version of the message at the cursor, or of the newest that has several."""
        self._move(partial(self._switch, step))

    def fork(self, message: ChatMessage) -> None:
        """Copies the conversation up to a message into a new one."""
        self._move(partial(self._fork, message))

    def delete(self, message: ChatMessage) -> None:
        """Deletes the turn that a message belongs to."""
        self._move(partial(self._delete, message))

    def undo(self) -> None:
        """Brings back the turn that was deleted last."""
        self._move(self._undo)

    def _versioned(self) -> Entry | None:
        """The entry at the cursor or the nearest above that has other versions; where no cursor shows, the newest."""
        browser, entries = self._transcript.browser, self._transcript.column.entries
        if browser.active and browser.entry is not None:
            entries = entries[: self._transcript.column.index_of(browser.entry) + 1]
        return next((entry for entry in reversed(entries) if entry.version[1] > 1), None)

    async def _switch(self, step: int) -> None:
        entry = self._versioned()
        message = self.message_of(entry)
        if entry is None or message is None or entry.version[1] == 1:
            self._say("There is no other version of this message.")
            return
        place, count = entry.version
        if not 1 <= place + step <= count:
            self._say("There is no version before this one." if step < 0 else "There is no further version.")
            return
        wanted = self.shown.tree.siblings(message.id)[place - 1 + step]
        column = self._transcript.column
        row = max(0, column.top(column.index_of(entry)) - self._transcript.scroll_offset.y)
        try:
            await self.holder.switch(message, step)
        finally:
            self._show_path()
            shown = self._transcript.entry_of(wanted) if self.is_attached else None
            if shown is not None:
                self._transcript.stand_on(shown, row)

    async def _fork(self, message: ChatMessage) -> None:
        self.post_message(self.Forked(await self.holder.fork(message)))

    async def _delete(self, message: ChatMessage) -> None:
        try:
            await self._load_question(message)
            self._deleted.append(await self.holder.delete_turn(message))
        finally:
            self._show_path()
        self._say("Deleted, question and answers; u undoes that.")

    async def _undo(self) -> None:
        if not self._deleted:
            self._say("Nothing was deleted since the program began.")
            return
        deleted = self._deleted.pop()
        try:
            shown = await self.holder.undo_delete(deleted)
        except (StoreError, ValueError):
            self._deleted.insert(0, deleted)  # the others get their turn first
            raise
        if not shown:
            self.post_message(self.BroughtBack(deleted.conversation_id))
            return
        self._show_path()
        entry = self._transcript.entry_of(deleted.messages[0].id)
        if entry is not None:
            self._transcript.browser.reveal(entry, 1)
        self._say("Back again.")
