"""The parent's side: a measured program on a pseudo-terminal of its own, and what can be asked of it."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.render.wire import BATCH, MARK, Kind, Memory, Span, Start
from tests.terminal import Terminal

_PATIENCE = 240.0  # seconds for the slowest thing that is asked, a long stock document
_QUIET = 0.05  # seconds without output after which a program has written all it had to
_ANSWERS = {b"\x1b[?2026$p": b"\x1b[?2026;2$y"}
"""Today's terminals have synchronized output and say so."""
_STOCK_RATE = "60"  # times a second that Textual draws by itself


@dataclass
class Subject:
    """A measured program; see `render_child` for what it can be asked.

    Attributes:
        start: its first frame with the conversation in it.
        seconds: from the start of the process to that frame, without the making of messages.
    """

    kind: Kind
    shape: str
    start: Start
    seconds: float
    _terminal: Terminal
    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter

    async def fill(self, to: int) -> Span:
        """Brings the answer to so many tokens."""
        return await self._span("fill", to=to)

    async def appends(self, count: int, size: int = BATCH, *, metered: bool = False) -> Span:
        """Appends, each with its frame."""
        return await self._span("appends", count=count, size=size, metered=metered)

    async def stream(self, rate: float, seconds: float, *, metered: bool) -> Span:
        """Appends in real time."""
        return await self._span("stream", rate=rate, seconds=seconds, metered=metered)

    async def idle(self, seconds: float, *, metered: bool = True) -> Span:
        """Nothing at all."""
        return await self._span("idle", seconds=seconds, metered=metered)

    async def scroll(self, lines: int) -> Span:
        """Scrolls up by screens."""
        return await self._span("scroll", lines=lines)

    async def memory(self, *, made: bool = False) -> Memory:
        """Bytes in use now, or when the messages had been made."""
        return Memory(**await self._ask("memory", made=made))

    async def written(self) -> int:
        """Bytes that reached the terminal, once no more come."""
        before = -1
        while before < (now := len(self._terminal.output)):
            before = now
            await asyncio.sleep(_QUIET)
        return before

    async def _span(self, name: str, **arguments: object) -> Span:
        return Span(**await self._ask(name, **arguments))

    async def _ask(self, name: str, **arguments: object) -> dict[str, Any]:
        self._writer.write(json.dumps({"do": name, **arguments}).encode() + b"\n")
        async with asyncio.timeout(_PATIENCE):
            line = await self._reader.readline()
        if not line:
            raise AssertionError(f"{self.kind} ended: {bytes(self._terminal.output[-3000:])!r}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer


@asynccontextmanager
async def subject(
    kind: Kind, shape: str = "prose", *, messages: int = 0, traced: bool = False
) -> AsyncGenerator[Subject]:
    """Starts a program and waits for its first frame; ends it on leaving."""
    connected: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Future()
    with tempfile.TemporaryDirectory() as home:
        path = Path(home, "socket")
        server = await asyncio.start_unix_server(
            lambda reader, writer: connected.set_result((reader, writer)), path, limit=1 << 22
        )
        command = [sys.executable, "-m", "tests.benchmarks.render.child", kind, shape, str(path), str(messages)]
        environment = {name: str(Path(home, name)) for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        if kind != "ours":
            environment["TEXTUAL_FPS"] = _STOCK_RATE
        begin = time.monotonic()
        command += ["trace"] * traced
        async with server, Terminal(command, environment=environment, answers=_ANSWERS) as terminal:
            await terminal.until(MARK, patience=_PATIENCE)
            reader, writer = await asyncio.wait_for(connected, _PATIENCE)
            start = Start(**json.loads(await reader.readline()))
            seconds = start.at - begin - start.making
            try:
                yield Subject(kind, shape, start, seconds, terminal, reader, writer)
            finally:
                writer.close()
