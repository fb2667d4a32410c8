"""Server-sent events: bytes in, events out, nothing else.

Follows "9.2.6 Interpreting an event stream" of the HTML standard
(https://html.spec.whatwg.org/multipage/server-sent-events.html), with two additions: sizes are bounded, and
an event that the end of the stream cut off is not dropped but handed out marked as incomplete.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tui_stream.providers._lines import MAX_LINE, LineSplitter, too_long


class SseEvent(NamedTuple):
    """One event.

    Attributes:
        data: its data lines, joined by newlines.
        event: its name.
        last_id: the newest id that the stream has given, which need not be this event's own.
        complete: False where the stream ended before the blank line that ends an event; the standard drops
            such an event, but servers exist that leave the last blank line out.
    """

    data: str
    event: str = "message"
    last_id: str = ""
    complete: bool = True


class SseDecoder:
    """Turns the bytes of an event stream, however they are cut, into events.

    Bytes that are not UTF-8 become U+FFFD, as the standard asks.

    Args:
        limit: the most bytes that a line, and the lines of one event together, may have.

    Attributes:
        retry_ms: the time to wait before connecting again that the stream asked for, None where it did not.
    """

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._lines = LineSplitter(carriage_returns=True, limit=limit)
        self._data: list[bytes] = []
        self._size = 0
        self._event = "message"
        self._last_id = ""
        self.retry_ms: int | None = None

    @property
    def between_events(self) -> bool:
        """Whether what comes next is the beginning of an event, and nothing is kept for it."""
        return not (self._data or self._size) and self._event == "message" and self._lines.between_lines

    def feed(self, data: bytes) -> Iterator[SseEvent]:
        """The events that ``data`` completes; read it to its end before feeding more.

        Raises:
            ProtocolError: a line or an event is larger than the limit; the events before it come first.
        """
        for line in self._lines.feed(data):
            if line:
                self._take(line)
            elif self._data:
                yield self._dispatch()
            else:
                self._reset()
        if self._lines.overflowing:
            raise too_long(self._limit)

    def flush(self) -> Iterator[SseEvent]:
        """What the end of the stream cut off, as an event marked as incomplete, or nothing.

        Raises:
            ProtocolError: the event is larger than the limit.
        """
        line = self._lines.flush()
        if line:
            self._take(line)
        if self._data:
            yield self._dispatch()._replace(complete=False)

    def _take(self, line: bytes) -> None:
        self._size += len(line)
        if self._size > self._limit:
            raise too_long(self._limit)
        if line.startswith(b"data: "):
            self._data.append(line[6:])
        elif line.startswith(b":"):
            self._size -= len(line)
        else:
            self._field(line)

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._event = value.decode("utf-8", "replace") or "message"
        elif name == b"id" and b"\0" not in value:
            self._last_id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit() and len(value) < len(str(1 << 63)):
            self.retry_ms = int(value)

    def _dispatch(self) -> SseEvent:
        data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        event = SseEvent(data.decode("utf-8", "replace"), self._event, self._last_id)
        self._reset()
        return event

    def _reset(self) -> None:
        self._data.clear()
        self._size = 0
        self._event = "message"
