"""Conversations that tests keep, and what they look like when they come back."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tui_stream.core.models import (
    Conversation,
    Cost,
    FinishReason,
    Message,
    MessageStatus,
    Price,
    Role,
    Source,
    Timing,
    ToolCall,
    Usage,
    utc_now,
)
from tui_stream.store import open_store
from tui_stream.store.archive import SqliteArchive

PATIENCE = 10.0


class Clock:
    """A clock that is set by hand, and goes on by a second whenever it is looked at."""

    def __init__(self) -> None:
        self.now = utc_now().replace(year=2026, month=3, day=4, microsecond=123_456)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@asynccontextmanager
async def opened(
    folder: Path, *, clock: Clock | None = None, patience: float = PATIENCE
) -> AsyncIterator[SqliteArchive]:
    """The history in a folder, closed in the end."""
    store = await open_store(folder, clock=clock or Clock(), patience=patience)
    try:
        yield store.archive
    finally:
        await store.archive.aclose()


class Talk:
    """A conversation that is kept as a session keeps it."""

    def __init__(self, archive: SqliteArchive, *, title: str = "") -> None:
        self.archive = archive
        self.conversation = Conversation(title=title)

    @property
    def id(self) -> str:
        return self.conversation.id

    async def say(self, text: str, role: Role = Role.USER, *, after: Message | None = None, **more: object) -> Message:
        """Adds a message behind another one, or at the end of the shown path."""
        tree, conversation = self.conversation.tree, self.conversation
        parent = tree.head if after is None else after.id
        message = replace(Message(role, text, parent_id=parent), **more)  # type: ignore[arg-type] # fields of a message
        tree.add(message.id, parent)
        conversation.messages.append(message)
        await self.archive.open(conversation)
        await self.archive.add(conversation, message)
        return message

    async def answer(self, text: str = "", *, after: Message | None = None, **more: object) -> Message:
        """Adds an answer that streams."""
        return await self.say(text, Role.ASSISTANT, after=after, status=MessageStatus.STREAMING, **more)

    async def grow(self, message: Message, *pieces: str) -> None:
        """Journals an answer after each piece."""
        for piece in pieces:
            message.text += piece
            await self.archive.update(self.conversation, message)

    async def finish(self, message: Message, status: MessageStatus = MessageStatus.COMPLETE) -> None:
        """Ends an answer."""
        message.status, message.finished_at = status, utc_now()
        await self.archive.update(self.conversation, message)

    async def loaded(self, *, tail: int | None = None) -> Conversation:
        """What the history has of it."""
        return await self.archive.load(self.id, tail=tail)

    async def texts(self) -> list[str]:
        """The texts of the shown path, as the history has them."""
        return [message.text for message in (await self.loaded()).messages]


def full_message() -> Message:
    """A message with something in every field."""
    price = Price(Decimal("0.15"), Decimal("0.600"), Decimal("0.075"), source="the settings")
    return Message(
        Role.ASSISTANT,
        "Text with \x00, ünïcode, 🙂 and 手机",
        "thinking\n",
        MessageStatus.CUT_OFF,
        finished_at=utc_now(),
        provider="openai",
        model="gpt",
        parameters={"temperature": 0.7, "stop": ["a", "b"], "nested": {"deep": None}},
        tool_calls=[ToolCall("1", "look", '{"at": "\ud83d"}'), ToolCall()],
        finish_reason=FinishReason.LENGTH,
        usage=Usage(1000, 20, 500, None, 7, Decimal("0.000123450"), Source.ESTIMATED),
        cost=Cost(Decimal("0.0000000750"), Source.REPORTED, price=price),
        timing=Timing(1.5, 0.25, 1.125, 3),
        error="It broke.",
        notes=["Another one was asked.", "Twice."],
    )


def alike(one: Message, other: Message) -> bool:
    """Whether two messages are the same in every field."""
    return asdict(one) == asdict(other)


def write(folder: Path, sql: str, *values: object) -> None:
    """Changes the database from outside."""
    with closing(sqlite3.connect(folder / "history.db", isolation_level=None, timeout=5)) as connection:
        connection.execute(sql, values)


def rows(folder: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    """What the database says, asked from outside."""
    connection = sqlite3.connect(folder / "history.db", timeout=5)
    try:
        return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


async def names(archive: SqliteArchive, text: str = "", **how: object) -> list[str]:
    """The titles in the list."""
    return [one.title for one in await archive.conversations(text, **how)]  # type: ignore[arg-type] # passed on


async def several(archive: SqliteArchive, *prompts: str) -> list[Talk]:
    """A conversation for each of these prompts."""
    talks = [Talk(archive) for _ in prompts]
    for talk, prompt in zip(talks, prompts, strict=True):
        await talk.say(prompt)
    return talks
