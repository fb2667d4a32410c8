"""Marks piled on one cell, which a terminal draws over the lines above and below, or hangs on.

Any number of combining characters may follow a letter. Text keeps as many as an orthography or an emoji needs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

MOST_MARKS = 8
"""Combining marks and joiners that stay on one cell; no orthography and no emoji needs more."""

_PILING = (  # where characters without a width are, and some letters of scripts that have many
    r"\xad\u0300-\u036f\u0483-\u0489\u0591-\u1cff\u1dc0-\u1dff\u200b-\u200f\u2028-\u202e\u2060-\u206f\u20d0-\u20ff"
    r"\u2cef-\u2cf1\u2d7f\u2de0-\u2dff\u302a-\u302f\u3099\u309a\u3164\ua66f-\uabff\ud7b0-\ud7ff\ufb1e\ufe00-\ufe2f"
    r"\ufeff\uffa0\ufff0-\ufffb\U00010000-\U0001efff\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff"
)
PILED = re.compile(f"[{_PILING}]{{{MOST_MARKS + 1},}}")
"""A first look: where this is not found, nothing is piled too high."""

_BEGINNING = re.compile(f"[{_PILING}]+")
_MARKS = frozenset({"Mn", "Me", "Cf"})
_JAMO = (("\u1160", "\u11ff"), ("\ud7b0", "\ud7ff"))  # Hangul vowels and finals, which join the syllable before


def fewer_marks(text: str, before: str = "") -> str:
    """Text with no more than `MOST_MARKS` on any cell.

    Args:
        text: one piece.
        before: what stands before it, or the last few characters of that.
    """
    if before and not text[:1].isascii() and (count := _at_end(before)):
        text = _BEGINNING.sub(lambda match: _fewer(match[0], count), text, count=1) if _piles(text[0]) else text
    return PILED.sub(lambda match: _fewer(match[0], 0), text)


class Marks:
    """Counts what is put onto one cell, from one piece of text to the next.

    Args:
        piles: whether a character is put onto the cell before, or given none.
        count: how many stand on the last cell already.
    """

    def __init__(self, piles: Callable[[str], bool], count: int = 0) -> None:
        self._piles = piles
        self._count = count

    def fewer(self, text: str) -> str:
        """The text without what is too much."""
        kept = []
        for character in text:
            self._count = self._count + 1 if self._piles(character) else 0
            if self._count <= MOST_MARKS:
                kept.append(character)
        return "".join(kept)


def _fewer(run: str, count: int) -> str:
    return Marks(_piles, count).fewer(run)


def _at_end(text: str) -> int:
    """How many marks stand on the last cell, as far as it matters."""
    count = 0
    while count < min(MOST_MARKS, len(text)) and _piles(text[-1 - count]):
        count += 1
    return count


def _piles(character: str) -> bool:
    """Whether a terminal puts a character onto the cell before, or gives it none."""
    if character.isascii():
        return False
    return unicodedata.category(character) in _MARKS or any(first <= character <= last for first, last in _JAMO)
