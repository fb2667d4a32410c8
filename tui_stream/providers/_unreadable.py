"""What to say of an answer in which nothing could be read: some text, JSON of its own, events of another kind.

Such an answer mostly means that the address or the provider is the wrong one, so that what came is shown, and where it
can be told whose it is, the provider that reads it is named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tui_stream.core.sanitize import clean_line
from tui_stream.errors import ProtocolError
from tui_stream.providers._json import begins_json
from tui_stream.providers._translate import Peer

HEAD = 400
"""Bytes of an answer that are kept to say how it began."""

ASIDE = frozenset({"ping", "pong", "heartbeat", "keepalive", "keep-alive"})
"""Events with which servers keep a connection open, whatever they stream."""

_NAMES = (b"data", b"event", b"id", b"retry")
_FIELD = re.compile(rb"\s*(?:(?:%b)\s*(?:[:\r\n]|$)|:)" % b"|".join(_NAMES))
_BOM = b"\xef\xbb\xbf"


def no_stream(peer: Peer, body: bytes, hint: str = "") -> ProtocolError:
    """The error for a body that is no answer and looked like JSON by its first byte, whether or not it is."""
    if not begins_json(body):
        return _no_event_stream(peer, body, hint)
    start = clean_line(body[:HEAD].decode("utf-8", "replace"), limit=80)
    return ProtocolError(
        f"{peer.name} answered with JSON instead of a stream: {start}.", hint=f"Check the base URL {peer.url}."
    )


def no_events(peer: Peer, head: bytes, hint: str = "") -> ProtocolError | None:
    """The error for a stream that begins like no server-sent events, None for one that may be nothing else."""
    start = head.removeprefix(_BOM).lstrip()
    if not start or _FIELD.match(start) or any(name.startswith(start) for name in (*_NAMES, _BOM)):
        return None
    return _no_event_stream(peer, head, hint)


def unknown_events(peer: Peer, first: str, hint: str) -> ProtocolError:
    """The error for a stream of events that ended, and no text was found in any."""
    return ProtocolError(
        f"{peer.name} sent events without any text that is known here; the first was {_shown(first)}.", hint=hint
    )


def misdirected(peer: Peer, value: Mapping[str, object], kind: str) -> ProtocolError | None:
    """The error for an object of one of OpenAI's APIs that another dialect was given; None for any other object.

    Args:
        peer: who sent it.
        value: the object.
        kind: its type, or the name of its event.
    """
    if isinstance(value.get("choices"), list):
        hint = "Chat completions are read with --provider openai."
        return ProtocolError(f"{peer.name} answers with OpenAI's chat completions.", hint=hint)
    if kind.startswith("response.") or value.get("object") == "response":
        hint = "Use --provider openai-responses."
        return ProtocolError(f"{peer.name} streams events of OpenAI's Responses API.", hint=hint)
    return None


def _no_event_stream(peer: Peer, head: bytes, hint: str) -> ProtocolError:
    start = clean_line(head[:HEAD].decode("utf-8-sig", "replace"), limit=60)
    return ProtocolError(
        f"{peer.name} answered with text that is no event stream: {start}.",
        hint=hint or f"Check the base URL {peer.url}.",
    )


def _shown(data: str) -> str:
    return clean_line(data[:HEAD], limit=80)
