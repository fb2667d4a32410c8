"""Tells which keys would travel unencrypted, before anything is sent."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import SplitResult, urlsplit

from tui_stream.config import Settings
from tui_stream.config.addresses import addresses
from tui_stream.config.fallbacks import split
from tui_stream.core.sanitize import clean_line
from tui_stream.providers._keys import KeySource
from tui_stream.providers._proxies import proxy_for
from tui_stream.providers._reach import is_here
from tui_stream.providers._secrets import sends_secret

_PLAIN = ("http", "ws")


def warnings(settings: Settings, names: Iterable[str], environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """A sentence for each address of these providers that a key would go to by plain http, off this machine.

    Args:
        settings: says where providers are, where their keys are, and which hosts are accepted.
        names: the providers that may be asked.
        environ: where keys are looked up.
    """
    ways = dict.fromkeys(way for name in names for way in _exposed(settings, name, environ))
    return tuple(_warning(clean_line(host, 120), clean_line(proxy, 120)) for host, proxy in ways)


def _warning(host: str, proxy: str) -> str:
    way = f"through the proxy {proxy}: it, and whoever else" if proxy else "whoever"
    said = f"The key for {host} is sent unencrypted{' ' if proxy else ': '}{way} is on the way can read it. "
    return f'{said}Use https (or wss), or accept it in the settings: plain_http_hosts = ["{proxy or host}"]'


def asked(settings: Settings, chosen: str) -> tuple[str, ...]:
    """The providers that a session may ask: the chosen one and those of the fallbacks."""
    return tuple(dict.fromkeys((chosen, *(split(spec, chosen)[0] for spec in settings.fallback))))


def _exposed(settings: Settings, name: str, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The hosts that a provider's key would go to unencrypted, each with the proxy on the way or nothing."""
    table = getattr(settings.providers, name.replace("-", "_"), None)
    given = _has_key(name, table, environ)
    accepted = {host.lower() for host in settings.plain_http_hosts}
    for url in addresses(settings, name):
        parts = _parts(url)
        host = (parts.hostname or "") if parts is not None and parts.scheme.lower() in _PLAIN else ""
        if not host or is_here(host) or settings.offline:
            continue
        if given or sends_secret(url, getattr(table, "headers", {})):
            if host.lower() not in accepted:
                yield host, ""
            if (proxy := _proxy_host(parts)) and proxy.lower() not in accepted:
                yield host, proxy


def _proxy_host(parts: SplitResult | None) -> str:
    """The proxy on another machine that an address is asked through: it reads all that is sent; empty without one."""
    proxy = _parts(proxy_for(parts) or "") if parts is not None else None
    host = (proxy.hostname or "") if proxy is not None else ""
    return "" if is_here(host) else host


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.strip())
    except ValueError:  # no address, which is told elsewhere
        return None
    return parts


def _has_key(name: str, table: object, environ: Mapping[str, str]) -> bool:
    if name == "ollama":
        return bool(environ.get("OLLAMA_API_KEY", "").strip())
    source = getattr(table, "api_key_env", None)
    return source is not None and KeySource.of(table).gives_one(environ)  # type: ignore[arg-type] # it has the others too
