"""The list of keys."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_stream.ui.keys import KEYS


class HelpScreen(ModalScreen[None]):
    """Shows what every key does."""

    BINDINGS = [Binding("escape,f1,q,enter", "dismiss", "Close", show=False)]  # noqa: RUF012 - Textual's own type

    def compose(self) -> ComposeResult:
        """A box with a line for each action."""
        with VerticalScroll(id="help"):
            yield Static(_text(), markup=False)


def _text() -> Content:
    width = max(len(key.shown) for key in KEYS)
    lines = [Content.assemble(("Keys", "bold $accent"))]
    lines += [Content.assemble((f"{key.shown:<{width}}", "bold"), f"   {key.what}") for key in KEYS]
    lines.append(Content(""))
    lines.append(Content("Mouse: drag to select, click a heading of thoughts to fold it."))
    lines.append(Content("Settings: tui-stream config init, tui-stream config path."))
    return Content("\n").join(lines)
