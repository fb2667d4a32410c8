"""Files of weights on disk: private, written whole or not at all, by one program at a time."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, TypeVar

from tui_stream.core.private_files import FILE_MODE, make_folder, restrict
from tui_stream.errors import DiskFullError, WeightsError

_T = TypeVar("_T")
_BLOCK = 1024 * 1024
_FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})

MEGABYTE = 1_000_000


class StoppedError(Exception):
    """Work in a thread that nobody waits for any more."""


async def in_thread(work: Callable[[threading.Event], _T]) -> _T:
    """Runs work in a thread; when cancelled, tells it to stop and waits until it has let go of its files.

    Args:
        work: is given an event that is set once it should stop.
    """
    stop = threading.Event()
    task = asyncio.ensure_future(asyncio.to_thread(work, stop))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()
        raise


def blocks(file: BinaryIO, stop: threading.Event) -> Iterator[bytes]:
    """The rest of a file in pieces.

    Raises:
        StoppedError: the work should stop.
    """
    while data := file.read(_BLOCK):
        if stop.is_set():
            raise StoppedError
        yield data


def sha256_of(path: Path, stop: threading.Event) -> str:
    """A file's SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for data in blocks(file, stop):
            digest.update(data)
    return digest.hexdigest()


def open_private(path: Path, mode: Literal["xb", "ab"]) -> BinaryIO:
    """Opens a file for writing that only its owner may read: mode "xb" for a new one, "ab" to add to one."""
    flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0)
    flags |= os.O_EXCL if mode == "xb" else os.O_APPEND
    descriptor = os.open(path, flags, FILE_MODE)
    restrict(descriptor)
    return os.fdopen(descriptor, "wb" if mode == "xb" else "ab")


def publish(finished: Path, target: Path) -> None:
    """Puts a finished file in its place in one step, after it has reached the disk."""
    with finished.open("rb") as file:
        os.fsync(file.fileno())
    finished.replace(target)


def make_private_folder(folder: Path) -> None:
    """Makes a folder, and those above it that are missing, for its owner alone."""
    make_folder(folder)


def free_bytes(folder: Path) -> int:
    """The room that is left where the folder is."""
    return shutil.disk_usage(folder).free


def disk_full(folder: Path, needed: int) -> DiskFullError:
    """The error for a folder without room for so many bytes more."""
    megabytes = -(-needed // MEGABYTE)
    return DiskFullError(
        f"There is not enough room in {folder}: fetching the model's weights needs {megabytes:,} MB.",
        hint="Make room there, or set providers.embedded.model to a GGUF file elsewhere.",
    )


@contextmanager
def disk_errors(folder: Path, needed: int) -> Iterator[None]:
    """Turns what the system says about the folder into a sentence.

    Raises:
        DiskFullError: there is no room, or no quota, for ``needed`` bytes.
        WeightsError: the folder cannot be used.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise disk_full(folder, needed) from error
        reason = (error.strerror or str(error)).lower()
        raise WeightsError(
            f"The weights cannot be kept in {folder}: {reason}.",
            hint="Check the folder's permissions, or set providers.embedded.model to a GGUF file.",
        ) from error


class FolderLock:
    """Keeps two programs from fetching into one folder at once; the system frees it when its holder dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def acquire(self) -> bool:
        """Takes the lock if nobody has it, without waiting."""
        file = open_private(self._path, "ab")
        try:
            _lock(file)
        except OSError as error:
            file.close()
            if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                return False
            raise
        self._file = file
        return True

    def release(self) -> None:
        """Gives the lock back, if it is held."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _lock(file: BinaryIO) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
