"""The history as the program sees it: what may be asked of it, and what is kept in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from tui_stream.core.accounts import By, Receipt, Spent, UsageRow
from tui_stream.core.archive import Hit, Overview
from tui_stream.core.estimates import Sample
from tui_stream.core.models import Conversation, Message
from tui_stream.errors import StoreError
from tui_stream.store import accounts, drafts, edits, imports, lists, reading, search, writing
from tui_stream.store.calls import Calls
from tui_stream.store.rows import copied
from tui_stream.store.writing import About, Write

T = TypeVar("T")


class SqliteArchive(Calls):
    """An `Archive`, to be made by `tui_stream.store.open_store`; any number of sessions and loops may share it."""

    def __init__(self, folder: Path, *, clock: Callable[[], datetime], patience: float) -> None:
        super().__init__(folder, clock=clock, patience=patience)
        self._unsaved: dict[str, str] = {}

    # -- what a session writes ----------------------------------------------------------------------

    async def open(self, conversation: Conversation) -> None:
        """Makes the conversation known."""
        about = About.of(conversation)
        await self._change(lambda connection, _: writing.know(connection, about))

    async def add(self, conversation: Conversation, message: Message) -> None:
        """Keeps a new message, with those before it that are not kept for whatever reason."""
        await self._keep(conversation, message)

    async def update(self, conversation: Conversation, message: Message) -> None:
        """Keeps the present state of a message; of one that streams only what is new is written."""
        await self._keep(conversation, message)

    async def _keep(self, conversation: Conversation, message: Message) -> None:
        followed = imports.found(conversation, message.parent_id)
        write = Write(About.of(conversation), copied(message), conversation, followed=followed)
        await self._settled(lambda: self._journal.keep(write))

    async def choose(self, conversation: Conversation) -> None:
        """Keeps which path of the tree is shown."""
        head, conversation_id = conversation.tree.head, conversation.id
        seen = imports.found(conversation, head)
        await self._change(
            lambda connection, _: edits.choose(connection, conversation_id, head, seen, self._journal.owner)
        )

    async def remove(self, conversation: Conversation, ids: Sequence[str]) -> None:
        """Deletes single messages; what followed one follows its parent.

        What another program writes at this moment stays, and what it wrote since the conversation was loaded.
        """
        conversation_id, seen = conversation.id, {one: imports.found(conversation, one) for one in ids}
        await self._change(
            lambda connection, now: edits.remove(connection, conversation_id, seen, self._journal.owner, now)
        )

    async def put_back(self, conversation_id: str, ids: Sequence[str]) -> None:
        """Brings deleted messages back to where they were."""
        wanted = tuple(ids)
        await self._change(
            lambda connection, _: edits.put_back(connection, conversation_id, wanted, self._journal.owner)
        )

    async def import_conversation(self, conversation: Conversation) -> bool:
        """Keeps a whole conversation, all of its messages loaded; False where one of this id is kept already."""
        about, messages = About.of(conversation), [copied(message) for message in imports.loaded(conversation)]
        tree, unloaded = conversation.tree, conversation.unloaded
        return await self._change(lambda connection, _: imports.take_in(connection, about, messages, tree, unloaded))

    # -- conversations ------------------------------------------------------------------------------

    async def conversations(
        self, text: str = "", *, archived: bool = False, deleted: bool = False, limit: int = 200, offset: int = 0
    ) -> list[Overview]:
        """Conversations with all of these words in their titles, the pinned first, then those used last."""
        kind = lists.Kind.DELETED if deleted else lists.Kind.ARCHIVED if archived else lists.Kind.CURRENT
        return await self._read(lambda connection: lists.conversations(connection, text, kind, limit, offset))

    async def load(self, conversation_id: str, *, tail: int | None = None) -> Conversation:
        """A conversation: its whole tree, and the last ``tail`` messages of the path that was shown last."""
        return await self._read(lambda connection: reading.load(connection, conversation_id, tail))

    async def messages(self, conversation_id: str, ids: Sequence[str]) -> list[Message]:
        """Messages of a conversation, in the order of the ids; what is not there any more is left out."""
        wanted = tuple(ids)
        return await self._read(lambda connection: reading.messages(connection, conversation_id, wanted))

    async def resolve(self, prefix: str, *, deleted: bool = False) -> str:
        """The id of the one conversation, of those that are deleted or those that are not, whose id begins so."""
        return (await self._read(lambda connection: reading.named(connection, prefix, deleted=deleted))).only()

    async def latest(self) -> str | None:
        """The id of the conversation used last; None where there is none."""
        return await self._read(lists.latest)

    async def rename(self, conversation_id: str, title: str) -> None:
        """Gives it a title; an empty one goes back to its first line."""
        await self._change(lambda connection, _: lists.rename(connection, conversation_id, title))

    async def pin(self, conversation_id: str, pinned: bool) -> None:
        """Puts it before the others, or no longer."""
        await self._change(lambda connection, _: lists.mark(connection, conversation_id, "pinned", pinned))

    async def archive(self, conversation_id: str, archived: bool) -> None:
        """Puts it out of sight, or back."""
        await self._change(lambda connection, _: lists.mark(connection, conversation_id, "archived", archived))

    async def delete(self, conversation_id: str) -> None:
        """Deletes it, such that `restore` brings it back until `purge`."""
        await self._change(
            lambda connection, now: lists.set_deleted(
                connection, conversation_id, edits.removal(connection, self._journal.owner, now)
            )
        )

    async def restore(self, conversation_id: str) -> None:
        """Brings a deleted conversation back."""
        await self._change(lambda connection, _: lists.set_deleted(connection, conversation_id, None))

    async def purge(self) -> int:
        """Removes for good what was deleted more than a day ago; how many conversations and messages."""
        return await self._change(lambda connection, now: lists.purge(connection, now, self._journal.number))

    # -- tokens and money ---------------------------------------------------------------------------

    async def samples(self, provider: str, model: str, limit: int) -> list[Sample]:
        """What the provider counted for the newest requests to a model, the newest last."""
        return await self._read(lambda connection: accounts.samples(connection, provider, model, limit))

    async def spent(
        self, *, since: datetime | None = None, conversation_id: str | None = None, without: Collection[str] = ()
    ) -> list[Spent]:
        """What requests came to, model by model."""
        others = tuple(without)
        return await self._read(lambda connection: accounts.spent(connection, since, conversation_id, others))

    async def usage(self, by: Sequence[By] = (), *, since: datetime | None = None) -> list[UsageRow]:
        """A table of requests."""
        groups = tuple(by)
        return await self._read(lambda connection: accounts.usage(connection, groups, since), searching=True)

    async def record(self, conversation_id: str, receipt: Receipt) -> None:
        """Keeps what a request cost for which there is no message."""
        await self._change(lambda connection, _: accounts.record(connection, conversation_id, receipt))

    # -- searching, and what was typed --------------------------------------------------------------

    async def search(self, text: str, *, conversation_id: str | None = None, limit: int = 100) -> list[Hit]:
        """Messages with all of these words, those used last first. A search that is given up ends at once."""
        return await self._read(
            lambda connection: search.search(connection, text, conversation_id, limit), searching=True
        )

    async def save_draft(self, place: str, text: str) -> None:
        """Keeps what stands unsent in a prompt; an empty text forgets it.

        Where the history can only be read, it is kept as long as the program runs.
        """
        try:
            await self._change(
                lambda connection, now: drafts.save(connection, place, text, self._journal.owner.id, now), durable=False
            )
        except StoreError:
            if self.writable:
                raise
            self._unsaved[place] = text
        else:
            self._unsaved.pop(place, None)

    async def unsent(self, place: str) -> dict[str, str]:
        """What stood unsent there and in the places below it, by place."""
        try:
            kept = await self._change(
                lambda connection, now: drafts.take(connection, place, self._journal.owner, now), durable=False
            )
        except StoreError:
            kept = await self._read(lambda connection: drafts.look(connection, place))
        unsaved = {at: text for at, text in self._unsaved.items() if at == place or at.startswith(f"{place}/")}
        return {at: text for at, text in (kept | unsaved).items() if text}

    async def draft(self, place: str) -> str:
        """What stood unsent there, or nothing."""
        return (await self.unsent(place)).get(place, "")

    async def prompts(self, text: str = "", *, limit: int = 100, offset: int = 0) -> list[str]:
        """Prompts of all conversations with this text in them, each once, the newest first."""
        return await self._read(lambda connection: drafts.prompts(connection, text, limit, offset))
