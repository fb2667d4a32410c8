"""Lists earlier prompts, for the one that somebody wants to use again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from tui_stream.core.sanitize import clean_line
from tui_stream.ui.screens.lookup import LookupScreen
from tui_stream.ui.widgets.row_list import Row, RowList, fitted

if TYPE_CHECKING:
    from tui_stream.core.archive import Archive

_MOST = 200  # prompts that are listed
_SHOWN = 400  # characters of a prompt that are looked at


class PromptList(RowList):
    """Prompts, each on one line."""

    def __init__(self) -> None:
        super().__init__(id="lookup-results")
        self.prompts: Sequence[str] = ()

    def draw(self, row: Row, width: int) -> Content:
        """What the prompt begins with."""
        if row.item is None or row.item >= len(self.prompts):
            return Content()
        prompt = self.prompts[row.item]
        return fitted(clean_line(prompt, _SHOWN), width)


class PromptsScreen(LookupScreen[str, str | None]):
    """Answers with the prompt."""

    def __init__(self, archive: Archive) -> None:
        self._prompts = PromptList()
        self._archive = archive
        super().__init__(self._prompts, text="", hint="Text in an earlier prompt")

    async def look(self, text: str) -> Sequence[str]:
        """Prompts with this text in them."""
        return await self._archive.prompts(text.strip(), limit=_MOST)

    def note(self, text: str) -> str:
        """What the keys do."""
        if not self.found:
            return "No earlier prompt has this text." if text.strip() else "There are no earlier prompts yet."
        return "Enter puts it into the prompt; ↓ there brings back what you typed."

    def show(self, found: Sequence[str]) -> None:
        """Lists them."""
        self._prompts.prompts = found

    def take(self, found: str) -> None:
        """Takes this one."""
        self.dismiss(found)
