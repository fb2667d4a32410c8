"""The measured program: ``python -m tests.benchmarks.render.child KIND SHAPE SOCKET MESSAGES [trace]``.

A small app with the chat's own settings and style sheet and one view, which does what it is asked over a socket
and answers with what that cost. Run by `tests.benchmarks.render`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
import traceback
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.render.meter import Collections, StallMeter
from tests.benchmarks.render.text import Feed, earlier
from tests.benchmarks.render.wire import BATCH, FRAME, Memory, Span, Start

if TYPE_CHECKING:
    from tests.benchmarks.render.app import Watched
    from tests.benchmarks.render.views import View
    from tui_stream.core.models import Message

_STATM = Path("/proc/self/statm")


class Server:
    """Does what the parent asks, one thing at a time."""

    def __init__(self, view: View, shape: str, socket: str, messages: Sequence[Message], making: Span) -> None:
        self.view = view
        self._feed = Feed(shape)
        self._socket = socket
        self._messages = messages
        self._making = making
        self._collections = Collections()
        self._made = memory(0)

    async def serve(self, app: Watched) -> None:
        """Shows the conversation, then answers requests until the parent is gone."""
        self._app = app
        frames = app.frames
        await self.view.begin(self._messages)
        await app.frame_after(frames)
        cpu, at = app.last
        start = Start(cpu - self._making.cpu, at, self._making.wall)
        await asyncio.to_thread(__import__, "tui_stream.markdown")
        reader, writer = await asyncio.open_unix_connection(self._socket, limit=1 << 22)
        writer.write(_line(asdict(start)))
        while request := await reader.readline():
            writer.write(_line(await self._answer(json.loads(request))))
            await writer.drain()

    async def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The result of one request; a failure of any sort goes back as text."""
        does: dict[str, Callable[..., Awaitable[Span | Memory]]] = {
            "fill": self.fill,
            "appends": self.appends,
            "stream": self.stream,
            "idle": self.idle,
            "scroll": self.scroll,
            "memory": self.memory,
        }
        try:
            return asdict(await does[request.pop("do")](**request))
        except (ArithmeticError, AssertionError, AttributeError, LookupError, OSError, TypeError, ValueError):
            return {"error": traceback.format_exc()}

    # -- what can be asked ----------------------------------------------------------------------------

    async def fill(self, to: int) -> Span:
        """Appends up to so many tokens, a frame's worth at a time, without waiting for frames."""
        begin = self._now()
        await self.view.fill(self._pieces(to))
        await self._settled(begin[-1])
        return self._span(begin)

    async def appends(self, count: int, size: int = BATCH, *, metered: bool = False) -> Span:
        """Appends so many times and waits for the frame each time."""
        return await self._measured(self._append_all(count, size), metered=metered)

    async def stream(self, rate: float, seconds: float, *, metered: bool) -> Span:
        """Appends in real time, whatever is due once a frame."""
        return await self._measured(self._append_paced(rate, seconds), metered=metered)

    async def idle(self, seconds: float, *, metered: bool) -> Span:
        """Does nothing."""
        return await self._measured(asyncio.sleep(seconds), metered=metered)

    async def scroll(self, lines: int) -> Span:
        """Scrolls up so many lines, a screen at a time."""
        return await self._measured(self._scroll_up(lines), metered=False)

    async def memory(self, *, made: bool = False) -> Memory:
        """What is in use now, or was when the messages had been made."""
        return self._made if made else memory(self.view.line_count)

    # -- how ------------------------------------------------------------------------------------------

    def _pieces(self, to: int) -> Iterator[str]:
        while (missing := to - self._feed.tokens) > 0:
            yield self._feed.take(min(BATCH, missing))

    async def _append_all(self, count: int, size: int) -> None:
        for _ in range(count):
            frames = self._app.frames
            await self.view.append(self._feed.take(size))
            await self._settled(frames)

    async def _append_paced(self, rate: float, seconds: float) -> None:
        begin, sent, frame, frames = time.perf_counter(), 0, 0, self._app.frames
        while frame * FRAME < seconds:
            frame = max(frame + 1, int((time.perf_counter() - begin) / FRAME))
            await asyncio.sleep(begin + frame * FRAME - time.perf_counter())
            due = int((time.perf_counter() - begin) * rate) - sent
            sent += due
            frames = self._app.frames
            await self.view.append(self._feed.take(due))
        await self._settled(frames)

    async def _scroll_up(self, lines: int) -> None:
        widget = self.view.widget
        goal = max(0, widget.scroll_offset.y - lines)
        while widget.scroll_offset.y > goal:
            frames = self._app.frames
            widget.scroll_page_up(animate=False)
            await self._settled(frames)

    async def _settled(self, frames: int) -> None:
        """Until what was changed after so many frames is on the screen."""
        await self._app.frame_after(frames)
        if self.view.settling:
            await asyncio.sleep(self.view.settling)

    async def _measured(self, work: Awaitable[None], *, metered: bool) -> Span:
        meter = StallMeter()
        with self._collections.watched() as pauses:
            task = asyncio.create_task(meter.run()) if metered else None
            begin = self._now()
            await work
            span = self._span(begin)
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        return Span(span.cpu, span.wall, span.tokens, span.frames, meter.late, meter.busy, pauses)

    def _now(self) -> tuple[float, float, int, int]:
        return time.process_time(), time.perf_counter(), self._feed.tokens, self._app.frames

    def _span(self, begin: tuple[float, float, int, int]) -> Span:
        cpu, wall, tokens, frames = self._now()
        return Span(cpu - begin[0], wall - begin[1], tokens - begin[2], frames - begin[3])


def memory(lines: int) -> Memory:
    """Bytes in use, once what is garbage is gone."""
    gc.collect()
    traced = tracemalloc.get_traced_memory()[0] if tracemalloc.is_tracing() else 0
    pages = int(_STATM.read_text().split()[1])
    return Memory(pages * os.sysconf("SC_PAGE_SIZE"), traced, lines)


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"


def main() -> None:
    """Makes the earlier messages, then runs the app until the parent ends it."""
    import tui_stream.ui  # noqa: F401 - sets how often Textual draws, so it comes first
    from tests.benchmarks.render.app import APPS
    from tests.benchmarks.render.views import VIEWS

    kind, shape, socket, number = sys.argv[1:5]
    assert kind in APPS
    if "trace" in sys.argv[5:]:
        tracemalloc.start()
    cpu, begin = time.process_time(), time.monotonic()
    messages = earlier(int(number))
    making = Span(time.process_time() - cpu, time.monotonic() - begin)
    server = Server(VIEWS[kind](), shape, socket, messages, making)
    app = APPS[kind]()
    app.watch_view(server.view, server.serve)
    app.run()


if __name__ == "__main__":
    main()
