"""Asks all healthy endpoints of a pool at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from tui_stream.core.provider import Provider
from tui_stream.errors import TuiStreamError
from tui_stream.providers._pool_ledger import Endpoint, Ledger

STRAGGLERS = 2.0
"""Seconds that the others have once the first endpoint has listed its models."""

_T = TypeVar("_T")


async def from_all(ledger: Ledger, call: Callable[[Provider], Awaitable[_T]]) -> list[_T]:
    """Asks all healthy endpoints at once; what came from those that answered, in their order.

    Raises:
        TuiStreamError: none answered.
    """
    await ledger.recall()
    asked = ledger.healthy()
    found: dict[Endpoint, _T] = {}
    errors: list[TuiStreamError] = []

    async def ask(endpoint: Endpoint) -> None:
        try:
            found[endpoint] = await call(endpoint.provider)
        except TuiStreamError as error:
            errors.append(error)
        else:
            if limit.when() is None:
                limit.reschedule(asyncio.get_running_loop().time() + STRAGGLERS)

    with suppress(TimeoutError):
        async with asyncio.timeout(None) as limit, asyncio.TaskGroup() as group:
            for endpoint in asked:
                group.create_task(ask(endpoint))
    if not found:
        raise errors[-1]
    return [found[endpoint] for endpoint in asked if endpoint in found]
