"""Fetches the pinned weights once, from the first source that has them."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tui_stream.core.events import Progress
from tui_stream.errors import DiskFullError, OfflineError, WeightsError
from tui_stream.providers._weights_files import (
    FolderLock,
    disk_errors,
    disk_full,
    free_bytes,
    in_thread,
    make_private_folder,
    publish,
)
from tui_stream.providers._weights_pip import WORK_PREFIX

if TYPE_CHECKING:
    from tui_stream.providers._weights import Pin, Shelf

_POLL = 0.2


class Source(Protocol):
    """Somewhere weights can be had from."""

    @property
    def label(self) -> str:
        """What people call it."""

    def needed(self, pin: Pin, part: Path, /) -> int:
        """Bytes of room that fetching takes, given what is there of the file already."""

    def fetch(self, pin: Pin, part: Path) -> AsyncGenerator[Progress, None]:
        """Brings the whole, checked file to ``part``.

        Raises:
            WeightsError: it cannot be had here; the message is the bare reason.
            OfflineError: nobody may be asked here.
        """


class Fetcher:
    """Fetches the pinned file of a shelf.

    Args:
        shelf: where the file goes.
        sources: tried one after the other.
        free: tells the room that a folder has, in bytes.
    """

    def __init__(self, shelf: Shelf, sources: Sequence[Source], *, free: Callable[[Path], int] = free_bytes) -> None:
        self._pin = shelf.pin
        self._folder = shelf.folder
        self._target = shelf.pinned
        self._part = self._target.with_name(f"{self._target.name}.part")
        self._sources = sources
        self._free = free

    async def fetch(self) -> AsyncGenerator[Progress, None]:
        """Fetches the file unless it is there; waits while another program is fetching it.

        Closing the generator stops at once and keeps what can be used by the next attempt.

        Raises:
            WeightsError: no source has it, or the folder cannot be used.
            DiskFullError: there is no room.
        """
        with disk_errors(self._folder, self._pin.size):
            await in_thread(lambda _stop: make_private_folder(self._folder))
            lock = FolderLock(self._folder / f".{self._pin.filename}.lock")
            try:
                while not lock.acquire():
                    yield Progress(f"Waiting for another tui-stream to fetch {self._pin.name}")
                    await asyncio.sleep(_POLL)
                await in_thread(lambda _stop: self._sweep())
                if not self._target.is_file():
                    async with aclosing(self._from_anywhere()) as steps:
                        async for step in steps:
                            yield step
                    await in_thread(lambda _stop: publish(self._part, self._target))
            finally:
                lock.release()

    async def _from_anywhere(self) -> AsyncGenerator[Progress, None]:
        reasons: list[str] = []
        refused: list[OfflineError] = []
        for source in self._sources:
            needed = source.needed(self._pin, self._part)
            if await in_thread(lambda _stop: self._free(self._folder)) < needed:
                raise disk_full(self._folder, needed)
            try:
                async with aclosing(source.fetch(self._pin, self._part)) as steps:
                    async for step in steps:
                        yield step
            except DiskFullError:
                raise
            except WeightsError as error:
                reasons.append(f"{source.label} ({error.message})")
            except OfflineError as error:
                refused.append(error)
                reasons.append(f"{source.label} (not asked offline)")
            else:
                return
        if refused and len(refused) == len(reasons):
            raise self._offline() from refused[0]
        raise WeightsError(
            f"{self._pin.name} could not be fetched from {' or from '.join(reasons)}.",
            hint=(
                f"Check the network and try again, or put {self._pin.filename} into {self._folder}, "
                "or set providers.embedded.model to another GGUF file."
            ),
        )

    def _offline(self) -> WeightsError:
        return WeightsError(
            f"{self._pin.name} is not on this machine yet, and offline it cannot be fetched.",
            hint=(
                f"Start once without --offline, or put {self._pin.filename} into {self._folder}, "
                "or set providers.embedded.model to another GGUF file."
            ),
        )

    def _sweep(self) -> None:
        """Removes what a program left behind that was killed while it fetched; nobody else holds the lock."""
        for path in self._folder.glob(f"{WORK_PREFIX}*"):
            shutil.rmtree(path, ignore_errors=True)
