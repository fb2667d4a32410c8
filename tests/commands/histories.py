"""Conversations for the ``history`` commands, and what a command did."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from tests.exchange.conversations import branching, straight
from tui_stream.core.models import Conversation, Message, Role
from tui_stream.paths import data_dir
from tui_stream.store import open_store
from tui_stream.store.archive import SqliteArchive

PROGRAM = [sys.executable, "-m", "tui_stream", "history"]
HARM = "\x1b[31mred\x07 \u202eevil"


class Ran:
    """What a command did."""

    def __init__(self, code: int, stdout: str, stderr: str) -> None:
        self.code, self.stdout, self.stderr = code, stdout, stderr

    @property
    def lines(self) -> list[list[str]]:
        """The columns of what it printed."""
        return [line.split("\t") for line in self.stdout.splitlines()]

    def json(self) -> Any:
        return json.loads(self.stdout)


Run = Callable[..., Ran]


def kept(work: Callable[[SqliteArchive], Awaitable[None]]) -> None:
    """Does something with the history that the commands use."""

    async def run() -> None:
        archive = (await open_store(data_dir())).archive
        try:
            await work(archive)
        finally:
            await archive.aclose()

    asyncio.run(run())


def keep(*conversations: Conversation) -> None:
    """Puts conversations into the history."""

    async def work(archive: SqliteArchive) -> None:
        for each in conversations:
            assert await archive.import_conversation(each)

    kept(work)


A_MINUTE = timedelta(minutes=1)


def moment(day: int) -> datetime:
    return datetime(2026, 3, day, 12, 30).astimezone()


def talk(text: str = "Why is the sky blue?", *, day: int = 1, title: str = "", **about: object) -> Conversation:
    """A prompt and its answer."""
    made = straight(
        Message(Role.USER, text, created_at=moment(day)),
        Message(Role.ASSISTANT, f"Answer to: {text}", "hmm", model="gpt-x", created_at=moment(day) + A_MINUTE),
        title=title,
    )
    made.created_at = made.updated_at = moment(day)
    for name, value in about.items():
        setattr(made, name, value)
    return made


def branched(words: str = HARM) -> Conversation:
    root = Message(Role.USER, "Question", created_at=moment(1))
    one = Message(Role.ASSISTANT, f"First {words}", "thought", parent_id=root.id, created_at=moment(1))
    more = Message(Role.USER, "Go on", parent_id=one.id, created_at=moment(1))
    two = Message(Role.ASSISTANT, "Second", parent_id=root.id, created_at=moment(1))
    other = Message(Role.USER, "Other *way*", created_at=moment(1))
    made = branching(root, one, more, two, other)
    made.tree.choose(two.id)
    made.messages, made.others = [root, two], [one, more, other]
    return made
