"""A history that is opened when it is first asked for anything.

Until then nothing is loaded for it: a chat shows its first screen without waiting for a disk.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from tui_stream.core.accounts import By, Receipt, Spent, UsageRow
    from tui_stream.core.archive import Hit, Overview
    from tui_stream.core.estimates import Sample
    from tui_stream.core.models import Conversation, Message
    from tui_stream.store import OpenedStore
    from tui_stream.store.archive import SqliteArchive


class LateArchive:
    """An `Archive` in place of one that is not open yet; any number of sessions and loops may share it.

    Every method raises `StoreError` where the history cannot be opened, and opens it at the next call.

    Args:
        open_it: opens the history.
    """

    def __init__(self, open_it: Callable[[], Awaitable[OpenedStore]]) -> None:
        self._open_it = open_it
        self._lock = threading.Lock()
        self._opening: asyncio.Future[None] | None = None
        self._opened: SqliteArchive | None = None
        self._notices: list[str] = []

    async def ready(self) -> SqliteArchive:
        """The history itself, opened.

        Raises:
            StoreError: it cannot be opened.
        """
        while self._opened is None:
            if not self._lock.acquire(blocking=False):
                await asyncio.sleep(_GLANCE)
                continue
            self._opening = asyncio.ensure_future(self._open())
            self._opening.add_done_callback(self._ended)
            await asyncio.shield(self._opening)
        return self._opened

    async def _open(self) -> None:
        """Opens it, for everybody who waits: whoever gives up waiting leaves this alone."""
        if self._opened is None:
            opened = await self._open_it()
            self._notices += opened.notices
            self._opened = opened.archive

    def _ended(self, opening: asyncio.Future[None]) -> None:
        self._lock.release()
        if not opening.cancelled():
            opening.exception()  # looked at, so that asyncio does not report it as lost

    @property
    def writable(self) -> bool:
        """Whether what is said now is kept, as far as is known; where not, whatever writes says why."""
        return self._opened is None or self._opened.writable

    @property
    def is_open(self) -> bool:
        """Whether it was asked for anything."""
        return self._opened is not None

    def take_notices(self) -> tuple[str, ...]:
        """What happened to the history since this was asked last, and has to be told: sentences."""
        notices, self._notices = tuple(self._notices), []
        return notices if self._opened is None else (*notices, *self._opened.take_notices())

    async def aclose(self) -> None:
        """Removes for good what was deleted long ago, writes what is still to be written and closes, if it was opened.

        Raises:
            StoreError: something could not be written.
        """
        if self._opened is None:
            return
        try:
            await self._opened.purge()
        finally:
            await self._opened.aclose()

    # -- what a session writes ----------------------------------------------------------------------

    async def open(self, conversation: Conversation) -> None:
        """See `Store.open`."""
        await (await self.ready()).open(conversation)

    async def add(self, conversation: Conversation, message: Message) -> None:
        """See `Store.add`."""
        await (await self.ready()).add(conversation, message)

    async def update(self, conversation: Conversation, message: Message) -> None:
        """See `Store.update`."""
        await (await self.ready()).update(conversation, message)

    async def choose(self, conversation: Conversation) -> None:
        """See `Store.choose`."""
        await (await self.ready()).choose(conversation)

    async def remove(self, conversation: Conversation, ids: Sequence[str]) -> None:
        """See `Store.remove`."""
        await (await self.ready()).remove(conversation, ids)

    async def put_back(self, conversation_id: str, ids: Sequence[str]) -> None:
        """See `Store.put_back`."""
        await (await self.ready()).put_back(conversation_id, ids)

    async def import_conversation(self, conversation: Conversation) -> bool:
        """See `Store.import_conversation`."""
        return await (await self.ready()).import_conversation(conversation)

    # -- tokens and money ---------------------------------------------------------------------------

    async def samples(self, provider: str, model: str, limit: int) -> list[Sample]:
        """See `Accounts.samples`."""
        return await (await self.ready()).samples(provider, model, limit)

    async def spent(
        self, *, since: datetime | None = None, conversation_id: str | None = None, without: Collection[str] = ()
    ) -> list[Spent]:
        """See `Accounts.spent`."""
        return await (await self.ready()).spent(since=since, conversation_id=conversation_id, without=without)

    async def usage(self, by: Sequence[By] = (), *, since: datetime | None = None) -> list[UsageRow]:
        """See `Accounts.usage`."""
        return await (await self.ready()).usage(by, since=since)

    async def record(self, conversation_id: str, receipt: Receipt) -> None:
        """See `Accounts.record`."""
        await (await self.ready()).record(conversation_id, receipt)

    # -- conversations ------------------------------------------------------------------------------

    async def conversations(
        self, text: str = "", *, archived: bool = False, deleted: bool = False, limit: int = 200, offset: int = 0
    ) -> list[Overview]:
        """See `Archive.conversations`."""
        archive = await self.ready()
        return await archive.conversations(text, archived=archived, deleted=deleted, limit=limit, offset=offset)

    async def load(self, conversation_id: str, *, tail: int | None = None) -> Conversation:
        """See `Archive.load`."""
        return await (await self.ready()).load(conversation_id, tail=tail)

    async def messages(self, conversation_id: str, ids: Sequence[str]) -> list[Message]:
        """See `Store.messages`."""
        return await (await self.ready()).messages(conversation_id, ids)

    async def resolve(self, prefix: str, *, deleted: bool = False) -> str:
        """See `Archive.resolve`."""
        return await (await self.ready()).resolve(prefix, deleted=deleted)

    async def latest(self) -> str | None:
        """See `Archive.latest`."""
        return await (await self.ready()).latest()

    async def rename(self, conversation_id: str, title: str) -> None:
        """See `Archive.rename`."""
        await (await self.ready()).rename(conversation_id, title)

    async def pin(self, conversation_id: str, pinned: bool) -> None:
        """See `Archive.pin`."""
        await (await self.ready()).pin(conversation_id, pinned)

    async def archive(self, conversation_id: str, archived: bool) -> None:
        """See `Archive.archive`."""
        await (await self.ready()).archive(conversation_id, archived)

    async def delete(self, conversation_id: str) -> None:
        """See `Archive.delete`."""
        await (await self.ready()).delete(conversation_id)

    async def restore(self, conversation_id: str) -> None:
        """See `Archive.restore`."""
        await (await self.ready()).restore(conversation_id)

    async def purge(self) -> int:
        """See `Archive.purge`."""
        return await (await self.ready()).purge()

    # -- searching, and what was typed --------------------------------------------------------------

    async def search(self, text: str, *, conversation_id: str | None = None, limit: int = 100) -> list[Hit]:
        """See `Archive.search`."""
        return await (await self.ready()).search(text, conversation_id=conversation_id, limit=limit)

    async def save_draft(self, place: str, text: str) -> None:
        """See `Archive.save_draft`."""
        await (await self.ready()).save_draft(place, text)

    async def unsent(self, place: str) -> dict[str, str]:
        """See `Archive.unsent`."""
        return await (await self.ready()).unsent(place)

    async def draft(self, place: str) -> str:
        """See `Archive.draft`."""
        return await (await self.ready()).draft(place)

    async def prompts(self, text: str = "", *, limit: int = 100, offset: int = 0) -> list[str]:
        """See `Archive.prompts`."""
        return await (await self.ready()).prompts(text, limit=limit, offset=offset)


_GLANCE = 0.005  # seconds from one look at whether another caller has opened it to the next
