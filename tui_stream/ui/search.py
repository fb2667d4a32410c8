"""Finding in the transcript what a person types: in what is shown, and first, cheaply, in what it is made from.

It exists apart from the widgets because both are pure: a message that cannot show the text is not laid out for
the search, and what is laid out is searched as it stands on the screen, line ends and margins skipped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final

from rich.segment import Segment

from tui_stream.ui.search_lines import BREAK, Hit, Page, Piece, glyph_hits
from tui_stream.ui.search_source import may_show
from tui_stream.ui.search_text import IRREGULAR, fold, regular

__all__ = ["LONGEST", "Hit", "Piece", "Query", "row_text"]

LONGEST: Final = 300
"""Characters of a query that are looked at."""
_NARROWEST: Final = 3
"""Cells that the layout leaves to a column of a table, or to code, at least, unless the screen is very narrow."""
_NARROW: Final = 16
_NOT_LETTERS: Final = re.compile(r"[\W_]+")


class Query:
    """What to look for, made from what a person typed.

    Words match with any white space between them, a line end of the layout included. Upper and lower case
    are the same unless a capital letter was typed. Typographic quotes and dashes equal those of a keyboard,
    and an accented letter is the same in both of its spellings. A query without any word finds nothing.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        """As typed."""
        text = text[:LONGEST]
        self._case = any(char.isupper() for char in text)
        self._words = self._fold(IRREGULAR.sub(lambda match: regular(match[0]), text)).split()
        self._needle = " ".join(self._words)

    def __bool__(self) -> bool:
        return bool(self._words)

    def may_match(self, source: str) -> bool:
        """Whether the text may be found in what this Markdown shows; False only if it certainly cannot.

        That holds for what is made of the source, not for labels such as a model's name, and not for the
        buttons that `row_text` leaves out.
        """
        return bool(self._words) and may_show(source, self._runs, case=self._case)

    def hits(self, rows: Sequence[str], first: int = 0, *, width: int | None = None) -> list[Hit]:
        """All matches in reading order; none begins within another.

        Args:
            rows: lines as drawn, with margins and with the blanks that fill code to its right edge.
            first: the number of the first of them, added to the lines of the hits.
            width: cells after which the layout breaks lines; if None, as many as the longest row has.
                Without it a few short rows may be taken for one broken word.
        """
        if not self._words or not rows:
            return []
        page = Page(rows, width=width, meant=self._needle)
        return glyph_hits(page, self._find(self._fold(page.text)), first)

    def reach(self, width: int) -> int:
        """Over how many lines above a changed one a match that goes on in it may begin, at most.

        Args:
            width: of the lines, in cells.
        """
        room = _NARROWEST if width >= _NARROW else 1
        breaks = sum(len(word) - 1 if not word.isascii() else 1 + (len(word) - 2) // room for word in self._words)
        return max(0, min(breaks + len(self._words) - 1, sum(map(len, self._words)) - 1))

    @cached_property
    def _runs(self) -> list[str]:
        """The runs of letters and digits in it, the longest first: what is sure to stand in the source."""
        text = fold(unicodedata.normalize("NFKC", self.text[:LONGEST]), case=self._case)
        return sorted({run for run in _NOT_LETTERS.split(text) if run}, key=len, reverse=True)

    @cached_property
    def _broken(self) -> re.Pattern[str]:
        """The text with line breaks allowed anywhere."""
        words = (f"{BREAK}?".join(map(re.escape, word)) for word in self._words)
        return re.compile(f"[ {BREAK}]".join(words))

    def _fold(self, text: str) -> str:
        return fold(text, case=self._case)

    def _find(self, text: str) -> Iterator[tuple[int, int]]:
        """Start and end of each match in the text of a page."""
        if BREAK in text:
            if "".join(self._words) in text.replace(" ", "").replace(BREAK, ""):
                yield from (match.span() for match in self._broken.finditer(text))
            return
        start = text.find(self._needle)
        while start >= 0:
            end = start + len(self._needle)
            yield start, end
            start = text.find(self._needle, end)


def row_text(line: Iterable[Segment]) -> str:
    """A line's text to search in, in which a button that copies code is blank."""
    return "".join([" " * len(text) if style and "code" in style.meta else text for text, style, _ in line])
