"""Makes a new conversation out of the beginning of another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tui_stream.core.models import Conversation, Message, Role, new_id
from tui_stream.core.titles import first_line


def forked(path: Sequence[Message], title: str = "") -> Conversation:
    """A conversation of copies with ids of their own.

    They have no usage, cost or timing: those requests were made, and paid, once.

    Args:
        path: what to copy, from the beginning of the other conversation.
        title: the other conversation's; empty where it goes by its first line.
    """
    prompts = (message.text for message in path if message.role is Role.USER)
    fork = Conversation(title=f"{title or first_line(next(prompts, ''))} (fork)".strip())
    parent: str | None = None
    ids: dict[str, str] = {}
    for message in path:
        copy = _copy(message, parent)
        ids[message.id] = copy.id
        if copy.cut is not None:
            copy.cut = replace(copy.cut, first=ids.get(copy.cut.first, copy.id))
        fork.tree.add(copy.id, parent)
        fork.messages.append(copy)
        parent = copy.id
    return fork


def _copy(message: Message, parent: str | None) -> Message:
    return replace(
        message,
        id=new_id(),
        parent_id=parent,
        parameters=dict(message.parameters),
        tool_calls=[replace(call) for call in message.tool_calls],
        notes=list(message.notes),
        usage=None,
        cost=None,
        timing=None,
        estimate=None,
        receipts=(),
    )
