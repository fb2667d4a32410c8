"""Tells whether the program that writes a message still lives.

Every program that has the history open holds a lock on a file of its own. The system lets go of it when the program
dies, however that happens; a number of a process would be given to another one sooner or later.
"""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tui_stream.core.private_files import FILE_MODE
from tui_stream.store.files import make_folder

_STEP = 0.02  # seconds between two looks at a lock


def _locked(path: Path) -> int | None:
    """The descriptor of the file, locked; None where somebody else holds the lock."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        with suppress(PermissionError):  # it is somebody else's
            os.fchmod(descriptor, FILE_MODE)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


class Owner:
    """This program among those that have the history open.

    Attributes:
        id: what its messages are marked with while they stream.

    Raises:
        OSError: its file cannot be made or locked.
    """

    def __init__(self, folder: Path) -> None:
        self.id = uuid.uuid4().hex
        self._folder = folder / "open"
        make_folder(self._folder)
        self._path = self._folder / self.id
        self._descriptor = _locked(self._path)

    def others(self) -> bool:
        """Whether another program has the history open; what dead ones left behind is cleared away."""
        names = [path.name for path in self._folder.iterdir() if path.name != self.id]
        living = [name for name in names if not self.gone(name)]
        return bool(living)

    def gone(self, owner: str) -> bool:
        """Whether that program does not live any more; what it left behind is cleared away."""
        if owner == self.id:
            return False
        path = self._folder / owner
        if not path.exists():
            return True
        descriptor = _locked(path)
        if descriptor is None:
            return False
        path.unlink(missing_ok=True)
        os.close(descriptor)
        return True

    def close(self) -> None:
        """No longer has the history open."""
        if self._descriptor is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None


@contextmanager
def alone(folder: Path, patience: float, clock: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Lets one program at a time open, repair or replace the history.

    Raises:
        TimeoutError: another one is at it for longer than ``patience`` seconds.
        OSError: the lock cannot be had at all.
    """
    until = clock() + patience
    while (descriptor := _locked(folder / "opening")) is None:
        if clock() > until:
            raise TimeoutError("another program is opening it and does not come to an end")
        time.sleep(_STEP)
    try:
        yield
    finally:
        os.close(descriptor)
