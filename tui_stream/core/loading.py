"""Keeps the loaded messages of a conversation in step with its tree, and fetches from the store what is not loaded.

What is shown is the end of a path, as much of it as is loaded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from tui_stream.core.journal import Journal
from tui_stream.core.models import Conversation, Cost, Message
from tui_stream.core.store import Store


class Loading:
    """The messages of one conversation, those that are loaded and those that could be."""

    def __init__(self, conversation: Conversation, store: Store, journal: Journal) -> None:
        self._conversation = conversation
        self._store = store
        self._journal = journal

    def place(self, message: Message) -> int:
        """Where among the loaded messages of the shown path it stands."""
        try:
            return self._conversation.messages.index(message)
        except ValueError:
            raise ValueError("the message is not shown") from None

    @property
    def earlier(self) -> int:
        """How many messages of the shown path come before those that are loaded."""
        return len(self._unloaded_ids())

    async def load_earlier(self, count: int) -> list[Message]:
        """Loads up to so many messages before those of the shown path that are loaded; returns them, oldest first."""
        ids = self._unloaded_ids()[-count:] if count > 0 else []
        await self._load(ids)
        self._arrange()
        wanted = set(ids)
        return [message for message in self._conversation.messages if message.id in wanted]

    async def load_all(self) -> None:
        """Loads every message, of other branches too."""
        await self._load(list(self._conversation.tree))
        self._arrange()

    async def before(self) -> list[Message]:
        """The messages of the shown path before those that are loaded, for once: they stay unloaded."""
        ids = self._unloaded_ids()
        return await self._store.messages(self._conversation.id, ids) if ids else []

    async def beginning(self, count: int) -> list[Message]:
        """The first messages of the shown path, loaded or for once."""
        tree, known = self._conversation.tree, self._loaded()
        ids = tree.path(tree.head)[:count]
        missing = [one for one in ids if one not in known]
        if missing:
            known.update((one.id, one) for one in await self._store.messages(self._conversation.id, missing))
        return [known[one] for one in ids if one in known]

    def _unloaded_ids(self) -> list[str]:
        """The ids of the shown path before the first message that is loaded."""
        tree, messages = self._conversation.tree, self._conversation.messages
        return tree.path(messages[0].id)[:-1] if messages else tree.path(tree.head)

    def _loaded(self) -> dict[str, Message]:
        return {message.id: message for message in (*self._conversation.messages, *self._conversation.others)}

    async def _load(self, ids: Iterable[str]) -> None:
        """Loads those that are not loaded; those that are gone from the store, another program deleted."""
        conversation, known = self._conversation, self._loaded()
        missing = [one for one in ids if one not in known]
        if not missing:
            return
        found = await self._store.messages(conversation.id, missing)
        known = self._loaded()
        fresh = [message for message in found if message.id not in known and message.id in conversation.tree]
        conversation.others += fresh
        conversation.unloaded = less(conversation.unloaded, fresh)
        known.update((message.id, message) for message in fresh)
        for one in missing:
            if one not in known and one in conversation.tree:
                conversation.tree.remove(one)

    def _arrange(self) -> None:
        """Sorts the loaded messages into those that are shown and the others, as the tree has it."""
        conversation, tree = self._conversation, self._conversation.tree
        known = self._loaded()
        shown: list[Message] = []
        for one in reversed(tree.path(tree.head)):
            if one not in known:
                break
            shown.append(known.pop(one))
        conversation.messages[:] = reversed(shown)
        conversation.others[:] = known.values()
        for message in (*shown, *known.values()):
            message.parent_id = tree.parent(message.id)


def less(unloaded: Cost, messages: Collection[Message]) -> Cost:
    """What the rest of the unloaded requests cost, once these messages are loaded.

    An amount that is unknown stays so: one of the messages that make it so may still be unloaded.
    """
    if unloaded.amount is None:
        return unloaded
    costs = [message.cost for message in messages if message.cost is not None and not message.cost.local]
    return replace(unloaded, amount=unloaded.amount - sum(cost.amount or 0 for cost in costs))
