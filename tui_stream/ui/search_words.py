"""Marks in the transcript what a search of all conversations found: several words, wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tui_stream.ui.search import Hit, Query

_MOST = 12  # words that are marked
_UNSPACED = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Tibetan, Myanmar, Khmer
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff"  # Hangul, whose particles follow without a space
    "\u2e80-\u2fdf\u3005-\u30ff\u3100-\u312f\u31a0-\u31ff"  # kana, bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"  # Han
)


class WordsQuery:
    """Finds any of some words, upper and lower case alike, where a word begins; what overlaps goes to the longer one.

    In scripts that put no space between words they are found anywhere.

    It has what a `Finder` asks of a `Query`.
    """

    def __init__(self, words: Iterable[str]) -> None:
        distinct = sorted({word.strip().lower() for word in words if word.strip()}, key=len, reverse=True)
        self._queries = [query for word in distinct[:_MOST] if (query := Query(word))]

    def __bool__(self) -> bool:
        return bool(self._queries)

    def may_match(self, source: str) -> bool:
        """Whether one of the words may be found in what this Markdown shows."""
        return any(query.may_match(source) for query in self._queries)

    def hits(self, rows: Sequence[str], first: int = 0, *, width: int | None = None) -> list[Hit]:
        """All matches in reading order; none begins within another."""
        found: list[Hit] = []
        for query in self._queries:
            found += query.hits(rows, first, width=width)
        found.sort(key=lambda hit: (_begin(hit), [-end for end in _end(hit)]))
        kept: list[Hit] = []
        for hit in found:
            if _begins_word(rows[hit[0].line - first], hit[0].start) and (not kept or _begin(hit) >= _end(kept[-1])):
                kept.append(hit)
        return kept

    def reach(self, width: int) -> int:
        """Over how many lines above a changed one a match that goes on in it may begin, at most."""
        return max((query.reach(width) for query in self._queries), default=0)


def _begins_word(row: str, start: int) -> bool:
    """Whether what begins there is no later part of a word; where a line breaks, that cannot be told."""
    before, here = row[start - 1 : start], row[start : start + 1]
    return not (before.isalnum() and here.isalnum() and not _UNSPACED.match(here))


def _begin(hit: Hit) -> tuple[int, int]:
    return hit[0].line, hit[0].start


def _end(hit: Hit) -> tuple[int, int]:
    return hit[-1].line, hit[-1].end
