"""Reads what ChatGPT exports: ``conversations.json``, a list of conversations, each a mapping of linked nodes.

The format is not documented by its maker. What is known of it: each node has a ``parent``, ``children`` and perhaps a
``message``; ``current_node`` is the end of the path shown; editing and asking again make siblings; thoughts, calls of
tools and their output are nodes of their own. Everything may be missing or null.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from tui_stream.core.models import Conversation, FinishReason, Message, MessageStatus, Role
from tui_stream.errors import StoreError
from tui_stream.exchange import foreign
from tui_stream.exchange.assemble import Node, assemble
from tui_stream.exchange.chatgpt_content import fill

PROVIDER: Final = "chatgpt"
"""What the messages say as their provider."""
_ROLES: Final = {"user": Role.USER, "system": Role.SYSTEM, "assistant": Role.ASSISTANT, "tool": Role.ASSISTANT}
_ENDINGS: Final = {
    "stop": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_OWN_WORDS: Final = frozenset({"user_editable_context", "model_editable_context"})
"""Kinds of content that ChatGPT hides although the person wrote them, or they were remembered for the person."""


def is_chatgpt(value: object) -> bool:
    """Whether a value looks like a conversation of ChatGPT's."""
    return isinstance(value, dict) and "mapping" in value


def read_conversation(value: dict[str, Any], place: str) -> Conversation:
    """A conversation with all of its branches.

    Args:
        value: as JSON was decoded.
        place: how an error names it, ``[3]``.

    Raises:
        StoreError: it has no mapping of nodes.
    """
    linked = value.get("mapping")
    if not isinstance(linked, dict):
        raise StoreError(
            f"{place}.mapping: a conversation of ChatGPT's has its messages here, and there are none.",
            hint="The file was changed or is damaged; ask ChatGPT for a new export.",
        )
    known = foreign.text(value.get("conversation_id")) or foreign.text(value.get("id"))
    known = known or "/".join(["without id", *sorted(map(str, linked))[:3]])
    created = foreign.moment(value.get("create_time")) or _earliest(linked)
    updated = foreign.moment(value.get("update_time")) or created
    conversation = Conversation(
        id=foreign.identifier(PROVIDER, known),
        title=foreign.title(value.get("title")),
        pinned=bool(value.get("is_starred") or value.get("pinned_time")),
        archived=value.get("is_archived") is True,
        created_at=created,
        updated_at=max(created, updated),
    )
    nodes = _nodes(linked, foreign.text(value.get("default_model_slug")), created)
    current = value.get("current_node")
    assemble(
        conversation,
        nodes,
        current if isinstance(current, str) else None,
        lambda node: foreign.identifier(PROVIDER, known, node),
    )
    return conversation


def _earliest(linked: dict[str, Any]) -> datetime:
    messages = (foreign.mapping(foreign.mapping(node).get("message")) for node in linked.values())
    known = (foreign.moment(message.get("create_time")) for message in messages)
    return min((moment for moment in known if moment), default=_EPOCH)


def _nodes(linked: dict[str, Any], model: str, created: datetime) -> dict[str, Node]:
    """The nodes with siblings in the order in which their parents list them."""
    parents: dict[str, str | None] = {}
    for name, raw in linked.items():
        for child in foreign.listed(foreign.mapping(raw).get("children")):
            if isinstance(child, str) and child in linked:
                parents.setdefault(child, name)
    for name, raw in linked.items():
        parent = foreign.mapping(raw).get("parent")
        if isinstance(parent, str) and parent in linked:
            parents[name] = parent
        else:
            parents.setdefault(name, None)
    return {name: Node(parent, _part(linked[name], model, created)) for name, parent in parents.items()}


def _part(raw: object, model: str, created: datetime) -> Message | None:
    message = foreign.mapping(foreign.mapping(raw).get("message"))
    content, author = foreign.mapping(message.get("content")), foreign.mapping(message.get("author"))
    about = foreign.mapping(message.get("metadata"))
    role = _ROLES.get(foreign.text(author.get("role")))
    if role is None or not content or _hidden(message, content, about):
        return None
    moment = foreign.moment(message.get("create_time")) or created
    part = Message(role, created_at=moment, provider=PROVIDER)
    fill(part, content, message, tool=foreign.text(author.get("name")) if author.get("role") == "tool" else None)
    if role is Role.ASSISTANT:
        part.finished_at = foreign.moment(message.get("update_time"))
        if author.get("role") == "assistant":
            part.model = foreign.text(about.get("model_slug")) or model
            _end(part, message, about)
    if foreign.text(content.get("content_type")) in _OWN_WORDS:
        part.role = Role.SYSTEM
    return part


def _hidden(message: dict[str, Any], content: dict[str, Any], about: dict[str, Any]) -> bool:
    """Whether ChatGPT does not show it, and it is none of the person's own words."""
    if foreign.text(content.get("content_type")) in _OWN_WORDS or about.get("is_user_system_message") is True:
        return False
    return about.get("is_visually_hidden_from_conversation") is True or message.get("weight") == 0


def _end(part: Message, message: dict[str, Any], about: dict[str, Any]) -> None:
    """How the answer ended."""
    ending = foreign.text(foreign.mapping(about.get("finish_details")).get("type"))
    part.finish_reason = _ENDINGS.get(ending)
    match message.get("status"):
        case "in_progress":
            part.status, part.error = MessageStatus.CUT_OFF, "ChatGPT's export has only the beginning of this answer."
        case "finished_partial_completion":
            part.status = MessageStatus.CANCELLED
        case "error":
            part.status, part.error = MessageStatus.FAILED, "ChatGPT reported an error."
        case _ if ending == "interrupted":
            part.status = MessageStatus.CANCELLED
