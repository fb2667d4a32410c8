"""Conversations of the command line tool ``llm``, from rows as ``responses`` and ``llm logs --json`` have them.

Each row is one request: a prompt, perhaps a system prompt, and the response. Which columns there are depends on the
version that wrote them; those that are missing count as empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tui_stream.core.models import Conversation, Message, Role, Timing, ToolCall, Usage, showable
from tui_stream.exchange import foreign
from tui_stream.exchange.assemble import Node, assemble

PROVIDER: Final = "llm"
"""What the messages say as their provider."""
Row = Mapping[str, Any]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST: Final = 10**10  # milliseconds; what says more is no duration


def is_llm(value: object) -> bool:
    """Whether a value looks like a row of ``llm logs --json``."""
    return isinstance(value, dict) and {"prompt", "response", "model"} <= value.keys()


def conversation_of(row: Row) -> str:
    """The name of the conversation that a row belongs to; a row without one is a conversation by itself."""
    for column in ("thread_id", "conversation_id", "chat_id", "id"):
        if row.get(column) is not None and str(row[column]):
            return str(row[column])
    return "row/" + "/".join(str(row.get(column)) for column in ("datetime_utc", "model", "prompt"))


def grouped(rows: Iterable[Row]) -> Iterator[Conversation]:
    """The conversations of rows in any order; holds all of them."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(conversation_of(row), []).append(row)
    for name, group in found.items():
        yield conversation(name, group)


def conversation(name: str, rows: Sequence[Row], *, suffix: str = "") -> Conversation:
    """One conversation of its rows.

    Args:
        name: as ``llm`` knows it.
        rows: at least one, in any order.
        suffix: tells it from another one of this name.
    """
    ordered = sorted(rows, key=lambda row: (_moment(row), str(row.get("id") or "")))
    nodes: dict[str, Node] = {}
    system = ""
    for index, row in enumerate(ordered):
        told = _with_fragments(row, "system")
        known = str(row.get("id") or index)
        _add(nodes, f"{known}/system", system_message(told, _moment(row)) if told and told != system else None)
        _add(nodes, f"{known}/prompt", _prompt(row))
        _add(nodes, f"{known}/output", tool_outputs(row.get("tool_results"), _moment(row)))
        _add(nodes, known, answer(row, foreign.text(row.get("response")), foreign.text(row.get("reasoning"))))
        system = told or system
    title = next((found for row in ordered if (found := foreign.title(row.get("conversation_name")))), "")
    made = begin(name, title, ordered, suffix=suffix)
    assemble(made, nodes, None, lambda node: foreign.identifier(PROVIDER, name + suffix, node))
    return made


def begin(name: str, title: str, rows: Sequence[Row], *, suffix: str = "") -> Conversation:
    """A conversation without messages, from the rows of its requests in their order."""
    first, last = _moment(rows[0]), _finished(rows[-1])
    return Conversation(
        id=foreign.identifier(PROVIDER, name + suffix), title=title, created_at=first, updated_at=max(first, last)
    )


def _add(nodes: dict[str, Node], name: str, part: Message | None) -> None:
    if part is not None:
        nodes[name] = Node(next(reversed(nodes), None), part)


def _moment(row: Row) -> datetime:
    for column in ("datetime_utc", "timestamp_utc", "timestamp"):
        if found := foreign.moment(row.get(column)):
            return found
    return _EPOCH


def _duration(row: Row) -> int | None:
    value = row.get("duration_ms")
    return value if type(value) is int and 0 <= value <= _LONGEST else None


def _finished(row: Row) -> datetime:
    try:
        return showable(_moment(row) + timedelta(milliseconds=_duration(row) or 0))
    except OverflowError:
        return _moment(row)


def system_message(text: str, moment: datetime) -> Message:
    """A system prompt."""
    return Message(Role.SYSTEM, text, created_at=moment, provider=PROVIDER)


def _prompt(row: Row) -> Message | None:
    said = [_with_fragments(row, "prompt"), *map(attachment, foreign.listed(row.get("attachments")))]
    text = "\n\n".join(filter(str.strip, said))
    return Message(Role.USER, text, created_at=_moment(row), provider=PROVIDER) if text else None


def _with_fragments(row: Row, kind: str) -> str:
    """A prompt behind the fragments that were sent with it."""
    fragments = map(foreign.mapping, foreign.listed(row.get(f"{kind}_fragments")))
    parts = [*(foreign.text(each.get("content")) for each in fragments), foreign.text(row.get(kind))]
    return "\n".join(filter(str.strip, parts))


def attachment(value: object) -> str:
    """The name of what was sent along; its content stays where it is."""
    known = foreign.mapping(value)
    name = foreign.title(known.get("path")) or foreign.title(known.get("url")) or foreign.title(known.get("type"))
    return f"[Attached: {name or 'unnamed'}]"


def tool_outputs(results: object, moment: datetime) -> Message | None:
    """What tools answered, as a part of the answer that asked for them."""
    found = [tool_output(foreign.mapping(each)) for each in foreign.listed(results)]
    text = "\n\n".join(filter(None, found))
    return Message(Role.ASSISTANT, text, created_at=moment, provider=PROVIDER) if text else None


def tool_output(result: Row) -> str:
    """What one tool answered, to be read by people."""
    said = result.get("output")
    written = foreign.text(said) if isinstance(said, str) else "" if said is None else str(said)
    name = foreign.title(result.get("name"))
    return f"Output of {name or 'a tool'}:\n\n{foreign.fenced(written)}" if written.strip() else ""


def tool_call(value: object) -> ToolCall:
    """A call that the model asked for."""
    call = foreign.mapping(value)
    arguments = call.get("arguments")
    written = arguments if isinstance(arguments, str) else "" if arguments is None else foreign.as_json(arguments)
    return ToolCall(foreign.text(call.get("tool_call_id")), foreign.text(call.get("name")), written)


def answer(row: Row, text: str, reasoning: str = "", calls: Sequence[ToolCall] | None = None) -> Message:
    """An answer with what its request's row says about it."""
    asked = map(tool_call, foreign.listed(row.get("tool_calls"))) if calls is None else calls
    duration = _duration(row)
    options = foreign.parsed(row.get("options_json"))
    return Message(
        Role.ASSISTANT,
        text,
        reasoning,
        created_at=_moment(row),
        finished_at=_finished(row),
        provider=PROVIDER,
        model=foreign.text(row.get("resolved_model")) or foreign.text(row.get("model")),
        parameters=foreign.mapping(options),
        tool_calls=list(asked),
        usage=_usage(row),
        timing=None if duration is None else Timing(elapsed=duration / 1000),
    )


def _usage(row: Row) -> Usage | None:
    details = foreign.mapping(foreign.parsed(row.get("token_details")))
    read = foreign.mapping(details.get("prompt_tokens_details") or details.get("input_tokens_details"))
    made = foreign.mapping(details.get("completion_tokens_details") or details.get("output_tokens_details"))
    usage = Usage(
        input_tokens=foreign.tokens(row.get("input_tokens")),
        output_tokens=foreign.tokens(row.get("output_tokens")),
        cached_input_tokens=foreign.tokens(read.get("cached_tokens")),
        reasoning_tokens=foreign.tokens(made.get("reasoning_tokens")),
    )
    return None if usage == Usage() else usage
