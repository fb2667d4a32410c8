"""Messages as rows and back, without a loss."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tui_stream.core.models import (
    Cost,
    Cut,
    Estimate,
    FinishReason,
    Message,
    MessageStatus,
    Price,
    Role,
    Source,
    Timing,
    ToolCall,
    Usage,
    showable,
)
from tui_stream.core.money import amount_of
from tui_stream.core.sanitize import repair
from tui_stream.core.stats import unseen_tokens

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = (1 << 63) - 1
_GUESSED = {
    "guessed_messages": "messages",
    "guessed_sent": "sent",
    "guessed_sent_marks": "sent_marks",
    "guessed_made": "made",
    "guessed_made_marks": "made_marks",
    "guessed_input": "input_tokens",
    "guessed_output": "output_tokens",
}
_CLASSES = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens")

_MOST_DIGITS = 12
_SUMMED = 24  # so many bits are left for the sum of many amounts

MOST_TOKENS = 10**15
"""A column with a higher count tells nothing."""

LONGEST = 10**12
"""Seconds; likewise."""

PICO = Decimal("1e-12")
"""US dollars in one unit of the column in which amounts are summed."""

Row = Mapping[str, Any]
"""A row by the names of its columns."""


def microseconds(moment: datetime) -> int:
    """A moment as the tables hold it."""
    return (showable(moment) - _EPOCH) // timedelta(microseconds=1)


_FIRST, _LAST = (
    microseconds(datetime.min.replace(tzinfo=UTC)),
    microseconds(datetime.max.replace(tzinfo=UTC)),
)


def moment(value: int) -> datetime:
    """What `microseconds` made of it; of a number that is no such moment, the nearest that is one."""
    return _EPOCH + timedelta(microseconds=max(_FIRST, min(value, _LAST)))


def copied(message: Message) -> Message:
    """The message as it stands now, for a thread that writes it while it grows."""
    return replace(
        message,
        parameters=dict(message.parameters),
        tool_calls=[replace(call) for call in message.tool_calls],
        notes=list(message.notes),
    )


def head_columns(message: Message) -> dict[str, Any]:
    """What of a message is counted, sorted and summed."""
    usage, cost, timing, guess = message.usage, message.cost, message.timing, message.estimate
    return {
        "role": message.role.value,
        "status": message.status.value,
        "provider": repair(message.provider),
        "model": repair(message.model),
        "asked": repair(message.asked),
        "created_at": microseconds(message.created_at),
        "finished_at": None if message.finished_at is None else microseconds(message.finished_at),
        "finish_reason": None if message.finish_reason is None else message.finish_reason.value,
        **{name: None if usage is None else _count(getattr(usage, name)) for name in _CLASSES},
        "usage_cost": None if usage is None or usage.cost is None else str(usage.cost),
        "usage_source": None if usage is None else usage.source.value,
        "cost_amount": None if cost is None or cost.amount is None else str(cost.amount),
        "cost_pico": None if cost is None else _pico(cost.amount),
        "cost_source": None if cost is None else cost.source.value,
        "cost_local": int(cost is not None and cost.local),
        "elapsed": None if timing is None else timing.elapsed,
        "first_token": None if timing is None else timing.first_token,
        "streaming": None if timing is None else timing.streaming,
        "attempts": None if timing is None else timing.attempts,
        "unseen_tokens": unseen_tokens(usage, message.reasoning) or None,
        **{column: None if guess is None else _count(getattr(guess, name)) for column, name in _GUESSED.items()},
    }


def body_columns(message: Message) -> dict[str, Any]:
    """What of a message is only read together with it."""
    price = None if message.cost is None else message.cost.price
    calls = [[call.id, call.name, call.arguments] for call in message.tool_calls]
    return {
        "text": repair(message.text),
        "reasoning": repair(message.reasoning),
        "error": repair(message.error),
        "parameters": _json(message.parameters),
        "tool_calls": _json(calls),
        "notes": _json(message.notes),
        "price": None if price is None else _json(_price_record(price)),
        "cut": None if message.cut is None else _json(asdict(message.cut)),
    }


def message_of(row: Row, parent_id: str | None) -> Message:
    """The message of a row of both tables."""
    return Message(
        Role(row["role"]),
        row["text"],
        row["reasoning"],
        MessageStatus(row["status"]),
        row["id"],
        parent_id,
        moment(row["created_at"]),
        None if row["finished_at"] is None else moment(row["finished_at"]),
        row["provider"],
        row["model"],
        _read(row["parameters"], {}),
        [ToolCall(*call) for call in _read(row["tool_calls"], [])],
        None if row["finish_reason"] is None else FinishReason(row["finish_reason"]),
        usage_of(row),
        cost_of(row),
        _timing(row),
        row["error"],
        _read(row["notes"], []),
        _estimate(row),
        None if row["cut"] is None else Cut(**json.loads(row["cut"])),
        row["asked"],
    )


def usage_of(row: Row) -> Usage | None:
    """The tokens of a row of messages or of receipts."""
    if row["usage_source"] is None:
        return None
    cost = _amount(row["usage_cost"])
    return Usage(**{name: told(row[name]) for name in _CLASSES}, cost=cost, source=Source(row["usage_source"]))


def cost_of(row: Row) -> Cost | None:
    """The money of a row of messages, with their bodies, or of receipts."""
    if row["cost_source"] is None:
        return None
    amount = _amount(row["cost_amount"])
    price = None if row["price"] is None else _price(json.loads(row["price"]))
    return Cost(amount, Source(row["cost_source"]), bool(row["cost_local"]), price)


def _timing(row: Row) -> Timing | None:
    elapsed, attempts = _seconds(row["elapsed"]), told(row["attempts"])
    if elapsed is None:
        return None
    return Timing(elapsed, _seconds(row["first_token"]), _seconds(row["streaming"]) or 0.0, attempts or 1)


def _estimate(row: Row) -> Estimate | None:
    found = {name: count for column, name in _GUESSED.items() if (count := told(row[column])) is not None}
    return Estimate(**found) if len(found) == len(_GUESSED) else None


def _price_record(price: Price) -> dict[str, str]:
    """The price by class; a class without one of its own is left out."""
    names = ("input", "output", "cached_input", "cache_write", "reasoning", "request")
    classes = {name: getattr(price, name) for name in names}
    return {name: str(amount) for name, amount in classes.items() if amount is not None} | {"source": price.source}


def _price(record: dict[str, str]) -> Price:
    source, whole = record.pop("source"), {"input": None, "output": None}
    return Price(**whole | {name: _amount(amount) for name, amount in record.items()}, source=source)


def _amount(text: object) -> Decimal | None:
    """The amount that a column has; of what is none, or cannot be written out, nothing is known."""
    return None if text is None else amount_of(str(text))


def told(value: object) -> int | None:
    """The count that a column has; None for what is none that a request can have."""
    return value if type(value) is int and 0 <= value <= MOST_TOKENS else None


def _seconds(value: object) -> float | None:
    """The time that a column has, likewise."""
    return float(value) if isinstance(value, int | float) and 0 <= value <= LONGEST else None


def _pico(amount: Decimal | None) -> int | None:
    """The amount in units of `PICO`, where it is a whole number of them that a column can hold."""
    if amount is None or not amount.is_finite() or abs(amount.adjusted()) > _MOST_DIGITS:
        return None
    units = amount / PICO
    return int(units) if units == units.to_integral_value() and abs(units) < _LARGEST >> _SUMMED else None


def _count(value: int | None) -> int | None:
    """A count as a column holds it; what no server can have counted is unknown."""
    return value if value is not None and 0 <= value <= MOST_TOKENS else None


def _json(value: object) -> str | None:
    """JSON in ASCII, which any text survives; nothing for what is empty."""
    return json.dumps(value, default=str) if value else None


def _read(text: str | None, empty: Any) -> Any:
    return empty if text is None else json.loads(text)
