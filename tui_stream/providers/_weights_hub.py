"""Fetches weights from the Hugging Face hub, going on where an earlier attempt stopped."""

from __future__ import annotations

import asyncio
import importlib
import re
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from tui_stream.core.events import Progress
from tui_stream.core.sanitize import clean_line
from tui_stream.errors import WeightsError
from tui_stream.providers._http import connect_limit
from tui_stream.providers._reach import ANYWHERE, Reach
from tui_stream.providers._weights_files import in_thread, open_private, sha256_of

if TYPE_CHECKING:
    import httpx2

    from tui_stream.providers._weights import Pin

HUB = "https://huggingface.co"

_SILENCE = 30.0
_TRIES = 5
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


class Hub:
    """The hub as a source.

    What is there already of an unfinished file is asked for no more (a range request). That the rest belongs
    to the same file is seen at the end, by its SHA-256; where it does not, the file is fetched anew.

    Args:
        base: the hub's address.
        connect: seconds that a connection may take; 0 is no limit.
        silence: seconds after which a transfer without a byte has failed.
        reach: how far it may connect; offline no redirect is followed.
    """

    label = "the Hugging Face hub"

    def __init__(
        self, base: str = HUB, *, connect: float = 10.0, silence: float = _SILENCE, reach: Reach = ANYWHERE
    ) -> None:
        self._base = base.rstrip("/")
        self._connect = connect
        self._silence = silence
        self._reach = reach

    def needed(self, pin: Pin, part: Path) -> int:
        """Bytes of room that fetching still takes."""
        return max(0, pin.size - _size(part))

    async def fetch(self, pin: Pin, part: Path) -> AsyncGenerator[Progress, None]:
        """Brings the whole, checked file to ``part``.

        Raises:
            WeightsError: it cannot be had here; the message is the bare reason. What came is kept.
            OfflineError: the hub may not be asked.
            OSError: the disk does not take it.
        """
        self._reach.check_url(self._base)
        resumed = _size(part) > 0
        async with aclosing(self._transfers(pin, part)) as steps:
            async for step in steps:
                yield step
        if await _matches(pin, part):
            return
        _discard(part)
        if resumed:
            async with aclosing(self._transfers(pin, part)) as steps:
                async for step in steps:
                    yield step
            if await _matches(pin, part):
                return
            _discard(part)
        raise WeightsError("it holds another file than expected")

    async def _transfers(self, pin: Pin, part: Path) -> AsyncGenerator[Progress, None]:
        """Transfers until all bytes are there; a broken one is resumed as long as each brings something."""
        httpx2 = await asyncio.to_thread(importlib.import_module, "httpx2")
        async with await asyncio.to_thread(self._client) as client:
            for attempt in range(_TRIES):
                before = _size(part)
                try:
                    async with aclosing(self._transfer(client, pin, part)) as steps:
                        async for step in steps:
                            yield step
                except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                    if _size(part) <= before or attempt == _TRIES - 1:
                        raise WeightsError(_reason(error)) from error
                if _size(part) == pin.size:
                    return
        raise WeightsError("the connection was lost again and again")

    def _client(self) -> httpx2.AsyncClient:
        import httpcore2
        import httpx2

        return httpx2.AsyncClient(
            transport=self._reach.transport(httpx2, httpcore2, ""),
            timeout=httpx2.Timeout(self._silence, connect=connect_limit(self._connect)),
            follow_redirects=not self._reach.offline,
            headers={"accept-encoding": "identity", "user-agent": "tui-stream"},
        )

    async def _transfer(self, client: httpx2.AsyncClient, pin: Pin, part: Path) -> AsyncGenerator[Progress, None]:
        have = _size(part)
        if have >= pin.size:
            _discard(part)
            have = 0
        headers = {"range": f"bytes={have}-"} if have else {}
        async with client.stream("GET", f"{self._base}/{pin.hub_path}", headers=headers) as response:
            if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                _discard(part)
                return
            start = _start(response, have, pin.size)
            async with aclosing(_store(response, part, start, pin.size)) as counts:
                async for count in counts:
                    yield Progress(f"Fetching {pin.name}", count, pin.size)


def _start(response: httpx2.Response, have: int, size: int) -> int:
    """Where in the file the response begins.

    Raises:
        WeightsError: it is not this file.
    """
    if response.status_code == HTTPStatus.PARTIAL_CONTENT:
        found = _RANGE.fullmatch(response.headers.get("content-range", ""))
        if found is None or (int(found[1]), int(found[2])) != (have, size):
            raise WeightsError("it sent another part of the file than was asked for")
        return have
    if response.status_code != HTTPStatus.OK:
        raise WeightsError(f"it answered HTTP {response.status_code}")
    if response.headers.get("content-length", str(size)) != str(size):
        raise WeightsError("it holds another file than expected")
    return 0


async def _store(response: httpx2.Response, part: Path, start: int, size: int) -> AsyncGenerator[int, None]:
    """Writes the body behind the first ``start`` bytes and yields how many there are.

    Raises:
        WeightsError: the body goes on beyond the file's size.
    """
    file = open_private(part, "ab")
    count = start
    try:
        if file.tell() != start:
            file.truncate(start)
        yield count
        async with aclosing(response.aiter_raw()) as pieces:
            async for piece in pieces:
                if count + len(piece) > size:
                    raise WeightsError("it holds another file than expected")
                await in_thread(lambda _stop, data=piece: file.write(data))  # type: ignore[misc]  # the default binds
                count += len(piece)
                yield count
    finally:
        file.close()


async def _matches(pin: Pin, part: Path) -> bool:
    def digest(stop: threading.Event) -> str:
        return sha256_of(part, stop)

    return await in_thread(digest) == pin.sha256


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _reason(error: Exception) -> str:
    text = clean_line(str(error), limit=160).rstrip(".")
    kind = type(error).__name__
    if "name" in text.lower() or "getaddrinfo" in text:
        return "no such host is known, or the network is down"
    return {"ConnectTimeout": "no connection in time", "ReadTimeout": "it fell silent"}.get(kind, text or kind)
