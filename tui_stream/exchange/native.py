"""Conversations in our own format: written so that nothing is lost, read as if a stranger had written them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, TextIO

import msgspec

from tui_stream.core.models import (
    Conversation,
    Cost,
    Cut,
    Estimate,
    Message,
    Price,
    Source,
    Timing,
    ToolCall,
    Usage,
    showable,
)
from tui_stream.core.money import MOST_DIGITS, fits
from tui_stream.core.sanitize import clean, repair
from tui_stream.errors import StoreError
from tui_stream.exchange import records
from tui_stream.exchange.shape import arrange, chosen, followers, in_order, reachable

_STEERS: Final = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb"
    "\ud800-\udfff\ufeff\U000e0000-\U000e007f]"
)
"""What JSON leaves as it is, though a terminal or an editor may obey it."""
_NOTHING: Final = Cost(Decimal(0), Source.REPORTED)
_PLACE: Final = re.compile(r"(?P<what>.*) - at `\$(?P<where>.*)`", re.DOTALL)


# -- writing ----------------------------------------------------------------------------------------


def write_json(conversations: Iterable[Conversation], file: TextIO, now: datetime) -> int:
    """Writes a file of our own format, one message a line; how many conversations it holds.

    Args:
        conversations: with all of their messages loaded; taken one at a time.
        file: open for text; gets no control character but newlines.
        now: the moment to write down as that of the export, with its zone.

    Raises:
        ValueError: messages of a conversation are not loaded.
    """
    head = {"format": records.FORMAT, "version": records.VERSION, "exported_at": now.astimezone(UTC).isoformat()}
    file.write(f'{_text(head)[:-1]}, "conversations": [')
    count = 0
    for conversation in conversations:
        file.write(",\n" if count else "\n")
        file.writelines(_written(conversation))
        count += 1
    file.write("\n]}\n")
    return count


def _written(conversation: Conversation) -> Iterator[str]:
    messages = {message.id: message for message in (*conversation.messages, *conversation.others)}
    tree = conversation.tree
    if len(messages) != len(tree):
        raise ValueError(f"{len(tree) - len(messages)} messages of {conversation.id} are not loaded")
    record = records.ConversationRecord(
        id=conversation.id,
        created_at=_moment(conversation.created_at),
        updated_at=_moment(conversation.updated_at),
        title=conversation.title,
        pinned=conversation.pinned,
        archived=conversation.archived,
        unloaded_cost=None if conversation.unloaded == _NOTHING else _cost(conversation.unloaded),
    )
    yield f'{_text(msgspec.to_builtins(record))[:-1]}, "messages": ['
    preferred, between = chosen(tree), ""
    for message_id in in_order(tree):
        branches = message_id in preferred and len(tree.siblings(message_id)) > 1
        yield f"{between}\n  {_text(_message(messages[message_id], tree.parent(message_id), branches))}"
        between = ","
    yield "]}"


def _text(value: object) -> str:
    return _STEERS.sub(_escape, json.dumps(value, ensure_ascii=False, allow_nan=False))


def _escape(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]


def _message(message: Message, parent: str | None, branches: bool) -> Any:
    usage, timing = message.usage, message.timing
    return msgspec.to_builtins(
        records.MessageRecord(
            id=message.id,
            role=message.role,
            created_at=_moment(message.created_at),
            parent_id=parent,
            chosen=branches,
            text=message.text,
            reasoning=message.reasoning,
            status=message.status,
            finished_at=_moment(message.finished_at) if message.finished_at else None,
            provider=message.provider,
            model=message.model,
            parameters={str(name): _plain(value) for name, value in message.parameters.items()},
            tool_calls=[records.ToolCallRecord(call.id, call.name, call.arguments) for call in message.tool_calls],
            finish_reason=message.finish_reason,
            usage=records.UsageRecord(*_values(usage)) if usage else None,
            cost=_cost(message.cost) if message.cost else None,
            timing=records.TimingRecord(*_values(timing)) if timing else None,
            error=message.error,
            notes=message.notes,
            estimate=records.EstimateRecord(*_values(message.estimate)) if message.estimate else None,
            cut=records.CutRecord(*_values(message.cut)) if message.cut else None,
        )
    )


def _cost(cost: Cost) -> records.CostRecord:
    price = records.PriceRecord(*_values(cost.price)) if cost.price else None
    return records.CostRecord(cost.amount, cost.source, cost.local, price)


def _values(value: Usage | Timing | Price | Estimate | Cut) -> list[Any]:
    """The fields of a record of figures; those of its counterpart in a file stand in the same order."""
    return [getattr(value, each.name) for each in fields(value)]


def _moment(moment: datetime) -> datetime:
    return showable(moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _plain(value: object) -> object:
    """A parameter as JSON can hold it; what it has no form for becomes text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Mapping():
            return {str(name): _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
    return str(value)


# -- reading ----------------------------------------------------------------------------------------


def check_version(version: object) -> None:
    """Whether a file of this version can be read.

    Raises:
        StoreError: it is newer, or no version.
    """
    if isinstance(version, int) and version > records.VERSION:
        raise StoreError(
            f"The file was written by a newer tui-stream: its format is {version}, ours {records.VERSION}.",
            hint="Update tui-stream, then import it again.",
        )
    if version != records.VERSION or isinstance(version, bool):
        raise StoreError(
            "version: there is no such version of the format.", hint="Files of this program say version 1."
        )


def read_conversation(value: object, place: str) -> Conversation:
    """A conversation of the present version, its texts as they were written, control characters and all.

    Args:
        value: as JSON was decoded.
        place: how an error names it, ``conversations[3]``.

    Raises:
        StoreError: it is not of the format; the message names the member.
    """
    try:
        record = msgspec.convert(value, records.ConversationRecord)
    except msgspec.ValidationError as error:
        raise _misfit(place, str(error)) from error
    except UnicodeEncodeError as error:
        raise _wrong(place, "a name or a word in it has half a character") from error
    conversation = Conversation(
        id=record.id,
        title=repair(record.title),
        pinned=record.pinned,
        archived=record.archived,
        unloaded=_read_cost(record.unloaded_cost, f"{place}.unloaded_cost") or _NOTHING,
        created_at=showable(record.created_at),
        updated_at=showable(record.updated_at),
    )
    ordered = _ordered(record.messages, place)
    messages = {each.id: _read_message(each, f"{place}.messages[{index}]") for index, each in ordered}
    arrange(conversation, messages, (each.id for _, each in ordered if each.chosen))
    return conversation


def _ordered(listed: list[records.MessageRecord], place: str) -> list[tuple[int, records.MessageRecord]]:
    """The messages with their places in the list, parents before their children."""
    places: dict[str, int] = {}
    for index, each in enumerate(listed):
        if places.setdefault(each.id, index) != index:
            raise _wrong(f"{place}.messages[{index}].id", f"there is a message {each.id} already")
    for index, each in enumerate(listed):
        if each.parent_id is not None and each.parent_id not in places:
            raise _wrong(f"{place}.messages[{index}].parent_id", f"there is no message {each.parent_id}")
    order = reachable(followers({each.id: each.parent_id for each in listed}))
    if len(order) != len(listed):
        circle = min(places[message_id] for message_id in places.keys() - set(order))
        raise _wrong(f"{place}.messages[{circle}].parent_id", "the message follows itself")
    return [(places[message_id], listed[places[message_id]]) for message_id in order]


def _read_message(record: records.MessageRecord, place: str) -> Message:
    usage, timing = record.usage, record.timing
    return Message(
        role=record.role,
        text=repair(record.text),
        reasoning=repair(record.reasoning),
        status=record.status,
        id=record.id,
        parent_id=record.parent_id,
        created_at=showable(record.created_at),
        finished_at=showable(record.finished_at) if record.finished_at else None,
        provider=repair(record.provider),
        model=repair(record.model),
        parameters=_repaired(record.parameters),
        tool_calls=[ToolCall(repair(each.id), repair(each.name), repair(each.arguments)) for each in record.tool_calls],
        finish_reason=record.finish_reason,
        usage=Usage(*_figures(usage, f"{place}.usage")) if usage else None,
        cost=_read_cost(record.cost, f"{place}.cost"),
        timing=Timing(*_figures(timing, f"{place}.timing")) if timing else None,
        error=repair(record.error),
        notes=[repair(note) for note in record.notes],
        estimate=Estimate(*_figures(record.estimate, f"{place}.estimate")) if record.estimate else None,
        cut=Cut(*_figures(record.cut, f"{place}.cut")) if record.cut else None,
    )


def _read_cost(record: records.CostRecord | None, place: str) -> Cost | None:
    if record is None:
        return None
    price = Price(*_figures(record.price, f"{place}.price")) if record.price else None
    amount, source, local, _ = _figures(record, place)
    return Cost(amount, source, local, price)


def _figures(record: msgspec.Struct, place: str) -> list[Any]:
    """The values of a record's fields, its decimal numbers checked and its texts encodable."""
    values: list[Any] = []
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if isinstance(value, Decimal) and not fits(value):
            raise _wrong(f"{place}.{name}", f"it may have {MOST_DIGITS} digits before and behind the point")
        values.append(repair(value) if type(value) is str else value)
    return values


def _repaired(value: Any) -> Any:
    match value:
        case str():
            return repair(value)
        case dict():
            return {repair(name): _repaired(each) for name, each in value.items()}
        case list():
            return [_repaired(each) for each in value]
    return value


def _misfit(place: str, message: str) -> StoreError:
    found = _PLACE.fullmatch(message)
    what, where = (found["what"], f"{place}{found['where']}") if found else (message, place)
    return _wrong(where, clean(what[:1].lower() + what[1:]))


def _wrong(place: str, what: str) -> StoreError:
    return StoreError(f"{place}: {what}.", hint="The file was changed or is damaged; export it again.")
