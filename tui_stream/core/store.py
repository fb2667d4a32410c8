"""What a session asks of a store; `tui_stream.store` has one that keeps everything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tui_stream.core.models import Conversation, Message


class Store(Protocol):
    """Keeps conversations. A write that returned is safe; every method raises `StoreError` where it fails.

    What a method is handed it reads before it first waits: it may change while the disk is at work.
    """

    async def open(self, conversation: Conversation) -> None:
        """Makes the conversation known; of one that is known already nothing changes."""

    async def add(self, conversation: Conversation, message: Message) -> None:
        """Keeps a new message; the path that is shown leads through it from now on."""

    async def update(self, conversation: Conversation, message: Message) -> None:
        """Keeps the present state of a message that was added before, and which one it follows."""

    async def messages(self, conversation_id: str, ids: Sequence[str]) -> list[Message]:
        """Messages of a conversation, in the order of the ids; what is not there any more is left out."""

    async def choose(self, conversation: Conversation) -> None:
        """Keeps which path of the tree is shown."""

    async def remove(self, conversation: Conversation, ids: Sequence[str]) -> None:
        """Deletes single messages; what followed one follows its parent. `put_back` brings them back."""

    async def put_back(self, conversation_id: str, ids: Sequence[str]) -> None:
        """Brings deleted messages back to where they were."""

    async def import_conversation(self, conversation: Conversation) -> bool:
        """Keeps a whole conversation, all of its messages loaded; False where one of this id is kept already."""


class NoStore:
    """Keeps nothing, for those who want no history."""

    async def open(self, conversation: Conversation) -> None:
        """Does nothing."""

    async def add(self, conversation: Conversation, message: Message) -> None:
        """Does nothing."""

    async def update(self, conversation: Conversation, message: Message) -> None:
        """Does nothing."""

    async def messages(self, conversation_id: str, ids: Sequence[str]) -> list[Message]:
        """Has none."""
        del conversation_id, ids
        return []

    async def choose(self, conversation: Conversation) -> None:
        """Does nothing."""

    async def remove(self, conversation: Conversation, ids: Sequence[str]) -> None:
        """Does nothing."""

    async def put_back(self, conversation_id: str, ids: Sequence[str]) -> None:
        """Does nothing."""

    async def import_conversation(self, conversation: Conversation) -> bool:
        """Does nothing."""
        del conversation
        return True
