"""The first line: who answers, and why; at its end what today and this month have cost."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui_stream.core import figures
from tui_stream.core.sanitize import clean_line
from tui_stream.ui.keys import shown_keys

_GAP = 2  # cells between the two ends of the line
_LEAST = 24  # cells that are left for who answers


class HeaderBar(Widget):
    """Shows the provider and the model in use, why they were chosen, and what was spent."""

    chosen: reactive[Content] = reactive(Content())
    spent: reactive[str] = reactive("")
    """What was spent, in words; empty before that is known."""

    def __init__(self) -> None:
        super().__init__(id="header")

    def show(self, provider: str, model: str, reason: str) -> None:
        """Names what was chosen."""
        name = f" · {clean_line(figures.model_text(model), 80)}" if model else ""
        self.chosen = Content.assemble(
            (clean_line(provider, 40), "bold $text"), (name, "$text"), (f"  {clean_line(reason)}", "$text-muted")
        )

    def render(self) -> Content:
        """The line; what was spent gives way where there is little room."""
        left, right, width = self._left, self._right, self.size.width
        if not right:
            return left.truncate(max(1, width), ellipsis=True)
        return Content.assemble(
            left.truncate(width - right.cell_length - _GAP, ellipsis=True, pad=True), " " * _GAP, right
        )

    @property
    def _left(self) -> Content:
        return Content.assemble(("tui_stream  ", "bold $primary"), self.chosen)

    @property
    def _right(self) -> Content:
        """What was spent, and the key that tells more of it; without the key or empty where there is no room."""
        spent = Content.styled(self.spent, "$text-muted")
        keyed = Content.assemble(spent, (f" {shown_keys()['usage']}", "bold $text-accent"))
        room = self.size.width - _GAP - min(_LEAST, self._left.cell_length)
        return next((one for one in (keyed, spent) if self.spent and one.cell_length <= room), Content(""))

    async def on_click(self, event: events.Click) -> None:
        """A click on what was spent tells more of it, as its key does."""
        offset = event.get_content_offset(self)
        if self._right and offset is not None and offset.x >= self.size.width - self._right.cell_length:
            await self.run_action("screen.usage")
