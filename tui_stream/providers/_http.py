"""The one place where HTTP clients are made, and where a response becomes bytes or a refusal.

Clients have a limit on connecting and no other: silence is the turn loop's business. They follow no redirect
(a key must not travel to another host), and ask for uncompressed answers, since compression holds tokens
back. A response that is not 2xx raises `RefusedResponse`, also inside an SDK that is given such a client.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from tui_stream.errors import ConfigError
from tui_stream.providers._reach import ANYWHERE, Reach
from tui_stream.providers._secrets import Secrets

if TYPE_CHECKING:
    import httpx2

MAX_REFUSAL = 64 * 1024
"""Bytes of a refusal's body that are looked at."""

MAX_ANSWER = 16 * 1024 * 1024
"""Bytes of an answer that is read whole."""

REFUSAL_TIMEOUT = 5.0
"""Seconds that a refusal's body may take; what came until then is used."""

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_KEEP_ALIVE = 30.0
"""Seconds that an idle connection is kept for the next turn; well under what servers allow."""


@dataclass(slots=True)
class RefusedResponse(Exception):  # noqa: N818 - it carries an answer, and never reaches a person
    """A response other than 2xx, with the beginning of its body; what was sent to get it is masked in all of it.

    Attributes:
        url: where it came from, without secrets.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    def __str__(self) -> str:
        return f"HTTP {self.status}"


def split_url(url: str) -> SplitResult:
    """The parts of a base URL.

    Raises:
        ConfigError: it is no http or https address.
    """
    hint = 'Set base_url to something like "http://127.0.0.1:8080/v1".'
    try:
        parts = urlsplit(url.strip())
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise ConfigError(f"The base URL {bare_url(url)!r} is not an address: {error}.", hint=hint) from None
    if not valid:
        raise ConfigError(f"The base URL {bare_url(url)!r} is not an http or https address.", hint=hint)
    return parts


def checked_headers(own: Mapping[str, str]) -> Mapping[str, str]:
    """The headers of the settings, all of which can be sent.

    A library that is given another would quote it in its error, value and all.

    Raises:
        ConfigError: one cannot; its value is not repeated.
    """
    for name, value in own.items():
        if not _HEADER_NAME.fullmatch(name) or not value.isascii() or not value.isprintable():
            raise ConfigError(
                f"The header {name!r} cannot be sent.", hint="Check the provider's headers in the settings."
            )
    return own


def bare_url(text: str) -> str:
    """What was meant as an address, without what may be a login, a query or a fragment."""
    return re.sub(r"[^/\s]*@", "", re.split(r"[?#]", text, maxsplit=1)[0])


def split_query(url: str) -> tuple[str, str]:
    """A base URL without its query, and the query, which belongs to every address under it.

    Raises:
        ConfigError: it is no http or https address.
    """
    parts = split_url(url)
    return parts._replace(query="", fragment="").geturl().rstrip("/"), parts.query


def shown_url(url: str) -> str:
    """The URL as messages show it: without user, password, query and fragment."""
    parts = split_url(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}".rstrip("/")


def is_local(url: str) -> bool:
    """Whether the URL names this machine."""
    host = (split_url(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def connect_limit(seconds: float) -> float | None:
    """The setting ``timeouts.connect`` as HTTP libraries take it: 0 is no limit."""
    return seconds or None


async def _touch_anyio() -> None:
    """Makes httpx2's network layer import what it otherwise imports within the first request (20 ms)."""
    import anyio

    anyio.Event()
    anyio.connect_tcp  # noqa: B018 - it is the looking up that imports


def make_client(
    connect_timeout: float, *, url: str = "", user_agent: str = "tui-stream", reach: Reach = ANYWHERE, query: str = ""
) -> httpx2.AsyncClient:
    """A client; takes up to 200 ms (imports, certificates), so it must be called in a thread, without a loop.

    Proxies and certificates are taken from the environment, as httpx does; offline, and to this machine, no proxy is
    used.

    Args:
        connect_timeout: seconds until a connection must stand, 0 for no limit.
        url: where its requests go, empty where they may go anywhere.
        user_agent: what the program calls itself.
        reach: how far it may connect.
        query: what every request has behind its address, besides what the request itself names.
    """
    import httpcore2
    import httpx2

    from tui_stream.providers._pacing import pace

    asyncio.run(_touch_anyio())
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=8, keepalive_expiry=_KEEP_ALIVE)
    client = httpx2.AsyncClient(
        transport=reach.transport(httpx2, httpcore2, url, limits=limits),
        params=query,
        timeout=httpx2.Timeout(None, connect=connect_limit(connect_timeout)),
        limits=limits,
        follow_redirects=False,
        headers={"accept-encoding": "identity", "user-agent": user_agent},
        event_hooks={"response": [_refuse]},
    )
    return pace(client)


def failures() -> tuple[type[Exception], ...]:
    """What may come out of a client, or of reading a response, for an ``except`` clause."""
    import anyio
    import httpx2

    return (
        RefusedResponse,
        httpx2.HTTPError,
        httpx2.InvalidURL,
        httpx2.StreamError,
        anyio.EndOfStream,  # a TLS connection that ends badly is not mapped in every place
        anyio.BrokenResourceError,
        OSError,
    )


async def _refuse(response: httpx2.Response) -> None:
    """The hook that every client has.

    Raises:
        RefusedResponse: the status is not 2xx.
    """
    if response.is_success:
        return
    body = await read_some(response, MAX_REFUSAL, REFUSAL_TIMEOUT)
    secrets = Secrets(str(response.url), response.request.headers)
    headers = {name: secrets.mask(value) for name, value in response.headers.items()}
    raise RefusedResponse(response.status_code, headers, secrets.mask_bytes(body), shown_url(str(response.url)))


async def read_some(response: httpx2.Response, limit: int, seconds: float) -> bytes:
    """The first ``limit`` bytes of a body, or what came within ``seconds`` and before it broke off."""
    body = bytearray()
    try:
        async with asyncio.timeout(seconds), aclosing(response.aiter_bytes()) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) >= limit:
                    break
    except failures():  # a TimeoutError is an OSError
        pass
    return bytes(body[:limit])
