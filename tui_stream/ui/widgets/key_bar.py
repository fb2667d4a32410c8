"""The last line: the keys that matter now."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui_stream.ui.keys import KEYS, Key

_GAP = "  "
_HELP = next(key for key in KEYS if key.action == "help")


class KeyBar(Widget):
    """Lists the keys of the footer, as many as the width has room for; the one that lists them all is always there."""

    keys: reactive[Sequence[Key]] = reactive(KEYS)
    """The keys that work where the focus is."""

    def render(self) -> Content:
        """The line."""
        last = _text(_HELP)
        room = self.size.width - last.cell_length - len(_GAP)
        line = Content("")
        for key in self.keys:
            if key.footer and key is not _HELP:
                longer = Content.assemble(line, _GAP if line else "", _text(key))
                if longer.cell_length > room:
                    break
                line = longer
        return Content.assemble(line, _GAP, last) if line else last


def _text(key: Key) -> Content:
    return Content.assemble((key.shown, "bold $text-accent"), (f" {key.label}", "$text-muted"))
