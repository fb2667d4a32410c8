"""Showing a construct that is still open as if it were closed.

It exists so that `**bo` is bold from its first letter: the text is given the closing marks it waits for
before it is parsed. What is certain to change with the next character, such as a lone mark at the end,
is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from markdown_it.rules_inline.state_inline import Delimiter

DANGLING: Final = re.compile(r"(?:[*_~`\\\[<]|!\[?)+$")
"""Marks at the end that say nothing yet."""
_PARTIAL_LINK: Final = re.compile(r"(?<![\w\])])(!?\[)([^\[\]\n]{1,200})(\](?:\(([^()\n]*))?)?$")
_PARTIAL_BADGE: Final = re.compile(r"(?<![\w\])])(\[)(!\[[^\[\]\n]{0,200}\]\([^()\n]{0,200}\))(\](?:\(([^()\n]*))?)?$")
"""An image that is the label of a link."""
_PARTIAL_ADDRESS: Final = re.compile(r"<((?:https?|mailto):[^\s<>]*|https?|htt|mailto)$", re.IGNORECASE)
_EMPHASIS: Final = re.compile(r"[*_~]")
_TICKS: Final = re.compile(r"\\.|(`+)", re.DOTALL)
_MOST_MARKS: Final = 3
_STRIKE: Final = ord("~")


def complete_spans(text: str, missing: Callable[[str], str]) -> str:
    """`text` with its last code span or link closed, and without marks that say nothing yet.

    Args:
        text: text that is still arriving.
        missing: finds the marks that close the emphasis left open in a piece of it.
    """
    text = DANGLING.sub("", text)
    start = open_code(text)
    if start is not None:
        ticks = len(text[start:]) - len(text[start:].lstrip("`"))
        text = text + "`" * ticks if len(text) > start + ticks else DANGLING.sub("", text[:start])
    address = _PARTIAL_ADDRESS.search(text)
    if address:
        return text + ">" if ":" in address[0] else text[: address.start()] + address[1]
    for pattern in (_PARTIAL_BADGE, _PARTIAL_LINK):
        match = pattern.search(text)
        if match and (start is None or match.start() < start):
            return text[: match.start()] + _closed_link(match, missing)
    return text


def _closed_link(match: re.Match[str], missing: Callable[[str], str]) -> str:
    """A link or image that is not closed, with what closes it."""
    mark, label, target = match[1], match[2], match[4]
    if label[0] in "^ " or (target is None and label.isdigit()):
        return match[0]  # a footnote, or the number of a source
    if match[3] is None and label in ("x", "X"):
        return match[0]
    if match[3] is None and _EMPHASIS.search(label):
        label = label.rstrip() + missing(label)
    address = (target or "").split(maxsplit=1)
    if address[1:] and address[1][0] not in "\"'(":
        return match[0]  # neither an address nor its title
    closed = f"{mark}{label}]({address[0] if address else ''})"
    is_badge = mark == "![" and match.string[: match.start()].endswith("[")
    return f"{closed}]()" if is_badge else closed


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
