"""The AI SDK's data stream (version 4 and before) -> events.

One part a line: a code, a colon, JSON; the header ``x-vercel-ai-data-stream: v1`` names it. The codes are those of
https://v4.ai-sdk.dev/docs/ai-sdk-ui/stream-protocol#data-stream-protocol; what is no text, reasoning, tool call or
account (sources, files, an application's own data and annotations) is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tui_stream.core.events import Event, StreamEnd
from tui_stream.core.models import FinishReason
from tui_stream.providers._failures import cut_off
from tui_stream.providers._json import decode
from tui_stream.providers._lines import MAX_LINE, LineSplitter, too_long
from tui_stream.providers._translate import Peer
from tui_stream.providers._web_parts import Parts, malformed, reason_of, reported, usage_in


class DataPart(NamedTuple):
    """One line of a data stream."""

    code: str
    value: object


class DataPartDecoder:
    """Turns the bytes of a data stream, however they are cut, into parts.

    Args:
        peer: who sends them, for the wording of errors.
        limit: the most bytes that a line may have.
    """

    def __init__(self, peer: Peer, limit: int = MAX_LINE) -> None:
        self._peer = peer
        self._limit = limit
        self._lines = LineSplitter(limit)

    def feed(self, data: bytes) -> Iterator[DataPart]:
        """The parts that ``data`` completes; read it to its end before feeding more.

        Raises:
            ProtocolError: a line is no part, or too long; the parts before it come first.
        """
        for line in self._lines.feed(data):
            if len(line) > self._limit:
                raise too_long(self._limit)
            if line.strip():
                part = read_part(line)
                if part is None:
                    raise malformed(self._peer, line, "a line that is no part of a data stream")
                yield part
        if self._lines.overflowing:
            raise too_long(self._limit)

    def flush(self) -> Iterator[DataPart]:
        """The last line where it has no newline, or nothing where the end of the stream cut it off."""
        part = read_part(self._lines.flush())
        if part is not None:
            yield part


def read_part(line: bytes) -> DataPart | None:
    """The part that a line is, None where it is none."""
    code, colon, text = line.partition(b":")
    if not (colon and len(code) == 1 and code.isalnum()):
        return None
    try:
        return DataPart(code.decode("ascii"), decode(text))
    except ValueError:
        return None


class DataStream:
    """The dialect (see `tui_stream.providers._pump`) of the data stream.

    An answer is complete once the part that ends it has come, or, where the application leaves that one out, the end
    of a step with no other step behind it.

    Args:
        peer: who sends the stream, for the wording of errors.
        model: the model that was asked for, likewise.
    """

    done = False
    """There is no end marker: parts of the application's own may follow the one that ends the answer."""

    def __init__(self, peer: Peer, model: str = "") -> None:
        self._peer = peer
        self._asked = model
        self._decoder = DataPartDecoder(peer)
        self._parts = Parts()
        self._reason: FinishReason | None = None
        self._between = False
        self._continued = False
        self.finished = False

    @property
    def started(self) -> bool:
        """Whether a part of the answer has come."""
        return self._parts.started

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that ``data`` completes; read it to its end before feeding more.

        Raises:
            ProviderError: an error that the stream reports, or a line that is no part; what stands before it comes
                first.
        """
        for part in self._decoder.feed(data):
            yield from self._part(part)

    def flush(self) -> Iterator[Event]:
        """The events left at the end of the stream, the last one a `StreamEnd`.

        Raises:
            StreamBrokenError: the stream was cut off.
            ConnectionFailedError: likewise, before any part of the answer.
        """
        for part in self._decoder.flush():
            yield from self._part(part)
        if not (self.finished or self._between):
            raise cut_off(self._peer, started=self.started)
        yield from self._parts.tail()
        yield StreamEnd(self._reason)

    def _part(self, part: DataPart) -> Iterator[Event]:
        value = part.value
        match part.code:
            case "0":
                yield from self._parts.text(value)
            case "g":
                yield from self._parts.reasoning(value)
            case "3":
                raise reported(value, self._peer, model=self._asked)
            case _ if isinstance(value, dict):
                yield from self._object(part.code, value)

    def _object(self, code: str, value: Mapping[str, object]) -> Iterator[Event]:
        key, name = value.get("toolCallId"), value.get("toolName")
        match code:
            case "f":
                self._step()
            case "b":
                self._parts.step()
                yield from self._parts.call(key, name)
            case "c":
                delta = value.get("argsTextDelta")
                yield from self._parts.call(key, arguments=delta if isinstance(delta, str) else "")
            case "9":
                yield from self._parts.whole_call(key, name, value.get("args"))
            case "d" | "e":
                yield from self._end(code, value)

    def _step(self) -> None:
        """A step begins; one that continues the step before goes on in its sentence."""
        if not self._continued:
            self._parts.step()
        self._between = False

    def _end(self, code: str, value: Mapping[str, object]) -> Iterator[Event]:
        """The end of a step, or of the answer, whose usage counts all steps."""
        reason = value.get("finishReason")
        if reason == "error":
            raise reported("", self._peer, model=self._asked)
        self._reason = reason_of(reason)
        if code == "d":
            yield from usage_in(value.get("usage"))
            self.finished = True
            return
        self._continued = value.get("isContinued") is True
        self._between = not self._continued
