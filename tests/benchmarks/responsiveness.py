"""How quick the chat is: ``python -m tests.benchmarks.responsiveness [--rounds N]``, run by hand.

The real program on a pseudo-terminal against a loopback server: from Esc to the closed socket, from a key to the
screen while an answer streams in, from a token to the screen with the CPU that takes, and from the start to the
first frame beside a bare Textual app.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.servers import EVENT_STREAM, ChatServer, Exchange, Handler, paced, sse
from tests.shapes import tokens
from tests.terminal import Terminal

MARKS = "§¤¥£þðßøæåñçéü"
"""Characters that the answers do not hold."""

_FIRST_MARK = 0xAC00
_MARKED = re.compile("[\uac00-\ud7a3]")

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
            while len(server.posts) <= number:
                await asyncio.sleep(0.005)
            await asyncio.sleep(random.uniform(0.05, 0.2))
            pressed = loop.time()
            terminal.type("\x1b")
            await asyncio.wait_for(server.posts[number].gone.wait(), 10)
            taken.append((server.posts[number].gone_at - pressed) * 1000)
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
            if server.posts[0].gone.is_set():
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


class _Watched(Terminal):
    """Notes when each marked token came out of the program."""

    def __init__(self, command: Sequence[str], *, environment: dict[str, str]) -> None:
        super().__init__(command, environment=environment)
        self.seen: dict[str, float] = {}

    def _read(self) -> None:
        start = len(self.output)
        super()._read()
        now = asyncio.get_running_loop().time()
        for mark in _MARKED.findall(self.output[max(0, start - 2) :].decode("utf-8", "ignore")):
            self.seen.setdefault(mark, now)

    @property
    def cpu(self) -> float:
        """Seconds of CPU that the program has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def tokens_to_screen(shape: str, rate: float, count: int, environment: dict[str, str]) -> None:
    """From a token's leaving the server to the screen, and the whole program's CPU."""
    server = ChatServer()
    sent: dict[str, float] = {}
    loop = asyncio.get_running_loop()

    async def answer(exchange: Exchange) -> None:
        await exchange.head(200, EVENT_STREAM)
        start = loop.time()
        for number, token in enumerate(tokens(shape, count)):
            await asyncio.sleep(max(0.0, start + number / rate - loop.time()))
            if number % 53 == 52 and token.strip().isalpha():
                mark = chr(_FIRST_MARK + number // 53)
                token, sent[mark] = token + mark, loop.time()  # noqa: PLW2901 - the same, marked
            await exchange.piece(server.chunk({"content": token}))
        await exchange.piece(server.chunk({}, "stop") + sse("[DONE]"))
        await exchange.end()

    server.on("/v1/chat/completions", answer)
    async with server, _Watched(chat(server), environment=environment) as terminal:
        await terminal.until("ready")
        before = terminal.cpu
        terminal.type("x\r")
        await terminal.until("done", patience=count / rate * 3 + 10)
        used = (terminal.cpu - before) * 1000 / count
    seen = [mark for mark in sent if mark in terminal.seen]
    say(f"token to screen, {shape}, {count} at {rate:g}/s", [(terminal.seen[m] - sent[m]) * 1000 for m in seen])
    print(f"{'whole program, CPU s for 1,000 tokens':<44} {used:.3f}  ({len(seen)} of {len(sent)} marks seen)")


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
    parser.add_argument("--only", choices=["escape", "keys", "tokens", "frame"])
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
        if asked.only in {None, "tokens"}:
            for shape, count in (("mixed", 4000), ("code", 4000), ("table", 4000), ("mixed", 16_000)):
                await tokens_to_screen(shape, 1000, count, environment)
        if asked.only in {None, "frame"}:
            await first_frame(max(5, asked.rounds // 4), environment)


def _streaming(server: ChatServer) -> Handler:
    return paced(server, tokens("prose", 100_000), 200)


if __name__ == "__main__":
    asyncio.run(main())
