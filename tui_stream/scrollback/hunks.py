"""Which parts of a row are others than in the row that stands there.

It exists because a column of a table that becomes wider moves what is right of it and changes little else: the text of
the other cells need not be written again, only moved, which a terminal does by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final, NamedTuple

from tui_stream.markdown.cells import width_of
from tui_stream.scrollback.colours import Row, Run, transition

_PIECE: Final = re.compile(" +|[─┈]+|[^ ─┈]+")
_WORTH: Final = 12
"""Bytes that are the same in both rows, at least, to go past them costs less than to write them again."""
_MOST: Final = 300
"""Pieces of two rows up to which they are compared."""


class Hunk(NamedTuple):
    """A part that is another.

    Attributes:
        start: characters of the new row before it.
        stop: characters of the new row up to its end.
        column: cells of the new row before it.
        cells: that it takes up in the row that stands there.
        width: cells that it is to take up.
    """

    start: int
    stop: int
    column: int
    cells: int
    width: int


def hunks_of(old: Row, new: Row) -> list[Hunk]:
    """The parts of `new` to write over `old`, from left to right; none where the row is better written as a whole.

    Cells that a part needs are put in before it is written, and those that it leaves are taken out after that: the row
    is never wider than the wider one of the two.
    """
    before, after = _pieces(old), _pieces(new)
    if len(before) + len(after) > _MOST:
        return []
    spans = _spans(before, after)
    found = [_hunk(before, after, span) for span in spans]
    if any(hunk.width < hunk.cells and _is_wide(before[a:b]) for hunk, (a, b, _, _) in zip(found, spans, strict=True)):
        return []  # half of a wide character would be left
    width = sum(_widths(before))
    most = max(width, sum(_widths(after)))
    for hunk in found:
        width += hunk.width - hunk.cells
        if width > most:
            return []
    return found


def _pieces(row: Row) -> list[Run]:
    return [(piece, looks, link) for text, looks, link in row for piece in _PIECE.findall(text)]


def _widths(pieces: list[Run]) -> Iterator[int]:
    return (width_of(piece[0]) for piece in pieces)


def _is_wide(pieces: list[Run]) -> bool:
    return any(width_of(text) != len(text) for text, _, _ in pieces)


def _spans(before: list[Run], after: list[Run]) -> list[tuple[int, int, int, int]]:
    """Where pieces of the one are to be replaced by pieces of the other."""
    spans: list[tuple[int, int, int, int]] = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal" and (_bytes(after[c:d]) >= _WORTH or d == len(after)):
            continue
        first = spans.pop() if spans and spans[-1][1] == a else (a, a, c, c)
        spans.append((first[0], b, first[2], d))
    return spans


def _bytes(pieces: list[Run]) -> int:
    size = sum([len(text) if text.isascii() else len(text.encode()) for text, _, _ in pieces])
    return size + sum([len(transition(one, other)) for one, other in pairwise(pieces)])


def _hunk(before: list[Run], after: list[Run], span: tuple[int, int, int, int]) -> Hunk:
    """What is replaced, but for what both have in common at the beginning and at the end."""
    a, b, c, d = span
    while a < b and c < d and before[a] == after[c]:
        a, c = a + 1, c + 1
    head = tail = ""
    if a < b and c < d and before[a][1:] == after[c][1:]:
        head = _common(before[a][0], after[c][0])
    if a < b and c < d and before[b - 1][1:] == after[d - 1][1:]:
        old = before[b - 1][0][len(head) if b - 1 == a else 0 :]
        new = after[d - 1][0][len(head) if d - 1 == c else 0 :]
        tail = _common(old[::-1], new[::-1])
    start = sum([len(text) for text, _, _ in after[:c]])
    common = width_of(head) + width_of(tail)
    return Hunk(
        start + len(head),
        start + sum([len(text) for text, _, _ in after[c:d]]) - len(tail),
        sum(_widths(after[:c])) + width_of(head),
        sum(_widths(before[a:b])) - common,
        sum(_widths(after[c:d])) - common,
    )


def _common(one: str, other: str) -> str:
    """What both begin with."""
    count = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:count]
