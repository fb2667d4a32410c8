"""The debug log that ``--log FILE`` asks for: a line for each thing that happens, for whoever looks for a fault later.

The lines are in the form that is known as logfmt. No key stands in them, no login or query of an address, and the text
of messages only where the settings allow it: people pass such files on.
"""

from __future__ import annotations

import enum
import logging
import os
import platform
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from tui_stream import __version__
from tui_stream.config import Settings
from tui_stream.config.check import looks_secret
from tui_stream.core.private_files import make_folder, open_private
from tui_stream.core.sanitize import mask_keys
from tui_stream.errors import ConfigError

SIZE = 4_000_000
"""Characters in a file before the next one is begun, about."""

BACKUPS = 3
"""Full files that are kept: the newest is FILE.1."""

LONGEST = 2_000
"""Characters of a value that are written."""

LONGEST_TEXT = 200_000
"""Characters of a message's text that are written, where it is written."""

_URL = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]*://)(?:[^\s/?#]*@)?([^\s?#\"'<>]*)(?:[?#][^\s\"'<>]*)?")
_BARE = re.compile(r"[^\s\"=\\]+")
_SHORT = 0xFFFF  # the greatest code point that is escaped with four digits
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _now() -> datetime:
    return datetime.now(UTC).astimezone()


class FileLog:
    """Writes events to a file, which only its owner may read, and to a new one when that is full.

    Made by `open_log`; it has a logger of its own, of which the rest of the process knows nothing.

    Args:
        path: the file; it is added to, and its folder is made where it is missing.
        texts: write the text of messages too.
        size: see `SIZE`.
        backups: see `BACKUPS`.
        clock: the time with its zone.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(
        self,
        path: Path,
        *,
        texts: bool = False,
        size: int = SIZE,
        backups: int = BACKUPS,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        make_folder(path.parent)
        self._texts = texts
        self._clock = clock
        self._logger: logging.Logger | None = logging.Logger(__name__)  # noqa: LOG001 - one that nobody else can get at
        self._handler = _PrivateFile(path, maxBytes=size, backupCount=backups, encoding="utf-8")
        self._logger.addHandler(self._handler)

    def write(self, event: str, **fields: object) -> None:
        """Writes one event; never raises, whatever becomes of the disk. See `tui_stream.core.eventlog.EventLog`."""
        if self._logger is not None:
            time = self._clock().isoformat(timespec="milliseconds")
            self._logger.info("%s", " ".join([time, _quoted(event), *self._pairs(fields)]))

    def close(self) -> None:
        """Closes the file; what is written afterwards is lost."""
        self._logger = None
        with suppress(OSError):  # what could not be written remains unwritten
            self._handler.close()

    def _pairs(self, fields: dict[str, object]) -> Iterator[str]:
        for name, value in fields.items():
            if name == "text" and not self._texts:
                yield f"characters={len(value) if isinstance(value, str) else 0}"
            else:
                yield f"{name}={_shown(name, value)}"


def open_log(settings: Settings) -> FileLog | None:
    """The log that the settings ask for, with a line about the program in it; None where they ask for none.

    Raises:
        ConfigError: the file cannot be written, or there is no such folder.
    """
    if settings.log is None:
        return None
    path = settings.log.expanduser()
    try:
        _check_folder(path)
        log = FileLog(path, texts=settings.log_text)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its name has a character that no file can have"
        raise ConfigError(
            f"The log {str(path)!r} cannot be written: {reason}.", hint="Name another file with --log."
        ) from error
    log.write(
        "start",
        version=__version__,
        python=platform.python_version(),
        system=platform.system(),
        process=os.getpid(),
        offline=settings.offline,
    )
    return log


def _check_folder(path: Path) -> None:
    """Sees to it that a slip in the file's name makes no folder.

    Raises:
        ConfigError: there is none.
        OSError: it cannot be seen.
    """
    if not path.parent.exists():
        said = f"The log {str(path)!r} cannot be written: there is no folder {str(path.parent)!r}."
        raise ConfigError(said, hint="Make it, or name another file with --log.")


class _PrivateFile(RotatingFileHandler):
    """A rotating file that only its owner may read, and whose failures nobody hears of."""

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding=self.encoding, errors="backslashreplace", opener=open_private)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Passes over a line that cannot be written."""
        del record


def _shown(name: str, value: object) -> str:
    """A value as it stands in a line.

    Of things that are not plain values only the kind is written, since there might be text of messages in them.
    """
    shown = f"<{type(value).__name__}>"
    match value:
        case None | bool():
            shown = str(value).lower()
        case float():
            shown = f"{value:.6g}"
        case int():
            shown = str(int(value))
        case str() | os.PathLike() | BaseException():
            shown = "[key]" if looks_secret(name, "") else _quoted(_cleared(_words(value), name))
    return shown


def _words(value: str | os.PathLike[str] | BaseException) -> str:
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    return os.fspath(value)


def _cleared(text: str, name: str) -> str:
    """Text without what looks like a key and without what may be one in an address, cut where it is too long."""
    limit = LONGEST_TEXT if name == "text" else LONGEST
    text = _URL.sub(r"\1\2", mask_keys(text[: 2 * limit]))
    return text if len(text) <= limit else f"{text[:limit]}…"


def _quoted(text: str) -> str:
    """Text in quotes unless it is one plain word; nothing in it can end the line or steer a terminal."""
    if _BARE.fullmatch(text) and text.isprintable():
        return text
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character.isprintable() and character not in _ESCAPES:
        return character
    number = ord(character)
    return _ESCAPES.get(character) or (f"\\u{number:04x}" if number <= _SHORT else f"\\U{number:08x}")
