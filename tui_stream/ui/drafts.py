"""Keeps what stands unsent in the prompt box, for each conversation its own, and for each prompt that is edited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_stream.errors import StoreError

if TYPE_CHECKING:
    from tui_stream.core.archive import Archive

NEW = "new"
"""The place of what stands unsent before a conversation's first prompt."""
SAVE_AFTER = 0.4
"""Seconds from a key to saving what it typed; writing takes some more of the 500 ms that may be lost."""


def edit_place(place: str, message_id: str) -> str:
    """The place of another wording of a prompt that was sent."""
    return f"{place}/{message_id}"


class Drafts:
    """What is to be saved, and saving it, one after the other.

    Args:
        failed: is told when saving begins to fail, once.
    """

    def __init__(self, archive: Archive | None, failed: Callable[[StoreError], None]) -> None:
        self._archive = archive
        self._failed = failed
        self._failing = False
        self._saved: dict[str, str] = {}
        self._unsaved: dict[str, str] = {}
        self._lock = asyncio.Lock()

    async def load(self, place: str) -> None:
        """Looks up what stood unsent there, and which prompts were edited there.

        Raises:
            StoreError: it cannot be read.
        """
        if self._archive is None:
            return
        before = dict(self._saved)
        for found, text in (await self._archive.unsent(place)).items():
            if self._saved.get(found) == before.get(found):  # else it was written meanwhile
                self._saved[found] = text

    def text(self, place: str) -> str:
        """What stands unsent there, as far as is known."""
        return self._unsaved.get(place, self._saved.get(place, ""))

    def edits(self, place: str) -> dict[str, str]:
        """Other wordings of prompts of that conversation, by the prompt's id."""
        begin = edit_place(place, "")
        places = [one for one in {**self._saved, **self._unsaved} if one.startswith(begin)]
        return {one.removeprefix(begin): text for one in places if (text := self.text(one))}

    def note(self, place: str, text: str) -> None:
        """This stands there now; `save` writes it down."""
        if self._unsaved.get(place, self._saved.get(place, "")) != text:
            self._unsaved[place] = text

    async def save(self) -> None:
        """Writes down what changed. Where that fails it is kept in memory, and tried again the next time."""
        async with self._lock:
            for place, text in list(self._unsaved.items()):
                if not await self._write(place, text):
                    return
                self._saved[place] = text
                if self._unsaved.get(place) == text:
                    del self._unsaved[place]

    async def _write(self, place: str, text: str) -> bool:
        if self._archive is None:
            return False
        try:
            await self._archive.save_draft(place, text)
        except StoreError as error:
            if not self._failing:
                self._failing = True
                self._failed(error)
            return False
        self._failing = False
        return True
