"""How wide text is in a terminal, and where it may be broken into lines.

It exists because lines are broken at each append: the width of plain ASCII must cost nothing, that of
CJK little, and sequences that a terminal draws as one glyph (ZWJ emoji, variation selectors, combining
marks) must stay whole.
"""
# ruff: noqa: RUF001 - the characters are meant

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from typing import Final

from rich.cells import cell_len, get_character_cell_size, split_graphemes
from rich.segment import Segment
from rich.style import Style

Run = tuple[str, Style]
"""Text of one style; a newline in it is a forced break."""
SegmentLine = list[Segment]

_JOINED: Final = re.compile("[\u200d\ufe0f]")
_NO_BREAK_BEFORE: Final = frozenset(
    "!),.:;?]}¢°·’”†‡›℃∶、。〃〆〕〉》」』】〗〙〟︰︱！＂＇），．：；？］｝～ーゝゞヽヾ々ぁぃぅぇぉっゃゅょァィゥェォッャュョ"
)
_NO_BREAK_AFTER: Final = frozenset("$([{£¥‘“〈《「『【〔〖〘〝＄（．［｛￡￥")
_WIDE: Final = 2
_MOST_PER_CELL: Final = 12
"""Characters that a cell may have on average, so that marks without a width make no endless line."""


def width_of(text: str) -> int:
    """Cells that `text` takes up."""
    return len(text) if text.isascii() else cell_len(text)


def char_widths(text: str) -> list[int]:
    """Cells of each character; a glyph made of several characters has its width at its first one."""
    if _JOINED.search(text) is None:
        size = get_character_cell_size
        return [1 if char < "\x7f" else size(char) for char in text]
    widths = [0] * len(text)
    for start, _end, cells in split_graphemes(text)[0]:
        widths[start] = cells
    return widths


def break_lines(text: str, width: int) -> list[tuple[int, int]]:
    """The start and end of each line that `text` is broken into.

    Lines end at spaces or between wide characters; words longer than a line are broken anywhere. White space
    at a break belongs to neither line. There is always at least one line.
    """
    width = max(1, width)
    if text.isascii():
        return _break(text, lambda pos: pos + width, _ascii_break)
    widths = char_widths(text)
    ends = list(accumulate(widths))

    def reach(pos: int) -> int:
        end = bisect_right(ends, (ends[pos - 1] if pos else 0) + width)
        return max(min(end, pos + _MOST_PER_CELL * width), pos + 1)

    return _break(text, reach, lambda plain, start, end: _wide_break(plain, widths, start, end))


def _break(text: str, reach: Callable[[int], int], best: Callable[[str, int, int], int]) -> list[tuple[int, int]]:
    lines: list[tuple[int, int]] = []
    size, pos = len(text), 0
    while True:
        end = reach(pos)
        newline = text.find("\n", pos, min(end, size - 1) + 1)
        if newline >= 0:
            lines.append((pos, newline))
            pos = newline + 1
        elif end >= size:
            lines.append((pos, size))
            return lines
        else:
            cut = best(text, pos, end)
            lines.append((pos, cut))
            pos = _skip_spaces(text, cut)


def _skip_spaces(text: str, pos: int) -> int:
    while text[pos : pos + 1] == " ":
        pos += 1
    return pos


def _ascii_break(text: str, start: int, end: int) -> int:
    cut = text.rfind(" ", start, end + 1)
    return cut if cut > start else end


def _wide_break(text: str, widths: list[int], start: int, end: int) -> int:
    """The last place in (start, end] at which a line may end, `end` if there is none."""
    for cut in range(end, start, -1):
        after, before = text[cut], text[cut - 1]
        if after == " ":
            return cut
        if not widths[cut] or not (widths[cut] == _WIDE or widths[cut - 1] == _WIDE or before in " \u200b"):
            continue
        if before == " ":
            return cut
        if after not in _NO_BREAK_BEFORE and before not in _NO_BREAK_AFTER:
            return cut
    return end


class Wrapped:
    """Runs broken into lines."""

    __slots__ = ("lines", "rest")

    def __init__(self, lines: list[SegmentLine], rest: list[Run]) -> None:
        self.lines = lines
        self.rest = rest
        """The runs of the last line with its trailing spaces: what to begin with when more text follows."""


def wrap_runs(runs: list[Run], width: int) -> Wrapped:
    """Break runs into lines at most `width` cells wide."""
    if len(runs) == 1:
        text, style = runs[0]
        spans = break_lines(text, width)
        lines = [[Segment(text[a:b].rstrip(" "), style)] for a, b in spans]
        return Wrapped(lines, [(text[spans[-1][0] :], style)])
    plain = "".join([text for text, _ in runs])
    spans = break_lines(plain, width)
    lines = _cut(runs, [(a, a + len(plain[a:b].rstrip(" "))) for a, b in spans])
    start = spans[-1][0]
    return Wrapped(lines, [(s.text, s.style or Style.null()) for s in _cut(runs, [(start, len(plain))])[0]])


def _cut(runs: list[Run], spans: list[tuple[int, int]]) -> list[SegmentLine]:
    """The segments of each span of the joined text of `runs`."""
    lines: list[SegmentLine] = []
    index, base = 0, 0
    for start, end in spans:
        line: SegmentLine = []
        while index < len(runs) and base + len(runs[index][0]) <= start:
            base += len(runs[index][0])
            index += 1
        at, place = base, index
        while place < len(runs) and at < end:
            text, style = runs[place]
            piece = text[max(0, start - at) : end - at]
            if line and line[-1].style == style:
                line[-1] = Segment(line[-1].text + piece, style)
            elif piece:
                line.append(Segment(piece, style))
            at += len(text)
            place += 1
        lines.append(line)
    return lines


def merged(line: SegmentLine) -> SegmentLine:
    """The line with neighbours in one style put together."""
    found: SegmentLine = []
    for segment in line:
        if found and found[-1].style == segment.style:
            found[-1] = Segment(found[-1].text + segment.text, segment.style)
        else:
            found.append(segment)
    return found


def crop(line: SegmentLine, start: int, width: int) -> SegmentLine:
    """The cells [start, start + width) of a line; a wide glyph cut in two becomes a space."""
    cropped: SegmentLine = []
    at, stop = 0, start + width
    for text, style, _ in line:
        size = width_of(text)
        if at < stop and at + size > start:
            piece = text if start <= at and at + size <= stop else _crop_text(text, start - at, stop - at)
            cropped.append(Segment(piece, style))
        at += size
    return cropped


def _crop_text(text: str, start: int, stop: int) -> str:
    if text.isascii():
        return text[max(0, start) : max(0, stop)]
    pieces: list[str] = []
    at = 0
    for begin, end, cells in split_graphemes(text)[0]:
        if start <= at and at + cells <= stop:
            pieces.append(text[begin:end])
        elif at < stop and at + cells > start:
            pieces.append(" " * (min(at + cells, stop) - max(at, start)))
        at += cells
    return "".join(pieces)


def text_width(runs: list[Run]) -> int:
    """Cells that runs take up on one line."""
    return sum([width_of(text) for text, _ in runs])
