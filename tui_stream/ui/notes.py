"""What is said about an answer beside its text: how it ended, and how much was thought."""

from __future__ import annotations

from tui_stream.core.models import FinishReason, Message, MessageStatus

_REASONS = {
    FinishReason.LENGTH: "Cut off: the answer reached its length limit.",
    FinishReason.CONTENT_FILTER: "Cut off by the provider's content filter.",
    FinishReason.TOOL_CALLS: "The model asks for tools; they are shown, not run.",
}


class WordCount:
    """Counts words in text that arrives in pieces."""

    __slots__ = ("_within", "count")

    def __init__(self) -> None:
        self.count = 0
        self._within = False

    def add(self, text: str) -> None:
        """A piece; a word may go on from the one before."""
        if not text:
            return
        self.count += len(text.split()) - (self._within and not text[0].isspace())
        self._within = not text[-1].isspace()


def ending_note(message: Message) -> str:
    """How an answer ended, in words; nothing where it simply ended."""
    calls = [f"Tool call: {call.name}({call.arguments})" for call in message.tool_calls]
    return "\n".join([*calls, *_ending(message)])


def _ending(message: Message) -> list[str]:
    match message.status:
        case MessageStatus.CANCELLED:
            return ["Stopped." if message.text or message.reasoning else "Stopped before the answer began."]
        case MessageStatus.FAILED | MessageStatus.CUT_OFF:
            return [message.error]
    reason = _REASONS.get(message.finish_reason) if message.finish_reason else None
    if reason:
        return [reason]
    empty = message.empty and not message.tool_calls
    return ["The model answered with nothing."] if empty else []
