"""Lines of code cut into rows of a fixed width, and put together again.

It exists apart from the breaking of prose because code is cut anywhere and keeps all its spaces.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from rich.segment import Segment
from rich.style import Style

from tui_stream.markdown.cells import Run, SegmentLine, char_widths, width_of


def unfold(rows: list[SegmentLine]) -> list[Run]:
    """The runs that the rows of one line were folded from."""
    runs: list[Run] = []
    for row in rows:
        for number, (text, style, _) in enumerate(row):
            if not number and runs and runs[-1][1] is style:
                runs[-1] = (runs[-1][0] + text, runs[-1][1])
            else:
                runs.append((text, style or Style.null()))
    return runs


def chop(runs: list[Run], width: int) -> list[SegmentLine]:
    """Runs cut into rows of `width` cells, nothing left out."""
    rows: list[SegmentLine] = [[]]
    room = width
    for text, style in runs:
        pos = 0
        while pos < len(text):
            size = _fitting(text, pos, room)
            if not size and rows[-1]:
                rows.append([])
                room = width
                continue
            piece = text[pos : pos + max(1, size)]
            rows[-1].append(Segment(piece, style))
            room -= width_of(piece)
            pos += len(piece)
    return rows


def _fitting(text: str, pos: int, room: int) -> int:
    """How many characters of `text` from `pos` on fit in so many cells."""
    if room <= 0:
        return 0
    piece = text[pos : pos + 2 * room + 64]
    if piece[:room].isascii():
        return min(len(piece), room)
    ends = list(accumulate(char_widths(piece)))
    return bisect_right(ends, room)
