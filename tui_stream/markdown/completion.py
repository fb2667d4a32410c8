"""Showing a construct that is still open as if it were closed.

It exists so that `**bo` is bold from its first letter: the text is given the closing marks it waits for
before it is parsed. What is certain to change with the next character, such as a lone mark at the end,
is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from markdown_it.rules_inline.state_inline import Delimiter

_DANGLING: Final = re.compile(r"(?:[*_~`\\\[]|!\[?)+$")
_PARTIAL_LINK: Final = re.compile(r"(?<![\w\])])(!?\[)([^\[\]\n]{1,200})(\](?:\(([^()\n]*))?)?$")
_TICKS: Final = re.compile(r"\\.|(`+)", re.DOTALL)
_MOST_MARKS: Final = 3
_STRIKE: Final = ord("~")


def complete_spans(text: str) -> str:
    """`text` with its last code span or link closed, and without marks that say nothing yet."""
    text = _DANGLING.sub("", text)
    start = open_code(text)
    if start is not None:
        ticks = len(text[start:]) - len(text[start:].lstrip("`"))
        return text + "`" * ticks if len(text) > start + ticks else text[:start]
    match = _PARTIAL_LINK.search(text)
    if match is None or match[2][0] in "^ " or (match[4] is None and match[2].isdigit()):
        return text  # a footnote, or the number of a source
    if match[3] is None and match[2] in ("x", "X"):
        return text
    target = (match[4] or "").split()
    return f"{text[: match.start()]}{match[1]}{match[2]}]({target[0] if target else ''})"


def open_code(text: str) -> int | None:
    """Where a code span begins that is not closed, None if there is none."""
    runs = [match for match in _TICKS.finditer(text) if match[1]]
    index = 0
    while index < len(runs):
        size = len(runs[index][1])
        closer = next((n for n in range(index + 1, len(runs)) if len(runs[n][1]) == size), None)
        if closer is None:
            return runs[index].start()
        index = closer + 1
    return None


def open_marks(delimiters: Sequence[Delimiter]) -> str:
    """The strong emphasis and strikethrough left open, the outermost first."""
    marks: list[str] = []
    previous: Delimiter | None = None
    for delimiter in delimiters:
        if not delimiter.open or delimiter.end >= 0 or delimiter.close:
            continue
        if delimiter.marker == _STRIKE:
            marks.append("~~")
        elif previous and previous.marker == delimiter.marker and previous.token == delimiter.token - 1:
            marks.append(2 * chr(delimiter.marker))
            previous = None
            continue
        previous = delimiter
    return "".join(marks[:_MOST_MARKS])


def closers(delimiters: Sequence[Delimiter]) -> str:
    """The marks that close all emphasis left open, the innermost first."""
    return "".join(
        "~~" if delimiter.marker == _STRIKE else chr(delimiter.marker)
        for delimiter in reversed(delimiters)
        if delimiter.open and delimiter.end < 0 and not delimiter.close
    )


def closing(marks: str) -> str:
    """The marks, each of two characters, in the order that closes them."""
    return "".join(marks[index : index + 2] for index in range(len(marks) - 2, -1, -2))
