"""Files and folders that only their owner may read, whatever the umask: conversations, logs and settings are private.

A umask takes permissions away when a file is made, the owner's too. So what is made here gets its permissions set
once more, by its descriptor, before anything is in it.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

FILE_MODE, FOLDER_MODE = 0o600, 0o700


def open_private(path: str, flags: int) -> int:
    """An ``opener`` for `open`: makes the file for its owner alone, and shuts one that is there to everybody else.

    Does not wait for somebody to read at the other end of a named pipe. A file of somebody else's that may be written
    keeps its mode, and so does what is no ordinary file.
    """
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), FILE_MODE)
    restrict(descriptor)
    return descriptor


def restrict(descriptor: int) -> None:
    """Shuts an open file to everybody but its owner, where that is for us to decide."""
    with suppress(OSError):
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, FILE_MODE)


def make_temporary(folder: Path, prefix: str, suffix: str) -> tuple[int, Path]:
    """A new file in a folder, open for writing, to be put in another's place once it is whole.

    Raises:
        OSError: it cannot be made.
    """
    descriptor, name = tempfile.mkstemp(prefix=prefix, suffix=suffix, dir=folder)
    restrict(descriptor)
    return descriptor, Path(name)


def make_folder(folder: Path) -> None:
    """Makes a folder and the missing ones above it, for their owner only, as the XDG specification asks.

    What is there keeps its permissions.

    Raises:
        OSError: it cannot be made.
    """
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_folder(folder.parent)
    try:
        folder.mkdir(mode=FOLDER_MODE)
    except FileExistsError as error:  # somebody else was quicker, or it is no folder
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from error
    else:
        folder.chmod(FOLDER_MODE)
