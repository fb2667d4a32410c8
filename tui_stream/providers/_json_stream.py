"""Server-sent events that carry JSON objects -> events: what the dialects of OpenAI's two APIs have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from tui_stream.core.events import Event
from tui_stream.core.sanitize import clean_line
from tui_stream.errors import ProtocolError
from tui_stream.providers._failures import cut_off
from tui_stream.providers._json import decode
from tui_stream.providers._sse import SseDecoder, SseEvent
from tui_stream.providers._translate import Peer
from tui_stream.providers._unreadable import ASIDE, HEAD, misdirected, no_events, no_stream, unknown_events

_HINT = "Check the base URL; the chat endpoints of web applications are read with --provider sse or ai-sdk."


class Objects(Protocol):
    """Understands the objects of one API."""

    @property
    def known(self) -> bool:
        """Whether an object of this API has come."""

    @property
    def started(self) -> bool:
        """Whether a part of the answer has come."""

    @property
    def finished(self) -> bool:
        """Whether the model has finished."""

    def feed(self, value: Mapping[str, object], /) -> Iterator[Event]:
        """The events of one object; read it to its end before feeding more.

        Raises:
            ProviderError: the object carries an error; what else it carries comes first.
        """

    def end(self) -> Iterator[Event]:
        """The last events of a stream that ended as it should."""


class JsonStream:
    """A dialect (see `tui_stream.providers._pump`) of server-sent events with JSON in them.

    An answer is complete once its objects say so, or ``[DONE]`` has come.

    Args:
        peer: who sends the stream, for the wording of errors.
        objects: what the stream's objects mean.
    """

    misfits = b"{[<"

    def __init__(self, peer: Peer, objects: Objects) -> None:
        self._peer = peer
        self._sse = SseDecoder()
        self._objects = objects
        self._marked = False
        self._head = b""
        self._unread = ""

    @property
    def started(self) -> bool:
        """Whether a part of the answer has come."""
        return self._objects.started

    @property
    def finished(self) -> bool:
        """Whether the model has finished."""
        return self._objects.finished or self._marked

    @property
    def done(self) -> bool:
        """Whether the end marker has come."""
        return self._marked

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that ``data`` completes; read it to its end before feeding more.

        Raises:
            ProviderError: an error object, or something that is no object; what stands before it comes first.
        """
        if len(self._head) < HEAD:
            self._head += data[: HEAD - len(self._head)]
        for event in self._sse.feed(data):
            yield from self._event(event)

    def flush(self) -> Iterator[Event]:
        """The events left at the end of the stream, the last one a `StreamEnd`.

        Raises:
            StreamBrokenError: the stream was cut off.
            ConnectionFailedError: likewise, before any part of the answer.
            ProtocolError: it was no event stream, or nothing in it could be read.
        """
        for event in self._sse.flush():
            yield from self._event(event)
        self._check_readable()
        if not self.finished:
            raise cut_off(self._peer, started=self.started)
        yield from self._objects.end()

    def whole(self, body: bytes) -> Iterator[Event]:
        """An answer in one object, as servers send it that cannot stream.

        Raises:
            ProviderError: an error object, or no answer at all.
        """
        try:
            answer = decode(body)
        except ValueError as error:
            raise no_stream(self._peer, body) from error
        if isinstance(answer, dict):
            yield from self._objects.feed(answer)
            if not self._objects.known:
                self._unknown(answer, "", "")
        if not (self.started or self.finished):
            raise no_stream(self._peer, body)
        yield from self._objects.end()

    def _named(self, name: str, value: dict[str, object]) -> Mapping[str, object]:
        """The object with what only the event's name says."""
        return {"error": value} if name == "error" and "error" not in value else value

    def _event(self, event: SseEvent) -> Iterator[Event]:
        if event.data.startswith("[DONE]"):
            self._marked = True
        if self.done or not event.data:
            return
        try:
            value = decode(event.data)
        except ValueError as error:
            if event.complete:
                raise self._malformed(event.data) from error
            return
        if not isinstance(value, dict):
            raise self._malformed(event.data)
        yield from self._objects.feed(self._named(event.event, value))
        if not self._objects.known:
            self._unknown(value, event.event, event.data)

    def _unknown(self, value: Mapping[str, object], name: str, data: str) -> None:
        """Notes the first object that is not of this API, and says so at once where it is clear of which it is."""
        kind = value.get("type")
        kind = kind if isinstance(kind, str) else name
        if (error := misdirected(self._peer, value, kind)) is not None:
            raise error
        if kind.lower() not in ASIDE:
            self._unread = self._unread or data

    def _check_readable(self) -> None:
        """Says so where a stream ended and not an object of it was understood."""
        if self._objects.known:
            return
        if self._unread:
            raise unknown_events(self._peer, self._unread, _HINT)
        if (error := no_events(self._peer, self._head)) is not None:
            raise error

    def _malformed(self, data: str) -> ProtocolError:
        start = clean_line(data[:200], limit=60)
        return ProtocolError(
            f"{self._peer.name} sent an event that is no JSON object: {start}.",
            hint=f"Look at what answers at {self._peer.url}.",
        )
