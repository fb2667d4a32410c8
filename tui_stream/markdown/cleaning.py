"""Text made fit for lines of a terminal before it is parsed.

It exists because an answer may hold any character: one that moves the cursor, reverses a line or is
measured in different ways would break the lines around it.
"""

from __future__ import annotations

import re
from typing import Final

_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_STRAY_JOINER: Final = re.compile("(?<![^\x00-\x7f])\u200d+")
"""Joiners with nothing to join: measured in different ways, they would shift what follows on the line."""


class Cleaner:
    """Cleans text that arrives in pieces."""

    def __init__(self) -> None:
        self._carriage_return = False
        self._last = ""
        """The last character so far."""

    def clean(self, text: str) -> str:
        """Normalize newlines and replace characters that would break a line.

        A carriage return at the end is kept back until it is known whether a newline follows.
        """
        if self._carriage_return:
            text = "\r" + text
            self._carriage_return = False
        if text.endswith("\r"):
            text = text[:-1]
            self._carriage_return = True
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if _CONTROL.search(text) is not None:
            text = _CONTROL.sub(_replacement, text)
        if "\u200d" in text:
            before = "a" if self._last.isascii() else "é"
            text = _STRAY_JOINER.sub("", before + text)[1:]
        self._last = text[-1:] or self._last
        return text


def harmless(text: str) -> str:
    """Text that was decoded, such as `&#27;`, without characters that would break a line."""
    if text.isprintable():
        return text
    return _CONTROL.sub(_replacement, text.replace("\t", " ").replace("\n", " ").replace("\u200d", ""))


def _replacement(match: re.Match[str]) -> str:
    character = match[0]
    if character in "\x0b\x0c\u2028\u2029":
        return " "
    return "" if "\u202a" <= character <= "\u2069" else "\ufffd"
