"""The one place where foreign text loses what could steer a terminal.

Code points are removed, not escape sequences: a sequence that arrives in pieces passes every filter that
looks for whole ones, and without its control characters it is plain text. Kept are tab and newline, and the
joiners and variation selectors that emoji and many scripts need.
"""

from __future__ import annotations

import re

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


def clean(text: str) -> str:
    """Text without control code points; a lone surrogate becomes U+FFFD."""
    if text.isascii() and text.isprintable():
        return text
    if not _UNSAFE.search(text):
        return text
    return _SURROGATE.sub("\ufffd", _REMOVED.sub("", text))


def repair(text: str) -> str:
    """Text as it came, but encodable: a lone surrogate becomes U+FFFD. For output that no terminal reads."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def clean_line(text: str, limit: int = 300) -> str:
    """One line of clean text for a label, a title or an error, at most ``limit`` characters long."""
    line = " ".join(clean(text).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def mask_keys(text: str) -> str:
    """Text with ``[key]`` in place of whatever looks like an API key or a token in a header."""
    return _KEY.sub("[key]", text)
