"""Makes the history of a request out of a conversation, such that every provider accepts it.

Servers refuse, and chat templates choke on, empty answers and roles that do not alternate. A turn that was
cancelled, failed or interrupted before its first token leaves a question without an answer: it stays on the screen
and in the store, and is left out of what is sent.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_stream.core.models import ChatMessage, Message, MessageStatus, Role

_UNFINISHED = frozenset(
    {MessageStatus.FAILED, MessageStatus.CANCELLED, MessageStatus.QUEUED, MessageStatus.INTERRUPTED}
)


def request_messages(messages: Sequence[Message], *, system: str = "") -> tuple[ChatMessage, ...]:
    """What to send for a conversation, oldest first.

    Args:
        messages: the path through the conversation, ending with the prompt to answer.
        system: a system prompt, left out where it is blank.
    """
    sent = [ChatMessage(Role.SYSTEM, system)] if system.strip() else []
    asked: list[ChatMessage] = []
    for message in messages:
        if not message.empty:
            asked.append(ChatMessage(message.role, message.text))
        elif message.role is Role.ASSISTANT and message.status in _UNFINISHED:
            asked.clear()
        if message.role is Role.ASSISTANT:
            _add_all(sent, asked)
            asked.clear()
    _add_all(sent, asked)
    return tuple(sent)


def unanswered(messages: Sequence[Message], answer: Message) -> list[Message]:
    """What the person said to get this answer, if no later request will carry it: the answer did not begin.

    Args:
        messages: the path through the conversation.
        answer: a finished one on it.
    """
    if not answer.empty or answer.status not in _UNFINISHED or answer not in messages:
        return []
    asked: list[Message] = []
    for message in messages[: messages.index(answer)]:
        if message.role is Role.ASSISTANT:
            asked.clear()
        elif message.role is Role.USER and not message.empty:
            asked.append(message)
    return asked


def _add_all(sent: list[ChatMessage], messages: Sequence[ChatMessage]) -> None:
    for message in messages:
        _add(sent, message)


def _add(sent: list[ChatMessage], message: ChatMessage) -> None:
    """Appends, joining two in a row of one role into one."""
    if sent and sent[-1].role is message.role and message.role is not Role.SYSTEM:
        message = ChatMessage(message.role, f"{sent.pop().content}\n\n{message.content}")
    sent.append(message)
