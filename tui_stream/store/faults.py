"""What went wrong with the history, in a sentence, and what to do about it."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from tui_stream.errors import StoreError

_KEPT_WAITING = "What is on the screen stays there, and is written as soon as that works again."


_UNWRITABLE = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_FULL,
}


class GoneError(Exception):
    """The database is not where it was; it has to be opened anew."""


def code_of(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 for an error of Python's own."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def damaged(error: BaseException | None) -> bool:
    """Whether the file is not, or no longer, a sound database."""
    return isinstance(error, sqlite3.Error) and code_of(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def may_be_the_index(error: sqlite3.Error) -> bool:
    """Whether a damaged full-text index may have caused it; one fails in other words than a damaged table."""
    return code_of(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR}


def is_of_the_index(error: sqlite3.Error) -> bool:
    """Whether nothing but a damaged full-text index causes it: a constraint that is none of our own tables."""
    return getattr(error, "sqlite_errorcode", 0) in {sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_CONSTRAINT_VTAB}


def unwritable(error: BaseException | None) -> bool:
    """Whether what failed can still be read, since only writing is refused or has no room."""
    if isinstance(error, OSError):
        return error.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT}
    return isinstance(error, sqlite3.Error) and code_of(error) in _UNWRITABLE


def passing(error: BaseException) -> bool:
    """Whether the same write may well succeed later, since nothing is wrong with what was to be written."""
    if not isinstance(error, sqlite3.Error):
        return isinstance(error, OSError | StoreError)
    return isinstance(error, sqlite3.OperationalError) or damaged(error)


def explained(error: sqlite3.Error | OSError, path: Path) -> StoreError:
    """The error as a person should read it."""
    if isinstance(error, OSError):
        return _of_the_system(error, path)
    where = f"the history in {path}"
    match code_of(error):
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            said = f"The history in {path} is damaged."
            hint = "Start the program again: it then looks through the whole history and saves what can be read of it."
        case sqlite3.SQLITE_FULL:
            said, hint = f"The disk is full: {where} cannot be written.", f"Make some room. {_KEPT_WAITING}"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            said, hint = f"The history in {path} cannot be written: it is read-only.", _allow(path)
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_AUTH:
            said, hint = f"The history in {path} cannot be opened.", _allow(path)
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED | sqlite3.SQLITE_PROTOCOL:
            said, hint = f"Another program keeps {where} locked.", f"End that program. {_KEPT_WAITING}"
        case sqlite3.SQLITE_IOERR:
            said = f"The disk does not read or write {where} as it should ({error})."
            hint = f"Look after the disk. {_KEPT_WAITING}"
        case _:
            said, hint = f"The history in {path} failed: {error}.", "Chatting goes on without it."
    return StoreError(said, hint=hint)


def _of_the_system(error: OSError, path: Path) -> StoreError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StoreError(
            f"The disk is full: the history in {path} cannot be written.", hint=f"Make some room. {_KEPT_WAITING}"
        )
    if isinstance(error, TimeoutError):
        return StoreError(f"The history in {path} cannot be used: {error}.", hint=f"End that program. {_KEPT_WAITING}")
    reason = (error.strerror or str(error)).lower()
    verb = "written" if unwritable(error) and _there(path) else "used"
    return StoreError(f"The history in {path} cannot be {verb}: {reason}.", hint=_allow(path))


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _allow(path: Path) -> str:
    return f"Make {path.parent} a folder that you may write to."
