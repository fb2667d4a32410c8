"""Whether a piece of text can be parsed on its own, or what follows might change it.

It exists because long paragraphs are parsed piece by piece, each once.
"""

from __future__ import annotations

import re
from typing import Final

from markdown_it.rules_inline import StateInline

_OPEN_TAG: Final = re.compile(r"<[A-Za-z/!?]")
_TARGET_TOKENS: Final = 3
"""A link that is not closed is text, an address and the beginning of its title."""
_MATH_REACH: Final = 220


def ends_in_target(state: StateInline) -> bool:
    """Whether a text ends within the target of a link."""
    tokens = state.tokens[-_TARGET_TOKENS:]
    if not tokens or tokens[-1].type not in ("text", "address"):
        return False
    text = "".join([token.content for token in tokens if token.type in ("text", "address")])
    _, link, target = text.rpartition("](")
    if not link or target.count(")") > target.count("("):
        return False
    words = target.split(maxsplit=1)
    return len(words) < 2 or words[1][0] in "\"'("  # noqa: PLR2004 - the address and its title


def is_balanced(state: StateInline) -> bool:
    """Whether nothing is open at the end of a text that what follows might close."""
    if any(delimiter.open and delimiter.end < 0 for delimiter in state.delimiters):
        return False
    depth = 0
    for token in state.tokens:
        if token.type == "text_special" and token.content in "([":
            return False
        if token.type != "text":
            continue
        text = token.content
        if "`" in text or _OPEN_TAG.search(text) or ("$" in text and "$" in state.src[-_MATH_REACH:]):
            return False
        for bracket in re.findall(r"[\[\]]", text):
            depth = max(0, depth + (1 if bracket == "[" else -1))
    return depth == 0
