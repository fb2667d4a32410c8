"""What was typed: the drafts that stand unsent, and the prompts that were sent.

Every program has its own draft in a place; what one leaves behind goes to the next one that looks there. Without an
owner stand those of the time before there were any.
"""

from __future__ import annotations

import re

from tui_stream.core.sanitize import repair
from tui_stream.store.database import Connection
from tui_stream.store.owners import Owner

_OWNED = re.compile(r"(?P<place>.*)@(?P<owner>[0-9a-f]{32})", re.DOTALL)
_BELOW = """
    SELECT place, text FROM drafts
    WHERE place = :place
    OR place >= :place || '/' AND place < :place || '0' OR place >= :place || '@' AND place < :place || 'A'
    ORDER BY saved_at
"""  # '0' and 'A' are what comes next behind '/' and '@'

_PROMPTS = """
    SELECT b.text FROM messages m JOIN bodies b ON b.message = m.key JOIN conversations c ON c.key = m.conversation
    WHERE m.role = 'user' AND m.removed IS NULL AND c.deleted_at IS NULL {}
    ORDER BY m.rank DESC
"""


def save(connection: Connection, place: str, text: str, owner: str, now: int) -> None:
    """Keeps a program's draft, or forgets it where it is empty; those of other programs stay."""
    row = _row(place, owner)
    if text:
        connection.execute("INSERT OR REPLACE INTO drafts VALUES (?, ?, ?)", (row, repair(text), now))
    else:
        connection.execute("DELETE FROM drafts WHERE place = ?", (row,))


def take(connection: Connection, place: str, owner: Owner, now: int) -> dict[str, str]:
    """The drafts of a place and of those below it, by place: this program's, and what dead ones left, its own now.

    To be called within a transaction, so that of several programs only one takes what was left.
    """
    found: dict[str, list[str]] = {}
    left: set[str] = set()
    rows = connection.execute(_BELOW, {"place": repair(place)}).fetchall()
    for row, text in rows:
        match = _OWNED.fullmatch(row)
        name, whose = (match["place"], match["owner"]) if match else (row, "")
        if whose != owner.id:
            if whose and not owner.gone(whose):
                continue
            left.add(name)
            connection.execute("DELETE FROM drafts WHERE place = ?", (row,))
        found.setdefault(name, []).append(text)
    taken = {name: "\n\n".join(dict.fromkeys(texts)) for name, texts in found.items()}
    for name in left:
        save(connection, name, taken[name], owner.id, now)
    return taken


def look(connection: Connection, place: str) -> dict[str, str]:
    """The drafts of a place and of those below it, by place, whoever wrote them; they stay whose they are."""
    found: dict[str, list[str]] = {}
    for row, text in connection.execute(_BELOW, {"place": repair(place)}):
        match = _OWNED.fullmatch(row)
        found.setdefault(match["place"] if match else row, []).append(text)
    return {name: "\n\n".join(dict.fromkeys(texts)) for name, texts in found.items()}


def forget(connection: Connection, place: str) -> None:
    """Deletes the drafts of a place and of those below it, whoever wrote them."""
    rows = connection.execute(_BELOW, {"place": repair(place)}).fetchall()
    connection.executemany("DELETE FROM drafts WHERE place = ?", [(row,) for row, _ in rows])


def _row(place: str, owner: str) -> str:
    return f"{repair(place)}@{owner}"


def prompts(connection: Connection, text: str, limit: int, offset: int) -> list[str]:
    """Prompts with this text in them, each once, the newest first; read no further than they are needed."""
    condition, values = _condition(repair(text))
    found: dict[str, None] = {}
    for (prompt,) in connection.execute(_PROMPTS.format(condition), values):
        found.setdefault(prompt)
        if len(found) >= limit + offset:
            break
    return list(found)[offset : offset + limit]


def _condition(text: str) -> tuple[str, tuple[str, ...]]:
    """SQLite knows small and capital letters of ASCII alone; beyond it Python has to look."""
    if not text:
        return "", ()
    if not text.isascii():
        return "AND instr(small(b.text), small(?))", (text,)
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return "AND b.text LIKE ? ESCAPE '\\'", (f"%{escaped}%",)
