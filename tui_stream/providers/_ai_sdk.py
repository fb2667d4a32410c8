"""Tells the AI SDK's three streams apart, by their headers and, where a proxy dropped those, by their first bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tui_stream.core.events import Event, StreamEnd
from tui_stream.providers._ai_sdk_data import DataStream, read_part
from tui_stream.providers._ai_sdk_text import TextStream
from tui_stream.providers._ai_sdk_ui import UiMessageStream
from tui_stream.providers._json import decode
from tui_stream.providers._translate import Peer
from tui_stream.providers._unreadable import no_stream
from tui_stream.providers._web_parts import Parts, has_error, reported, usage_in

UI_HEADER = "x-vercel-ai-ui-message-stream"
DATA_HEADER = "x-vercel-ai-data-stream"

_LOOK = 16 * 1024
"""Bytes that are held back at most until the first line is whole."""

_NO_STREAM = b"{[<"
_PART_START = (b"0123456789abcdefghijk", b":", b'"[{')
_BOM = b"\xef\xbb\xbf"

_Stream = UiMessageStream | DataStream | TextStream


class AiSdkStream:
    """The dialect (see `tui_stream.providers._pump`) of an endpoint that uses the AI SDK.

    Args:
        peer: who sends the stream, for the wording of errors.
        headers: the response's, with names in lower case.
        model: the model that was asked for, for the wording of errors.

    Attributes:
        misfits: the first bytes with which no stream begins; an answer in plain text may begin with any.
    """

    def __init__(self, peer: Peer, headers: Mapping[str, str], model: str = "") -> None:
        self._peer = peer
        self._asked = model
        self._content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        self._stream = self._named(headers)
        self._held = b""
        text = self._stream is None and self._content_type not in ("application/json", "text/html")
        self.misfits = b"" if text else _NO_STREAM

    @property
    def started(self) -> bool:
        """Whether a part of the answer has come."""
        return self._stream is not None and self._stream.started

    @property
    def finished(self) -> bool:
        """Whether the model has finished."""
        return self._stream is not None and self._stream.finished

    @property
    def done(self) -> bool:
        """Whether the end marker has come."""
        return self._stream is not None and self._stream.done

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that ``data`` completes; read it to its end before feeding more.

        Raises:
            ProviderError: an error that the stream reports, or something that cannot be read; what stands before it
                comes first.
        """
        if self._stream is None:
            self._held += data
            self._stream = self._recognised(self._held, ended=False)
            if self._stream is None:
                return
            data, self._held = self._held, b""
        yield from self._stream.feed(data)

    def flush(self) -> Iterator[Event]:
        """The events left at the end of the stream, the last one a `StreamEnd`.

        Raises:
            ProviderError: the stream did not end as it should.
        """
        if self._stream is None:
            self._stream = self._recognised(self._held, ended=True) or TextStream(self._peer)
            yield from self._stream.feed(self._held)
        yield from self._stream.flush()

    def whole(self, body: bytes) -> Iterator[Event]:
        """One JSON object, as ``generateText`` behind an endpoint gives it: ``{"text": "..."}``.

        Raises:
            ProviderError: an error object, or no answer at all.
        """
        try:
            answer = decode(body)
        except ValueError as error:
            raise no_stream(self._peer, body) from error
        if isinstance(answer, dict) and has_error(answer):
            raise reported(answer, self._peer, model=self._asked)
        text = answer.get("text") if isinstance(answer, dict) else None
        if not (isinstance(answer, dict) and isinstance(text, str) and text):
            raise no_stream(self._peer, body)
        parts = Parts()
        yield from parts.text(text)
        yield from usage_in(answer.get("usage"))
        yield from parts.tail()
        yield StreamEnd(None)

    def _named(self, headers: Mapping[str, str]) -> _Stream | None:
        """The stream that the headers name."""
        if UI_HEADER in headers or (DATA_HEADER not in headers and self._content_type == "text/event-stream"):
            return UiMessageStream(self._peer, self._asked)
        return DataStream(self._peer, self._asked) if DATA_HEADER in headers else None

    def _recognised(self, head: bytes, *, ended: bool) -> _Stream | None:
        """The stream that begins like this, None while it might still be either."""
        line, newline, _ = head.removeprefix(_BOM).partition(b"\n")
        if not (_may_be_event(line) or _may_be_part(line)) or (newline and not line.strip()):
            return TextStream(self._peer)
        if not (newline or ended) and len(line) < _LOOK:
            return None
        if line.startswith(b"data:"):
            return UiMessageStream(self._peer, self._asked) if _is_event(line) else TextStream(self._peer)
        return DataStream(self._peer, self._asked) if read_part(line) else TextStream(self._peer)


def _may_be_event(line: bytes) -> bool:
    return line.startswith(b"data:") or b"data:".startswith(line)


def _may_be_part(line: bytes) -> bool:
    return all(byte in allowed for byte, allowed in zip(line, _PART_START, strict=False))


def _is_event(line: bytes) -> bool:
    """Whether a line is an event of a UI message stream."""
    try:
        part = decode(line.removeprefix(b"data:").strip())
    except ValueError:
        return False
    return isinstance(part, dict) and isinstance(part.get("type"), str)
