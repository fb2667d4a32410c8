"""The last line: the keys that matter now."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui_stream.ui.keys import BROWSE_KEYS, KEYS


class KeyBar(Widget):
    """Lists the keys of the footer, as many as the width has room for."""

    browsing = reactive(default=False)
    """Whether the conversation has the focus, so that its keys are shown."""

    def render(self) -> Content:
        """The line."""
        line = Content("")
        for key in BROWSE_KEYS if self.browsing else KEYS:
            if not key.footer:
                continue
            gap = "  " if line else ""
            shown, label = (key.shown, "bold $text-accent"), (f" {key.label}", "$text-muted")
            longer = Content.assemble(line, gap, shown, label)
            if longer.cell_length > self.size.width:
                break
            line = longer
        return line
