"""Reads ``OLLAMA_HOST`` as Ollama itself does, so that both find the same server.

Source: ``envconfig/config.go`` and its tests in https://github.com/ollama/ollama. Ollama listens on what the
variable says; a client connects to it, so that an address that means every network (0.0.0.0, ::), or none at
all, becomes the loopback address.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

_DEFAULT_PORTS = {"": 11434, "http": 80, "https": 443}
_LAST_PORT = 65535
_NUMBER = re.compile(r"[0-9]{1,5}")


class _Place(NamedTuple):
    host: str
    port: str


def ollama_url(host: str) -> str:
    """The address of the server that ``OLLAMA_HOST`` means.

    Args:
        host: a host, ``host:port``, ``:port`` or an address with a scheme, possibly in quotes. Where no port,
            or an impossible one, is given it is 11434, but 80 after http:// and 443 after https://.
    """
    text = host.strip().strip("\"'").strip()
    scheme, _, rest = text.rpartition("://")
    if text == "ollama.com":
        scheme, rest = "https", "ollama.com"
    where, _, path = rest.partition("/")
    login, at, where = where.rpartition("@")
    place = _split(where)
    port = _port(place.port) or _DEFAULT_PORTS.get(scheme.lower(), 11434)
    path = path.rstrip("/")
    path = f"/{path}" if path else ""
    return f"{scheme.lower() or 'http'}://{login}{at}{_reachable(place.host)}:{port}{path}"


def _split(where: str) -> _Place:
    """Takes the port off; a bare IPv6 address has none."""
    if _address(where):
        return _Place(where.strip("[]"), "")
    host, colon, port = where.rpartition(":")
    return _Place(host.strip("[]"), port) if colon else _Place(where, "")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None


def _port(text: str) -> int:
    """The number of a port, 0 where the text names none."""
    number = int(text) if _NUMBER.fullmatch(text) else 0
    return number if number <= _LAST_PORT else 0


def _reachable(host: str) -> str:
    address = _address(host)
    if address is None:
        return host or "127.0.0.1"
    is_v6 = isinstance(address, ipaddress.IPv6Address)
    if address.is_unspecified:
        return "[::1]" if is_v6 else "127.0.0.1"
    return f"[{address}]" if is_v6 else str(address)
