"""Which proxy of the environment a connection goes through; none to this machine, whatever the environment says.

A proxy that is asked for "127.0.0.1" would look for it on its own machine, and would be sent the key for ours.
"""

from __future__ import annotations

import urllib.request
from urllib.parse import SplitResult

from tui_stream.providers._reach import is_here


def proxy_for(address: SplitResult) -> str | None:
    """The proxy that the environment names for an address, by the variables that hold for HTTP."""
    host = address.hostname or ""
    if is_here(host) or urllib.request.proxy_bypass(f"{host}:{address.port}" if address.port else host):
        return None
    proxies = urllib.request.getproxies()
    found = proxies.get("https" if address.scheme in ("wss", "https") else "http") or proxies.get("all")
    return found if not found or "://" in found else f"http://{found}"
