"""OpenAI's chat completions as a stream of server-sent events -> events."""

from __future__ import annotations

from tui_stream.providers._chat_chunks import ChatChunks
from tui_stream.providers._json_stream import JsonStream
from tui_stream.providers._translate import Peer


class ChatStream(JsonStream):
    """The dialect (see `tui_stream.providers._pump`) of ``/chat/completions`` with ``stream: true``.

    An answer is complete once a finish reason or ``[DONE]`` has come.

    Args:
        peer: who sends the stream, for the wording of errors.
        model: the model that was asked for, likewise.
    """

    def __init__(self, peer: Peer, model: str = "") -> None:
        super().__init__(peer, ChatChunks(peer, model))
