"""How much the parts of a conversation are, as a request would carry them: each is measured once, and then added up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tui_stream.core.estimates import Estimator, Sent, Size, size_of
from tui_stream.core.history import request_messages
from tui_stream.core.models import Message, Role, Source

_JOINT = size_of("\n\n")  # the blank line between two messages of one side that are sent as one


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some messages in a row.

    Attributes:
        sent: what they are in a request.
        first: who speaks first; None where nothing is sent.
        last: who speaks last.
    """

    sent: Sent
    first: Role | None = None
    last: Role | None = None

    @classmethod
    def of(cls, messages: Sequence[Message], *, system: str = "") -> Stretch:
        """These messages, all of them: what was left out from one of them on is not, but system prompts are."""
        said = [replace(message, cut=None) for message in messages if message.role is not Role.SYSTEM]
        sent = request_messages(said, system=system)
        return cls(Sent.of(sent), sent[0].role, sent[-1].role) if sent else cls(Sent(0, Size()))

    def then(self, other: Stretch) -> Stretch:
        """This one and what follows it, where requests join two messages of one side."""
        if self.last is None or other.first is None:
            return other if self.last is None else self
        joined = self.last is other.first and self.last is not Role.SYSTEM
        count = self.sent.messages + other.sent.messages - joined
        size = self.sent.size.plus(other.sent.size)
        pictures = self.sent.pictures + other.sent.pictures
        return Stretch(Sent(count, size.plus(_JOINT) if joined else size, pictures), self.first, other.last)


def turns_of(path: Sequence[Message]) -> list[int]:
    """The places at which turns begin: a prompt that does not follow another one."""
    return [
        place
        for place, message in enumerate(path)
        if message.role is Role.USER and (place == 0 or path[place - 1].role is not Role.USER)
    ]


def rests(path: Sequence[Message], starts: Sequence[int], prompt: Message, *, system: str = "") -> Iterator[Sent]:
    """What a request sends from each of these places on, and with the prompt alone.

    Args:
        path: the messages before the prompt.
        starts: places in it, in order.
        prompt: what is asked in the end.
        system: what stands before it all.
    """
    rest = Stretch.of([prompt])
    found = [rest]
    for first, end in reversed([*pairwise((*starts, len(path)))]):
        found.append(rest := Stretch.of(path[first:end]).then(rest))
    head = Stretch.of((), system=system)
    for one in reversed(found):
        yield head.then(one).sent


def carried(messages: Sequence[Message], estimator: Estimator) -> tuple[int, Source]:
    """The tokens that the next request begins with: all that was said so far.

    Goes by the newest answer whose one request its provider counted, and estimates what was said since; where there is
    none, by one that was counted somehow, and without such a one nothing is known: 0. Reasoning is not sent again.

    Args:
        messages: the end of the path.
        estimator: knows the model's tokens.
    """
    for surely in (True, False):
        for place in reversed(range(len(messages))):
            if (counted := _whole(messages[place], estimator, surely=surely)) is not None:
                since = messages[place + 1 :]
                more = estimator.prompt(Stretch.of(since).sent) if since else 0
                return counted + more, Source.REPORTED if surely and not since else Source.ESTIMATED
    return 0, Source.ESTIMATED


def _whole(message: Message, estimator: Estimator, *, surely: bool) -> int | None:
    """What an answer and all before it are; None where that is not known.

    An answer that was gone on with was counted for each of its requests, one of which sent what the other made; one
    whose prompt the provider cut was not counted as a whole. Neither has an estimate, and both are not sure.
    """
    usage = message.usage
    if message.role is not Role.ASSISTANT or usage is None or usage.input_tokens is None or usage.output_tokens is None:
        return None
    if surely and (message.estimate is None or usage.source is not Source.REPORTED):
        return None
    return usage.input_tokens + _said(message, usage.output_tokens, usage.reasoning_tokens, estimator)


def _said(message: Message, made: int, thought: int | None, estimator: Estimator) -> int:
    """The tokens of an answer without its reasoning, where need be by the share of it that was seen."""
    if thought or not message.reasoning:
        return max(0, made - (thought or 0))
    text, reasoning = size_of(message.text), size_of(message.reasoning)
    return round(made * estimator.answer(text) / max(1, estimator.answer(text.plus(reasoning))))
