"""The list of keys."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_stream.ui.keys import BROWSE_KEYS, KEYS, PANEL_KEYS, Key


class HelpScreen(ModalScreen[None]):
    """Shows what every key does."""

    BINDINGS = [Binding("escape,f1,q,enter", "dismiss", "Close", show=False)]  # noqa: RUF012 - Textual's own type

    def compose(self) -> ComposeResult:
        """A box with a line for each action."""
        with VerticalScroll(id="help"):
            yield Static(_text(), markup=False)


def _text() -> Content:
    lines = [Content.assemble(("Keys", "bold $accent")), *_list(KEYS), Content("")]
    lines += [Content.assemble(("In the conversation (Tab)", "bold $accent")), *_list(BROWSE_KEYS), Content("")]
    lines += [Content.assemble(("In the list of conversations (Ctrl+B)", "bold $accent")), *_list(PANEL_KEYS)]
    lines.append(Content(""))
    lines.append(Content("Mouse: drag to select (Ctrl+C copies it as shown, Ctrl+Y as Markdown); click thoughts or"))
    lines.append(Content("“more lines” to unfold them; Shift and the wheel scroll wide code sideways."))
    lines.append(Content("Settings: tui-stream config init, tui-stream config path."))
    return Content("\n").join(lines)


def _list(keys: Sequence[Key]) -> list[Content]:
    shown = [key for key in keys if key.shown]
    width = max(len(key.shown) for key in (*KEYS, *BROWSE_KEYS, *PANEL_KEYS))
    return [Content.assemble((f"{key.shown:<{width}}", "bold"), f"   {key.what}") for key in shown]
