"""Takes a large JSON file apart without holding all of it.

It exists because exports grow to hundreds of megabytes while one conversation is small: a list is handed out element by
element, each as its own bytes, and only that is ever decoded. Files are foreign, so their depth and the size of an
element have limits; the decoder that gets the bytes checks the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

from tui_stream.errors import StoreError

MOST_BYTES: Final = 256 * 1024 * 1024
"""The size of one element, usually a conversation."""
MOST_DEPTH: Final = 100
"""Levels of lists and objects within an element."""
NO_ELEMENT: Final = -1
"""The index of a piece that stands for an empty list."""
_CHUNK: Final = 1 << 18
_PLAIN: Final = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
"""Whatever is no bracket, strings that are there in full included."""
_SCALAR: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[^\s"\[\]{},:]++', re.DOTALL)
_BLANK: Final = re.compile(rb"[ \t\r\n]*")
_BOM: Final = b"\xef\xbb\xbf"
_OPENS: Final = b"[{"
_QUOTE: Final = ord('"')
_BROKEN: Final = "The file breaks off or is not valid JSON, near byte {}."
_HINT: Final = "Export it again, or get a fresh copy of it."


class Source(Protocol):
    """Where bytes come from: a binary file, or a member of an archive."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A value of a document's outermost object or list, or an element of a list in that object.

    Attributes:
        key: its name in the outermost object; empty in an outermost list.
        index: its place in a list; None for a member that is no list.
        data: its JSON.
    """

    key: str
    index: int | None
    data: bytes

    @property
    def place(self) -> str:
        """How an error names it, ``conversations[3]``."""
        return self.key if self.index is None else f"{self.key}[{self.index}]"


def pieces(source: Source, *, keep: bool = True) -> Iterator[Piece]:
    """The parts of a document in their order.

    Args:
        source: read as needed, about as much ahead as the largest element is long.
        keep: hand out the data of list elements; else theirs is empty.

    Raises:
        StoreError: it is not JSON of an object or a list, or goes beyond the limits.
    """
    reader = _Reader(source)
    match reader.peek():
        case b"[":
            reader.skip()
            yield from _elements(reader, "", keep)
        case b"{":
            reader.skip()
            yield from _members(reader, keep)
        case _:
            raise reader.broken()
    if reader.peek():
        raise reader.broken()


def decode(piece: Piece) -> Any:
    """The value of a piece.

    Raises:
        StoreError: it is not valid JSON; the message says where.
    """
    try:
        return json.loads(piece.data.decode("utf-8", "replace"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{piece.place or 'The file'} is not valid JSON.", hint=_HINT) from error


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _members(reader: _Reader, keep: bool) -> Iterator[Piece]:
    if reader.take_if(b"}"):
        return
    while True:
        key = _key(reader)
        if reader.peek() == b"[":
            reader.skip()
            yield from _elements(reader, key, keep)
        else:
            yield Piece(key, None, reader.value(keep=True))
        if reader.take_if(b"}"):
            return
        reader.expect(b",")


def _key(reader: _Reader) -> str:
    raw = reader.value(keep=True)
    reader.expect(b":")
    key = decode(Piece("", None, raw))
    if not isinstance(key, str):
        raise reader.broken()
    return key


def _elements(reader: _Reader, key: str, keep: bool) -> Iterator[Piece]:
    if reader.take_if(b"]"):
        yield Piece(key, NO_ELEMENT, b"")
        return
    index = 0
    while True:
        yield Piece(key, index, reader.value(keep=keep))
        if reader.take_if(b"]"):
            return
        reader.expect(b",")
        index += 1


class _Reader:
    """Knows where values end; of what lies between them it checks only the brackets."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._data = b""
        self._at = 0
        self._before = 0
        self._ended = False

    def broken(self) -> StoreError:
        return StoreError(_BROKEN.format(self._before + self._at), hint=_HINT)

    def _more(self) -> bool:
        """Reads on, as much again as is held, so that a long value costs no more than its length; False at the end."""
        if self._ended:
            return False
        held = self._data[self._at :]
        if len(held) > MOST_BYTES:
            raise self._too_large()
        read = self._source.read(max(_CHUNK, len(held)))
        if not self._before and not self._at and not held:
            read = read.removeprefix(_BOM)
        self._ended = not read
        self._before += self._at
        self._data, self._at = held + read, 0
        return bool(read)

    def peek(self) -> bytes:
        """The next byte that is no white space; nothing at the end."""
        while True:
            if blank := _BLANK.match(self._data, self._at):
                self._at = blank.end()
            if self._at < len(self._data):
                return self._data[self._at : self._at + 1]
            if not self._more():
                return b""

    def skip(self) -> None:
        self._at += 1

    def take_if(self, wanted: bytes) -> bool:
        found = self.peek() == wanted
        self._at += found
        return found

    def expect(self, wanted: bytes) -> None:
        if not self.take_if(wanted):
            raise self.broken()

    def value(self, *, keep: bool) -> bytes:
        """The bytes of the next value, or none if they are not to be kept."""
        match self.peek():
            case b"[" | b"{":
                return self._nested(keep=keep)
            case b"" | b"," | b":" | b"]" | b"}":
                raise self.broken()
        while True:
            found = _SCALAR.match(self._data, self._at)
            if found and (found[0].startswith(b'"') or found.end() < len(self._data) or self._ended):
                self._at = found.end()
                return found[0] if keep else b""
            if not self._more() and not found:
                raise self.broken()

    def _nested(self, *, keep: bool) -> bytes:
        kept: list[bytes] = []
        depth = size = 0
        while True:
            start, (depth, done) = self._at, self._scan(depth)
            size += self._at - start
            if size > MOST_BYTES:
                raise self._too_large()
            if keep:
                kept.append(self._data[start : self._at])
            if done:
                return b"".join(kept)
            if not self._more():
                raise self.broken()

    def _scan(self, depth: int) -> tuple[int, bool]:
        """Goes on to the end of the value, or of what is there.

        Returns:
            how deep that is within the value, and whether it has ended.
        """
        data, at, last = self._data, self._at, len(self._data)
        while True:
            at = self._at = _PLAIN.match(data, at).end()  # type: ignore[union-attr]  # it matches nothing at least
            if at == last or data[at] == _QUOTE:
                return depth, False
            depth += 1 if data[at] in _OPENS else -1
            at = self._at = at + 1
            if depth == 0:
                return 0, True
            if depth > MOST_DEPTH:
                raise StoreError(
                    f"The file has more than {MOST_DEPTH} levels within each other, near byte {self._before + at}.",
                    hint="This is no file of conversations.",
                )

    def _too_large(self) -> StoreError:
        return StoreError(
            f"A part of the file, before or at byte {self._before + self._at}, is larger than {MOST_BYTES >> 20} MB.",
            hint="Leave that conversation out of the file.",
        )
