"""OpenAI's chat completions as a stream of server-sent events -> events."""

from __future__ import annotations

from collections.abc import Iterator

from tui_stream.core.events import Event, TextDelta
from tui_stream.providers._chat_chunks import ChatChunks
from tui_stream.providers._json_stream import JsonStream
from tui_stream.providers._likeness import Likeness, end_of_event
from tui_stream.providers._lines import MAX_LINE
from tui_stream.providers._translate import Peer


class ChatStream(JsonStream):
    """The dialect (see `tui_stream.providers._pump`) of ``/chat/completions`` with ``stream: true``.

    An answer is complete once a finish reason or ``[DONE]`` has come.

    Args:
        peer: who sends the stream, for the wording of errors.
        model: the model that was asked for, likewise.
    """

    def __init__(self, peer: Peer, model: str = "") -> None:
        self._chunks = ChatChunks(peer, model)
        super().__init__(peer, self._chunks)
        self._likeness = Likeness("content", ignored="obfuscation")

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that ``data`` completes; read it to its end before feeding more.

        Raises:
            ProviderError: an error object, or something that is no object; what stands before it comes first.
        """
        at, end = 0, len(data)
        if end > MAX_LINE or not self._likeness.wanted:
            yield from super().feed(data)
            return
        while at < end:
            if self._sse.between_events and not self.done:
                texts, at = self._likeness.run(data, at)
                yield from map(TextDelta, self._chunks.texts(texts))
                if at == end:
                    return
            stop = end_of_event(data, at)
            yield from self._understood(data[at:stop])
            at = stop

    def _understood(self, data: bytes) -> Iterator[Event]:
        """The events of at most one event of the stream, from which others like it are learnt."""
        whole = self._sse.between_events
        events = []
        for event in super().feed(data):
            events.append(event)
            yield event
        if whole and self._sse.between_events and len(events) == 1 and not self.finished:
            (event,) = events
            if isinstance(event, TextDelta) and self._chunks.plain:
                self._likeness.learn(data, event.text)
