"""Reads conversations and their messages; every function here is given a connection for reading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from tui_stream.core.models import Conversation, Cost, Message, Source
from tui_stream.errors import StoreError, UnknownIdError
from tui_stream.store import receipts
from tui_stream.store.branches import shape, standing
from tui_stream.store.database import Connection
from tui_stream.store.recovery import whole
from tui_stream.store.rows import PICO, Row, message_of, moment

_MESSAGE = "SELECT * FROM messages m JOIN bodies b ON b.message = m.key WHERE m.key = ?"

COSTS = """
    count(*) FILTER (WHERE cost_source IS NOT NULL AND NOT cost_local) AS paid,
    count(*) FILTER (WHERE cost_local) AS local,
    count(*) FILTER (WHERE cost_source = 'estimated' AND NOT cost_local) AS estimated,
    count(*) FILTER (WHERE cost_source IS NOT NULL AND NOT cost_local
        AND (cost_amount IS NULL OR (cost_pico IS NULL AND NOT sound(cost_amount)))) AS unknown,
    sum(cost_pico) FILTER (WHERE NOT cost_local) AS pico,
    money(cost_amount) FILTER (WHERE cost_pico IS NULL AND cost_amount IS NOT NULL AND NOT cost_local) AS odd
"""
"""What `cost_of` needs to know of rows of messages or receipts."""

COST_COLUMNS = "conversation, cost_amount, cost_pico, cost_source, cost_local"


def cost_of(row: Row) -> Cost:
    """The sum of the costs of several messages, as `tui_stream.core.metering.total` adds them up."""
    if not row["paid"]:
        return Cost(Decimal(0), Source.REPORTED, local=bool(row["local"]))
    amount = None if row["unknown"] else (row["pico"] or 0) * PICO + Decimal(row["odd"] or 0)
    return Cost(amount, Source.ESTIMATED if row["estimated"] else Source.REPORTED)


def no_conversation(conversation_id: str) -> StoreError:
    """There is none with this id."""
    return StoreError(f"There is no conversation {conversation_id}.", hint="See tui-stream history list.")


def present(connection: Connection, conversation_id: str) -> int:
    """The key of a conversation that is not deleted.

    Raises:
        StoreError: there is none.
    """
    sql = "SELECT key FROM conversations WHERE id = ? AND deleted_at IS NULL"
    row = connection.execute(sql, (conversation_id,)).fetchone()
    if row is None:
        raise no_conversation(conversation_id)
    return int(row[0])


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """Several reads that see the same moment."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("COMMIT")


def load(connection: Connection, conversation_id: str, tail: int | None) -> Conversation:
    """A conversation with the end of its shown path, or with everything where ``tail`` is None.

    Raises:
        StoreError: there is none with this id.
    """
    with snapshot(connection):
        key = present(connection, conversation_id)
        row = connection.execute("SELECT * FROM conversations WHERE key = ?", (key,)).fetchone()
        found = shape(connection, key)
        path = found.tree.path(found.tree.head)
        on_path = set(path)
        others = [] if tail is not None else [one for one in found.keys if one in found.tree and one not in on_path]
        shown = path if tail is None else path[max(0, len(path) - tail) :]
        loaded = [found.keys[one] for one in (*shown, *others)]

        def read(ids: Iterable[str]) -> list[Message]:
            return [_message(connection, found.keys[one], found.tree.parent(one)) for one in ids]

        return Conversation(
            row["id"],
            row["title"],
            bool(row["pinned"]),
            bool(row["archived"]),
            found.tree,
            read(shown),
            read(others),
            _unloaded(connection, key, loaded),
            moment(row["created_at"]),
            moment(row["updated_at"]),
        )


def _unloaded(connection: Connection, conversation: int, loaded: Sequence[int]) -> Cost:
    """What the other messages have cost, and requests without one; removed ones were paid for like any other."""
    marks = ", ".join(map(str, loaded))
    sql = (
        f"SELECT {COSTS} FROM (SELECT {COST_COLUMNS} FROM messages WHERE conversation = :key AND key NOT IN ({marks})"  # noqa: S608 # numbers alone
        f" UNION ALL SELECT {COST_COLUMNS} FROM receipts WHERE conversation = :key AND message IS NULL)"
    )
    return cost_of(connection.execute(sql, {"key": conversation}).fetchone())


def _message(connection: Connection, key: int, parent_id: str | None) -> Message:
    row = connection.execute(_MESSAGE, (key,)).fetchone()
    message = message_of(row, parent_id)
    message.receipts = receipts.of(connection, key)
    if row["status"] == "streaming":
        message.text, message.reasoning, _ = whole(connection, key)
    return message


def messages(connection: Connection, conversation_id: str, ids: Iterable[str]) -> list[Message]:
    """Messages of a conversation in the order of the ids, those that are there.

    Raises:
        StoreError: there is no such conversation.
    """
    with snapshot(connection):
        conversation = present(connection, conversation_id)
        sql = "SELECT key, parent FROM messages WHERE conversation = ? AND id = ? AND removed IS NULL"
        rows = (connection.execute(sql, (conversation, one)).fetchone() for one in ids)
        return [_message(connection, row[0], _id(connection, standing(connection, row[1]))) for row in rows if row]


def _id(connection: Connection, key: int | None) -> str | None:
    if key is None:
        return None
    return str(connection.execute("SELECT id FROM messages WHERE key = ?", (key,)).fetchone()[0])


@dataclass(frozen=True, slots=True)
class Named:
    """Conversations whose ids begin alike."""

    prefix: str
    ids: Sequence[str]
    deleted: bool = False

    def only(self) -> str:
        """The one that is meant.

        Raises:
            UnknownIdError: none is, or one of several.
        """
        if self.prefix in self.ids:
            return self.prefix
        if len(self.ids) == 1:
            return self.ids[0]
        if not self.ids:
            which, flag = ("deleted conversation's", " --deleted") if self.deleted else ("conversation's", "")
            raise UnknownIdError(
                f"No {which} id begins with {self.prefix!r}.", hint=f"See tui-stream history list{flag}."
            )
        shown = ", ".join(self.ids[:5]) + (" …" if len(self.ids) > 5 else "")  # noqa: PLR2004 # enough to tell apart
        raise UnknownIdError(
            f"The ids of several conversations begin with {self.prefix!r}: {shown}.", hint="Give more of the id."
        )


def named(connection: Connection, prefix: str, *, deleted: bool = False) -> Named:
    """The conversations, those that are deleted or those that are not, whose ids begin so."""
    sql = "SELECT id FROM conversations WHERE substr(id, 1, ?) = ? AND (deleted_at IS NOT NULL) = ? ORDER BY used DESC"
    rows = connection.execute(sql, (len(prefix), prefix, deleted)) if prefix else ()
    return Named(prefix, [row[0] for row in rows], deleted=deleted)
