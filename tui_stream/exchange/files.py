"""Files that are written for their owner only, whole or not at all, and never in the place of another unasked."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from tui_stream.core.private_files import FILE_MODE, make_temporary
from tui_stream.core.sanitize import clean_line
from tui_stream.errors import StoreError


def exists(path: Path) -> bool:
    """Whether there is a file of this name, which writing would replace. Looks at the disk.

    Args:
        path: a ``~`` at its beginning is the home folder.

    Raises:
        StoreError: nothing can be written there: the folder is missing, or it is no ordinary file.
    """
    try:
        return _exists(path.expanduser())
    except (OSError, RuntimeError, ValueError) as error:
        raise _failure(path, error) from error


@contextmanager
def created(path: Path, *, replace: bool = False) -> Iterator[TextIO]:
    """A file to write text to, which is there for others once the block has ended without an error; blocks.

    The file that a symbolic link leads to is written, not the link. Its mode is 0600, its encoding UTF-8.

    Args:
        path: where to; a ``~`` at its beginning is the home folder.
        replace: replace a file that exists.

    Raises:
        StoreError: it exists, or cannot be written; the message says why.
    """
    try:
        final, new = _place(path, replace=replace)
        handle, made = make_temporary(final.parent, ".tui-stream-", ".part")
    except (OSError, RuntimeError, ValueError) as error:
        raise _failure(path, error) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _put(made, final, new=new)
    except OSError as error:
        raise _failure(path, error) from error
    finally:
        with suppress(OSError):
            made.unlink(missing_ok=True)


def _place(path: Path, *, replace: bool) -> tuple[Path, bool]:
    """The file that is to be written, and whether it must not be there yet."""
    target = path.expanduser()
    taken = _exists(target)
    if taken and not replace:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    final = target.resolve() if taken else target
    return final, not (taken and _exists(final))


def _put(made: Path, final: Path, *, new: bool) -> None:
    """Puts a finished file in its place; a new one takes the place of no other."""
    if new:
        final.touch(mode=FILE_MODE, exist_ok=False)
    done = False
    try:
        made.replace(final)
        done = True
    finally:
        if new and not done:
            with suppress(OSError):
                final.unlink()


def _exists(path: Path) -> bool:
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "Not an ordinary file")
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True


def _failure(path: Path, error: OSError | RuntimeError | ValueError) -> StoreError:
    """What went wrong, in a sentence, and what to do about it."""
    shown = clean_line(str(path), 200)
    if isinstance(error, FileExistsError):
        return StoreError(f"{shown} exists already.", hint="Choose another name.")
    if not isinstance(error, OSError):
        return StoreError(f"{shown} cannot be written: {clean_line(str(error), 100)}.", hint="Choose another name.")
    hint = "Choose another name."
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return StoreError(f"{shown} cannot be written: the folder does not exist.", hint="Make it first.")
        case errno.ENOSPC | errno.EDQUOT:
            hint = "Free some space, or choose another folder."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            hint = "Choose another folder."
    reason = error.strerror or "unknown trouble"
    return StoreError(f"{shown} cannot be written: {reason[0].lower()}{reason[1:]}.", hint=hint)
