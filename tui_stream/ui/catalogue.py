"""The list of kept conversations as somebody looks through it: page by page, filtered, and changed in place."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from tui_stream.errors import StoreError

if TYPE_CHECKING:
    from tui_stream.core.archive import Archive, Overview

PAGE = 200
"""Conversations that are asked for at once."""


class Kind(Enum):
    """What can be taken back."""

    DELETED = auto()
    ARCHIVED = auto()
    RENAMED = auto()


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done to a conversation.

    Attributes:
        item: the conversation as it was before.
        title: the title that it had been given by then, of one that was renamed; empty for its first line.
    """

    kind: Kind
    item: Overview
    title: str = ""


class Catalogue:
    """Conversations that fit a filter, as many as were looked at.

    Changes show when it is asked to `find` again. Every method that waits raises `StoreError`, and leaves everything
    as it was then.

    Attributes:
        text: the filter.
        archived: whether the archived ones are listed.
        items: what was found so far, in the archive's order.
        complete: there are no more.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._deeds: deque[Deed] = deque()
        self.text = ""
        self.archived = False
        self.items: list[Overview] = []
        self.complete = False

    async def find(self, text: str, *, archived: bool, least: int = PAGE) -> None:
        """Lists those with these words in their titles, at least so many."""
        items = await self._archive.conversations(text, archived=archived, limit=least)
        self.text, self.archived, self.items = text, archived, items
        self.complete = len(items) < least

    async def more(self) -> None:
        """Lists some more, the more the further somebody went."""
        count = max(PAGE, len(self.items))
        page = await self._archive.conversations(self.text, archived=self.archived, limit=count, offset=len(self.items))
        known = {item.id for item in self.items}
        self.items = [*self.items, *(item for item in page if item.id not in known)]
        self.complete = len(page) < count

    async def pin(self, item: Overview) -> None:
        """Pins it, or no longer."""
        await self._archive.pin(item.id, not item.pinned)

    async def rename(self, item: Overview, title: str) -> None:
        """Gives it another title; `undo` gives it the old one."""
        before = (await self._archive.load(item.id, tail=0)).title
        await self._archive.rename(item.id, title)
        self._deeds.append(Deed(Kind.RENAMED, item, before))

    async def archive(self, item: Overview) -> None:
        """Puts it away, or back; `undo` does the opposite."""
        await self._archive.archive(item.id, not item.archived)
        self._deeds.append(Deed(Kind.ARCHIVED, item))

    async def delete(self, item: Overview) -> None:
        """Deletes it; `undo` brings it back."""
        await self._archive.delete(item.id)
        self._deeds.append(Deed(Kind.DELETED, item))

    async def undo(self) -> Deed | None:
        """Takes back what was done last; None where nothing was. What cannot be taken back waits behind the rest."""
        if not self._deeds:
            return None
        deed = self._deeds.pop()
        try:
            await self._take_back(deed)
        except StoreError:
            self._deeds.appendleft(deed)
            raise
        return deed

    async def _take_back(self, deed: Deed) -> None:
        item = deed.item
        match deed.kind:
            case Kind.DELETED:
                await self._archive.restore(item.id)
            case Kind.ARCHIVED:
                await self._archive.archive(item.id, item.archived)
            case Kind.RENAMED:
                await self._archive.rename(item.id, deed.title)
