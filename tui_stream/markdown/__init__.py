"""The live Markdown renderer: growing text is kept laid out as lines, at a cost that does not grow.

It exists because answers arrive a few characters at a time and may be long. It knows Rich's segments and
styles and nothing of any user interface; it reads no clock and does no I/O.
"""

from __future__ import annotations

from tui_stream.markdown.block_info import BlockInfo
from tui_stream.markdown.live import LiveMarkdown
from tui_stream.markdown.pygments_bridge import lexers_ready, load_lexers
from tui_stream.markdown.themes import (
    ANSI,
    COLOUR_BLIND,
    COLOUR_BLIND_LIGHT,
    DARK,
    HIGH_CONTRAST,
    HIGH_CONTRAST_LIGHT,
    LIGHT,
    THEMES,
    MarkdownTheme,
)
from tui_stream.markdown.views import WideMode

__all__ = [
    "ANSI",
    "COLOUR_BLIND",
    "COLOUR_BLIND_LIGHT",
    "DARK",
    "HIGH_CONTRAST",
    "HIGH_CONTRAST_LIGHT",
    "LIGHT",
    "THEMES",
    "BlockInfo",
    "LiveMarkdown",
    "MarkdownTheme",
    "WideMode",
    "lexers_ready",
    "load_lexers",
]
