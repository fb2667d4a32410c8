"""An archive in memory, for tests of what shows histories; it behaves as `core.archive.Archive` says.

What it is handed is copied, so that a test sees what was kept and not what the program holds. ``failure`` makes every
call fail, ``restart`` does what the next start of the program finds after a crash, and ``calls`` says what was asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.memory_accounts import MemoryAccounts
from tui_stream.core.archive import Hit, Overview
from tui_stream.core.metering import total
from tui_stream.core.models import Conversation, Cost, Message, MessageStatus, Role, utc_now
from tui_stream.core.titles import first_line
from tui_stream.core.tree import Tree
from tui_stream.errors import StoreError, TuiStreamError

_WORD = re.compile(r"\w+")
_AROUND = 40  # characters of an excerpt before what was found
_UNDER_WAY = frozenset({MessageStatus.STREAMING, MessageStatus.QUEUED})


def copied(message: Message) -> Message:
    """The message as it is now."""
    return replace(
        message,
        parameters=dict(message.parameters),
        tool_calls=[replace(call) for call in message.tool_calls],
        notes=list(message.notes),
    )


@dataclass
class Kept:
    """A conversation as it is kept: every message ever added, with the parent it really has."""

    conversation: Conversation
    messages: dict[str, Message] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    head: str | None = None
    deleted: datetime | None = None

    def __iter__(self) -> Iterator[Message]:
        """The messages that are not deleted, in the order in which they were added."""
        return (message for message in self.messages.values() if message.id not in self.gone)

    def parent(self, message: Message) -> str | None:
        """Which message it follows, now that others are gone."""
        parent = message.parent_id
        while parent is not None and parent in self.gone:
            parent = self.messages[parent].parent_id
        return parent

    @property
    def tree(self) -> Tree:
        tree = Tree()
        waiting = {message.id: self.parent(message) for message in self}
        while waiting:
            for message_id, parent in list(waiting.items()):
                if parent is None or parent in tree:
                    tree.add(message_id, waiting.pop(message_id))
        head = self.head
        while head is not None and head in self.gone:
            head = self.messages[head].parent_id
        if head is not None:
            tree.choose(head)
        return tree

    @property
    def title(self) -> str:
        prompts = (message.text for message in self if message.role is Role.USER)
        return self.conversation.title or first_line(next(prompts, ""))

    @property
    def cost(self) -> Cost:
        return total(message.cost for message in self if message.cost is not None)

    @property
    def overview(self) -> Overview:
        answers = [message for message in self if message.role is Role.ASSISTANT]
        newest = answers[-1] if answers else None
        kept = self.conversation
        return Overview(
            kept.id,
            self.title,
            kept.created_at,
            kept.updated_at,
            pinned=kept.pinned,
            archived=kept.archived,
            messages=sum(1 for _ in self),
            model=newest.model if newest else "",
            cost=self.cost,
            interrupted=newest is not None and newest.status is MessageStatus.INTERRUPTED,
        )


@dataclass
class MemoryArchive(MemoryAccounts):
    """Keeps everything in memory.

    Attributes:
        kept: what is kept, by the conversation's id.
        drafts: what stands unsent, by place.
        failure: raised by every call while it is set.
        calls: the names of the calls so far.
    """

    kept: dict[str, Kept] = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)
    failure: TuiStreamError | None = None
    calls: list[str] = field(default_factory=list)
    closed: bool = False

    def _requests(self, conversation_id: str | None = None) -> list[Message]:
        every = [one for one in self.kept.values() if conversation_id in {None, one.conversation.id}]
        return [message for one in every for message in one.messages.values()]

    def _conversation_of(self, message: Message) -> str:
        return next((one.conversation.id for one in self.kept.values() if message.id in one.messages), "")

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self.closed:
            raise StoreError("The history is closed.")
        if self.failure is not None:
            raise self.failure

    def _of(self, conversation_id: str) -> Kept:
        kept = self.kept.get(conversation_id)
        if kept is None or kept.deleted is not None:
            raise StoreError(f"There is no conversation {conversation_id}.", hint="See tui-stream history list.")
        return kept

    @property
    def _deleted(self) -> list[Kept]:
        return [kept for kept in self.kept.values() if kept.deleted is not None]

    @property
    def _present(self) -> list[Kept]:
        """Conversations that are not deleted, those used last first."""
        present = [kept for kept in self.kept.values() if kept.deleted is None]
        return sorted(present, key=lambda kept: kept.conversation.updated_at, reverse=True)

    def restart(self) -> None:
        """The program went away and starts again: what streamed is interrupted."""
        for kept in self.kept.values():
            for message in kept.messages.values():
                if message.status in _UNDER_WAY:
                    message.status = MessageStatus.INTERRUPTED

    # -- what a session writes ----------------------------------------------------------------------

    async def open(self, conversation: Conversation) -> None:
        self._called("open")
        if conversation.id not in self.kept:
            self.kept[conversation.id] = Kept(_bare(conversation))

    async def add(self, conversation: Conversation, message: Message) -> None:
        self._called("add")
        kept = self._of(conversation.id)
        if message.id in kept.messages:
            raise StoreError("The message is kept already.")
        kept.messages[message.id] = copied(message)
        kept.head = message.id
        kept.conversation.updated_at = max(kept.conversation.updated_at, message.created_at)

    async def update(self, conversation: Conversation, message: Message) -> None:
        self._called("update")
        kept = self._of(conversation.id)
        if message.id not in kept.messages:
            raise StoreError("The message was never added.")
        kept.messages[message.id] = copied(message)

    async def choose(self, conversation: Conversation) -> None:
        self._called("choose")
        self._of(conversation.id).head = conversation.tree.head

    async def remove(self, conversation: Conversation, ids: Sequence[str]) -> None:
        self._called("remove")
        self._of(conversation.id).gone.update(ids)

    async def put_back(self, conversation_id: str, ids: Sequence[str]) -> None:
        self._called("put_back")
        self._of(conversation_id).gone.difference_update(ids)

    async def import_conversation(self, conversation: Conversation) -> bool:
        self._called("import_conversation")
        if conversation.id in self.kept:
            return False
        kept = Kept(_bare(conversation), head=conversation.tree.head)
        for message in (*conversation.messages, *conversation.others):
            kept.messages[message.id] = copied(message)
        self.kept[conversation.id] = kept
        return True

    # -- conversations ------------------------------------------------------------------------------

    async def conversations(
        self, text: str = "", *, archived: bool = False, deleted: bool = False, limit: int = 200, offset: int = 0
    ) -> list[Overview]:
        self._called("conversations")
        kept = [one for one in self._present if one.conversation.archived is archived]
        found = [one.overview for one in (self._deleted if deleted else kept)]
        found = [one for one in found if _begins_words(text, one.title)]
        found.sort(key=lambda one: not one.pinned)
        return found[offset : offset + limit]

    async def load(self, conversation_id: str, *, tail: int | None = None) -> Conversation:
        self._called("load")
        kept = self._of(conversation_id)
        tree = kept.tree
        path = tree.path(tree.head)
        shown = path if tail is None else path[max(0, len(path) - tail) :]
        others = [] if tail is not None else [message.id for message in kept if message.id not in set(path)]
        rest = [message for message in kept.messages.values() if message.id not in {*shown, *others}]
        return replace(
            kept.conversation,
            tree=tree,
            messages=self._loaded(kept, shown),
            others=self._loaded(kept, others),
            unloaded=_cost(rest),
        )

    async def messages(self, conversation_id: str, ids: Sequence[str]) -> list[Message]:
        self._called("messages")
        return self._loaded(self._of(conversation_id), ids)

    def _loaded(self, kept: Kept, ids: Iterable[str]) -> list[Message]:
        present = [kept.messages[one] for one in ids if one in kept.messages and one not in kept.gone]
        return [replace(copied(message), parent_id=kept.parent(message)) for message in present]

    async def resolve(self, prefix: str, *, deleted: bool = False) -> str:
        self._called("resolve")
        there = self._deleted if deleted else self._present
        found = [kept.conversation.id for kept in there if kept.conversation.id.startswith(prefix)]
        if len(found) == 1:
            return found[0]
        said = f"Several begin with {prefix!r}: {', '.join(found)}." if found else f"None begins with {prefix!r}."
        raise StoreError(said, hint="See tui-stream history list.")

    async def latest(self) -> str | None:
        self._called("latest")
        present = self._present
        return present[0].conversation.id if present else None

    async def rename(self, conversation_id: str, title: str) -> None:
        self._called("rename")
        self._of(conversation_id).conversation.title = title

    async def pin(self, conversation_id: str, pinned: bool) -> None:
        self._called("pin")
        self._of(conversation_id).conversation.pinned = pinned

    async def archive(self, conversation_id: str, archived: bool) -> None:
        self._called("archive")
        self._of(conversation_id).conversation.archived = archived

    async def delete(self, conversation_id: str) -> None:
        self._called("delete")
        self._of(conversation_id).deleted = utc_now()

    async def restore(self, conversation_id: str) -> None:
        self._called("restore")
        self.kept[conversation_id].deleted = None

    async def purge(self) -> int:
        self._called("purge")
        long_ago = utc_now() - timedelta(days=1)
        gone = [one for one, kept in self.kept.items() if kept.deleted is not None and kept.deleted < long_ago]
        return len(gone) + sum(len(self.kept.pop(one).messages) for one in gone)

    # -- searching and what was typed ---------------------------------------------------------------

    async def search(self, text: str, *, conversation_id: str | None = None, limit: int = 100) -> list[Hit]:
        self._called("search")
        hits = [
            hit
            for kept in self._present
            if conversation_id in {None, kept.conversation.id}
            for message in reversed(list(kept))
            if (hit := _hit(kept, message, text)) is not None
        ]
        return hits[:limit]

    async def save_draft(self, place: str, text: str) -> None:
        self._called("save_draft")
        if text:
            self.drafts[place] = text
        else:
            self.drafts.pop(place, None)

    async def draft(self, place: str) -> str:
        return (await self.unsent(place)).get(place, "")

    async def unsent(self, place: str) -> dict[str, str]:
        self._called("unsent")
        return {at: text for at, text in self.drafts.items() if at == place or at.startswith(f"{place}/")}

    async def prompts(self, text: str = "", *, limit: int = 100, offset: int = 0) -> list[str]:
        self._called("prompts")
        said = [message for kept in self._present for message in kept if message.role is Role.USER]
        said.sort(key=lambda message: message.created_at, reverse=True)
        found = dict.fromkeys(message.text for message in said if text.casefold() in message.text.casefold())
        return list(found)[offset : offset + limit]

    async def aclose(self) -> None:
        self.closed = True


def _bare(conversation: Conversation) -> Conversation:
    """What is known of the conversation besides its messages."""
    return replace(conversation, tree=Tree(), messages=[], others=[])


def _cost(messages: Sequence[Message]) -> Cost:
    costs = [message.cost for message in messages if message.cost is not None]
    return total(costs) if costs else Conversation().unloaded


def _begins_words(text: str, title: str) -> bool:
    """Whether each word of the text is the beginning of a word of the title."""
    words = _WORD.findall(title.casefold())
    return all(any(word.startswith(part) for word in words) for part in _WORD.findall(text.casefold()))


def _hit(kept: Kept, message: Message, text: str) -> Hit | None:
    """The message as a search shows it, if all words are in it; the last one may be the beginning of a word."""
    asked = _WORD.findall(text)
    line = " ".join(message.text.split())
    if not asked:
        return None
    spans: list[tuple[int, int]] = []
    for number, word in enumerate(asked):
        end = "" if number == len(asked) - 1 or not word.isascii() else r"\b"
        begin = r"\b" if word.isascii() else ""
        found = [match.span() for match in re.finditer(f"{begin}{re.escape(word)}{end}", line, re.IGNORECASE)]
        if not found:
            return None
        spans += found
    first = max(0, min(spans)[0] - _AROUND)
    excerpt = line[first : first + 4 * _AROUND]
    shown = tuple(sorted((a - first, b - first) for a, b in spans if b - first <= len(excerpt)))
    created, conversation = message.created_at, kept.conversation.id
    return Hit(conversation, message.id, kept.title, message.role, created, excerpt, shown)
