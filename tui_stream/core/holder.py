"""Holds a conversation: goes on with another one, moves between its branches, copies and deletes parts of it.

None of this asks a model for anything; `ChatSession` adds that.
"""

from __future__ import annotations

from contextlib import suppress

from tui_stream.core.branching import Branches, DeletedTurn
from tui_stream.core.follower import Follower
from tui_stream.core.journal import Journal
from tui_stream.core.models import Conversation, Message
from tui_stream.core.stats import Clock
from tui_stream.core.store import Store
from tui_stream.core.tree import Tree
from tui_stream.core.turn import Turn
from tui_stream.errors import StoreError


class ConversationHolder:
    """One conversation at a time, and what its store has of it.

    Attributes:
        conversation: the one that goes on; see `open`.
    """

    conversation: Conversation
    _journal: Journal
    _branches: Branches

    def __init__(self, conversation: Conversation | None, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._running: dict[Turn, Follower] = {}
        self._owing: list[Journal] = []
        self._go_on(Journal(store, conversation or Conversation(), clock=clock))

    def _go_on(self, journal: Journal) -> None:
        self._journal = journal
        self.conversation = journal.conversation
        self._branches = Branches(self.conversation, self._store, journal)

    def open(self, conversation: Conversation) -> None:
        """Goes on with another conversation; its messages, if it has any, are in the store.

        What the store did not take of the one before is offered again, see `settle`. Where this one still waits for
        that itself, it goes on as it was.

        Raises:
            ValueError: an answer streams.
        """
        self._refuse_while_running()
        if self._journal.owes:
            self._owing.append(self._journal)
        waiting = next((one for one in self._owing if one.conversation.id == conversation.id), None)
        if waiting is not None:
            self._owing.remove(waiting)
        self._go_on(waiting or Journal(self._store, conversation, clock=self._clock))

    async def settle(self, *, everything: bool = False) -> bool:
        """Offers to the store what it did not take of earlier conversations; with ``everything`` of this one too.

        Returns:
            Whether it has all of the earlier ones now, and had not before.
        """
        owing = [*self._owing, self._journal] if everything and self._journal.owes else list(self._owing)
        for journal in owing:
            with suppress(StoreError):  # it stays in the list
                await journal.flush()
                if journal in self._owing:
                    self._owing.remove(journal)
        return bool(owing) and not self._owing

    @property
    def unkept(self) -> list[Message]:
        """New messages of the conversation that the store has not got, in order: on their way, or refused."""
        return self._journal.pending

    @property
    def refused(self) -> bool:
        """Whether the store did not take what it was handed last."""
        return self._journal.failing

    def new(self) -> None:
        """Begins a new conversation.

        Raises:
            ValueError: an answer streams.
        """
        self.open(Conversation())

    async def load_earlier(self, count: int) -> list[Message]:
        """Loads up to so many of the messages before the loaded ones, and puts them before those.

        Returns:
            Those that were loaded, oldest first; none where all are.

        Raises:
            StoreError: they cannot be read.
        """
        return await self._branches.load_earlier(count)

    async def load_all(self) -> None:
        """Loads every message of the conversation, of branches that are not shown too.

        Raises:
            StoreError: they cannot be read.
        """
        await self._branches.load_all()

    @property
    def earlier(self) -> int:
        """How many messages `load_earlier` could load."""
        return self._branches.earlier

    async def path(self) -> list[Message]:
        """All messages of the shown path, oldest first; those that are not loaded are read, and stay so.

        Raises:
            StoreError: they cannot be read.
        """
        return [*await self._branches.before(), *self.conversation.messages]

    async def fork(self, message: Message) -> Conversation:
        """Keeps a new conversation that begins with a copy of the shown path up to a message; see `open`.

        Raises:
            ValueError: the message is not shown, or an answer streams.
            StoreError: it cannot be kept, or earlier messages cannot be read.
        """
        self._refuse_while_running()
        return await self._branches.fork(message)

    # -- branches -----------------------------------------------------------------------------------

    def siblings(self, message: Message) -> tuple[int, int]:
        """Which of the branches that begin at its place the message begins, from 1, and how many there are.

        Raises:
            ValueError: the message is not in this conversation.
        """
        return self._branches.siblings(message)

    async def switch(self, message: Message, step: int) -> list[Message]:
        """Shows the branch ``step`` further on than the one that begins with a message; back where it is negative.

        It is shown down to the leaf that was chosen last.

        Returns:
            What is shown now in place of the message and what followed it.

        Raises:
            ValueError: there is no such branch, the message is not shown, or an answer streams.
            StoreError: what was not loaded cannot be read.
        """
        self._refuse_while_running()
        return await self._branches.switch(message, step)

    async def show(self, message_id: str) -> list[Message]:
        """Shows the branch that a message is on, and loads what follows it.

        Returns:
            The message, and what is shown now behind it.

        Raises:
            ValueError: there is no such message, or an answer streams.
            StoreError: what was not loaded cannot be read.
        """
        self._refuse_while_running()
        return await self._branches.show(message_id)

    async def learn(self, other: Tree) -> int:
        """Takes in messages that another program added, as versions beside what is shown.

        Args:
            other: the conversation's tree as the store has it now.

        Returns:
            How many there were.

        Raises:
            StoreError: they cannot be read.
        """
        return await self._branches.learn(other)

    async def delete_turn(self, message: Message) -> DeletedTurn:
        """Deletes a prompt, or the one that an answer is for, with notes added to it and all its answers.

        What followed stays, and follows what was before. What the turn cost still counts.

        Raises:
            ValueError: the message is not shown, or an answer streams.
            StoreError: it cannot be deleted; nothing has changed.
        """
        self._refuse_while_running()
        return await self._branches.delete_turn(message)

    async def undo_delete(self, deleted: DeletedTurn) -> bool:
        """Brings a deleted turn back.

        Returns:
            Whether it is shown now. It is not where another conversation goes on, or where this one was loaded anew
            since: then the store has it, and the conversation shows it once it is loaded again.

        Raises:
            ValueError: an answer streams.
            StoreError: it cannot be brought back.
        """
        self._refuse_while_running()
        return await self._branches.undo_delete(deleted)

    def _refuse_while_running(self) -> None:
        if self._running:
            raise ValueError("an answer streams")
