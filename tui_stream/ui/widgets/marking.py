"""Puts styles over parts of a line: what is selected, what was found, where the cursor stands."""

from __future__ import annotations

from itertools import pairwise

from rich.segment import Segment
from rich.style import Style

Line = list[Segment]


def mark(line: Line, span: tuple[int, int], style: Style) -> Line:
    """A line with the characters of a span in another style; an end of -1 is the end of the line."""
    start, end = span
    length = sum(len(segment.text) for segment in line)
    stop = length if end == -1 else end
    found: Line = []
    for low, high in pairwise(sorted({0, min(start, length), min(stop, length), length})):
        for segment in _cut(line, low, high):
            marked = start <= low and high <= stop
            found.append(Segment(segment.text, (segment.style or Style()) + style) if marked else segment)
    return found


def _cut(line: Line, low: int, high: int) -> Line:
    """The characters [low, high) of a line."""
    found: Line = []
    position = 0
    for text, style, _ in line:
        piece = text[max(0, low - position) : max(0, high - position)]
        if piece:
            found.append(Segment(piece, style))
        position += len(text)
    return found
