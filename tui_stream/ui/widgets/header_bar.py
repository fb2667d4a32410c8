"""The first line: who answers, and why."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from tui_stream.core import figures
from tui_stream.core.sanitize import clean_line


class HeaderBar(Static):
    """Shows the provider and the model in use, and why they were chosen."""

    def __init__(self) -> None:
        super().__init__(Content("tui_stream"), markup=False, id="header")

    def show(self, provider: str, model: str, reason: str) -> None:
        """Names what was chosen."""
        name = f" · {clean_line(figures.model_text(model), 80)}" if model else ""
        self.update(
            Content.assemble(
                ("tui_stream  ", "bold $primary"),
                (clean_line(provider, 40), "bold $text"),
                (name, "$text"),
                (f"  {clean_line(reason)}", "$text-muted"),
            )
        )
