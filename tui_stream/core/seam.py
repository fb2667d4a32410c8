"""Joins an answer that was broken off to its continuation.

Most servers go on behind the text they are given; some say all of it again first.
"""

from __future__ import annotations

_LEAST = 16  # characters; a shorter beginning may well be said again in earnest


class Seam:
    """Takes a repetition of the whole text so far off the beginning of what follows it.

    While what follows repeats the text it is held back; if it turns out to be something else, nothing of it is lost.

    Args:
        before: what stands before the seam; nothing is held back behind a short text.
    """

    def __init__(self, before: str) -> None:
        self._before = before if len(before) >= _LEAST else ""
        self._held = ""
        self._open = bool(self._before)

    def feed(self, text: str) -> str:
        """The next piece of what follows -> what of it is new."""
        if not self._open:
            return text
        held = self._held + text
        if self._before.startswith(held):
            self._held = held if len(held) < len(self._before) else ""
            self._open = bool(self._held)
            return ""
        self._open, self._held = False, ""
        return held.removeprefix(self._before)

    def flush(self) -> str:
        """What was held back, when nothing more comes."""
        held, self._held, self._open = self._held, "", False
        return held
