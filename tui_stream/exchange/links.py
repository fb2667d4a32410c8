"""Which targets of links get into a document: plain web and mail addresses, nothing that runs, reads or hides."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from tui_stream.core.sanitize import clean

_MOST: Final = 2000
_WEB: Final = frozenset({"http", "https"})
_PLAIN: Final = re.compile(r"[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")  # what RFC 3986 lets an address consist of
_MAIL: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+", re.ASCII)


def allowed(target: str) -> bool:
    """Whether a document may lead there: http, https with a host, or mailto with an address.

    The scheme has to stand there as it is; after decoding there is still no control character in it.

    Args:
        target: with everything but ASCII percent-encoded, as Markdown's parser makes it.
    """
    if len(target) > _MOST or not _PLAIN.fullmatch(target):
        return False
    decoded = unquote(target)
    if decoded != clean(decoded):
        return False
    try:
        parts = urlsplit(target)
        host = parts.hostname
    except ValueError:
        return False
    if parts.scheme in _WEB:
        return target.startswith(f"{target[: len(parts.scheme)]}://") and bool(host) and not _hides(parts.netloc)
    return parts.scheme == "mailto" and _MAIL.fullmatch(unquote(parts.path)) is not None


def _hides(place: str) -> bool:
    """Whether what stands before an ``@`` makes a host look like another."""
    return "@" in place
