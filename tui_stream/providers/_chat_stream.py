"""OpenAI's chat completions as a stream of server-sent events -> events."""

from __future__ import annotations

from collections.abc import Iterator

from tui_stream.core.events import Event
from tui_stream.core.sanitize import clean_line
from tui_stream.errors import ProtocolError
from tui_stream.providers._chat_chunks import ChatChunks
from tui_stream.providers._failures import cut_off
from tui_stream.providers._json import decode
from tui_stream.providers._sse import SseDecoder, SseEvent
from tui_stream.providers._translate import Peer


class ChatStream:
    """The dialect (see `tui_stream.providers._pump`) of ``/chat/completions`` with ``stream: true``.

    An answer is complete once a finish reason or ``[DONE]`` has come.

    Args:
        peer: who sends the stream, for the wording of errors.
        model: the model that was asked for, likewise.
    """

    misfits = b"{[<"

    def __init__(self, peer: Peer, model: str = "") -> None:
        self._peer = peer
        self._sse = SseDecoder()
        self._chunks = ChatChunks(peer, model)
        self.done = False

    @property
    def started(self) -> bool:
        """Whether a part of the answer has come."""
        return self._chunks.started

    @property
    def finished(self) -> bool:
        """Whether the model has finished."""
        return self._chunks.finished or self.done

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that ``data`` completes; read it to its end before feeding more.

        Raises:
            ProviderError: an error object, or something that is no chunk; what stands before it comes first.
        """
        for event in self._sse.feed(data):
            yield from self._event(event)

    def flush(self) -> Iterator[Event]:
        """The events left at the end of the stream, the last one a `StreamEnd`.

        Raises:
            StreamBrokenError: the stream was cut off.
            ConnectionFailedError: likewise, before any part of the answer.
        """
        for event in self._sse.flush():
            yield from self._event(event)
        if not self.finished:
            raise cut_off(self._peer, started=self.started)
        yield from self._chunks.end()

    def whole(self, body: bytes) -> Iterator[Event]:
        """A ``chat.completion`` object, as servers send it that cannot stream.

        Raises:
            ProviderError: an error object, or no answer at all.
        """
        try:
            answer = decode(body)
        except ValueError as error:
            raise self._no_stream(body) from error
        if isinstance(answer, dict):
            yield from self._chunks.feed(answer)
        if not (self.started or self.finished):
            raise self._no_stream(body)
        yield from self._chunks.end()

    def _event(self, event: SseEvent) -> Iterator[Event]:
        if event.data.startswith("[DONE]"):
            self.done = True
        if self.done or not event.data:
            return
        try:
            chunk = decode(event.data)
        except ValueError as error:
            if event.complete:
                raise self._malformed(event.data) from error
            return
        if not isinstance(chunk, dict):
            raise self._malformed(event.data)
        if event.event == "error" and "error" not in chunk:
            chunk = {"error": chunk}
        yield from self._chunks.feed(chunk)

    def _malformed(self, data: str) -> ProtocolError:
        start = clean_line(data[:200], limit=60)
        return ProtocolError(f"{self._peer.name} sent an event that is no JSON object: {start}")

    def _no_stream(self, body: bytes) -> ProtocolError:
        start = clean_line(body[:400].decode("utf-8", "replace"), limit=80)
        return ProtocolError(
            f"{self._peer.name} answered with JSON instead of a stream: {start}",
            hint=f"Check the base URL {self._peer.url}.",
        )
