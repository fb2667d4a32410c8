"""How the embedded provider compares with a plain script that calls xllamacpp itself.

Run by hand: ``python -m tests.benchmarks.embedded [ROUNDS]``. Both take turns, each round in fresh processes,
so that a busy machine hits both alike; judge the ratios, not the figures.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from pathlib import Path

from tests.weights import real_weights
from tui_stream.config import EmbeddedSettings, Providers, Settings
from tui_stream.core.events import TextDelta
from tui_stream.core.models import ChatMessage, ChatRequest, Role
from tui_stream.providers.embedded import EmbeddedProvider

PROMPT = "Tell a long story about a lighthouse."
TOKENS = 160
LONG = " ".join(f"Item {number} costs {number * 7} crowns." for number in range(80))

PLAIN = """
import json, sys, time
import xllamacpp
path, prompt, long, tokens = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
begin = time.perf_counter()
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.verbosity = path, 4096, 0
server = xllamacpp.Server(params)
loaded = time.perf_counter() - begin

def ask(text, tokens):
    times = []
    def on_chunk(chunk):
        if any(choice["delta"].get("content") for choice in chunk["choices"]):
            times.append(time.perf_counter())
    messages = [{"role": "user", "content": text}]
    body = {"messages": messages, "stream": True, "max_tokens": tokens, "temperature": 0}
    begin = time.perf_counter()
    server.handle_chat_completions(body, on_chunk)
    return times[0] - begin, (len(times) - 1) / max(times[-1] - times[0], 1e-9)

first, speed = ask(prompt, tokens)
print(json.dumps({"load": loaded, "first": first, "speed": speed, "long": ask(long, 2)[0]}))
"""


def plain(weights: Path) -> dict[str, float]:
    """One round of the plain script."""
    command = [sys.executable, "-c", PLAIN, str(weights), PROMPT, LONG, str(TOKENS)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


async def provided(weights: Path) -> dict[str, float]:
    """One round of the provider."""
    settings = Settings(providers=Providers(embedded=EmbeddedSettings(model=str(weights))))
    provider = EmbeddedProvider(settings)
    begin = time.perf_counter()
    async with aclosing(provider.prepare()) as steps:
        async for _ in steps:
            pass
    figures = {"load": time.perf_counter() - begin}
    figures["first"], figures["speed"] = await _ask(provider, PROMPT, TOKENS)
    figures["long"], _ = await _ask(provider, LONG, 2)
    figures["close"], figures["stop"] = await _cancel(provider, PROMPT, pieces=10)
    _, figures["stop while reading"] = await _cancel(provider, f"Again: {LONG}", pieces=0)
    await provider.aclose()
    return figures


def _request(text: str, tokens: int) -> ChatRequest:
    return ChatRequest("", (ChatMessage(Role.USER, text),), {"max_tokens": tokens, "temperature": 0})


async def _ask(provider: EmbeddedProvider, text: str, tokens: int) -> tuple[float, float]:
    begin = time.perf_counter()
    async with aclosing(provider.stream(_request(text, tokens))) as events:
        times = [time.perf_counter() async for event in events if isinstance(event, TextDelta)]
    return times[0] - begin, (len(times) - 1) / max(times[-1] - times[0], 1e-9)


async def _cancel(provider: EmbeddedProvider, text: str, *, pieces: int) -> tuple[float, float]:
    """Seconds until the caller is free and until the generation has stopped."""
    events = provider.stream(_request(text, 500))
    seen = 0
    async for event in events:
        seen += isinstance(event, TextDelta)
        if seen >= pieces:
            break
    begin = time.perf_counter()
    await events.aclose()
    closed = time.perf_counter() - begin
    if provider._process is not None:
        await provider._process.settled()
    return closed, time.perf_counter() - begin


def report(ours: Sequence[Mapping[str, float]], theirs: Sequence[Mapping[str, float]]) -> None:
    """Prints the medians side by side."""
    labels = {
        "load": "load, s",
        "first": "first token, s",
        "speed": "tokens a second",
        "long": "first token of a long prompt, s",
        "close": "cancel until the caller is free, s",
        "stop": "cancel until it stopped, s",
        "stop while reading": "the same while it reads a prompt, s",
    }
    print(f"{'':36}{'provider':>10}{'plain':>10}{'ratio':>8}")
    for key, label in labels.items():
        mine = statistics.median(figures[key] for figures in ours)
        if key not in theirs[0]:
            print(f"{label:36}{mine:10.4f}{'':>18}  worst {max(figures[key] for figures in ours):.4f}")
            continue
        other = statistics.median(figures[key] for figures in theirs)
        print(f"{label:36}{mine:10.3f}{other:10.3f}{mine / other:8.2f}")


def main() -> None:
    """Runs the rounds in turns."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    weights = real_weights()
    ours, theirs = [], []
    for index in range(rounds):
        if index % 2:
            theirs.append(plain(weights))
            ours.append(asyncio.run(provided(weights)))
        else:
            ours.append(asyncio.run(provided(weights)))
            theirs.append(plain(weights))
    report(ours, theirs)


if __name__ == "__main__":
    main()
