"""Makes the history of a request out of a conversation, such that every provider accepts it.

Servers refuse, and chat templates choke on, empty answers and roles that do not alternate. A turn that was
cancelled, failed or interrupted before its first token leaves a question without an answer: it stays on the screen
and in the store, and is left out of what is sent. So is what a person decided to leave out (`Cut`). Of system prompts
the newest holds, and stands at the beginning: many templates take one there alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_stream.core.models import ChatMessage, Message, MessageStatus, Role

_SUMMARY = "The conversation before this was left out; in short, it said:"
_UNFINISHED = frozenset(
    {MessageStatus.FAILED, MessageStatus.CANCELLED, MessageStatus.QUEUED, MessageStatus.INTERRUPTED}
)


def request_messages(messages: Sequence[Message], *, system: str = "") -> tuple[ChatMessage, ...]:
    """What to send for a conversation, oldest first.

    Args:
        messages: the path through the conversation, ending with the prompt to answer.
        system: the system prompt where the conversation has none of its own; left out where it is blank.
    """
    system = system_of(messages, system)
    messages, summary = _after_cut(messages)
    messages = [message for message in messages if message.role is not Role.SYSTEM]
    said = "\n\n".join(part for part in (system, summary) if part.strip())
    sent = [ChatMessage(Role.SYSTEM, said)] if said else []
    asked: list[ChatMessage] = []
    for message in messages:
        if not message.empty:
            asked.append(ChatMessage(message.role, message.text, message.images))
        elif message.role is Role.ASSISTANT and message.status in _UNFINISHED:
            asked.clear()
        if message.role is Role.ASSISTANT:
            _add_all(sent, asked)
            asked.clear()
    _add_all(sent, asked)
    return tuple(sent)


def system_of(messages: Sequence[Message], usual: str = "") -> str:
    """The system prompt that holds at the end of a path: the newest on it, what was left out included.

    Args:
        messages: the path; several in a row are one.
        usual: what holds where there is none.
    """
    said: list[str] = []
    for message in reversed(messages):
        if message.role is Role.SYSTEM:
            said.append(message.text)
        elif said:
            break
    return "\n\n".join(text for text in reversed(said) if text.strip()) or usual


def _after_cut(messages: Sequence[Message]) -> tuple[Sequence[Message], str]:
    """What the newest `Cut` of the path leaves of it, and what is said in place of the rest."""
    for place in reversed(range(len(messages))):
        cut = messages[place].cut
        if cut is not None:
            ids = [message.id for message in messages[: place + 1]]
            first = ids.index(cut.first) if cut.first in ids else place
            return messages[first:], f"{_SUMMARY}\n\n{cut.summary}" if cut.summary.strip() else ""
    return messages, ""


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
    if sent and sent[-1].role is message.role:
        last = sent.pop()
        message = ChatMessage(message.role, f"{last.content}\n\n{message.content}", last.images + message.images)
    sent.append(message)
