"""The AI SDK's plain text stream -> events: the body is the answer, and nothing else is said.

It has neither an end marker nor a place for errors: a handler whose model fails before the first token sends an empty
body with status 200, and one whose model fails later ends the body as if all were well.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from tui_stream.core.events import Event, StreamEnd, TextDelta
from tui_stream.errors import ServerError
from tui_stream.providers._translate import Peer


class TextStream:
    """The dialect (see `tui_stream.providers._pump`) of the plain text stream; the end of the body is its end.

    Bytes that are not UTF-8 become U+FFFD; a byte order mark is dropped.

    Args:
        peer: who sends the stream, for the wording of errors.
    """

    done = False
    finished = False

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self.started = False
        self._blank = True

    def feed(self, data: bytes) -> Iterator[Event]:
        """The text that ``data`` completes."""
        yield from self._text(self._decoder.decode(data))

    def flush(self) -> Iterator[Event]:
        """What is left at the end, and the `StreamEnd`.

        Raises:
            ServerError: there was no text, which is all that such a stream shows of an error.
        """
        yield from self._text(self._decoder.decode(b"", final=True))
        if self._blank:
            raise ServerError(
                f"{self._peer.name} sent an empty answer.",
                hint="A plain text stream cannot say what went wrong; the endpoint's log has it.",
            )
        yield StreamEnd(None)

    def _text(self, text: str) -> Iterator[Event]:
        if text:
            self.started = True
            self._blank = self._blank and not text.strip()
            yield TextDelta(text)
