"""Which links may be opened. Their targets are foreign text: they choose neither a program nor its options."""

from __future__ import annotations

from urllib.parse import urlsplit

from tui_stream.core.sanitize import clean

_MOST = 2000
_WEB = frozenset({"http", "https"})


def openable(target: str) -> str | None:
    """The target as it may be handed to a browser; None unless it is plainly a web or mail address.

    The scheme must stand there as it is: nothing is decoded to find one, and nothing is added where it is missing.
    """
    if len(target) > _MOST or target != clean(target) or any(character.isspace() for character in target):
        return None
    try:
        parts = urlsplit(target)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme in _WEB and host and not host.startswith("-"):
        return target
    if parts.scheme == "mailto" and "@" in parts.path and not parts.path.startswith("-"):
        return target
    return None
