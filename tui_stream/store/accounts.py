"""Bills and statistics over all requests: those of messages, deleted ones too, and those that none stands for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from tui_stream.core.accounts import By, Receipt, Spent, UsageRow
from tui_stream.core.estimates import Sample, Sent, Size
from tui_stream.core.models import FIRST_MOMENT, LAST_MOMENT, Source, Usage
from tui_stream.core.sanitize import repair
from tui_stream.store import receipts
from tui_stream.store.database import Connection
from tui_stream.store.rows import LONGEST, MOST_TOKENS, PICO, microseconds, told
from tui_stream.store.schema import REQUEST

_CLASSES = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens")
_COUNTS = (*_CLASSES, "guessed_input", "guessed_output", "unseen_tokens")
_SHORTEST = 1e-6  # seconds; a stream that took less tells no speed


def _within(column: str, first: float, last: float) -> str:
    """A column's number, NULL where it has none that lies between these."""
    number = f"typeof({column}) IN ('integer', 'real') AND {column} BETWEEN {first} AND {last}"
    return f"CASE WHEN {number} THEN {column} END"


_SOUND = f"""
    SELECT conversation, provider, model, asked, status, usage_source, cost_source, cost_local,
        CASE WHEN typeof(created_at) = 'integer'
            THEN max({microseconds(FIRST_MOMENT)}, min(created_at, {microseconds(LAST_MOMENT)})) END AS created_at,
        {", ".join(f"{_within(name, 0, MOST_TOKENS)} AS {name}" for name in _COUNTS)},
        {_within("first_token", 0, LONGEST)} AS first_token, {_within("streaming", _SHORTEST, LONGEST)} AS streaming,
        cost_pico, CASE WHEN cost_pico IS NOT NULL OR sound(cost_amount) THEN cost_amount END AS cost_amount
    FROM requests WHERE {{}}
"""  # noqa: S608 # names of ours alone
"""Requests, as far as their figures can be: files and other programs may have brought in any."""


def _sum(column: str) -> str:
    """The sum of a column; beyond 2^53 it is rounded, and it never overflows. NULL where the column has nothing."""
    return f"CASE WHEN count({column}) THEN CAST(total({column}) AS INTEGER) END"


_SUMS = """
    count(*) AS requests,
    count(*) FILTER (WHERE cost_local) AS local,
    count(*) FILTER (WHERE NOT cost_local AND cost_source = 'estimated' AND cost_amount IS NOT NULL) AS estimated,
    count(*) FILTER (WHERE NOT cost_local AND cost_amount IS NULL) AS unknown,
    sum(cost_pico) FILTER (WHERE NOT cost_local) AS pico,
    money(cost_amount) FILTER (WHERE cost_pico IS NULL AND cost_amount IS NOT NULL AND NOT cost_local) AS odd,
    CAST(total(input_tokens) + total(output_tokens) AS INTEGER) AS tokens,
    count(*) FILTER (WHERE input_tokens IS NULL OR output_tokens IS NULL) AS uncounted,
    count(*) FILTER (WHERE usage_source = 'estimated') AS guessed
"""

_SHOWN = "(output_tokens - coalesce(unseen_tokens, 0))"
_MADE = "(output_tokens - coalesce(reasoning_tokens, 0))"
_COUNTED = "usage_source = 'reported' AND guessed_input IS NOT NULL"
_FIGURES = f"""
    {_SUMS},
    count(*) FILTER (WHERE status NOT IN ('complete', 'streaming')) AS unfinished,
    {", ".join(f"{_sum(name)} AS {name}" for name in _CLASSES)},
    avg(first_token) AS first_token,
    total({_SHOWN} - 1) FILTER (WHERE streaming > 0 AND {_SHOWN} > 1)
        / sum(streaming) FILTER (WHERE streaming > 0 AND {_SHOWN} > 1) AS speed,
    median(CASE WHEN {_COUNTED} AND input_tokens > 0
        THEN abs(guessed_input - input_tokens) * 1.0 / input_tokens END) AS prompt_error,
    median(CASE WHEN {_COUNTED} AND guessed_output > 0 AND {_MADE} > 0
        THEN abs(guessed_output - {_MADE}) * 1.0 / {_MADE} END) AS answer_error,
    count(*) FILTER (WHERE {_COUNTED} AND input_tokens > 0) AS compared
"""

_SAMPLES = f"""
    SELECT guessed_messages, guessed_sent, guessed_sent_marks, guessed_made, guessed_made_marks, input_tokens, {_MADE},
        output_tokens
    FROM messages
    WHERE provider = ? AND {{}} AND usage_source = 'reported' AND guessed_messages IS NOT NULL AND NOT imported
    ORDER BY created_at DESC LIMIT ?
"""  # noqa: S608 # constants alone
_GROUPS: dict[By, str] = {
    "day": "strftime('%Y-%m-%d', created_at / 1000000, 'unixepoch', 'localtime')",
    "model": "provider || '/' || model",
    "conversation": "conversation",
}


def samples(connection: Connection, provider: str, model: str, limit: int) -> list[Sample]:
    """What was counted for the newest requests to a model, the newest last.

    Where there is none under its name, those of its dated versions and variants are taken: they count alike.
    """
    own = (repair(provider), repair(model))
    rows = connection.execute(_SAMPLES.format("model = ?"), (*own, limit)).fetchall()
    if not rows and model:
        behind = _SAMPLES.format("model > ? || '-' AND model < ? || '.'")  # the sign behind "-" is "."
        rows = connection.execute(behind, (*own, own[1], limit)).fetchall()
    return [sample for row in reversed(rows) if (sample := _sample(row)) is not None]


def _sample(row: Any) -> Sample | None:
    """What a row teaches; None where it is not sound."""
    messages, sent, sent_marks, made, made_marks, *counted = (told(value) for value in row)
    if messages is None or sent is None or sent_marks is None or made is None or made_marks is None:
        return None
    return Sample(Sent(messages, Size(sent, sent_marks)), Size(made, made_marks), *counted)


def spent(
    connection: Connection, since: datetime | None, conversation_id: str | None, without: Collection[str]
) -> list[Spent]:
    """What requests came to, by the model that answered and the name that was asked for."""
    conditions, values = ["1"], list[object]()
    if since is not None:
        conditions.append("created_at >= ?")
        values.append(microseconds(since))
    if conversation_id is not None:
        conditions.append("conversation = (SELECT key FROM conversations WHERE id = ?)")
        values.append(conversation_id)
    if without:
        conditions.append(f"id NOT IN ({', '.join('?' * len(without))})")
        values += without
    sound = _SOUND.format(" AND ".join(conditions))
    sql = f"SELECT model, asked, {_SUMS} FROM ({sound}) GROUP BY model, asked"  # noqa: S608 # names of ours alone
    return [_spent(row, row["model"], row["asked"]) for row in connection.execute(sql, values)]


def _spent(row: Any, model: str = "", asked: str = "") -> Spent:
    return Spent(
        model,
        row["requests"],
        (row["pico"] or 0) * PICO + Decimal(row["odd"] or 0),
        row["estimated"],
        row["unknown"],
        row["local"],
        row["tokens"],
        row["uncounted"],
        asked,
        row["guessed"],
    )


def usage(connection: Connection, by: Sequence[By], since: datetime | None) -> list[UsageRow]:
    """A table of requests: days in order, else the dearest rows first."""
    named = ", ".join(f"{_GROUPS[one]} AS {one}_" for one in by)
    grouped = f"GROUP BY {', '.join(f'{one}_' for one in by)}" if by else "HAVING count(*) > 0"
    after, values = ("1", ()) if since is None else ("created_at >= ?", (microseconds(since),))
    sound = _SOUND.format(after)
    sql = f"SELECT {named + ',' if named else ''} {_FIGURES} FROM ({sound}) {grouped}"  # noqa: S608 # names of ours alone
    rows = connection.execute(sql, values).fetchall()
    titles = _titles(connection) if "conversation" in by else {}
    table = [_usage_row(row, by, titles) for row in rows]
    return sorted(table, key=lambda row: (row.day, -row.spent.dollars, -row.spent.tokens, row.model))


def _titles(connection: Connection) -> dict[int, tuple[str, str]]:
    sql = "SELECT key, id, CASE title WHEN '' THEN first_line ELSE title END FROM conversations"
    return {row[0]: (row[1], row[2]) for row in connection.execute(sql)}


def _usage_row(row: Any, by: Sequence[By], titles: dict[int, tuple[str, str]]) -> UsageRow:
    conversation_id, title = titles.get(row["conversation_"], ("", "")) if "conversation" in by else ("", "")
    guessed = Source.ESTIMATED if row["guessed"] else Source.REPORTED
    return UsageRow(
        (row["day_"] or "") if "day" in by else "",
        row["model_"] if "model" in by else "",
        conversation_id,
        title,
        _spent(row),
        row["unfinished"],
        row["guessed"],
        Usage(**{name: row[name] for name in _CLASSES}, source=guessed),
        row["first_token"],
        row["speed"],
        row["prompt_error"],
        row["answer_error"],
        row["compared"],
    )


def record(connection: Connection, conversation_id: str, receipt: Receipt) -> None:
    """Keeps what a request cost for which there is no message."""
    sql = "SELECT key FROM conversations WHERE id = ?"
    row = connection.execute(sql, (conversation_id,)).fetchone()
    receipts.enter(connection, None if row is None else row[0], None, receipt)


def keep_receipts(connection: Connection, conversation: int) -> None:
    """Before a conversation is removed for good: what it cost was spent, and still counts."""
    names = ", ".join(REQUEST)
    connection.execute(
        f"INSERT INTO receipts (conversation, id, price, usage_cost, {names})"  # noqa: S608 # names of ours alone
        f" SELECT NULL, id, price, usage_cost, {names} FROM messages LEFT JOIN bodies ON bodies.message = key"
        " WHERE conversation = ? AND cost_source IS NOT NULL AND NOT imported"
        " AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.message = messages.key)",
        (conversation,),
    )
