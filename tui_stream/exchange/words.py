"""What is said about a message beside its text: who speaks, how it ended, what it cost.

It exists because Markdown and HTML say the same things, the one as text and the other as elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from tui_stream.core import figures
from tui_stream.core.models import FinishReason, Message, MessageStatus, Role, interruption, showable
from tui_stream.core.sanitize import clean, clean_line

_REASONS: Final = {
    FinishReason.LENGTH: "Cut off: the answer reached its length limit.",
    FinishReason.CONTENT_FILTER: "Refused, or cut off by the provider's content filter.",
    FinishReason.TOOL_CALLS: "The model asks for tools; they are shown, not run.",
}
_UNDER_WAY: Final = {
    MessageStatus.STREAMING: "This answer was still arriving.",
    MessageStatus.QUEUED: "This was waiting to be sent.",
}
_BROKEN_OFF: Final = {
    MessageStatus.FAILED: "This answer failed.",
    MessageStatus.CUT_OFF: "This answer was cut off.",
}
_MOST_NOTED: Final = 2000  # characters of one line of a note


@dataclass(frozen=True, slots=True)
class Options:
    """What of a conversation stands in a document for people. JSON always holds everything.

    Attributes:
        reasoning: what models thought aloud.
        figures: tokens, cost and time of each answer.
        times: when each message was sent, in UTC.
    """

    reasoning: bool = True
    figures: bool = False
    times: bool = True


def speaker(message: Message) -> str:
    """Who speaks, one clean line: ``You``, or the model's name."""
    match message.role:
        case Role.USER:
            return "You"
        case Role.SYSTEM:
            return "System prompt"
    return clean_line(figures.model_text(message.model), 80) or "Answer"


def moment_text(moment: datetime) -> str:
    """``2026-02-03 09:05 UTC``."""
    return f"{_in_utc(moment):%Y-%m-%d %H:%M} UTC"


def machine_moment(moment: datetime) -> str:
    """A moment for programs, ``2026-02-03T09:05:06Z``."""
    return f"{_in_utc(moment):%Y-%m-%dT%H:%M:%S}Z"


def _in_utc(moment: datetime) -> datetime:
    return showable(moment).astimezone(UTC) if moment.tzinfo else moment


def title_of(title: str, messages: Sequence[Message]) -> str:
    """A conversation's title or, if it has none, the first line of its first prompt; one clean line."""
    prompts = (message.text for message in messages if message.role is Role.USER)
    return clean_line(title) or clean_line(next(prompts, "").strip().split("\n", 1)[0], 80) or "Conversation"


def models_of(messages: Sequence[Message]) -> list[str]:
    """The models that answered, each once, in the order of their first answers."""
    named = (message.model for message in messages if message.role is Role.ASSISTANT and message.model)
    return [name for name in dict.fromkeys(clean_line(model, 200) for model in named) if name]


def notes(message: Message) -> list[str]:
    """How a message came about and how it stands, clean lines; nothing where there is nothing to say."""
    said = [clean_line(note, _MOST_NOTED) for note in message.notes]
    if message.status in _UNDER_WAY:
        return [*filter(None, said), _UNDER_WAY[message.status]]
    if message.role is Role.ASSISTANT:
        said += [f"Tool call: {call.name}({call.arguments})" for call in message.tool_calls]
        said += _ending(message).split("\n")
    return [line for each in said if (line := clean_line(each, _MOST_NOTED))]


def _ending(message: Message) -> str:
    match message.status:
        case MessageStatus.CANCELLED:
            return "Stopped." if message.text or message.reasoning else "Stopped before the answer began."
        case MessageStatus.FAILED | MessageStatus.CUT_OFF:
            return clean(message.error).strip() or _BROKEN_OFF[message.status]
        case MessageStatus.INTERRUPTED:
            return f"{interruption(message.text).capitalize()}: the program went away."
    reason = _REASONS.get(message.finish_reason) if message.finish_reason else None
    if reason:
        return reason
    return "The model answered with nothing." if message.empty and not message.tool_calls else ""


def figures_text(message: Message) -> str:
    """``40 in / 120 out · $0.0012 · 3.20 s``, as much of it as is known."""
    parts = [figures.tokens_text(message.usage)] if message.usage else []
    if message.cost:
        parts.append(figures.cost_text(message.cost))
    if message.timing:
        parts.append(figures.seconds_text(message.timing.elapsed))
    return " · ".join(parts)


def version_text(version: int, versions: int) -> str:
    """Which of several branches this is; nothing where there is but one."""
    return f"Version {version} of {versions}" if versions > 1 else ""
