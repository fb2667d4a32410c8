"""JSON objects, one a line: bytes in, objects out, nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from tui_stream.core.sanitize import clean_line
from tui_stream.errors import ProtocolError
from tui_stream.providers._json import decode
from tui_stream.providers._lines import MAX_LINE, LineSplitter, too_long


class NdjsonDecoder:
    r"""Turns the bytes of newline-delimited JSON, however they are cut, into objects.

    Only ``\n`` separates (a raw U+2028 is an ordinary character); blank lines and a byte order mark are
    passed over.

    Args:
        limit: the most bytes that a line may have.
    """

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._lines = LineSplitter(limit)

    def feed(self, data: bytes) -> Iterator[dict[str, object]]:
        """The objects that ``data`` completes; read it to its end before feeding more.

        Raises:
            ProtocolError: a line is no JSON object, or too long; the objects before it come first.
        """
        for line in self._lines.feed(data):
            if len(line) > self._limit:
                raise too_long(self._limit)
            if line.strip():
                yield _object(line)
        if self._lines.overflowing:
            raise too_long(self._limit)

    def flush(self) -> Iterator[dict[str, object]]:
        """The last line where it has no newline, or nothing where the end of the stream cut it off."""
        rest = self._lines.flush()
        if rest.strip():
            try:
                yield _object(rest)
            except ProtocolError:
                return


def _object(line: bytes) -> dict[str, object]:
    try:
        value = decode(line)
    except ValueError as error:
        raise _malformed(line) from error
    if not isinstance(value, dict):
        raise _malformed(line)
    return value


def _malformed(line: bytes) -> ProtocolError:
    start = clean_line(line[:200].decode("utf-8", "replace"), limit=60)
    return ProtocolError(
        f"The server sent a line that is no JSON object: {start}.", hint="Look at what answers under the base URL."
    )
