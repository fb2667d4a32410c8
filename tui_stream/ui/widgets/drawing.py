"""Asks for a widget to be drawn at less than the usual price.

`Widget.refresh` sends the widget a message, behind which it sends one to its screen. For a widget that changes with
every frame of streaming text these are a tenth of the frame.
"""

from __future__ import annotations

import asyncio

from textual.geometry import Region
from textual.widget import Widget


def draw(widget: Widget, *regions: Region) -> None:
    """Has parts of a widget, or all of it, drawn with the next frame, beside whatever else changes until then.

    For widgets without border and padding that make their own strips in ``render_lines``; what Textual keeps of
    other widgets' lines stays as it was.
    """
    if not (widget.is_mounted and widget.is_attached):
        widget.refresh(*regions)
        return
    if widget.display:
        widget._repaint_regions.update(regions or [widget.outer_size.region])  # noqa: SLF001 - as `Widget.refresh` does
        screen = widget.screen
        screen._dirty_widgets.add(widget)  # noqa: SLF001 - as the screen itself does at the message
        # One turn of the loop later, as late as the messages of widgets that are refreshed at the same time.
        asyncio.get_running_loop().call_soon(screen.check_idle)
