"""Generated Markdown in several shapes, for servers that stream it by hand and for benchmarks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import count, islice

_TEXT = """
the stream of a model arrives one token after another and the screen shows each of them at once while the
person reads on without waiting for the end of a long answer that is still being written somewhere else
"""
_WORDS = _TEXT.split()


def _sentence(number: int, length: int = 12) -> str:
    words = [_WORDS[(number * 7 + place * 5) % len(_WORDS)] for place in range(length)]
    if number % 3 == 0:
        words[1] = f"**{words[1]}**"
    if number % 4 == 1:
        words[-1] = f"`{words[-1]}`"
    return " ".join(words).capitalize() + "."


def _prose() -> Iterator[str]:
    for number in count():
        if number % 6 == 0:
            yield f"## Part {number // 6 + 1}\n\n"
        yield " ".join(_sentence(number * 4 + place) for place in range(4)) + "\n\n"


def _paragraph() -> Iterator[str]:
    for number in count():
        yield _sentence(number) + " "


def _code() -> Iterator[str]:
    yield "```python\n"
    for number in count():
        yield f"def step_{number}(value: int) -> int:\n    '''{_sentence(number, 6)}'''\n"
        yield f"    return value * {number} + {number * 3}  # {_WORDS[number % len(_WORDS)]}\n\n\n"


def _list() -> Iterator[str]:
    for number in count(1):
        yield f"{number}. {_sentence(number, 8)}\n"
        if number % 3 == 0:
            yield f"   - {_sentence(number, 5)}\n   - {_sentence(number + 1, 5)}\n"


def _table() -> Iterator[str]:
    yield "| number | words | state |\n|---:|---|:---:|\n"
    for number in count():
        yield f"| {number} | {_sentence(number, 4)} | {'✅' if number % 2 else '…'} |\n"


def _mixed() -> Iterator[str]:
    parts: tuple[Callable[[], Iterator[str]], ...] = (_prose, _list, _code, _table)
    for number in count():
        part = parts[number % len(parts)]
        yield from islice(part(), 8)
        yield "\n```\n\n" if part is _code else "\n\n"


SHAPES: dict[str, Callable[[], Iterator[str]]] = {
    "prose": _prose,
    "paragraph": _paragraph,
    "code": _code,
    "list": _list,
    "table": _table,
    "mixed": _mixed,
}
"""The shapes by name; each yields text without end."""


def tokens(shape: str, number: int) -> list[str]:
    """So many pieces of text, cut about as a tokenizer cuts."""
    pieces = (piece for text in SHAPES[shape]() for piece in re.findall(r"\s?\w{1,6}|\s+|[^\w\s]", text))
    return list(islice(pieces, number))
