"""Joins an answer that was broken off to its continuation.

Most servers go on behind the text they are given; some say all of it again first.
"""

from __future__ import annotations

_LEAST = 16  # characters; a shorter beginning may well be said again in earnest


class Seam:
    """Takes a repetition of the whole text so far off the beginning of what follows it.

    While what follows repeats the text it is held back; if it turns out to be something else, nothing of it is lost.
    What breaks off again while it is held back stands before the seam already, and is to be forgotten.

    White space before either does not count: many servers take it off the text that they are given.

    Args:
        before: what stands before the seam; nothing is held back behind a text that may be said again in earnest.
    """

    def __init__(self, before: str) -> None:
        self._before = "" if _may_repeat(before) else before.lstrip()
        self._held = ""
        self._open = bool(self._before)

    def feed(self, text: str) -> str:
        """The next piece of what follows -> what of it is new."""
        if not self._open:
            return text
        held = self._held + text
        said = held.lstrip()
        if len(said) < len(self._before) and self._before.startswith(said):
            self._held = held
            return ""
        self._open, self._held = False, ""
        return said.removeprefix(self._before) if said.startswith(self._before) else held

    def flush(self) -> str:
        """What was held back, when the answer is complete."""
        held, self._held, self._open = self._held, "", False
        return held


def _may_repeat(text: str) -> bool:
    """Whether a text may be followed by itself: it is short, one whole line, or repeats itself already."""
    one_line = text.endswith("\n") and "\n" not in text.strip("\n")
    return len(text) < _LEAST or one_line or _period(text) <= len(text) // 2


def _period(text: str) -> int:
    """The least number of characters after which a text repeats itself, all of it; its length where it does not.

    By the failure function of Knuth, Morris and Pratt: the length without the longest end that is a beginning too.
    """
    borders = [0] * len(text)
    border = 0
    for index in range(1, len(text)):
        while border and text[index] != text[border]:
            border = borders[border - 1]
        border += text[index] == text[border]
        borders[index] = border
    return len(text) - border
