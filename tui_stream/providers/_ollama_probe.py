"""Is an Ollama running? Asked at every start without any setting, so it must cost next to nothing."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable
from urllib.parse import SplitResult, quote

from tui_stream.errors import ConfigError, OfflineError
from tui_stream.providers._http import split_url
from tui_stream.providers._reach import ANYWHERE, Reach

_MAX_ANSWER = 1 << 20
_SAFE = "%/:?@&=+,;!$'()*"  # what may stand in the target of a request as it is


async def running(base_url: str, limit: float = 0.3, reach: Reach = ANYWHERE) -> list[str]:
    """The names of the models that an Ollama has, the one changed last first; empty where none answers.

    Never raises. Uses neither an SDK nor an HTTP library, nor a proxy.

    Args:
        base_url: where Ollama would listen.
        limit: seconds that all of it may take.
        reach: how far to connect.
    """
    try:
        async with asyncio.timeout(limit):
            answer = await _get(base_url, "/api/tags", reach)
        tags = json.loads(answer)
    except (OSError, EOFError, ValueError, ConfigError, OfflineError, RecursionError, asyncio.LimitOverrunError):
        return []
    models = tags.get("models") if isinstance(tags, dict) else None
    return [model["name"] for model in models if _chats(model)] if isinstance(models, list) else []


def _chats(model: object) -> bool:
    """Whether an entry of the list is a model that one can talk with."""
    if not isinstance(model, dict) or not isinstance(model.get("name"), str):
        return False
    capabilities = model.get("capabilities")
    return not isinstance(capabilities, list) or "completion" in capabilities


async def _get(base_url: str, path: str, reach: Reach) -> bytes:
    """The body of an answer with status 200.

    Asked in HTTP/1.0, so that the body is never chunked.

    Raises:
        OSError: no connection.
        EOFError: it broke off.
        ValueError: another status, or no HTTP.
        OfflineError: it may not be asked.
    """
    url = split_url(base_url)
    reader, writer = await _connection(url, reach)
    try:
        host = url.netloc.rpartition("@")[2]
        query = f"?{url.query}" if url.query else ""
        target = quote(url.path.rstrip("/") + path + query, safe=_SAFE)
        request = f"GET {target} HTTP/1.0\r\nHost: {host}\r\nAccept: application/json\r\n\r\n"
        writer.write(request.encode("ascii"))
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if head.split(b" ", 2)[1:2] != [b"200"]:
            raise ValueError("no list of models")
        length = re.search(rb"\r\ncontent-length: *(\d{1,7})\r\n", head)
        return await reader.readexactly(int(length[1])) if length else await reader.read(_MAX_ANSWER)
    finally:
        writer.close()


async def _connection(url: SplitResult, reach: Reach) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, tls = url.hostname or "", url.scheme == "https"
    port = url.port or (443 if tls else 80)

    def opening(address: str) -> Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        name = host if tls else None
        return asyncio.open_connection(address, port, ssl=tls or None, server_hostname=name, limit=_MAX_ANSWER)

    return await reach.connect(host, opening)
