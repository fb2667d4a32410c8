"""The archive in memory keeps what it is handed, as the protocol says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.memory_archive import MemoryArchive
from tui_stream.core.archive import Archive
from tui_stream.core.models import Conversation, Message, MessageStatus, Role
from tui_stream.errors import StoreError


async def filled(*texts: str, store: MemoryArchive | None = None) -> tuple[MemoryArchive, Conversation]:
    store = store or MemoryArchive()
    conversation = Conversation()
    await store.open(conversation)
    parent = None
    for number, text in enumerate(texts):
        message = Message(Role.ASSISTANT if number % 2 else Role.USER, text, parent_id=parent, model="m")
        conversation.tree.add(message.id, parent)
        conversation.messages.append(message)
        await store.add(conversation, message)
        parent = message.id
    return store, conversation


async def test_it_is_an_archive_and_keeps_copies() -> None:
    store, conversation = await filled("one", "two")
    archive: Archive = store
    conversation.messages[0].text = "changed"
    conversation.messages[0].notes.append("changed")
    loaded = await archive.load(conversation.id)
    assert [(message.text, message.notes) for message in loaded.messages] == [("one", []), ("two", [])]
    tail = await archive.load(conversation.id, tail=1)
    assert [message.text for message in tail.messages] == ["two"]
    assert len(tail.tree) == 2


async def test_lists_are_filtered_and_sorted() -> None:
    store, first = await filled("Counting sheep")
    _, second = await filled("Baking bread", "Flour ...", store=store)
    store.kept[first.id].conversation.updated_at -= timedelta(days=1)
    assert [one.title for one in await store.conversations()] == ["Baking bread", "Counting sheep"]
    assert [one.title for one in await store.conversations("she cou")] == ["Counting sheep"]
    assert await store.conversations("heep") == []
    await store.pin(first.id, True)
    assert [one.pinned for one in await store.conversations()] == [True, False]
    await store.archive(first.id, True)
    assert [one.id for one in await store.conversations(archived=True)] == [first.id]
    assert [one.messages for one in await store.conversations(limit=1)] == [2]
    await store.rename(second.id, "Bread")
    assert (await store.conversations("bread"))[0].title == "Bread"
    assert await store.latest() == second.id
    assert await store.resolve(second.id[:20]) == second.id
    for prefix in ("", "no"):
        with pytest.raises(StoreError):
            await store.resolve(prefix)


async def test_deleted_conversations_come_back_or_go_for_good() -> None:
    store, conversation = await filled("one", "two")
    await store.delete(conversation.id)
    assert await store.conversations() == []
    with pytest.raises(StoreError):
        await store.load(conversation.id)
    assert await store.purge() == 0
    await store.restore(conversation.id)
    assert (await store.load(conversation.id)).messages
    await store.delete(conversation.id)
    store.kept[conversation.id].deleted = conversation.created_at - timedelta(days=2)
    assert await store.purge() == 3


async def test_searching_finds_all_words() -> None:
    store, conversation = await filled("How many sheep are there?", "Seven sheep.", "漢字の話")
    hits = await store.search("sheep se")
    assert [(hit.excerpt, hit.spans) for hit in hits] == [("Seven sheep.", ((0, 2), (6, 11)))]
    assert len(await store.search("sheep")) == 2
    assert len(await store.search("sheep", limit=1)) == 1
    assert [hit.excerpt for hit in await store.search("字")] == ["漢字の話"]
    assert await store.search("") == await store.search("eep") == await store.search("x", conversation_id="y") == []
    assert (await store.search("are", conversation_id=conversation.id))[0].title == "How many sheep are there?"


async def test_drafts_and_prompts() -> None:
    store, _ = await filled("one", "answer", "two", "answer", "one")
    await store.save_draft("here", "half a")
    assert (await store.draft("here"), await store.draft("there")) == ("half a", "")
    await store.save_draft("here", "")
    assert store.drafts == {}
    assert await store.prompts() == ["one", "two"]
    assert await store.prompts("TW") == ["two"]
    assert await store.prompts(limit=1, offset=1) == ["two"]


async def test_a_crash_leaves_interrupted_answers() -> None:
    store, conversation = await filled("one", "tw")
    conversation.messages[1].status = MessageStatus.STREAMING
    await store.update(conversation, conversation.messages[1])
    store.restart()
    assert (await store.load(conversation.id)).messages[1].status is MessageStatus.INTERRUPTED
    assert (await store.conversations())[0].interrupted


async def test_it_fails_where_it_is_told_to_and_once_it_is_closed() -> None:
    store, conversation = await filled("one")
    store.failure = StoreError("The disk is full.")
    with pytest.raises(StoreError, match="full"):
        await store.conversations()
    store.failure = None
    with pytest.raises(StoreError, match="already"):
        await store.add(conversation, conversation.messages[0])
    with pytest.raises(StoreError, match="never added"):
        await store.update(conversation, Message(Role.USER))
    await store.aclose()
    with pytest.raises(StoreError, match="closed"):
        await store.latest()


async def test_a_whole_conversation_is_imported_once() -> None:
    _, conversation = await filled("one", "two", "three")
    store = MemoryArchive()
    assert await store.import_conversation(conversation)
    assert not await store.import_conversation(conversation)
    assert [message.text for message in (await store.load(conversation.id)).messages] == ["one", "two", "three"]
