"""Moves about in the tree of a conversation, and changes it; what comes into view is fetched from the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui_stream.core.forking import forked
from tui_stream.core.loading import Loading, less
from tui_stream.core.metering import total
from tui_stream.core.models import UNDER_WAY, Conversation, Message, Role, utc_now
from tui_stream.core.tree import Tree

_SCREENFUL = 50
"""Messages that are loaded where none of what comes into view is."""


@dataclass(frozen=True, slots=True)
class DeletedTurn:
    """What brings a deleted turn back.

    Attributes:
        messages: those that were shown, in order: prompts, and the answer.
        others: the answers beside it.
    """

    conversation_id: str
    messages: tuple[Message, ...]
    others: tuple[Message, ...] = ()

    @property
    def ids(self) -> list[str]:
        """The ids of all messages."""
        return [message.id for message in (*self.messages, *self.others)]


class Branches(Loading):
    """The branches of one conversation.

    Every method that takes a message raises ValueError where it is not shown, that is, not in
    ``conversation.messages``, and every one that waits `StoreError` where the store fails.
    """

    # -- what is shown ------------------------------------------------------------------------------

    def siblings(self, message: Message) -> tuple[int, int]:
        """The number of the branch that begins with this message, from 1, and how many there are at its place."""
        if message.id not in self._conversation.tree:
            raise ValueError("the message is not in this conversation")
        siblings = self._conversation.tree.siblings(message.id)
        return siblings.index(message.id) + 1, len(siblings)

    def append(self, message: Message) -> None:
        """Adds a new message at the end of what is shown, behind the one that its ``parent_id`` names."""
        conversation = self._conversation
        conversation.tree.add(message.id, message.parent_id)
        conversation.messages.append(message)
        conversation.updated_at = utc_now()
        self._journal.expect(message)

    def insert(self, message: Message, before: Message) -> None:
        """Adds a new message between a shown one and the one that it follows."""
        place = self.place(before)
        self._conversation.tree.insert(message.id, before.id)
        self._conversation.messages.insert(place, message)
        message.parent_id, before.parent_id = before.parent_id, message.id
        self._journal.expect(message)
        self._journal.changed(before)

    def cut(self, message: Message) -> None:
        """Takes a message, and all that follows it, out of sight, to make room for another branch."""
        place = self.place(message)
        messages = self._conversation.messages
        self._conversation.others += messages[place:]
        del messages[place:]

    def drop(self, message: Message) -> None:
        """Deletes an answer with nothing in it for which another one stands; what it cost still counts.

        One that something follows stays: what followed it would be mistaken for another answer. So does one that
        another program is still waiting for.
        """
        if message.status in UNDER_WAY:
            return
        if message.blank and not self._conversation.tree.children(message.id):
            self._forget([message])
            self._journal.drop(message)

    def recall(self, message: Message) -> None:
        """Shows again what was taken out of sight from a message on."""
        self._conversation.tree.choose(message.id)
        self._arrange()
        self._journal.chose()

    # -- moving -------------------------------------------------------------------------------------

    async def switch(self, message: Message, step: int) -> list[Message]:
        """Shows another branch that begins beside a message: ``step`` further on, or back where it is negative.

        Returns:
            What is shown now from there on.

        Raises:
            ValueError: there are not so many.
        """
        self.place(message)
        siblings = self._conversation.tree.siblings(message.id)
        place = siblings.index(message.id) + step
        if not 0 <= place < len(siblings):
            raise ValueError("there is no such branch")
        return await self.show(siblings[place])

    async def show(self, message_id: str) -> list[Message]:
        """Leads the shown path through a message, and loads from there to its end what is not loaded.

        Returns:
            What is shown now from there on.

        Raises:
            ValueError: the message is not in this conversation, or was deleted meanwhile.
        """
        tree = self._conversation.tree
        if message_id not in tree:
            raise ValueError("the message is not in this conversation")
        before = tree.head
        await self._load(_down(tree, message_id))
        if message_id not in tree:
            raise ValueError("the message was deleted")
        tree.choose(message_id)
        self._arrange()
        if tree.head != before:
            await self._journal.choose()
        shown = self._conversation.messages
        return shown[[message.id for message in shown].index(message_id) :]

    async def learn(self, other: Tree) -> int:
        """Takes in and loads messages that were added elsewhere, beside what is shown; how many there were.

        Args:
            other: the conversation's tree as the store has it now.
        """
        conversation = self._conversation
        learnt = conversation.tree.learn(other)
        if learnt:
            conversation.others += await self._store.messages(conversation.id, learnt)
        return len(learnt)

    # -- copying ------------------------------------------------------------------------------------

    async def fork(self, message: Message) -> Conversation:
        """Keeps a new conversation that begins with a copy of the shown path up to a message."""
        place = self.place(message)
        path = [*await self.before(), *self._conversation.messages[: place + 1]]
        fork = forked(path, self._conversation.title)
        await self._journal.import_conversation(fork)
        return fork

    # -- deleting -----------------------------------------------------------------------------------

    async def delete_turn(self, message: Message) -> DeletedTurn:
        """Deletes a prompt with the notes that were added to it and all answers to it, whichever of them is given.

        What followed follows what was before. What the turn cost was spent, and still counts.
        """
        turn, tree = self._turn_of(self.place(message)), self._conversation.tree
        prompts = [one for one in turn if one.role is Role.USER]
        beside = [child for one in prompts for child in tree.children(one.id)]
        await self._load(beside)
        known = self._loaded()
        answers = (known[one] for one in beside if one in known and known[one].role is Role.ASSISTANT)
        others = tuple(answer for answer in answers if answer not in turn)
        deleted = DeletedTurn(self._conversation.id, tuple(turn), others)
        await self._journal.remove(deleted.ids)
        self._forget((*deleted.messages, *deleted.others))
        await self._refill()
        return deleted

    def _turn_of(self, place: int) -> list[Message]:
        """The messages of a turn on the shown path: prompts in a row, and the answer that follows them."""
        messages = self._conversation.messages
        first = last = place
        while (
            messages[last].role is Role.USER and last + 1 < len(messages) and messages[last + 1].role is not Role.SYSTEM
        ):
            last += 1
        while messages[first].role is not Role.SYSTEM and first > 0 and messages[first - 1].role is Role.USER:
            first -= 1
        return messages[first : last + 1]

    def _forget(self, messages: Sequence[Message]) -> None:
        """Takes messages out of tree and lists."""
        conversation = self._conversation
        for message in messages:
            conversation.tree.remove(message.id)
        gone = set(messages)
        conversation.messages[:] = [one for one in conversation.messages if one not in gone]
        conversation.others[:] = [one for one in conversation.others if one not in gone]
        costs = [message.cost for message in messages if message.cost is not None]
        if costs:
            conversation.unloaded = total([conversation.unloaded, *costs])

    async def undo_delete(self, deleted: DeletedTurn) -> bool:
        """Brings a deleted turn back, and shows it where this conversation is the one that it was deleted from."""
        conversation, tree = self._conversation, self._conversation.tree
        await self._journal.put_back(deleted.conversation_id, deleted.ids)
        if not all(map(tree.was_removed, deleted.ids)):
            return False
        messages = (*deleted.messages, *deleted.others)
        for message in messages:
            tree.restore(message.id)
        tree.choose(deleted.messages[-1].id)
        conversation.others += messages
        conversation.unloaded = less(conversation.unloaded, messages)
        await self._refill()
        return True

    async def _refill(self) -> None:
        """Shows the path that the tree has now: loads it from where its loaded end begins."""
        tree, known = self._conversation.tree, self._loaded()
        path = tree.path(tree.head)
        loaded = [place for place, one in enumerate(path) if one in known]
        await self._load(path[loaded[0] :] if loaded else path[-_SCREENFUL:])
        self._arrange()
        await self._journal.choose()


def _down(tree: Tree, message_id: str) -> list[str]:
    """The message and what follows it on the branches that were chosen last."""
    return tree.path(tree.leaf(message_id))[len(tree.path(tree.parent(message_id))) :]
