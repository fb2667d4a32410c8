"""How quick the chat is: ``python -m tests.benchmarks.responsiveness [--rounds N]``, run by hand.

The real program on a pseudo-terminal against a loopback server: from Esc to the closed socket, from a key to the
screen while an answer streams in, and from the start to the first frame beside a bare Textual app.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.servers import EVENT_STREAM, ChatServer, Exchange, Handler, paced
from tests.shapes import tokens
from tests.terminal import Terminal

MARKS = "§¤¥£þðßøæåñçéü"
"""Characters that the answers do not hold."""

BARE = """
from textual.app import App
from textual.widgets import Static, Input
class Bare(App):
    def compose(self):
        yield Static("bare")
        yield Input(placeholder="Ask anything")
Bare().run()
"""


def chat(server: ChatServer) -> list[str]:
    """The command that chats with a server."""
    where = ["--provider", "openai", "--base-url", server.base_url, "--model", "m"]
    return [sys.executable, "-m", "tui_stream", "chat", *where]


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def say(name: str, values: Sequence[float]) -> None:
    """A line of milliseconds."""
    shown = (statistics.median(values), percentile(values, 0.9), percentile(values, 0.99), max(values))
    print(f"{name:<44} p50 {shown[0]:6.1f}  p90 {shown[1]:6.1f}  p99 {shown[2]:6.1f}  max {shown[3]:6.1f} ms")


async def silent(exchange: Exchange) -> None:
    """Answers with a head, and nothing more."""
    await exchange.head(200, EVENT_STREAM)
    await exchange.gone.wait()


async def mute(exchange: Exchange) -> None:
    """Does not answer at all."""
    await exchange.gone.wait()


async def escape(name: str, make: Callable[[ChatServer], Handler], rounds: int, environment: dict[str, str]) -> None:
    """From the Esc key to the closed socket."""
    server = ChatServer()
    server.on("/v1/chat/completions", make(server))
    taken = []
    loop = asyncio.get_running_loop()
    async with server, Terminal(chat(server), environment=environment) as terminal:
        await terminal.until("ready")
        for number in range(rounds):
            terminal.type("x\r")
            while len(server.exchanges) <= number:
                await asyncio.sleep(0.005)
            await asyncio.sleep(random.uniform(0.05, 0.2))
            pressed = loop.time()
            terminal.type("\x1b")
            await asyncio.wait_for(server.exchanges[number].gone.wait(), 10)
            taken.append((server.exchanges[number].gone_at - pressed) * 1000)
            await asyncio.sleep(0.1)
            terminal.type("\x15" if name == "streaming" else "\x15\x15")
            await asyncio.sleep(0.05)
    say(f"Esc to closed socket, {name}", taken)


async def keys(shape: str, rate: float, count: int, rounds: int, environment: dict[str, str]) -> None:
    """From a key to the screen while an answer streams in."""
    server = ChatServer()
    server.on("/v1/chat/completions", paced(server, tokens(shape, count), rate))
    taken = []
    loop = asyncio.get_running_loop()
    async with server, Terminal(chat(server), environment=environment) as terminal:
        await terminal.until("ready")
        terminal.type("x\r")
        await terminal.until("streaming")
        for number in range(rounds):
            if server.exchanges[0].gone.is_set():
                break
            mark, start = MARKS[number % len(MARKS)], len(terminal.output)
            pressed = loop.time()
            terminal.type(mark)
            await terminal.until(mark, start=start, patience=5)
            taken.append((loop.time() - pressed) * 1000)
            await asyncio.sleep(random.uniform(0.02, 0.08))
            if number % 40 == 39:
                terminal.type("\x15")
    say(f"key to screen, {shape} at {rate:g} tokens/s", taken)


async def first_frame(rounds: int, environment: dict[str, str]) -> None:
    """From the start to a frame with the prompt in it, in turns with a bare Textual app."""
    loop = asyncio.get_running_loop()
    server = ChatServer()
    taken: dict[str, list[float]] = {"tui_stream": [], "bare Textual": []}
    async with server:
        commands = {"tui_stream": chat(server), "bare Textual": [sys.executable, "-c", BARE]}
        for _ in range(rounds):
            for name, command in commands.items():
                start = loop.time()
                async with Terminal(command, environment=environment) as terminal:
                    await terminal.until("sk anything")
                    taken[name].append((loop.time() - start) * 1000)
    for name, values in taken.items():
        say(f"start to first frame, {name}", values)
    ratios = [ours / bare for ours, bare in zip(*taken.values(), strict=True)]
    print(f"{'first frame, ratio':<44} median {statistics.median(ratios):.2f}")


async def main() -> None:
    """Measures everything and prints a line each."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.responsiveness")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--only", choices=["escape", "keys", "frame"])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        environment = {name: str(Path(home, name)) for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        if asked.only in {None, "escape"}:
            await escape("waiting for headers", lambda _: mute, asked.rounds, environment)
            await escape("waiting for the first token", lambda _: silent, asked.rounds, environment)
            await escape("streaming", _streaming, asked.rounds, environment)
        if asked.only in {None, "keys"}:
            for shape in ("prose", "code", "table", "list"):
                await keys(shape, 1000, 16_000, asked.rounds * 3, environment)
        if asked.only in {None, "frame"}:
            await first_frame(max(5, asked.rounds // 4), environment)


def _streaming(server: ChatServer) -> Handler:
    return paced(server, tokens("prose", 100_000), 200)


if __name__ == "__main__":
    asyncio.run(main())
