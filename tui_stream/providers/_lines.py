"""Bytes in pieces -> whole lines, at a bounded size: the ground that the line-based decoders stand on."""

from __future__ import annotations

from tui_stream.errors import ProtocolError

MAX_LINE = 7 * 512 * 1024
"""Bytes that one line, or one event, may have: far above any answer. In memory it may take ten times as many, since one
character from beyond the basic plane widens a whole text."""

_BOM = b"\xef\xbb\xbf"
_LF = ord("\n")


def too_long(limit: int) -> ProtocolError:
    """The error for a line or an event of more than ``limit`` bytes."""
    return ProtocolError(
        f"The server sent a single piece of more than {limit:,} bytes, which no answer needs.",
        hint="Look at what answers under the base URL.",
    )


class LineSplitter:
    r"""Cuts a byte stream into lines without their ends, dropping a byte order mark at its start.

    Works on bytes: no byte of a line end is part of a longer UTF-8 sequence, so that whole lines can be
    decoded on their own. The cost of a piece grows with its length alone, however long its line is.

    Args:
        limit: the most bytes a line may have.
        carriage_returns: whether ``\r`` and ``\r\n`` end a line too, and not only ``\n``.
    """

    __slots__ = ("_begun", "_carriage_returns", "_limit", "_pieces", "_size", "_skip_newline")

    def __init__(self, limit: int = MAX_LINE, *, carriage_returns: bool = False) -> None:
        self._limit = limit
        self._carriage_returns = carriage_returns
        self._pieces: list[bytes] = []
        self._size = 0
        self._begun = False
        self._skip_newline = False

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that ``data`` completes; one that is too long comes as it is, see `check`."""
        if not self._begun:
            data = self._begin(data)
        if self._skip_newline and data:
            self._skip_newline = False
            if data[0] == _LF:
                data = data[1:]
        if self._carriage_returns and b"\r" in data:
            self._skip_newline = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = data.split(b"\n")
        rest = lines.pop()
        if lines and self._pieces:
            self._pieces.append(lines[0])
            lines[0] = b"".join(self._pieces)
            self._pieces.clear()
            self._size = 0
        if rest:
            self._pieces.append(rest)
            self._size += len(rest)
        return lines

    @property
    def between_lines(self) -> bool:
        """Whether what comes next is the beginning of a line, and not of the first one."""
        return self._begun and not (self._pieces or self._skip_newline)

    @property
    def overflowing(self) -> bool:
        """Whether the line that is still open is too long already."""
        return self._size > self._limit

    def flush(self) -> bytes:
        """What came after the last line end; the stream is over."""
        rest = b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        return rest

    def _begin(self, data: bytes) -> bytes:
        """Holds the first bytes back until they are a byte order mark or cannot become one."""
        head = b"".join((*self._pieces, data))
        self._pieces.clear()
        self._size = 0
        if len(head) < len(_BOM) and _BOM.startswith(head):
            if head:
                self._pieces.append(head)
                self._size = len(head)
            return b""
        self._begun = True
        return head.removeprefix(_BOM)
