"""Asks each widget only for the lines that are to be drawn, and only the widgets that are seen there.

For each frame Textual's compositor renders every widget that overlaps what changed, the whole of it, cuts all of
their lines wherever any widget on the screen begins or ends, and throws away what others cover. While text streams
in that is a good part of a frame. Which widget is seen where is known from the last layout on, so it is looked up
here. What comes out is the same, cell for cell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, cast

from textual._compositor import Compositor, ReflowResult
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

Chops = list[dict[int, Strip | None]]
"""For each row of the screen, the strips by their first columns; None where nothing is to be drawn."""


class Tile(NamedTuple):
    """Some cells of a row in which one widget is seen.

    Attributes:
        end: the column behind the last one.
        left, right: the columns of what the widget renders that they show.
    """

    x: int
    end: int
    widget: Widget
    left: int
    right: int


class QuickCompositor(Compositor):
    """Keeps which widget is seen where, for as long as a layout lasts."""

    def __init__(self) -> None:
        super().__init__()
        self._tiled: tuple[object, object] = (None, None)
        self._tiles: list[list[Tile]] = []
        self._seen: dict[Widget, tuple[Region, Region]] = {}

    def reflow(self, parent: Widget, size: Size) -> ReflowResult:
        """Lays a screen out for the terminal as large as it is now.

        Textual lays it out for the size in each event, and each layout for another size posts one more event with that
        size: two of them on their way at once would chase one another for ever.
        """
        del size
        return super().reflow(parent, parent.app.size)

    def reflow_visible(self, parent: Widget, size: Size) -> set[Widget]:
        """As above."""
        del size
        return super().reflow_visible(parent, parent.app.size)

    def _render_chops(self, crop: Region, is_rendered_line: Callable[[int], bool]) -> Sequence[Mapping[int, Strip]]:
        """What is seen in these rows, between the left and the right edge of ``crop`` at least."""
        chops = self._render_tiles(crop, [*filter(is_rendered_line, range(self.size.height))])
        if chops is None:
            return super()._render_chops(crop, is_rendered_line)
        return cast("Sequence[Mapping[int, Strip]]", chops)

    def _render_tiles(self, crop: Region, rows: Sequence[int]) -> Chops | None:
        """What is seen in these rows; None where a widget gives fewer cells than it has."""
        cuts, tiles = self.cuts, self._look_up()
        chops: Chops = [{} for _ in cuts]
        rendered: dict[Widget, tuple[int, list[Strip]]] = {}
        low, high = crop.column_span
        for y in rows:
            row = chops[y] = dict.fromkeys(cuts[y][:-1])
            for x, end, widget, left, right in tiles[y]:
                if x >= high or end <= low:
                    continue
                given = rendered.get(widget)
                if given is None:
                    given = rendered[widget] = self._render_rows(widget, rows[0], rows[-1] + 1)
                top, strips = given
                if y - top >= len(strips):
                    return None
                strip = strips[y - top]
                if left or right != strip.cell_length:
                    strip = strip.crop(left, right)
                    if strip.cell_length != end - x:
                        return None
                row[x] = strip
        return chops

    def _render_rows(self, widget: Widget, first: int, last: int) -> tuple[int, list[Strip]]:
        """What a widget shows in the rows [first, last) of the screen, and the row in which that begins."""
        region, seen = self._seen[widget]
        top, bottom = max(first, seen.y), min(last, seen.bottom)
        crop = Region(seen.x - region.x, top - region.y, seen.width, bottom - top)
        return top, widget.render_lines(crop)

    # -- which widget is seen where -------------------------------------------------------------------

    def _look_up(self) -> list[list[Tile]]:
        """The tiles of each row, from left to right; made anew after a layout."""
        cuts, visible = self.cuts, self.visible_widgets
        if self._tiled[0] is not cuts or self._tiled[1] is not visible:
            self._tiled = cuts, visible
            self._seen = {widget: (region, region.intersection(clip)) for widget, (region, clip) in visible.items()}
            self._tiles = self._make_tiles()
        return self._tiles

    def _make_tiles(self) -> list[list[Tile]]:
        rows: list[dict[int, Tile]] = [{} for _ in self.cuts]
        for widget, (_, seen) in self._seen.items():  # those in front come first
            left, right = seen.column_span
            for y in seen.line_range:
                row, cuts = rows[y], [cut for cut in self.cuts[y] if left <= cut <= right]
                for x, end in pairwise(cuts):
                    if x not in row:
                        row[x] = Tile(x, end, widget, x - left, end - left)
        return [[row[x] for x in sorted(row)] for row in rows]
