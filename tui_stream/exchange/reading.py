"""Reads conversations from a file of any kind that is known, told by what is in it and not by its name."""

from __future__ import annotations

import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import IO, Any, Final, Protocol, TypeVar

from tui_stream.core.models import Conversation
from tui_stream.core.sanitize import clean_line
from tui_stream.errors import StoreError
from tui_stream.exchange import chatgpt, foreign, llm_rows, native, records
from tui_stream.exchange.json_stream import NO_ELEMENT, Source, decode, pieces

PassedOver = Callable[[StoreError], None]

_SQLITE: Final = b"SQLite format 3\x00"
_ZIP: Final = b"PK\x03\x04"
_IN_ZIP: Final = re.compile(r"(?:.*/)?conversations(?:[-_]?\d{1,6})?\.json", re.DOTALL)
_MOST_IN_ZIP: Final = 8 << 30  # bytes, unpacked; they are read as a stream
_LISTS: Final = frozenset({"", "conversations"})
"""Where conversations are listed: in the document itself, or in this member of it."""
_KNOWN: Final = (
    "Known are the JSON of tui-stream, ChatGPT's export (the .zip or its conversations.json), and logs.db or "
    "`llm logs --json` of llm."
)


def read_any(path: Path, *, passed_over: PassedOver | None = None) -> Iterator[Conversation]:
    """The conversations in a file, one at a time, as they are read; blocks, and may be taken from any thread.

    Those from elsewhere get ids that depend on their ids there: read twice, they are the same.

    Args:
        path: a file of our JSON, ChatGPT's export, or the database or the JSON of ``llm``.
        passed_over: is told of each conversation that cannot be understood, which is then left out; without it, that
            is an error.

    Raises:
        StoreError: the file cannot be read, is of no known kind, or is damaged; the message says where.
    """
    shown = clean_line(str(path), 200)
    try:
        if path.is_dir():
            raise StoreError(f"{shown} is a folder.", hint="Choose a file in it.")
        with path.open("rb") as file:
            begin = file.read(len(_SQLITE))
            file.seek(0)
            if begin == _SQLITE:
                yield from _database(path)
            elif begin.startswith(_ZIP):
                yield from _zipped(file, shown, passed_over)
            else:
                yield from _json(lambda: path.open("rb"), shown, passed_over)
    except OSError as error:
        reason = error.strerror or "unknown trouble"
        raise StoreError(
            f"{shown} cannot be read: {reason[0].lower()}{reason[1:]}.", hint="Check its name and its permissions."
        ) from error


def _database(path: Path) -> Iterator[Conversation]:
    from tui_stream.exchange._llm import read_database

    return read_database(path)


# -- archives ---------------------------------------------------------------------------------------


def _zipped(file: IO[bytes], shown: str, passed_over: PassedOver | None) -> Iterator[Conversation]:
    """The conversations in an archive; nothing is unpacked onto the disk."""
    with _unpacking(shown):
        archive = zipfile.ZipFile(file)
    with archive:
        members = [each for each in archive.infolist() if _IN_ZIP.fullmatch(each.filename)]
        if not members:
            raise StoreError(f"{shown} holds no conversations.json.", hint=_KNOWN)
        for member in sorted(members, key=lambda each: each.filename):
            where = f"{shown}/{clean_line(member.filename, 200)}"
            yield from _json(partial(_Member, archive, member, shown), where, passed_over)


@contextmanager
def _unpacking(shown: str) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError) as error:
        reason = clean_line(str(error), 100) or "it breaks off"
        raise StoreError(f"{shown} cannot be unpacked: {reason}.", hint="Get a fresh copy of it.") from error


class _Member:
    """A member of an archive, which may say what it likes about its size."""

    def __init__(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, shown: str) -> None:
        self._shown = shown
        self._read = 0
        with _unpacking(shown):
            self._file = archive.open(member)

    def read(self, size: int, /) -> bytes:
        with _unpacking(self._shown):
            data = self._file.read(size)
        self._read += len(data)
        if self._read > _MOST_IN_ZIP:
            raise StoreError(f"{self._shown} holds more than {_MOST_IN_ZIP >> 30} GB.", hint="Unpack and split it.")
        return data

    def close(self) -> None:
        self._file.close()


# -- JSON -------------------------------------------------------------------------------------------


class _Opened(Source, Protocol):
    """Bytes that are given back when they have been read."""

    def close(self) -> None:
        """Gives them back."""


class _Kind(Enum):
    NOTHING = auto()
    OURS = auto()
    CHATGPT = auto()
    ONE_OF_CHATGPT = auto()
    LLM = auto()


def _json(opened: Callable[[], _Opened], shown: str, passed_over: PassedOver | None) -> Iterator[Conversation]:
    """The conversations in JSON, which is gone over twice: once to see what it is, once to read it."""
    with closing(opened()) as source:
        kind = _kind(source)
    if kind is None:
        raise StoreError(f"{shown} is no file of conversations that is known here.", hint=_KNOWN)
    with closing(opened()) as source:
        match kind:
            case _Kind.OURS:
                yield from _each(source, native.read_conversation, passed_over)
            case _Kind.CHATGPT:
                yield from _each(source, _from_chatgpt, passed_over)
            case _Kind.ONE_OF_CHATGPT:
                yield chatgpt.read_conversation(_whole(source), "the conversation")
            case _Kind.LLM:
                yield from llm_rows.grouped(_each(source, _row, passed_over))


def _kind(source: Source) -> _Kind | None:
    """What the JSON is, from as little of it as tells."""
    said: dict[str, Any] = {}
    for piece in pieces(source):
        if piece.index is None and piece.key == "mapping":
            return _Kind.ONE_OF_CHATGPT
        if piece.key in {"format", "version"}:
            said[piece.key] = decode(piece)
        if piece.index == 0 and piece.key in _LISTS and (kind := _kind_of(decode(piece))):
            return kind
        if said.get("format") == records.FORMAT and "version" in said:
            break
        if piece.index is not None and not piece.key:
            return _Kind.NOTHING if piece.index == NO_ELEMENT else None
    if said.get("format") != records.FORMAT:
        return None
    native.check_version(said.get("version"))
    return _Kind.OURS


def _kind_of(value: object) -> _Kind | None:
    """What a list is, from its first element."""
    if chatgpt.is_chatgpt(value):
        return _Kind.CHATGPT
    return _Kind.LLM if llm_rows.is_llm(value) else None


T = TypeVar("T")


def _each(source: Source, read: Callable[[Any, str], T], passed_over: PassedOver | None) -> Iterator[T]:
    for piece in pieces(source):
        if piece.index is None or piece.index == NO_ELEMENT or piece.key not in _LISTS:
            continue
        try:
            found = read(decode(piece), piece.place)
        except StoreError as error:
            if passed_over is None:
                raise
            passed_over(error)
        else:
            yield found


def _from_chatgpt(value: object, place: str) -> Conversation:
    return chatgpt.read_conversation(foreign.mapping(value), place)


def _row(value: object, place: str) -> llm_rows.Row:
    if not llm_rows.is_llm(value):
        raise StoreError(f"{place} is no row of llm's log.", hint="The file was changed; export it again.")
    return foreign.mapping(value)


def _whole(source: Source) -> dict[str, Any]:
    """The members of one conversation; ChatGPT's lists in it are of no interest."""
    return {piece.key: decode(piece) for piece in pieces(source) if piece.index is None}
