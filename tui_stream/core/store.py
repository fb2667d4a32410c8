"""What the turn loop asks of a store; `tui_stream.store` has those that keep anything."""

from __future__ import annotations

from typing import Protocol

from tui_stream.core.models import Conversation, Message


class Store(Protocol):
    """Keeps conversations. A write that returned is safe."""

    async def open(self, conversation: Conversation) -> None:
        """Makes the conversation known.

        Raises:
            StoreError: it cannot be written.
        """

    async def add(self, conversation: Conversation, message: Message) -> None:
        """Keeps a new message.

        Raises:
            StoreError: it cannot be written.
        """

    async def update(self, conversation: Conversation, message: Message) -> None:
        """Keeps the present state of a message that was added before.

        Raises:
            StoreError: it cannot be written.
        """


class NoStore:
    """Keeps nothing, for those who want no history."""

    async def open(self, conversation: Conversation) -> None:
        """Does nothing."""

    async def add(self, conversation: Conversation, message: Message) -> None:
        """Does nothing."""

    async def update(self, conversation: Conversation, message: Message) -> None:
        """Does nothing."""
