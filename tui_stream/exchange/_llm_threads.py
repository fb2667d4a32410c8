"""The younger shape of ``llm``'s database: turns within threads, whose messages are linked to the ones before them.

A turn names the last message that was sent and the last one that came back; what lies between them is its answer. Two
turns from the same message are branches. Links that do not lead anywhere end a branch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from tui_stream.core.models import Conversation, Message, Role
from tui_stream.exchange import foreign, llm_rows
from tui_stream.exchange.assemble import Node, assemble
from tui_stream.exchange.llm_rows import PROVIDER, Row

if TYPE_CHECKING:
    import sqlite3


def threads(connection: sqlite3.Connection, turns: Iterable[Row], *, fragments: bool) -> Iterator[Conversation]:
    """The conversations of turns.

    Args:
        connection: to the tables ``threads``, ``messages`` and ``parts``.
        turns: those of one thread together, in the order of time.
        fragments: there is a table of this name.
    """
    for name, rows in groupby(turns, llm_rows.conversation_of):
        yield _thread(_Chains(connection, fragments=fragments), name, list(rows))


def _thread(chains: _Chains, name: str, turns: list[Row]) -> Conversation:
    about = chains.thread(name)
    for turn in turns:
        chains.add(turn)
    made = llm_rows.begin(name, foreign.title(about.get("name")), turns)
    tip = about.get("tip_message_hash")
    current = tip if isinstance(tip, str) and tip in chains.nodes else foreign.text(turns[-1].get("tip_message_hash"))
    assemble(made, chains.nodes, current, lambda node: foreign.identifier(PROVIDER, name, node))
    return made


class _Chains:
    """The messages of a thread, each once, whichever turns they belong to."""

    def __init__(self, connection: sqlite3.Connection, *, fragments: bool) -> None:
        self._connection = connection
        self._fragments = fragments
        self.nodes: dict[str, Node] = {}

    def thread(self, name: str) -> dict[str, Any]:
        """What is known about a thread beside its turns."""
        found = self._connection.execute("SELECT * FROM threads WHERE id = ?", (name,)).fetchone()
        return dict(found) if found else {}

    def add(self, turn: Row) -> None:
        """A turn's messages, as far as they are not there yet."""
        tip, sent = turn.get("tip_message_hash"), turn.get("parent_message_hash")
        moment = llm_rows.begin("", "", [turn]).created_at
        for name, row, answered in reversed(self._chain(tip, sent)):
            part = self._part(name, row, moment)
            if part is not None and answered and part.role is Role.ASSISTANT:
                part = llm_rows.answer(turn, part.text, part.reasoning, part.tool_calls)
            parent = row.get("parent_hash")
            self.nodes[name] = Node(parent if isinstance(parent, str) else None, part)

    def _chain(self, tip: object, sent: object) -> list[tuple[str, dict[str, Any], bool]]:
        """The new messages from the last one backwards, and whether each belongs to the answer."""
        found: list[tuple[str, dict[str, Any], bool]] = []
        seen: set[str] = set()
        name, answered = tip, True
        while isinstance(name, str) and name not in self.nodes and name not in seen:
            answered = answered and name != sent
            row = self._connection.execute("SELECT * FROM messages WHERE hash = ?", (name,)).fetchone()
            if row is None:
                break
            seen.add(name)
            found.append((name, dict(row), answered))
            name = row["parent_hash"]
        return found

    def _part(self, name: str, row: Row, moment: datetime) -> Message | None:
        role = _ROLES.get(foreign.text(row.get("role")))
        if role is None:
            return None
        made = Message(role, created_at=moment, provider=PROVIDER)
        said: list[str] = []
        thought: list[str] = []
        rows = self._connection.execute("SELECT * FROM parts WHERE message_hash = ? ORDER BY position", (name,))
        for part in rows.fetchall():
            payload = foreign.mapping(foreign.parsed(part["payload"]))
            match part["type"]:
                case "text":
                    said.append(self._text(part["text"], payload))
                case "reasoning":
                    thought.append(self._text(part["text"], payload))
                case "tool_call":
                    made.tool_calls.append(llm_rows.tool_call(payload))
                case "tool_result":
                    said.append(llm_rows.tool_output(payload))
                case "attachment":
                    said.append(self._attachment(payload))
        made.text, made.reasoning = ("\n\n".join(filter(str.strip, each)) for each in (said, thought))
        return made

    def _text(self, literal: object, payload: dict[str, Any]) -> str:
        """A part's text; pieces of it may be kept as fragments."""
        if literal is not None:
            return foreign.text(literal)
        pieces = map(foreign.mapping, foreign.listed(payload.get("text_ref")))
        return "".join(self._piece(each) for each in pieces) or foreign.text(payload.get("text"))

    def _piece(self, piece: dict[str, Any]) -> str:
        number = piece.get("fragment")
        if not isinstance(number, int) or not self._fragments or foreign.tokens(number) is None:
            return foreign.text(piece.get("literal"))
        found = self._connection.execute("SELECT content FROM fragments WHERE id = ?", (number,)).fetchone()
        return foreign.text(found["content"]) if found else ""

    def _attachment(self, payload: dict[str, Any]) -> str:
        known = foreign.mapping(payload.get("attachment"))
        if isinstance(known.get("id"), str):
            sql = "SELECT type, path, url FROM attachments WHERE id = ?"
            found = self._connection.execute(sql, (known["id"],)).fetchone()
            known = dict(found) if found else known
        return llm_rows.attachment(known)


_ROLES = {"user": Role.USER, "system": Role.SYSTEM, "assistant": Role.ASSISTANT, "tool": Role.ASSISTANT}
