"""Emphasis next to Chinese, Japanese and Korean text.

It exists because CommonMark tells opening from closing marks by the white space around them, which these
scripts do not use: in `**重要：**请` the second mark would not close. Where a wide character stands next to
a mark, punctuation on its other side does no harm here. All other text is left to markdown-it-py.
"""
# ruff: noqa: RUF002 - the punctuation is meant

from __future__ import annotations

from typing import Final

from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned

_WIDE: Final = "\u2e80"
"""The first of the characters that are written without spaces."""


class FlankingState(StateInline):
    """The state of an inline parse that tells which marks open and close."""

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803 - the names of the base
        """Whether the marks from `start` on may open and close emphasis, and how many they are."""
        found = super().scanDelims(start, canSplitWord)
        before = self.src[start - 1] if start else " "
        end = start + found.length
        after = self.src[end] if end < self.posMax else " "
        if before < _WIDE and after < _WIDE:
            return found
        opens = _flanks(after, before)
        closes = _flanks(before, after)
        if canSplitWord:
            return Scanned(opens, closes, found.length)
        return Scanned(
            opens and (not closes or _is_mark(before)),
            closes and (not opens or _is_mark(after)),
            found.length,
        )


def _flanks(inner: str, outer: str) -> bool:
    """Whether a mark between the two belongs to the text on the side of `inner`."""
    if isWhiteSpace(ord(inner)):
        return False
    return not _is_mark(inner) or isWhiteSpace(ord(outer)) or _is_mark(outer) or outer >= _WIDE


def _is_mark(character: str) -> bool:
    return isMdAsciiPunct(ord(character)) or isPunctChar(character)
