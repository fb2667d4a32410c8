"""The receipts of single requests, as rows and back."""

from __future__ import annotations

from collections.abc import Sequence

from tui_stream.core.accounts import Receipt
from tui_stream.core.models import Cost, Estimate, Message, MessageStatus, Role, Timing, Usage
from tui_stream.store.database import Connection
from tui_stream.store.rows import Row, body_columns, cost_of, head_columns, moment, usage_of
from tui_stream.store.schema import REQUEST

_COLUMNS = ("conversation", "message", "id", "price", "usage_cost", *REQUEST)
_ENTER = f"""
    INSERT INTO receipts ({", ".join(_COLUMNS)}) VALUES ({", ".join("?" * len(_COLUMNS))})
    ON CONFLICT (conversation, id) DO UPDATE SET {", ".join(f"{one} = excluded.{one}" for one in _COLUMNS[1:])}
"""  # noqa: S608 # names of ours alone

_OF_ELSEWHERE = """
    UPDATE receipts SET imported = 1 FROM messages
    WHERE receipts.message = ? AND key = receipts.message AND messages.imported AND messages.id = receipts.id
"""
"""Marks what an imported answer had come to before it was gone on with here."""


def enter(connection: Connection, conversation: int | None, message: int | None, receipt: Receipt) -> None:
    """Keeps a receipt, or writes over what was kept of it.

    Args:
        connection: within a transaction.
        conversation: the key of its conversation.
        message: the key of the message that it is a part of.
        receipt: the receipt.
    """
    made = Message(
        Role.ASSISTANT,
        id=receipt.id,
        status=receipt.status,
        provider=receipt.provider,
        model=receipt.model,
        asked=receipt.asked,
        created_at=receipt.moment,
        usage=receipt.usage,
        cost=receipt.cost,
        timing=receipt.timing,
        estimate=receipt.estimate,
    )
    row = head_columns(made) | {"conversation": conversation, "message": message, "id": receipt.id}
    row["unseen_tokens"] = receipt.unseen or None
    row["price"] = body_columns(made)["price"]
    connection.execute(_ENTER, [row[name] for name in _COLUMNS])


def keep(connection: Connection, message: int, receipts: Sequence[Receipt]) -> None:
    """Keeps the receipts of a message; one that was kept before and is not among them was paid all the same."""
    if receipts:
        sql = "SELECT conversation FROM messages WHERE key = ?"
        (conversation,) = connection.execute(sql, (message,)).fetchone()
        for receipt in receipts:
            enter(connection, conversation, message, receipt)
        connection.execute(_OF_ELSEWHERE, (message,))


def of(connection: Connection, message: int) -> tuple[Receipt, ...]:
    """The receipts of a message, in the order of its requests."""
    rows = connection.execute("SELECT * FROM receipts WHERE message = ? ORDER BY created_at, number", (message,))
    return tuple(map(_receipt, rows))


def _receipt(row: Row) -> Receipt:
    """The receipt of a row; of its estimate and its times there is what bills and statistics need."""
    guessed = row["guessed_input"], row["guessed_output"]
    return Receipt(
        row["provider"],
        row["model"],
        usage_of(row) or Usage(),
        cost_of(row) or Cost(),
        row["asked"],
        row["id"],
        moment(row["created_at"]),
        MessageStatus(row["status"]),
        None if row["streaming"] is None else Timing(0.0, row["first_token"], row["streaming"]),
        None if None in guessed else Estimate(0, 0, 0, 0, 0, *guessed),
        row["unseen_tokens"] or 0,
    )
