"""Asks which model is to answer: one of those that the provider offers, or any other by its name."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from tui_stream.core.models import ModelInfo
from tui_stream.core.sanitize import clean_line
from tui_stream.errors import TuiStreamError
from tui_stream.models_seen import ModelsSeen
from tui_stream.ui.screens.lookup import LookupScreen
from tui_stream.ui.widgets.row_list import Row, RowList, fitted
from tui_stream.ui.working import work_on

if TYPE_CHECKING:
    from tui_stream.core.provider import Provider

_NAME = 200  # characters of a name that are looked at
_DETAIL = 80  # and of what is said about it


class ModelList(RowList):
    """Models, each on one line."""

    def __init__(self) -> None:
        super().__init__(id="lookup-results")
        self.models: Sequence[ModelInfo] = ()

    def draw(self, row: Row, width: int) -> Content:
        """The name, and what the provider says about it."""
        if row.item is None or row.item >= len(self.models):
            return Content()
        model = self.models[row.item]
        detail = Content.styled(f"  {clean_line(model.detail, _DETAIL)}" if model.detail else "", "$text-muted")
        if detail.cell_length > width // 2:
            detail = detail.truncate(width // 2, ellipsis=True)
        return Content.assemble(fitted(clean_line(model.name, _NAME), width - detail.cell_length), detail)


class ModelsScreen(LookupScreen[ModelInfo, str | None]):
    """Answers with the model's name."""

    def __init__(self, provider: Provider) -> None:
        self._list = ModelList()
        self._provider = provider
        self._offered: Sequence[ModelInfo] | None = None
        self._failure = ""
        super().__init__(self._list, text="", hint="The model that is to answer")

    def on_mount(self) -> None:
        """Asks the provider; a name can be typed meanwhile."""
        work_on(self, self._ask_provider, "models")

    async def _ask_provider(self) -> None:
        try:
            self._offered = await self._provider.models()
        except TuiStreamError as error:
            self._offered, self._failure = (), str(error)
        else:
            names = [model.name for model in self._offered]
            await asyncio.to_thread(ModelsSeen().add, self._provider.name, names)  # for completion in a shell
        self._look(self._field.value)

    async def look(self, text: str) -> Sequence[ModelInfo]:
        """Models with this in their names, and what was typed as it is, where it is no such name itself."""
        wanted, offered = text.strip(), self._offered or ()
        found = [model for model in offered if wanted.casefold() in model.name.casefold()]
        typed = [ModelInfo(wanted, detail="as typed")]
        return [*found, *(typed if wanted and all(model.name != wanted for model in offered) else [])]

    def note(self, text: str) -> str:
        """What is known, and what the keys do."""
        if self._offered is None:
            return "Asking the provider which models there are …"
        if self._failure:
            return f"{self._failure} A name can be typed."
        if not self.found and not text.strip():
            return "The provider names no models; type a name."
        return "Enter asks this model, this once; Esc asks nobody."

    def show(self, found: Sequence[ModelInfo]) -> None:
        """Lists them."""
        self._list.models = found

    def take(self, found: ModelInfo) -> None:
        """Takes this one."""
        self.dismiss(found.name)
