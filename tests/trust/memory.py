"""How much memory something takes."""

from __future__ import annotations

import importlib
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

MOST_MEMORY = 100 << 20
"""Bytes that an answer may take at most, whatever is sent."""


@contextmanager
def bounded_memory(most: int = MOST_MEMORY) -> Iterator[None]:
    """Fails where more memory was taken at once, besides that for modules."""
    for name in ("openai", "ollama", "websockets.asyncio.client", "httpx2"):
        importlib.import_module(name)
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()
