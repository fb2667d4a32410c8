"""What no error may repeat: servers, proxies and libraries like to quote a request, and its key with it.

`tui_stream.core.sanitize.mask_keys` knows keys by their looks. Here they are known exactly: whatever a provider is
asked with, in the forms in which it comes back (quoted for an address, for JSON or for HTML, and as a basic login).
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from tui_stream.config.check import looks_secret
from tui_stream.errors import TuiStreamError

MASK = "[key]"
"""What stands in a secret's place."""

_SHORTEST = 4  # characters of a value that is kept out of errors
_LEAST_ENCODED = 8  # characters of one that is also looked for in other writing
_LEAST_CUT = 6  # characters of one that is cut off at the end of a text
_LONG = 16  # characters from which a value without spaces is taken for a secret, whatever its name
_SCHEME = re.compile(r"(?i:bearer|basic|token|apikey)\s+")
_TELLING = re.compile(r"auth|key|token|secret|cookie|session|passw|signature|credential", re.IGNORECASE)
_PLAIN = re.compile(r"content-|accept|user-agent$|host$|x-stainless-", re.IGNORECASE)


class Secrets:
    """The secrets of one provider.

    Args:
        url: its address, in which there may be a login, or a key in the query.
        headers: those that are sent with every request.
        key: its key, where that is known already.
    """

    def __init__(self, url: str = "", headers: Mapping[str, str] | None = None, key: str = "") -> None:
        self._fixed = {*in_url(url), *in_headers(headers or {})}
        self._key = key
        self._forms: tuple[str, ...] | None = None

    def learn(self, key: str) -> None:
        """Takes note of the key."""
        if key != self._key:
            self._key, self._forms = key, None

    def mask(self, text: str) -> str:
        """Text without any secret; one that the end of the text has cut in two is found too."""
        for form in self._all():
            text = text.replace(form, MASK)
        return self._without_begun(text)

    def mask_bytes(self, body: bytes) -> bytes:
        """Bytes without any secret."""
        for form in self._all():
            body = body.replace(form.encode("utf-8", "surrogatepass"), MASK.encode())
        return body

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Sees to it that no error that leaves the block repeats a secret."""
        try:
            yield
        except TuiStreamError as error:
            error.message, error.hint = self.mask(error.message), self.mask(error.hint)
            error.args = (error.message,)
            raise

    def _all(self) -> tuple[str, ...]:
        """Every form of every secret, the longest first: one may be a part of another."""
        if self._forms is None:
            forms = {form for secret in {*self._fixed, self._key} for form in _forms(secret)}
            self._forms = tuple(sorted(forms, key=len, reverse=True))
        return self._forms

    def _without_begun(self, text: str) -> str:
        """Text without the beginning of a secret before the mark of what was cut off; see `clean_line`."""
        cut = text.rfind("…")
        while cut > 0:
            for form in self._all():
                size = next(
                    (size for size in range(len(form) - 1, _LEAST_CUT - 1, -1) if _ends(text, cut, form, size)), 0
                )
                if size:
                    text = f"{text[: cut - size]}{MASK}{text[cut:]}"
                    break
            cut = text.rfind("…", 0, cut)
        return text


def _ends(text: str, cut: int, form: str, size: int) -> bool:
    return text.endswith(form[:size], 0, cut)


def in_url(url: str) -> Iterator[str]:
    """What is secret in an address: its login, and values of its query that are called a key or are long."""
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query)
    except ValueError:  # no address, which is told elsewhere
        return
    login, at, _ = parts.netloc.rpartition("@")
    if at:
        user, colon, password = login.partition(":")
        yield from (password, unquote(password)) if colon else (user, unquote(user))
        yield base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
    for name, value in query:
        if looks_secret(name, value) or _is_long(value):
            yield value


def in_headers(headers: Mapping[str, str]) -> Iterator[str]:
    """What may be secret in headers, without the word that says how to read it ("Bearer")."""
    for name, value in headers.items():
        if _TELLING.search(name) or looks_secret(name, value) or (_is_long(value) and not _PLAIN.match(name)):
            yield _SCHEME.sub("", value.strip(), count=1)


def sends_secret(url: str, headers: Mapping[str, str]) -> bool:
    """Whether an address or the headers of the settings hold something that others should not read."""
    return any(True for _ in in_url(url)) or any(True for _ in in_headers(headers))


def _is_long(value: str) -> bool:
    return len(value) >= _LONG and " " not in value


def _forms(secret: str) -> Iterable[str]:
    if len(secret) < _SHORTEST:
        return ()
    quoted = quote(secret, safe="", errors="replace")
    plain = {secret, quoted, quote(secret, errors="replace"), json.dumps(secret)[1:-1], html.escape(secret)}
    return plain | set(_encoded(secret)) if len(secret) >= _LEAST_ENCODED else plain


def _encoded(secret: str) -> Iterator[str]:
    """A secret with every character written otherwise: in hexadecimal, escaped, or in Base64 wherever it is in it."""
    data = secret.encode("utf-8", "surrogatepass")
    yield from (data.hex(), data.hex().upper(), secret.upper(), secret.lower())
    for form in ("%{:02X}", "%{:02x}", "\\x{:02x}"):
        yield "".join(map(form.format, data))
    for form in ("\\u{:04x}", "\\u{:04X}", "&#{};", "&#x{:x};", "&#x{:X};"):
        yield "".join(form.format(ord(character)) for character in secret)
    for before in range(3):
        written = base64.b64encode(bytes(before) + data).decode().rstrip("=")
        whole = written[(0, 2, 3)[before] : len(written) - ((before + len(data)) % 3 > 0)]
        yield from (whole, whole.replace("+", "-").replace("/", "_"))
