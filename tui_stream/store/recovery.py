"""What streamed when a program died is what had been journalled, and says so."""

from __future__ import annotations

from tui_stream.core.archive import Notice
from tui_stream.core.models import MessageStatus, interruption
from tui_stream.core.sanitize import clean_line
from tui_stream.store import index
from tui_stream.store.database import Connection
from tui_stream.store.owners import Owner

_LEFT = "SELECT key, conversation, removed FROM messages WHERE status = 'streaming' AND owner IS ?"
_MOST_NAMED = 60  # characters of a title in a sentence


def interrupt(connection: Connection, owner: Owner) -> list[Notice]:
    """Marks the messages whose writers are gone as interrupted; those of programs that live are left alone.

    To be called within a transaction.

    Returns:
        What the person is to be told, a sentence for each conversation.
    """
    owners = [row[0] for row in connection.execute("SELECT DISTINCT owner FROM messages WHERE status = 'streaming'")]
    gone = [one for one in owners if one is None or owner.gone(one)]
    told: dict[int, int] = {}
    for one in gone:
        found = connection.execute(_LEFT, (one,))
        for key, conversation, removed in found.fetchall():
            _settle(connection, key)
            told[conversation] = told.get(conversation, 0) + (removed is None)
    return [_notice(connection, conversation, count) for conversation, count in told.items() if count]


def _notice(connection: Connection, conversation: int, count: int) -> Notice:
    title, line, conversation_id = connection.execute(
        "SELECT title, first_line, id FROM conversations WHERE key = ?", (conversation,)
    ).fetchone()
    name = clean_line(title or line, _MOST_NAMED)
    where = f"In “{name}” " if name else "In a conversation without a title "
    said = (
        "an answer broke off when the program went away; what had arrived of it is kept."
        if count == 1
        else f"{count} answers broke off when the program went away; what had arrived of them is kept."
    )
    return Notice(where + said, conversation_id)


def whole(connection: Connection, key: int) -> tuple[str, str, int | None]:
    """Text and reasoning of a message with the pieces that were journalled, and when the last one was written."""
    text, reasoning = connection.execute("SELECT text, reasoning FROM bodies WHERE message = ?", (key,)).fetchone()
    pieces = connection.execute(
        "SELECT text, reasoning, written_at FROM pieces WHERE message = ? ORDER BY number", (key,)
    ).fetchall()
    if not pieces:
        return text, reasoning, None
    return text + "".join(row[0] for row in pieces), reasoning + "".join(row[1] for row in pieces), pieces[-1][2]


def _settle(connection: Connection, key: int) -> None:
    text, reasoning, written_at = whole(connection, key)
    connection.execute(
        "UPDATE bodies SET text = ?, reasoning = ?, error = ? WHERE message = ?",
        (text, reasoning, interruption(text), key),
    )
    connection.execute(
        "UPDATE messages SET status = ?, owner = NULL, finished_at = coalesce(?, finished_at, created_at)"
        " WHERE key = ?",
        (MessageStatus.INTERRUPTED.value, written_at, key),
    )
    connection.execute("DELETE FROM pieces WHERE message = ?", (key,))
    index.enter(connection, [key])
