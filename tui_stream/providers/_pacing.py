"""Reads a busy socket some hundred times a second instead of once a token.

Each read costs a wake-up of the event loop and a walk through the layers of the HTTP client, several times
what the token in it costs. A stream that is slower than the pace on the whole is read as it comes, even where it comes
unevenly; a faster one waits in the kernel for a few milliseconds and is then read in one piece.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import httpcore2

if TYPE_CHECKING:
    import httpx2

PACE = 0.0095
"""Seconds from one read to the next, on the average of a busy stream: a hundred tokens a second are not held up."""

_FREE_READS = 8
"""Reads that may come sooner: the head, the first tokens, short answers, and what an earlier pause saved."""


class PacedStream(httpcore2.AsyncNetworkStream):
    """A connection whose reads keep the pace."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream, clock: Callable[[], float] | None = None) -> None:
        self._stream = stream
        self._clock = clock or asyncio.get_running_loop().time
        self._last = 0.0
        self._free = float(_FREE_READS)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's signature
        """Reads what there is, after a pause where there have been too many reads of late."""
        self._save()
        if self._free < 1:
            await asyncio.sleep((1 - self._free) * PACE)
            self._save()
        self._free -= 1
        return await self._stream.read(max_bytes, timeout)

    def _save(self) -> None:
        """Time that has passed allows further reads."""
        now = self._clock()
        if PACE:
            self._free = min(_FREE_READS, self._free + (now - self._last) / PACE)
        else:
            self._free = _FREE_READS
        self._last = now

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as above
        """Writes; a new exchange begins, and its first reads are not held up."""
        self._free = float(_FREE_READS)
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Closes the connection."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - as above
    ) -> httpcore2.AsyncNetworkStream:
        """Encrypts what follows; reads keep the pace there too."""
        return PacedStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """What the connection knows of itself."""
        return self._stream.get_extra_info(info)


class PacedBackend(httpcore2.AsyncNetworkBackend):
    """Makes connections whose reads keep the pace."""

    def __init__(self, backend: httpcore2.AsyncNetworkBackend) -> None:
        self._backend = backend

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connects to a host."""
        stream = await self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        return PacedStream(stream)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connects to a socket in the file system."""
        return PacedStream(await self._backend.connect_unix_socket(path, timeout, socket_options))

    async def sleep(self, seconds: float) -> None:
        """Waits."""
        await self._backend.sleep(seconds)


def pace(client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    """Makes all connections of a client keep the pace; httpx has no public place for a network backend."""
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001
        pool = getattr(transport, "_pool", None)
        if pool is not None:
            pool._network_backend = PacedBackend(pool._network_backend)  # noqa: SLF001
    return client
