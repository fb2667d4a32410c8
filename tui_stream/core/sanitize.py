"""The one place where foreign text loses what could steer a terminal.

Code points are removed, not escape sequences: a sequence that arrives in pieces passes every filter that
looks for whole ones, and without its control characters it is plain text. Kept are tab and newline, and the
joiners and variation selectors that emoji and many scripts need.
"""

from __future__ import annotations

import re
from typing import Protocol

from tui_stream.core.marks import fewer_marks

_CONTROLS = (
    "\x00-\x08\x0b-\x1f"  # C0 without tab and newline; a carriage return goes too
    "\x7f-\x9f"  # DEL and C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # Unicode's Bidi_Control
    "\ufff9-\ufffb"  # interlinear annotation
    "\U000e0000-\U000e007f"  # tag characters
)
_UNSAFE = re.compile(f"[{_CONTROLS}\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_REMOVED = re.compile(f"[{_CONTROLS}]")
_KEY = re.compile(
    r"\b(?:sk|gsk|pk|hf|xai|ghp|pplx|nvapi)[-_][\w*.-]{8,}|\bAIza[\w*-]{16,}"
    r"|(?i:\bbearer\s+)\S+|(?i:\bbasic\s+)[\w+/=]{16,}"
)

_LOOKED_AT = 1 << 14
"""Characters of a text that is to become a line."""

_LONG_WORD = re.compile(r"(?=[A-Za-z_+=~-]*[0-9])(?=[0-9_+=~-]*[A-Za-z])[\w+=~-]{16,}", re.ASCII)


class Cleaner(Protocol):
    """What pieces of foreign text go through on their way in."""

    def __call__(self, text: str, before: str = "", /) -> str:
        """The piece as it may stand behind ``before``."""


def clean(text: str, before: str = "", /) -> str:
    """Text without control code points and with few marks on a cell; a lone surrogate becomes U+FFFD.

    Args:
        text: one piece.
        before: what stands before it, or the end of that: marks on one cell may come in several pieces.
    """
    if text.isascii() and text.isprintable():
        return text
    if _UNSAFE.search(text):
        text = _SURROGATE.sub("\ufffd", _REMOVED.sub("", text))
    return text if text.isascii() else fewer_marks(text, before)


def repair(text: str, before: str = "", /) -> str:
    """Text as it came, but encodable: a lone surrogate becomes U+FFFD. For output that no terminal reads."""
    del before
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def clean_line(text: str, limit: int = 300) -> str:
    """One line of clean text for a label, a title or an error, at most ``limit`` characters long.

    Of a text that is far longer only the beginning is looked at: it may have millions of words.
    """
    looked_at = max(_LOOKED_AT, 2 * limit)
    if len(text) > looked_at:
        text = f"{text[:looked_at]}…"
    line = " ".join(clean(text).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def mask_keys(text: str) -> str:
    """Text with ``[key]`` in place of whatever looks like an API key or a token in a header."""
    return _KEY.sub("[key]", text)


def mask_words(text: str) -> str:
    """Text with ``[masked]`` in place of every long word of letters and digits, since any of them may be a key."""
    return _LONG_WORD.sub("[masked]", text)
