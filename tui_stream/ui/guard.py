"""The last look at every cell before the terminal gets it.

Foreign text is cleaned where it comes in (`tui_stream.core.sanitize`). What has slipped past that is taken out here:
control code points, hyperlinks (OSC 8, which go around every filter of text), and marks piled on one cell, which a
terminal draws over the lines above and below, or hangs on.
"""

from __future__ import annotations

from rich.cells import get_character_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui_stream.core.marks import PILED, Marks
from tui_stream.core.sanitize import clean


def guarded(strip: Strip) -> Strip:
    """The strip as it may be shown: itself, unless there is anything in it that must not reach a terminal."""
    foreign = False
    for text, style, _ in strip:
        if (not text.isprintable() and _plain(text) != text) or (style is not None and style.link):
            return _guarded(strip)
        foreign = foreign or not text.isascii()
    if foreign and PILED.search("".join([text for text, _, _ in strip])):
        return _guarded(strip)
    return strip


def _guarded(strip: Strip) -> Strip:
    marks = Marks(_piles)
    segments = [Segment(marks.fewer(_plain(text)), _unlinked(style)) for text, style, _ in strip]
    return strip if segments == [*strip] else Strip(segments, strip.cell_length)


def _plain(text: str) -> str:
    return clean(text).replace("\n", "").replace("\t", "")


def _piles(character: str) -> bool:
    """Whether a terminal puts it onto the cell before, or gives it none."""
    return not character.isascii() and get_character_cell_size(character) == 0


def _unlinked(style: Style | None) -> Style | None:
    return style.update_link(None) if style is not None and style.link else style
