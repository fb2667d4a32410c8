"""What a run of the program keeps: the history that it writes, and the conversation that it goes on with."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from tui_stream import paths
from tui_stream.errors import StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import TracebackType
    from typing import Any, Self

    from tui_stream.config import Settings
    from tui_stream.core.models import Conversation
    from tui_stream.store import OpenedStore
    from tui_stream.store.late import LateArchive

T = TypeVar("T")


class Keeping:
    """The history of one run, opened when it is first needed and closed at the end.

    Attributes:
        archive: keeps and finds conversations; None where nothing is kept.
        reason: why nothing is kept, a sentence.
        start: the id of the conversation to go on with; empty for a new one.

    Args:
        latest: go on with the conversation that was used last.
        resume: the beginning of the id of the one to go on with.
    """

    def __init__(self, settings: Settings, *, latest: bool = False, resume: str | None = None) -> None:
        self._latest = latest
        self._resume = resume
        self.start = ""
        self.archive: LateArchive | None = None
        self.reason = "The settings say history = false, or --no-store was given."
        if settings.history:
            from tui_stream.store.late import LateArchive

            self.reason, self.archive = "", LateArchive(open_usual)

    def __enter__(self) -> Self:
        """Finds the conversation to go on with.

        Raises:
            UsageError: there is none, or the flags contradict each other.
            UnknownIdError: no conversation, or several, have the id.
            StoreError: the history cannot be read.
        """
        if self._latest and self._resume is not None:
            raise UsageError("--continue and --resume name two conversations.", hint="Give one of them.")
        if self._latest or self._resume is not None:
            if self.archive is None:
                raise UsageError("There is nothing to go on with: no history is kept.", hint=self.reason)
            try:
                self.start = asyncio.run(self._find(self.archive))
            except BaseException:
                self._close()
                raise
        return self

    async def _find(self, archive: LateArchive) -> str:
        if self._resume is not None:
            return await archive.resolve(self._resume)
        latest = await archive.latest()
        if latest is None:
            raise UsageError("There is no conversation yet to go on with.", hint="Leave --continue out.")
        return latest

    async def conversation(self) -> Conversation | None:
        """The conversation to go on with, no more of it loaded than its end; None for a new one.

        Raises:
            StoreError: it cannot be read.
        """
        if self.archive is None or not self.start:
            return None
        return await self.archive.load(self.start, tail=1)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Closes the history."""
        self._close()

    def _close(self) -> None:
        if self.archive is not None and self.archive.is_open:
            with suppress(StoreError):  # what could not be written was told when it was to be
                asyncio.run(self.archive.aclose())


class OpenHistory:
    """The history for a command that asks something of it and ends, outside of any event loop.

    Attributes:
        archive: keeps and finds conversations.
        notices: what the person has to be told of it: sentences.
    """

    def __init__(self) -> None:
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        """Opens it, or makes one.

        Raises:
            StoreError: it cannot be opened.
        """
        try:
            opened = self._runner.run(open_usual())
        except BaseException:
            self._runner.close()
            raise
        self.archive, self.notices = opened.archive, opened.notices
        return self

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """What a call of the archive returns; Ctrl+C gives it up.

        Raises:
            StoreError: as the call.
        """
        return self._runner.run(work)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Closes it; whatever was handed to it is written then."""
        try:
            with suppress(StoreError):  # what could not be written was told when it was to be
                self._runner.run(self.archive.aclose())
        finally:
            self._runner.close()


async def open_usual() -> OpenedStore:
    """The history in its usual place, by modules that are loaded in a thread."""
    import importlib

    store = await asyncio.to_thread(importlib.import_module, "tui_stream.store.archive")
    del store
    from tui_stream.store import open_store

    return await open_store(paths.data_dir())
