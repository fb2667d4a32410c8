"""The texts of the rendering benchmark: an answer without end in one shape, and messages that came before it.

It imports neither Textual nor the engine, since when those are loaded is part of what is measured.
"""

from __future__ import annotations

from itertools import count, islice

from tests.benchmarks.render.wire import TOKEN
from tests.shapes import SHAPES as GENERATORS
from tui_stream.core.models import Message, Role

SHAPES = {
    "prose": "prose",
    "paragraph": "one giant paragraph",
    "code": "one Python fence",
    "mixed": "mixed answer",
    "bullets": "bullet list",
    "nested": "nested list",
    "table": "table",
    "quotes": "nested quotes",
    "cjk": "CJK prose",
    "endless": "one endless line",
    "blocks": "1,000 code blocks",
}
"""The shapes that are measured, with the names they go by in tables."""
_USER = 80
_ASSISTANT = 220
"""Tokens of an earlier message, 150 on the mean."""


class Feed:
    """An answer in one shape, handed out in tokens of a fixed size.

    Attributes:
        tokens: how many were taken.
    """

    def __init__(self, shape: str) -> None:
        self._source = GENERATORS[shape]()
        self._rest = ""
        self.tokens = 0

    def take(self, tokens: int) -> str:
        """The next so many tokens."""
        size = tokens * TOKEN
        parts, length = [self._rest], len(self._rest)
        while length < size:
            parts.append(next(self._source))
            length += len(parts[-1])
        text = "".join(parts)
        self._rest = text[size:]
        self.tokens += tokens
        return text[:size]


def earlier(number: int) -> list[Message]:
    """So many finished messages, prompts and answers in turn; no two texts are the same object."""
    answers = [_answer(shape) for shape in ("prose", "bullets", "code", "table", "mixed")]
    question = Feed("paragraph").take(_USER).strip()
    messages = []
    for index in islice(count(), number):
        if index % 2:
            answer = answers[index // 2 % len(answers)]
            messages.append(Message(Role.ASSISTANT, f"Answer {index}.\n\n{answer}", model="model"))
        else:
            messages.append(Message(Role.USER, f"Question {index}. {question}"))
    return messages


def _answer(shape: str) -> str:
    """A whole answer of about the usual length."""
    text = Feed(shape).take(_ASSISTANT).rpartition("\n")[0]
    return f"{text}\n```\n" if shape == "code" else f"{text}\n"
