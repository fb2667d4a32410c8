"""Which control sequences give text its styles.

It exists so that styles are written the same way for a live terminal, a pager and a file.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from rich.cells import get_character_cell_size
from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style

from tui_stream.core.links import openable
from tui_stream.core.marks import PILED, Marks
from tui_stream.core.sanitize import clean
from tui_stream.scrollback.palette import Palette

Run = tuple[str, str, str]
"""Text, the parameters of its SGR sequence, and the address that it links to; both may be empty."""
Row = tuple[Run, ...]
"""One line."""
PLAIN: Final[Run] = ("", "", "")
"""Neither style nor link."""

_SHOWN_ON_BLANKS: Final = frozenset({"4", "7", "9", "21", "51", "52", "53"})
"""SGR parameters that show on a space: lines under, through and around it, and exchanged colours (ECMA-48, 8.3.117)."""
_PRINTABLE: Final = "".join(map(chr, range(0x21, 0x7F)))
"""What an address may consist of within OSC 8 (https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda)."""


class Encoder:
    """Turns laid out lines into rows.

    Args:
        colours: those to write; None for no style at all.
        attributes_only: bold, italic and underlined without colours, as NO_COLOR asks for.
        links: whether to write addresses that are plainly of the web or of mail.
    """

    def __init__(self, colours: ColorSystem | None, *, attributes_only: bool = False, links: bool = False) -> None:
        self._colours = colours
        self._attributes_only = attributes_only
        self._links = links
        self._palette = Palette() if colours is ColorSystem.EIGHT_BIT else None
        self._known: dict[Style, tuple[str, str, bool]] = {}

    def row(self, line: list[Segment], *, growing: bool = False) -> Row:
        """A line, without blanks at its end that nothing shows of.

        Args:
            line: the segments of one line.
            growing: whether to leave out those too that show a background, and empty cells of a table, since more text
                may come in their place.
        """
        runs: list[Run] = []
        shown = 0
        for text, style, _ in line:
            if not text:
                continue
            parameters, link, shows = self._look(style)
            if runs and runs[-1][1:] == (parameters, link):
                runs[-1] = (runs[-1][0] + text, parameters, link)
            else:
                runs.append((text, parameters, link))
            if shows and not growing:
                shown = len(runs)
        blanks = " │" if growing else " "
        while len(runs) > shown and runs[-1][0][-1] in blanks:
            _strip(runs, blanks)
        return _harmless(runs)

    def _look(self, style: Style | None) -> tuple[str, str, bool]:
        """The parameters, the address, and whether they show on a blank."""
        if style is None or self._colours is None:
            return "", "", False
        found = self._known.get(style)
        if found is None:
            found = self._known[style] = self._make(style, self._colours)
        return found

    def _make(self, style: Style, colours: ColorSystem) -> tuple[str, str, bool]:
        plain = Style(
            color=self._colour(style.color),
            bgcolor=self._colour(style.bgcolor),
            bold=style.bold,
            dim=style.dim,
            italic=style.italic,
            underline=style.underline,
            reverse=style.reverse,
            strike=style.strike,
        )
        rendered = plain.render("x", color_system=colours)
        parameters = rendered[2 : rendered.index("m")] if rendered.startswith("\x1b[") else ""
        target = style.meta.get("link") if self._links else None
        link = quote(openable(target) or "", safe=_PRINTABLE) if isinstance(target, str) else ""
        background = plain.bgcolor is not None and not plain.bgcolor.is_default
        return parameters, link, background or bool(_SHOWN_ON_BLANKS & set(parameters.split(";")))

    def _colour(self, colour: Color | None) -> Color | None:
        if self._attributes_only:
            return None
        return self._palette.nearest(colour) if self._palette else colour


def _harmless(runs: list[Run]) -> Row:
    """The runs without what could steer a terminal, and without marks piled on one cell."""
    if all(text.isascii() and text.isprintable() for text, _, _ in runs):
        return tuple(runs)
    cleaned = [(clean(text), parameters, link) for text, parameters, link in runs]
    if PILED.search("".join([text for text, _, _ in cleaned])):
        marks = Marks(_piles)
        cleaned = [(marks.fewer(text), parameters, link) for text, parameters, link in cleaned]
    return tuple(cleaned)


def _piles(character: str) -> bool:
    """Whether some terminal puts it onto the cell before, or gives it none."""
    return not character.isascii() and get_character_cell_size(character) == 0


def _strip(runs: list[Run], blanks: str) -> None:
    text, parameters, link = runs.pop()
    left = text.rstrip(blanks)
    if left:
        runs.append((left, parameters, link))


def transition(before: Run, after: Run) -> str:
    """The sequences that lead from the style and link of one run to those of another."""
    parts = ""
    if before[2] != after[2]:
        parts += f"\x1b]8;;{after[2]}\x1b\\"
    if before[1] != after[1]:
        parts += f"\x1b[{'0;' if before[1] and after[1] else ''}{after[1]}m"
    return parts
