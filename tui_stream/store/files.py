"""The history's files: nobody else may read them, and none is ever overwritten."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from tui_stream.core import private_files
from tui_stream.core.private_files import FILE_MODE, FOLDER_MODE

COMPANIONS = ("-wal", "-shm")
"""What SQLite keeps beside a database; without its -wal a database lacks what was written last."""


def make_folder(folder: Path) -> None:
    """Makes the folder if need be, and those above it that are missing, and shuts it to others, whatever the umask.

    Raises:
        OSError: it cannot be made.
    """
    if folder.is_dir():
        _restrict(folder, FOLDER_MODE)
    else:
        private_files.make_folder(folder)


def make_file(path: Path) -> None:
    """Makes an empty file if there is none, and shuts it and its companions to others, whatever the umask.

    SQLite gives a companion that it makes the permissions of the database. A file that is there is not opened: closing
    it would take away the locks that SQLite holds on it for this process.

    Raises:
        OSError: it cannot be made, or not written.
    """
    if not path.exists():
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, FILE_MODE)
        os.fchmod(descriptor, FILE_MODE)
        os.close(descriptor)
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    for name in ("", *COMPANIONS):
        _restrict(Path(f"{path}{name}"), FILE_MODE)


def _restrict(path: Path, mode: int) -> None:
    """Takes away what others may do; where that is not for us to decide, it stays."""
    with suppress(FileNotFoundError, PermissionError):
        if path.stat().st_mode & 0o777 & ~mode:
            path.chmod(mode)


def free_name(path: Path, note: str, day: datetime) -> Path:
    """A name beside ``path`` that is not taken: with the note, the day and, if need be, a number."""
    stem = f"{path.stem}-{note}-{day:%Y-%m-%d}"
    number, free = 1, path.with_name(stem + path.suffix)
    while any(Path(f"{free}{name}").exists() for name in ("", *COMPANIONS)):
        number += 1
        free = path.with_name(f"{stem}-{number}{path.suffix}")
    return free


def set_aside(path: Path, day: datetime) -> Path:
    """Moves a damaged database, its companions first, and says where it is now.

    Raises:
        OSError: it cannot be moved.
    """
    aside = free_name(path, "damaged", day)
    for name in (*COMPANIONS, ""):
        with suppress(FileNotFoundError):
            Path(f"{path}{name}").rename(f"{aside}{name}")
    return aside
