"""Conversations that were had before, for tests of what lists, opens and searches them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tests.fakes import Step
from tests.memory_archive import MemoryArchive
from tests.ui.harness import Chat, chat
from tui_stream.core.models import Conversation, Message, MessageStatus, Role, interruption
from tui_stream.ui.history import History, MakeTitle

NOW = datetime(2026, 5, 20, 15, 30, tzinfo=UTC)
"""A Wednesday."""


def conversation(
    *texts: str,
    title: str = "",
    ago: timedelta = timedelta(hours=1),
    pinned: bool = False,
    archived: bool = False,
    status: MessageStatus = MessageStatus.COMPLETE,
    id: str = "",  # noqa: A002 - as the model names it
) -> Conversation:
    """Prompts and answers by turns; the status is the last message's."""
    when = NOW - ago
    made = Conversation(title=title, pinned=pinned, archived=archived, created_at=when, updated_at=when)
    made.id = id or made.id
    parent = None
    for number, text in enumerate(texts):
        role = Role.ASSISTANT if number % 2 else Role.USER
        message = Message(role, text, parent_id=parent, created_at=when, model="demo-model" if number % 2 else "")
        made.tree.add(message.id, parent)
        made.messages.append(message)
        parent = message.id
    if made.messages:
        made.messages[-1].status = status
        if status is MessageStatus.INTERRUPTED:
            made.messages[-1].error = interruption(texts[-1])
    return made


async def keep(archive: MemoryArchive, *conversations: Conversation) -> None:
    """Keeps them, and forgets that it was asked to."""
    for one in conversations:
        await archive.import_conversation(one)
    archive.calls.clear()


def some() -> list[Conversation]:
    """A few conversations of several days."""
    day = timedelta(days=1)
    return [
        conversation(
            "Which fruits keep well over the winter?",
            "Apples and quinces keep until spring, if they are stored *cool and dry*.",
            "And pears?",
            "Pears keep for a week.",
            title="Fruits for the winter",
            id="fruits",
        ),
        conversation("How do I bake bread?", "With patience.", ago=3 * day, pinned=True, id="bread"),
        conversation("Write a poem about rain", "The rain falls", ago=day, status=MessageStatus.INTERRUPTED, id="rain"),
        conversation("[b]bold[/b] [@click=app.quit]x[/] titles", "An apple in winter", ago=4 * day, id="markup"),
        conversation("Where is the key?", "In the winter coat", ago=40 * day, id="key"),
        conversation("Old apples", "Throw them away", ago=30 * day, archived=True, id="old"),
    ]


def with_history(
    *scripts: Sequence[Step], archive: MemoryArchive | None = None, start: str = "", make_title: MakeTitle | None = None
) -> tuple[Chat, MemoryArchive]:
    """A chat app with an archive."""
    kept = archive or MemoryArchive()
    given = chat(*scripts)
    given.history = History(kept, start=start, make_title=make_title, now=lambda: NOW, zone=UTC)
    return given, kept
