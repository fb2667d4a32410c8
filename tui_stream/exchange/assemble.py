"""Foreign messages become a conversation of ours.

It exists because others keep as many small messages what is one answer here: thoughts, calls of tools, their output and
several texts. Their links may be broken too; what hangs loose begins a branch of its own, and nothing is lost by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from tui_stream.core.models import Conversation, Message, Role
from tui_stream.core.sanitize import clean
from tui_stream.exchange.shape import arrange, followers, reachable


@dataclass(slots=True)
class Node:
    """One foreign message.

    Attributes:
        parent: the name of what it follows, None at the beginning.
        part: what it adds, None where nothing of it is kept. Its ids are not yet those of a conversation.
    """

    parent: str | None
    part: Message | None


@dataclass(slots=True)
class _Draft:
    """The messages that the nodes make, as they are found."""

    runs: dict[str, list[Message]] = field(default_factory=dict)
    owners: dict[str | None, str | None] = field(default_factory=dict)
    open: dict[str | None, str] = field(default_factory=dict)
    """By node, the answer that a single follower may go on."""


def assemble(
    conversation: Conversation, nodes: Mapping[str, Node], current: str | None, name: Callable[[str], str]
) -> None:
    """Gives an empty conversation the messages that the nodes make.

    Args:
        conversation: has no messages yet.
        nodes: by their names; siblings in their order.
        current: the node at the end of the path that is shown; unknown or None for the newest.
        name: the id of the message that a node begins.
    """
    parents = {each: node.parent if node.parent in nodes else None for each, node in nodes.items()}
    children = followers(parents)
    draft = _Draft()
    for each in _in_order(nodes, parents, children):
        _place(draft, each, parents[each], nodes[each].part, name, alone=len(children.get(each, ())) <= 1)
    messages, kept = _messages(draft)
    shown = kept.get(draft.owners.get(current)) if current is not None else None
    arrange(conversation, messages, _path(messages, shown))


def _in_order(
    nodes: Mapping[str, Node], parents: dict[str, str | None], children: dict[str | None, list[str]]
) -> Iterable[str]:
    """The nodes, parents first; what goes round in circles is cut open where it is met."""
    order = dict.fromkeys(reachable(children))
    for each in nodes:
        if each not in order:
            parents[each] = None
            order[each] = None
            order.update(dict.fromkeys(reachable(children, each)))
    return order


def _place(
    draft: _Draft, node: str, parent: str | None, part: Message | None, name: Callable[[str], str], *, alone: bool
) -> None:
    """Puts a node's part into the answer before it, or begins a message with it."""
    above, joined = draft.owners.get(parent), draft.open.get(parent)
    if part is None:
        owner = above
    elif joined is not None and part.role is Role.ASSISTANT:
        owner = joined
        draft.runs[joined].append(part)
    else:
        owner = part.id = name(node)
        part.parent_id = above
        draft.runs[owner] = [part]
        joined = owner if part.role is Role.ASSISTANT else None
    draft.owners[node] = owner
    if joined is not None and alone:
        draft.open[node] = joined


def _messages(draft: _Draft) -> tuple[dict[str, Message], dict[str | None, str | None]]:
    """The messages with something in them, and for every one which of these stands for it."""
    messages: dict[str, Message] = {}
    kept: dict[str | None, str | None] = {None: None}
    for message_id, run in draft.runs.items():
        message = _joined(run)
        message.parent_id = kept[message.parent_id]
        if message.empty and not (message.reasoning.strip() or message.tool_calls or message.notes or message.error):
            kept[message_id] = message.parent_id
        else:
            kept[message_id] = message_id
            messages[message_id] = message
    return messages, kept


def _joined(run: list[Message]) -> Message:
    """One message of several; where they differ, the last one that says something counts."""
    first, last = run[0], run[-1]
    first.text = clean("\n\n".join(part.text for part in run if part.text.strip()))
    first.reasoning = clean("\n\n".join(part.reasoning for part in run if part.reasoning.strip()))
    first.tool_calls = [call for part in run for call in part.tool_calls]
    for call in first.tool_calls:
        call.id, call.name, call.arguments = clean(call.id), clean(call.name), clean(call.arguments)
    first.notes = _counted(clean(note) for part in run for note in part.notes)
    first.model = clean(next((part.model for part in reversed(run) if part.model), ""))
    first.error = clean(next((part.error for part in reversed(run) if part.error), ""))
    first.status, first.finished_at = last.status, last.finished_at
    for name in ("finish_reason", "usage", "timing"):
        setattr(first, name, next((found for part in reversed(run) if (found := getattr(part, name))), None))
    return first


def _counted(notes: Iterable[str]) -> list[str]:
    return [note if times == 1 else f"{note} ({times} times)" for note, times in Counter(notes).items()]


def _path(messages: Mapping[str, Message], end: str | None) -> Iterable[str]:
    while end is not None:
        yield end
        end = messages[end].parent_id
