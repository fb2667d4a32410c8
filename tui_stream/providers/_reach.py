"""The one place that decides which connections may be made: all, or offline none that leaves this machine.

Whatever opens a connection asks here, and connects to the addresses that it is given. Offline these are literal
addresses of the loopback interface: no name is ever resolved, "localhost" included (RFC 6761, section 6.3, has it mean
loopback without a resolver), so that no file and no server can make a name mean another machine. An address in any but
the usual form (2130706433, 0x7f.1, 127.1, 0.0.0.0, ::1%lo) is taken for another machine's.

Connections through a socket in the file system stay on this machine and are not asked for.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar
from urllib.parse import urlsplit

from tui_stream.core.sanitize import clean_line
from tui_stream.errors import OfflineError

_T = TypeVar("_T")

_LOOPBACK = ("::1", "127.0.0.1")
_HINT = "Leave --offline out (in the settings: offline = false), or choose a local model."
_UNSPECIFIED_HINT = "Write 127.0.0.1 (or [::1]) where this machine is meant."


@dataclass(frozen=True, slots=True)
class Reach:
    """How far connections may go.

    Attributes:
        offline: no further than this machine.
    """

    offline: bool = False

    def addresses(self, host: str) -> tuple[str, ...]:
        """What to connect to, one after the other until one answers, to reach a host; at least one.

        Raises:
            OfflineError: the host is, or might be, another machine.
        """
        if not self.offline:
            return (host,)
        found = loopback_addresses(host)
        if not found:
            raise _refused(host)
        return found

    async def connect(
        self, host: str, opening: Callable[[str], Awaitable[_T]], failed: type[Exception] = OSError
    ) -> _T:
        """Opens a connection to the first address of a host that takes one.

        Args:
            host: whom to connect to.
            opening: connects to an address.
            failed: what it raises where an address takes no connection; a `TimeoutError` ends the search.

        Raises:
            OfflineError: the host is, or might be, another machine.
            Exception: what ``opening`` raises for the last address.
        """
        *first, last = self.addresses(host)
        for address in first:
            try:
                return await opening(address)
            except failed as error:
                if isinstance(error, TimeoutError):
                    raise
        return await opening(last)

    def check_url(self, url: str) -> None:
        """Lets addresses pass that may be connected to; costs nothing and connects to nothing.

        Raises:
            OfflineError: this is none of them.
        """
        if self.offline:
            self.addresses(_host(url))

    def allows(self, url: str) -> bool:
        """Whether a URL may be connected to."""
        return not self.offline or bool(loopback_addresses(_host(url)))

    def check_other(self, what: str) -> None:
        """Stands before whatever connects by itself and cannot be told where to: another program.

        Args:
            what: whom it connects to, for people.

        Raises:
            OfflineError: it may not.
        """
        if self.offline:
            raise _refused(what)

    def transport(self, library: ModuleType, core: ModuleType, url: str, **options: Any) -> Any:
        """What a client of httpx or httpx2 is given as its transport.

        Offline it connects to this machine only. A client that is given one uses no proxy of the environment.

        Args:
            library: ``httpx`` or ``httpx2``.
            core: the package beneath it: ``httpcore`` or ``httpcore2``.
            url: where its requests go, empty where they may go anywhere.
            options: those of ``AsyncHTTPTransport``.

        Returns:
            a transport, or None, which leaves it to the client to make its own.
        """
        if not self.offline:
            return library.AsyncHTTPTransport(**options) if is_here(_host(url)) else None
        transport = library.AsyncHTTPTransport(**options)
        pool = transport._pool  # noqa: SLF001 - httpx has no public place for a network backend
        pool._network_backend = _LocalBackend(pool._network_backend, self, core.ConnectError)  # noqa: SLF001
        return transport


ANYWHERE = Reach()
"""Without a limit."""


class _LocalBackend:
    """What httpcore opens connections with, kept to this machine; whatever URL leads here."""

    def __init__(self, backend: Any, reach: Reach, failed: type[Exception]) -> None:
        self._backend = backend
        self._reach = reach
        self._failed = failed

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Any:
        """Connects to a host.

        Raises:
            OfflineError: it is not this machine.
        """

        def opening(address: str) -> Awaitable[Any]:
            return self._backend.connect_tcp(address, port, timeout, local_address, socket_options)  # type: ignore[no-any-return] # of either package

        return await self._reach.connect(host, opening, self._failed)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        socket_options: Iterable[Any] | None = None,
    ) -> Any:
        """Connects to a socket in the file system."""
        return await self._backend.connect_unix_socket(path, timeout, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Waits."""
        await self._backend.sleep(seconds)


def is_here(host: str) -> bool:
    """Whether a host means this machine, the address 0.0.0.0 included, which leads to it too."""
    address = _address(host)
    return bool(loopback_addresses(host)) or (address is not None and address.is_unspecified)


def loopback_addresses(host: str) -> tuple[str, ...]:
    """The addresses of this machine that a host means, in the usual form; none where it may be another machine."""
    if not host.isascii():
        return ()
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return _LOOPBACK
    address = _address(host)
    return (str(address),) if address is not None and address.is_loopback else ()


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """A literal address, one of IPv4 where it is written as one of IPv6 (::ffff:127.0.0.1)."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        return None if address.scope_id else address.ipv4_mapped or address
    return address


def _host(url: str) -> str:
    """The host of a URL, empty where it has none."""
    try:
        return urlsplit(url.strip()).hostname or ""
    except ValueError:
        return ""


def _refused(what: str) -> OfflineError:
    address = _address(what)
    hint = _UNSPECIFIED_HINT if address is not None and address.is_unspecified else _HINT
    shown = clean_line(what, limit=120) or "an address without a host"
    return OfflineError(f"Offline: no connection to {shown} is made.", hint=hint)
