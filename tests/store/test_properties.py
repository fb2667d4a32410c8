"""Whatever is done to a conversation, what is loaded is what a model in memory says."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.keeping import Clock
from tui_stream.core.metering import total
from tui_stream.core.models import Conversation, Cost, Message, MessageStatus, Role, Source
from tui_stream.store import open_store
from tui_stream.store.archive import SqliteArchive

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
COSTS = st.sampled_from(
    [
        None,
        Cost(Decimal("0.1"), Source.REPORTED),
        Cost(Decimal("0.025"), Source.ESTIMATED),
        Cost(None, Source.ESTIMATED),
        Cost(None, Source.REPORTED, local=True),
    ]
)
FINISHED = st.sampled_from([one for one in MessageStatus if one is not MessageStatus.STREAMING])


class Model:
    """A conversation in memory, whose history is kept by one of two programs in turn."""

    def __init__(self, data: Any, folder: Path) -> None:
        self.data = data
        self.folder = folder
        self.clock = Clock()
        self.conversation = Conversation()
        self.messages: dict[str, Message] = {}
        self.removed: list[str] = []
        self.archives: list[SqliteArchive] = []
        self.writers: dict[str, SqliteArchive] = {}

    def draw(self, strategy: Any) -> Any:
        return self.data.draw(strategy)

    @property
    def archive(self) -> SqliteArchive:
        return self.draw(st.sampled_from(self.archives)) if len(self.archives) > 1 else self.archives[0]

    @property
    def present(self) -> list[str]:
        return [one for one in self.messages if one not in self.removed]

    def writer(self, message: Message) -> SqliteArchive:
        """A program that writes the message now: what it may change from then on is more than others may."""
        self.writers[message.id] = archive = self.archive
        return archive

    def pick(self) -> Message:
        return self.messages[self.draw(st.sampled_from(self.present))]

    async def open(self, programs: int = 2) -> None:
        for _ in range(programs):
            self.archives.append((await open_store(self.folder, clock=self.clock)).archive)
        await self.archives[0].open(self.conversation)

    async def close(self) -> None:
        self.writers.clear()
        while self.archives:
            await self.archives.pop().aclose()

    # -- what may happen ----------------------------------------------------------------------------

    def _new(self, parent: str | None) -> Message:
        role = self.draw(st.sampled_from(list(Role)))
        status = self.draw(st.sampled_from(list(MessageStatus)))
        return Message(role, self.draw(TEXTS), self.draw(TEXTS), status, f"m{len(self.messages)}", parent)

    async def add(self) -> None:
        parent = self.draw(st.sampled_from([None, self.conversation.tree.head, *self.present]))
        message = self._new(parent)
        self.messages[message.id] = message
        self.conversation.tree.add(message.id, parent)
        await self.writer(message).add(self.conversation, message)

    async def insert(self) -> None:
        before = self.pick()
        note = replace(self._new(before.parent_id), status=MessageStatus.COMPLETE)
        shown = before.id in self.conversation.tree.path(self.conversation.tree.head)
        self.messages[note.id] = note
        self.conversation.tree.insert(note.id, before.id)
        before.parent_id = note.id
        await self.writer(note).add(self.conversation, note)
        await self.writer(before).update(self.conversation, before)
        if not shown:
            await self.archive.choose(self.conversation)

    async def grow(self) -> None:
        message = self.pick()
        archive = self.writer(message)
        message.status = MessageStatus.STREAMING
        for _ in range(self.draw(st.integers(1, 3))):
            message.text += self.draw(TEXTS)
            message.reasoning += self.draw(TEXTS)
            message.model = self.draw(st.sampled_from([message.model, "another"]))
            await archive.update(self.conversation, message)

    async def change(self) -> None:
        message = self.pick()
        archive = self.writers.get(message.id)
        if archive is not None and self.draw(st.booleans()):
            message.text, message.reasoning = self.draw(TEXTS), self.draw(TEXTS)
        else:
            archive = self.writer(message)
            message.text += self.draw(TEXTS)
            message.reasoning += self.draw(TEXTS)
        message.cost, message.status = self.draw(COSTS), self.draw(FINISHED)
        await archive.update(self.conversation, message)

    async def choose(self) -> None:
        self.conversation.tree.choose(self.pick().id)
        await self.archive.choose(self.conversation)

    async def remove(self) -> None:
        message = self.pick()
        one, streams = message.id, message.status is MessageStatus.STREAMING
        archive = self.writers[one] if streams and one in self.writers else self.archive
        self.conversation.others[:] = [message]
        self.conversation.tree.remove(one)
        self.removed.append(one)
        await archive.remove(self.conversation, [one])
        self._follow()

    async def put_back(self) -> None:
        if not self.removed:
            return
        one = self.draw(st.sampled_from(self.removed))
        self.conversation.tree.restore(one)
        self.removed.remove(one)
        archive = self.archive
        await archive.put_back(self.conversation.id, [one])
        await archive.choose(self.conversation)
        self._follow()

    def _follow(self) -> None:
        """Messages follow what they follow in the tree, now that others are gone or are back."""
        for one in self.present:
            self.messages[one].parent_id = self.conversation.tree.parent(one)

    async def reopen(self) -> None:
        await self.close()
        for message in self.messages.values():
            if message.status is MessageStatus.STREAMING:
                count = len(message.text)
                message.status = MessageStatus.INTERRUPTED
                message.error = f"interrupted after {count} character{'' if count == 1 else 's'}"
        await self.open()

    # -- what is to be seen -------------------------------------------------------------------------

    async def check(self) -> None:
        archive = self.archive
        loaded = await archive.load(self.conversation.id)
        tree, kept = self.conversation.tree, loaded.tree
        assert sorted(kept) == sorted(tree)
        for one in (None, *self.present):
            assert kept.children(one) == tree.children(one)
        assert kept.head == tree.head
        assert [message.id for message in loaded.messages] == tree.path(tree.head)
        assert {message.id for message in (*loaded.messages, *loaded.others)} == set(self.present)
        for message in (*loaded.messages, *loaded.others):
            assert self._seen(message) == self._seen(self.messages[message.id])
        await self._check_tail(archive)
        await self._check_search(archive)

    @staticmethod
    def _seen(message: Message) -> dict[str, Any]:
        seen = asdict(message)
        if message.status is MessageStatus.INTERRUPTED:
            del seen["finished_at"]
        return seen

    async def _check_tail(self, archive: SqliteArchive) -> None:
        tail = await archive.load(self.conversation.id, tail=2)
        tree = self.conversation.tree
        assert [message.id for message in tail.messages] == tree.path(tree.head)[-2:]
        rest = set(self.messages) - {message.id for message in tail.messages}
        assert tail.unloaded == total(cost for one in rest if (cost := self.messages[one].cost) is not None)

    async def _check_search(self, archive: SqliteArchive) -> None:
        listed = {one for one in self.present if self.messages[one].status not in {"streaming", "queued"}}
        words = {
            word for one in listed for word in self.messages[one].text.split() if word.isascii() and word.isalnum()
        }
        for word in words:
            having = {one for one in listed if word.lower() in _words(self.messages[one].text)}
            found = {hit.message_id for hit in await archive.search(f"{word} {word}")}
            assert having <= found <= listed


def _words(text: str) -> list[str]:
    return text.lower().split()


async def scenario(data: Any, steps: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        model = Model(data, Path(folder))
        await model.open()
        try:
            await model.add()
            for _ in range(steps):
                kinds = [model.add, model.reopen, model.put_back]
                if model.present:
                    kinds += [model.insert, model.grow, model.grow, model.change, model.choose, model.remove]
                await model.draw(st.sampled_from(kinds))()
                await model.check()
        finally:
            await model.close()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data(), steps=st.integers(1, 15))
def test_what_is_loaded_is_what_was_kept(data: Any, steps: int) -> None:
    asyncio.run(scenario(data, steps))
