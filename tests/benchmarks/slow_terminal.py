"""What a slow terminal makes of a quick answer: ``python -m tests.benchmarks.slow_terminal``, run by hand.

The real program on a pseudo-terminal whose other side is read as slowly as a link would carry it, with an answer of
1,000 tokens a second: frames a second, how long after the answer's end the screen shows it, and how long a key takes to
the screen.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.benchmarks.responsiveness import MARKS, chat, percentile
from tests.scripted import Exchange
from tests.servers import ChatServer, paced
from tests.shapes import tokens
from tests.slow_terminal import SlowTerminal, Wire

RATE = 1000.0
WIRES = {
    "local": Wire(),
    "1 MB/s, 600 ms": Wire(1e6, 0.3, 1 << 20),
    "100 kB/s, 300 ms": Wire(1e5, 0.15, 1 << 20),
    "10 kB/s, 50 ms, buffer": Wire(1e4, 0.025, 1 << 20),
    "10 kB/s, no buffer": Wire(1e4),
    "10 kB/s, no buffer, silent": Wire(1e4, answer=""),
    "9,600 baud": Wire(960, 0.001),
}


class Watch:
    """What happened on one terminal.

    Attributes:
        frames: when each frame was complete, by the loop's clock.
        ended: when the answer's last byte had left the server.
    """

    def __init__(self, server: ChatServer, count: int) -> None:
        self.frames: list[float] = []
        self.ended = 0.0
        self._answer = paced(server, tokens("prose", count), RATE)

    async def answer(self, exchange: Exchange) -> None:
        await self._answer(exchange)
        self.ended = asyncio.get_running_loop().time()

    def shown(self, data: bytes) -> None:
        # Each frame ends with the cursor put into the prompt; where it is synchronized, with the end of that.
        self.frames += [asyncio.get_running_loop().time()] * data.count(b"\x1b[?2026l")


async def measure(name: str, wire: Wire, count: int, environment: dict[str, str]) -> None:
    """One answer over one link."""
    server = ChatServer()
    watch = Watch(server, count)
    server.on("/v1/chat/completions", watch.answer)
    loop = asyncio.get_running_loop()
    lags: list[float] = []
    async with server, SlowTerminal(chat(server), wire, environment=environment) as terminal:
        terminal.shown = watch.shown
        await terminal.until("ready", patience=120)
        terminal.type("x\r")
        await terminal.until("streaming", patience=120)
        began, bytes_before = loop.time(), len(terminal.output)
        number = 0
        while not watch.ended:
            mark, start, pressed = MARKS[number % len(MARKS)], len(terminal.output), loop.time()
            number += 1
            terminal.type(mark)
            with suppress(AssertionError):
                await terminal.until(mark, start=start, patience=60)
            lags.append((loop.time() - pressed) * 1000)
            await asyncio.sleep(random.uniform(0.1, 0.3))
        taken = watch.ended - began
        shown = len([at for at in watch.frames if began <= at <= watch.ended])
        await terminal.until("done", start=bytes_before, patience=240)
        stale = loop.time() - watch.ended
        written = len(terminal.output) - bytes_before
    print(
        f"{name:<28} answer read in {taken:5.1f} s  frames/s {shown / taken:5.1f}  shown {stale:6.2f} s late  "
        f"keys p50 {percentile(lags, 0.5):6.0f}  max {max(lags):6.0f} ms ({len(lags)})  {written / 1000:5.0f} kB  "
        f"{terminal.questions} questions"
    )


async def main() -> None:
    """Measures every link and prints a line each."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.slow_terminal")
    parser.add_argument("--tokens", type=int, default=15_000)
    parser.add_argument("--only", choices=list(WIRES))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        environment = {name: str(Path(home, name)) for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        for name, wire in WIRES.items():
            if asked.only in {None, name}:
                await measure(name, wire, asked.tokens, environment)


if __name__ == "__main__":
    asyncio.run(main())
