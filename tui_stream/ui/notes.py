"""What is said about an answer beside its text: how it ended, and how much was thought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tui_stream.core.models import FinishReason, Message, MessageStatus, interruption

_REASONS = {
    FinishReason.LENGTH: "Cut off: the answer reached its length limit.",
    FinishReason.CONTENT_FILTER: "Refused, or cut off by the provider's content filter.",
    FinishReason.TOOL_CALLS: "The model asks for tools; they are shown, not run.",
}


_BROKEN = frozenset({MessageStatus.CUT_OFF, MessageStatus.FAILED, MessageStatus.CANCELLED, MessageStatus.INTERRUPTED})


class Offers(NamedTuple):
    """What can be done about an answer that broke off.

    Attributes:
        resume: the model can go on behind the text that there is.
        retry: the prompt can be sent again.
        spent: a budget stopped it, so that going on goes past that.
    """

    resume: bool = False
    retry: bool = False
    spent: bool = False

    def __bool__(self) -> bool:
        return self.resume or self.retry

    def text(self, keys: Mapping[str, str]) -> str:
        """Which key does what, one line.

        Args:
            keys: by action, as people write them.
        """
        past = " past the budget" if self.spent else ""
        said = [f"{keys['resume']} goes on{past}"] * self.resume + [f"{keys['retry']} asks again"] * self.retry
        return " · ".join([*said, f"{keys['stop']} keeps it as it is"]) if self else ""


def offers(message: Message) -> Offers:
    """What can be done about an answer that is over."""
    broken = message.status in _BROKEN
    reason = message.finish_reason
    goes_on = not message.empty and (broken or reason is FinishReason.LENGTH)
    return Offers(goes_on, broken, broken and reason is FinishReason.BUDGET)


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
    """What happened to the answer, and what went wrong with going on with it."""
    interrupted = message.status is MessageStatus.INTERRUPTED and message.error == interruption(message.text)
    return [said for said in (_outcome(message), "" if interrupted else message.error) if said]


def _outcome(message: Message) -> str:
    match message.status:
        case MessageStatus.CANCELLED:
            return "Stopped." if message.text or message.reasoning else "Stopped before the answer began."
        case MessageStatus.INTERRUPTED:
            return f"{interruption(message.text).capitalize()}: the program went away."
        case MessageStatus.FAILED | MessageStatus.CUT_OFF:
            return ""
    empty = message.empty and not message.tool_calls
    reason = _REASONS.get(message.finish_reason) if message.finish_reason else None
    return reason or ("The model answered with nothing." if empty and not message.error else "")
