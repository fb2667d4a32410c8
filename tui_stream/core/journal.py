"""Hands a conversation to its store, one write after the other.

A store that fails costs nothing but the history: what it did not take is offered again with the next turn, and a
person is told once when it begins to fail and once when it works again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from tui_stream.core.models import Conversation, Message
from tui_stream.core.stats import Clock
from tui_stream.core.store import Store
from tui_stream.errors import StoreError


class Timer(Protocol):
    """Something that will be called."""

    def cancel(self) -> None:
        """It will not be called."""


Later = Callable[[float, Callable[[], None]], Timer]
"""Calls a function after so many seconds, for example `asyncio.loop.call_later`."""


def call_later(delay: float, callback: Callable[[], None]) -> Timer:
    """Calls a function on the running loop after so many seconds."""
    return asyncio.get_running_loop().call_later(delay, callback)


async def to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Awaits a coroutine that goes on to its end even while this call is cancelled, which ends as cancelled then.

    Raises:
        CancelledError: it was cancelled meanwhile; what the work raised is lost then.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not report it as lost
        raise cancelled
    task.result()


class Journal:
    """What of one conversation its store has, and what it still has to get; it does one thing at a time.

    Args:
        conversation: its messages, if it has any, are in the store already.
        clock: seconds that only ever grow.
        later: calls a function after a while.
    """

    def __init__(self, store: Store, conversation: Conversation, *, clock: Clock, later: Later = call_later) -> None:
        self.clock = clock
        self.later = later
        self._store = store
        self._conversation = conversation
        self._lock = asyncio.Lock()
        self._opened = len(conversation.tree) > 0
        self._new: dict[str, Message] = {}
        self._stale: dict[str, Message] = {}
        self._gone: list[str] = []
        self._choosing = False
        self._failure: StoreError | None = None
        self._told = False

    @property
    def conversation(self) -> Conversation:
        """The one that it is about."""
        return self._conversation

    @property
    def owes(self) -> bool:
        """There is something that the store has still to get."""
        return bool(self._new or self._stale or (self._opened and (self._gone or self._choosing)))

    @property
    def pending(self) -> list[Message]:
        """New messages that the store has not got yet, in order."""
        return list(self._new.values())

    @property
    def failing(self) -> bool:
        """The store refused what it was handed last."""
        return self._failure is not None

    def news(self) -> str:
        """A sentence on the store for a person, each once: that it fails, that it works again; else nothing."""
        if self.failing is self._told:
            return ""
        self._told = self.failing
        if self._failure is None:
            return "The history can be written again; this conversation is kept."
        said = self._failure.message.rstrip(".")
        return f"{said}; this conversation is not being kept."

    # -- what is to be written ------------------------------------------------------------------------

    def expect(self, message: Message) -> None:
        """A new message, which `flush` adds."""
        self._new[message.id] = message

    def changed(self, message: Message) -> None:
        """A message is not what it was; `flush` says so to the store."""
        if message.id not in self._new:
            self._stale[message.id] = message

    def drop(self, message: Message) -> None:
        """A message is to be deleted; `flush` does so, once the store has its last state."""
        self._gone.append(message.id)

    def chose(self) -> None:
        """Another path is shown; `flush` says so to the store."""
        self._choosing = True

    async def flush(self) -> None:
        """Writes all that is to be written; goes on even while it is cancelled.

        Raises:
            StoreError: not all of it could be; the rest is written next time.
        """
        await to_the_end(self._do(self._flush))

    async def update(self, message: Message) -> None:
        """Writes the present state of a message that the store has; what it refused before comes first.

        Raises:
            StoreError: it could not be.
        """

        async def write() -> None:
            if self.failing:
                await self._flush()
            await self._store.update(self._conversation, message)

        await self._do(write)

    async def choose(self) -> None:
        """Keeps which path is shown; where that fails, with the next `flush`."""
        self.chose()
        try:
            await self.flush()
        except StoreError:
            return  # told with the next turn

    async def remove(self, ids: Sequence[str]) -> None:
        """Deletes messages.

        Raises:
            StoreError: they could not be deleted.
        """

        async def write() -> None:
            await self._flush()
            await self._store.remove(self._conversation, ids)

        await to_the_end(self._do(write))

    async def put_back(self, conversation_id: str, ids: Sequence[str]) -> None:
        """Brings deleted messages back, of this conversation or another.

        Raises:
            StoreError: they could not be brought back.
        """

        async def write() -> None:
            await self._store.put_back(conversation_id, ids)

        await to_the_end(self._do(write))

    async def import_conversation(self, conversation: Conversation) -> None:
        """Keeps a whole other conversation.

        Raises:
            StoreError: it could not be kept.
        """

        async def write() -> None:
            await self._store.import_conversation(conversation)

        await to_the_end(self._do(write))

    async def _do(self, write: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Writes when nobody else does, and remembers how that went."""
        async with self._lock:
            try:
                await write()
            except StoreError as error:
                self._failure = error
                raise
            if not (self._new or self._stale or self._gone):
                self._failure = None

    async def _flush(self) -> None:
        store, conversation = self._store, self._conversation
        if not self._opened and self._new:
            await store.open(conversation)
            self._opened = True
        for message in list(self._new.values()):
            await store.add(conversation, message)
            del self._new[message.id]
        for message in list(self._stale.values()):
            del self._stale[message.id]
            try:
                await store.update(conversation, message)
            except StoreError:
                self._stale.setdefault(message.id, message)
                raise
        if self._gone and self._opened:
            gone = tuple(self._gone)
            await store.remove(conversation, gone)
            del self._gone[: len(gone)]
        if self._choosing and self._opened:
            await store.choose(conversation)
            self._choosing = False
