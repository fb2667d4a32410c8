"""Writes conversations and messages; every function here runs inside a transaction of its caller."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from tui_stream.core.models import Conversation, Message, MessageStatus
from tui_stream.core.sanitize import repair
from tui_stream.core.titles import first_line
from tui_stream.store import index, receipts, versions
from tui_stream.store.branches import ancestors, lead_through, prefer, standing
from tui_stream.store.database import Connection
from tui_stream.store.rows import body_columns, head_columns, microseconds
from tui_stream.store.versions import meant, message_key
from tui_stream.store.words import tokens


@dataclass(frozen=True, slots=True)
class About:
    """What a conversation is besides its messages, as it stood when a write was asked for."""

    id: str
    title: str
    pinned: bool
    archived: bool
    created_at: int
    updated_at: int

    @classmethod
    def of(cls, conversation: Conversation) -> About:
        """The conversation's."""
        return cls(
            conversation.id,
            repair(conversation.title),
            conversation.pinned,
            conversation.archived,
            microseconds(conversation.created_at),
            microseconds(conversation.updated_at),
        )


@dataclass(frozen=True, slots=True)
class Write:
    """A message that is to be kept.

    Attributes:
        source: the conversation as the program holds it; only for the thread to which it belongs.
        ancestors: the messages before it, the nearest first, where its parent may be one that is not kept: it then
            follows the first of them that is. Without them such a message is refused.
        again: it ought to be kept already; if it is, nothing changes.
        followed: the message that it follows, as the program has it; None where that is not loaded.
    """

    about: About
    message: Message
    source: Conversation
    ancestors: Sequence[str] | None = None
    again: bool = False
    followed: Message | None = None

    @property
    def name(self) -> tuple[str, str]:
        """Which message of which conversation it is."""
        return self.about.id, self.message.id


class UnknownParentError(Exception):
    """A message follows one that is not in the history.

    Attributes:
        write: the message.
    """

    def __init__(self, write: Write) -> None:
        super().__init__(write.message.parent_id)
        self.write = write


def conversation_key(connection: Connection, conversation_id: str) -> int | None:
    """The key of a conversation, deleted or not; None where there is none."""
    row = connection.execute("SELECT key FROM conversations WHERE id = ?", (conversation_id,)).fetchone()
    return None if row is None else int(row[0])


def know(connection: Connection, about: About) -> int:
    """The key of the conversation, which is made known if it is not."""
    key = conversation_key(connection, about.id)
    if key is not None:
        return key
    made = connection.execute(
        "INSERT INTO conversations (id, title, words, pinned, archived, created_at, updated_at, used)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            about.id,
            about.title,
            title_words(about.title),
            about.pinned,
            about.archived,
            about.created_at,
            about.updated_at,
            about.updated_at,
        ),
    )
    return _key(made)


def use(connection: Connection, conversation: int, now: int) -> None:
    """The conversation is the one used last, whatever the clock says; a deleted one is needed again."""
    newest = connection.execute("SELECT max(used) FROM conversations").fetchone()[0] or 0
    connection.execute(
        "UPDATE conversations SET updated_at = ?, used = ?, deleted_at = NULL WHERE key = ?",
        (now, max(now, newest + 1), conversation),
    )


@dataclass(frozen=True, slots=True)
class Put:
    """A message that was kept.

    Attributes:
        key: its key.
        beside: what another program had written there made room for it, and stands beside it.
    """

    key: int
    beside: bool = False


def put(connection: Connection, write: Write, owner: str, now: int) -> Put:
    """Keeps a message as it stands, whether it is new or not.

    Raises:
        UnknownParentError: it follows one that is not kept.
    """
    message = write.message
    conversation = know(connection, write.about)
    if write.again and (kept := message_key(connection, conversation, message.id)) is not None:
        return Put(kept)
    key, moved = versions.room_for(connection, conversation, message, owner)
    columns = head_columns(message) | {
        "owner": owner if message.status is MessageStatus.STREAMING else None,
        "writer": owner,
    }
    if key is None:
        parent = _parent_key(connection, conversation, write, owner)
        key = insert(
            connection, conversation, message, parent, columns, rank=_next_rank(connection, columns["created_at"])
        )
        lead_through(connection, conversation, key)
    else:
        if _change(connection, key, message, columns, owner):
            lead_through(connection, conversation, key)
        _follow(connection, conversation, key, write, owner)
    if message.role == "user":
        entitle(connection, conversation)
    use(connection, conversation, now)
    return Put(key, moved)


def insert(
    connection: Connection,
    conversation: int,
    message: Message,
    parent: int | None,
    columns: dict[str, object],
    rank: int,
) -> int:
    """A new message as the youngest of its siblings, chosen among them; its key."""
    chosen = connection.execute(
        "SELECT coalesce(max(chosen), 0) + 1 FROM messages WHERE parent IS ? AND conversation = ?",
        (parent, conversation),
    ).fetchone()[0]
    place = connection.execute(
        "SELECT coalesce(max(place), 0) + 1 FROM messages WHERE conversation = ?", (conversation,)
    ).fetchone()[0]
    head = columns | {
        "conversation": conversation,
        "id": message.id,
        "parent": parent,
        "place": place,
        "chosen": chosen,
        "rank": rank,
    }
    key = _insert(connection, "messages", head)
    _insert(connection, "bodies", body_columns(message) | {"message": key})
    receipts.keep(connection, key, message.receipts)
    index.enter(connection, [key])
    return key


def _insert(connection: Connection, table: str, columns: dict[str, object]) -> int:
    marks = ", ".join("?" * len(columns))
    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 # names of ours alone
    made = connection.execute(sql, tuple(columns.values()))
    return _key(made)


def _key(made: sqlite3.Cursor) -> int:
    """The key of the row that was inserted."""
    if made.lastrowid is None:
        raise sqlite3.InternalError("a row was inserted without a key")
    return made.lastrowid


def _change(connection: Connection, key: int, message: Message, columns: dict[str, object], owner: str) -> bool:
    """Writes a message over what was kept of it; whether another program had removed it, and it is back.

    A body that was purged stays away otherwise.
    """
    with index.reindexed(connection, [key]):
        back = versions.bring_back(connection, key, owner)
        _update(connection, "messages", "key", key, columns)
        _update(connection, "bodies", "message", key, body_columns(message))
        receipts.keep(connection, key, message.receipts)
        connection.execute("DELETE FROM pieces WHERE message = ?", (key,))
    return back


def _update(connection: Connection, table: str, name: str, key: int, columns: dict[str, object]) -> None:
    settings = ", ".join(f"{column} = ?" for column in columns)
    sql = f"UPDATE {table} SET {settings} WHERE {name} = ?"  # noqa: S608 # names of ours alone
    connection.execute(sql, (*columns.values(), key))


def change_head(connection: Connection, key: int, message: Message, owner: str) -> None:
    """Writes what of a streaming message is not its text or reasoning."""
    _update(connection, "messages", "key", key, head_columns(message) | {"owner": owner, "writer": owner})
    body = body_columns(message)
    del body["text"], body["reasoning"]
    _update(connection, "bodies", "message", key, body)
    receipts.keep(connection, key, message.receipts)


def _next_rank(connection: Connection, created: int) -> int:
    """The place of a new message in searches: the newest one's, also where the clock jumped back."""
    newest: int = connection.execute("SELECT max(rank) FROM messages").fetchone()[0] or 0
    return max(created, newest + 1)


def _parent_key(connection: Connection, conversation: int, write: Write, owner: str) -> int | None:
    """The key of the message that a new one follows."""
    wanted = write.message.parent_id
    for one in () if wanted is None else (wanted, *(write.ancestors or ())):
        key = meant(connection, conversation, one, write.followed if one == wanted else None, owner)
        if key is not None:
            return key
    if wanted is not None and write.ancestors is None:
        raise UnknownParentError(write)
    return None


def _follow(connection: Connection, conversation: int, key: int, write: Write, owner: str) -> None:
    """Has a kept message follow its parent from now on; where that one is not kept, it stays where it is."""
    parent_id = write.message.parent_id
    parent = None if parent_id is None else meant(connection, conversation, parent_id, write.followed, owner)
    if parent is not None or parent_id is None:
        _move(connection, key, parent)


def _move(connection: Connection, key: int, parent: int | None) -> None:
    """Has a kept message follow another one than it did.

    One that came between it and its parent takes its place among the siblings.
    """
    sql = "SELECT parent, place, chosen FROM messages WHERE key = ?"
    old, place, chosen = connection.execute(sql, (key,)).fetchone()
    if parent in {old, standing(connection, old)} or key in ancestors(connection, parent):
        return
    if parent is not None:
        other, other_place, _ = connection.execute(sql, (parent,)).fetchone()
        if standing(connection, other) == standing(connection, old):
            between = "UPDATE messages SET parent = ?, place = ?, chosen = ? WHERE key = ?"
            connection.execute(between, (old, place, chosen, parent))
            place = other_place
    connection.execute("UPDATE messages SET parent = ?, place = ? WHERE key = ?", (parent, place, key))
    prefer(connection, key)


def entitle(connection: Connection, conversation: int) -> None:
    """Works out anew what a conversation goes by: its title, or the first line of its first prompt."""
    row = connection.execute(
        "SELECT b.text FROM messages m JOIN bodies b ON b.message = m.key"
        " WHERE m.conversation = ? AND m.role = 'user' AND m.removed IS NULL ORDER BY m.place LIMIT 1",
        (conversation,),
    ).fetchone()
    line = "" if row is None else first_line(row[0])
    title, first, words = connection.execute(
        "SELECT title, first_line, words FROM conversations WHERE key = ?", (conversation,)
    ).fetchone()
    if (line, title_words(title or line)) != (first, words):
        connection.execute(
            "UPDATE conversations SET first_line = ?, words = ? WHERE key = ?",
            (line, title_words(title or line), conversation),
        )


def title_words(title: str) -> str:
    """The words of a title between spaces, such that each beginning of one stands behind a space."""
    return f" {' '.join(tokens(title))} "
