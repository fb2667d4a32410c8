"""What the providers of OpenAI's APIs are made with: what reads an answer, and who gives it."""

from __future__ import annotations

from typing import Final, Protocol

from tui_stream.config import OpenAISettings
from tui_stream.providers import _http
from tui_stream.providers._keys import KeySource
from tui_stream.providers._pump import Dialect
from tui_stream.providers._translate import Peer

OFFICIAL: Final = "api.openai.com"
"""OpenAI's own host, which runs whatever happens to the network on this side."""
_DOWN: Final = "Check that the server is running and that base_url is right."


class Answer(Dialect, Protocol):
    """A dialect that knows whether a part of the answer has come."""

    @property
    def started(self) -> bool:
        """Whether one has."""


def peer_of(name: str, settings: OpenAISettings) -> Peer:
    """The server of these settings, for the wording of errors."""
    url = _http.shown_url(settings.base_url)
    host = url.partition("://")[2].partition("/")[0]
    source = KeySource.of(settings).named or "the setting api_key_command"
    return Peer(
        name=host,
        url=url,
        down="Check the network connection." if host == OFFICIAL else _DOWN,
        key=f"Check the key in {source}.",
        model=f"Run: tui-stream models --provider {name} --base-url {url}",
    )
