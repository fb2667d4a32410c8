"""A vertical scrollbar that costs next to nothing while text streams in.

Textual's own is rendered through Rich each time its thumb moves by an eighth of a cell, at about the price of
the text beside it. This one makes its strips directly, and only when they look different.
"""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.scrollbar import ScrollBar
from textual.strip import Strip
from textual.widget import Widget

from tui_stream.ui.widgets.drawing import draw

_UP, _DOWN, _GRAB = ({"@mouse.down": name} for name in ("scroll_up", "scroll_down", "grab"))


class QuickScrollBar(ScrollBar):
    """A scrollbar whose thumb moves in whole cells."""

    _look: tuple[int, int, int, str, str] | None = None
    _strips: list[Strip]

    def move_thumb(self, total: int, position: float) -> None:
        """Shows a position in so many lines; asks to be drawn only where that makes a difference.

        Args:
            total: lines of the content.
            position: the first line in view.
        """
        before = self.thumb()
        self.set_reactive(ScrollBar.window_virtual_size, total)
        self.set_reactive(ScrollBar.position, self.validate_position(position))
        if self.thumb() != before:
            draw(self)

    def thumb(self) -> tuple[int, int]:
        """The first cell of the thumb, and the one after its last."""
        height, total, window = self.outer_size.height, self.window_virtual_size, self.window_size
        if not height or window >= total or not window:
            return 0, 0
        length = max(1, round(height * window / total))
        share = min(1.0, self.position / (total - window))
        start = round((height - length) * share)
        return start, start + length

    def render_lines(self, crop: Region) -> list[Strip]:
        """The strips, made anew only where they changed."""
        start, end = self.thumb()
        bar, back = self._bar_colours()
        width, height = self.outer_size
        look = (height, start, end, bar, back)
        if look != self._look:
            self._look = look
            blank = " " * width
            upper, lower = (Style(bgcolor=back, meta=meta) for meta in (_UP, _DOWN))
            thumb = Style(bgcolor=bar, meta=_GRAB)
            styles = [upper] * start + [thumb] * (end - start) + [lower] * (height - end)
            self._strips = [Strip([Segment(blank, style)], len(blank)) for style in styles]
        return [strip.crop(crop.x, crop.right) for strip in self._strips[crop.y : crop.bottom]]

    def _bar_colours(self) -> tuple[str, str]:
        """Of the thumb and of what is under it, blended as they will be seen."""
        owner = self.parent if isinstance(self.parent, Widget) else self
        under = owner.background_colors[1]
        styles = owner.styles
        bar = styles.scrollbar_color_active if self.grabbed else styles.scrollbar_color
        background = under + styles.scrollbar_background
        return (background + bar).hex6, background.hex6
