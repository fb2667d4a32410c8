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


def _bullets() -> Iterator[str]:
    for number in count():
        yield f"- {_sentence(number)}\n"


def _nested() -> Iterator[str]:
    for number in count():
        yield f"{'  ' * (number % 3)}- {_sentence(number)}\n"


def _quotes() -> Iterator[str]:
    for number in count():
        yield f"{'> ' * (1 + number // 6 % 3)}{_sentence(number)}\n" + (">\n" if number % 5 == 4 else "")


def _cjk() -> Iterator[str]:
    text = "这个模型逐字写出答案所以屏幕上的任何内容都不应该取决于之前出现的文字而且行在字符之间换行"
    for number in count():
        start = number * 7 % 20
        yield f"{text[start : start + 18]}{'**要点**' if number % 3 == 0 else ''}。"
        yield "\n\n" if number % 6 == 5 else ""


def _endless() -> Iterator[str]:
    for number in count():
        yield f"x{number * 7919 % 100_003}y"


def _blocks() -> Iterator[str]:
    languages = ("python", "js", "bash", "")
    for number in count():
        yield f"Block {number}: {_sentence(number, 6)}\n\n```{languages[number % 4]}\n"
        yield "".join(f"value_{line} = call({line}, 'text', {number})  # {_WORDS[line]}\n" for line in range(4))
        yield "```\n\n"


SHAPES: dict[str, Callable[[], Iterator[str]]] = {
    "prose": _prose,
    "paragraph": _paragraph,
    "code": _code,
    "list": _list,
    "table": _table,
    "mixed": _mixed,
    "bullets": _bullets,
    "nested": _nested,
    "quotes": _quotes,
    "cjk": _cjk,
    "endless": _endless,
    "blocks": _blocks,
}
"""The shapes by name; each yields text without end."""


def tokens(shape: str, number: int) -> list[str]:
    """So many pieces of text, cut about as a tokenizer cuts."""
    pieces = (piece for text in SHAPES[shape]() for piece in re.findall(r"\s?\w{1,6}|\s+|[^\w\s]", text))
    return list(islice(pieces, number))
