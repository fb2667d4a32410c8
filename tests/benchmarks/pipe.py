"""How quick the pipe is beside others: ``python -m tests.benchmarks.pipe [--rounds N] [--llm PROGRAM]``, run by hand.

All ask the same loopback server, in turns, and the ratios are taken pair by pair:

- from the start of the process until its request is with the server,
- CPU time for each further token, from runs with few and with many tokens,
- at 100 tokens a second, from the moment a token is sent until it is out (99th percentile).

``llm`` is measured where its program is named; it has to have a virtual environment of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.scripted import EVENT_STREAM, Exchange, sse
from tests.servers import ChatServer
from tests.terminal import ROOT

FEW, MANY = 500, 16_500
HTTP_CLIENT = """
import http.client, json, sys, urllib.parse
url = urllib.parse.urlsplit(sys.argv[1])
connection = http.client.HTTPConnection(url.hostname, url.port)
body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True})
connection.request("POST", url.path + "/chat/completions", body, {"Content-Type": "application/json"})
for line in connection.getresponse():
    if line.startswith(b"data: {"):
        for choice in json.loads(line[6:])["choices"]:
            sys.stdout.write(choice["delta"].get("content") or "")
            sys.stdout.flush()
"""
HTTPX = """
import json, sys, httpx2 as httpx
body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
with httpx.stream("POST", sys.argv[1] + "/chat/completions", json=body, timeout=None) as response:
    for line in response.iter_lines():
        if line.startswith("data: {"):
            for choice in json.loads(line[6:])["choices"]:
                sys.stdout.write(choice["delta"].get("content") or "")
                sys.stdout.flush()
"""


@dataclass
class Run:
    """One run: when its request came, its CPU seconds, and how late each token was."""

    request: float = 0.0
    cpu: float = 0.0
    late: list[float] = field(default_factory=list)


async def measure(
    server: ChatServer,
    command: list[str],
    environment: Mapping[str, str],
    tokens: int,
    rate: float,
    *,
    padded: bool = False,
) -> Run:
    """Runs a command that is answered with so many tokens, at ``rate`` a second or as fast as it goes.

    Where they are ``padded``, each chunk has a field with other random letters, as OpenAI's own have.
    """
    run = Run()
    sent: list[float] = []
    chunks = [server.chunk({"content": f"token{number % 97} "}) for number in range(tokens)]
    if padded:
        chunks = [chunk.replace(b"}\n", b',"obfuscation":"%d"}\n' % number) for number, chunk in enumerate(chunks)]

    async def handle(exchange: Exchange) -> None:
        run.request = time.monotonic() - start
        await exchange.head(200, EVENT_STREAM)
        if not rate:
            for at in range(0, tokens, 50):
                await exchange.piece(b"".join(chunks[at : at + 50]))
        for number in range(tokens if rate else 0):
            await asyncio.sleep(max(0.0, began[0] + number / rate - time.monotonic()) if sent else 0.0)
            if not sent:
                began.append(time.monotonic())
            sent.append(time.monotonic())
            await exchange.piece(chunks[number])
        await exchange.piece(server.chunk({}, "stop") + server.usage(7, tokens) + sse("[DONE]"))
        await exchange.end()

    began: list[float] = []
    server.on("/v1/chat/completions", handle)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, env=environment, cwd=ROOT
    )
    assert process.stdout is not None
    arrived = 0
    out: list[float] = []
    while piece := await process.stdout.read(1 << 16):
        arrived += piece.count(b"token")
        out += [time.monotonic()] * (arrived - len(out))
    assert await process.wait() == 0
    assert arrived == tokens
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    run.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    run.late = [there - here for here, there in zip(sent, out, strict=False)]
    return run


def commands(url: str, llm: str, home: Path) -> dict[str, tuple[list[str], dict[str, str]]]:
    """What is measured: a command line and its environment."""
    python = {"PATH": "/usr/bin:/bin", "HOME": str(home), "PYTHONPATH": str(ROOT)}
    at = ["--provider", "openai", "--base-url", url, "--model", "m"]
    found = {
        "tui-stream": ([sys.executable, "-m", "tui_stream", "pipe", "Hi", *at], python),
        "http.client": ([sys.executable, "-c", HTTP_CLIENT, url], python),
        "httpx": ([sys.executable, "-c", HTTPX, url], python),
    }
    if llm:
        models = [{"model_id": "m", "model_name": "m", "api_base": url, "api_key_name": "none"}]
        (home / "extra-openai-models.yaml").write_text(json.dumps(models))
        more = {**python, "PYTHONPATH": "", "LLM_USER_PATH": str(home), "OPENAI_API_KEY": "none"}
        found["llm"] = ([llm, "-m", "m", "--key", "none", "Hi"], more)
    return found


async def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pipe")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--llm", default="", metavar="PROGRAM")
    parser.add_argument("--padded", action="store_true", help="no two chunks are the same but for the text")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        async with ChatServer() as server:
            found = commands(server.base_url, asked.llm, Path(home))
            starts: dict[str, list[float]] = {name: [] for name in found}
            tokens: dict[str, list[float]] = {name: [] for name in found}
            for number in range(asked.rounds + 1):
                for name, (command, environment) in found.items():
                    few = await measure(server, command, environment, FEW, 0, padded=asked.padded)
                    many = await measure(server, command, environment, MANY, 0, padded=asked.padded)
                    if number:
                        starts[name].append(few.request)
                        tokens[name].append((many.cpu - few.cpu) / (MANY - FEW))
            late = [await measure(server, *found["tui-stream"], 500, 100, padded=asked.padded) for _ in range(2)]
    for name in found:
        start, token = statistics.median(starts[name]), statistics.median(tokens[name])
        print(f"{name:<12} start to request {start * 1000:5.0f} ms   CPU a further token {token * 1e6:6.1f} µs")
    print(f"start to request: {_ratio(starts, 'llm'):.2f} of llm's" if asked.llm else "llm was not named")
    print(f"CPU a further token: {_ratio(tokens, 'httpx'):.2f} of bare httpx's")
    for one in late:
        spans = sorted(one.late)
        half, most = spans[len(spans) // 2], spans[len(spans) * 99 // 100]
        print(f"100 tokens/s: out in {half * 1000:.1f} ms (median), {most * 1000:.1f} ms (p99)")


def _ratio(values: Mapping[str, list[float]], other: str) -> float:
    """Ours to another's, the median of the pairs."""
    pairs = zip(values["tui-stream"], values[other], strict=True)
    return statistics.median(ours / theirs for ours, theirs in pairs)


if __name__ == "__main__":
    asyncio.run(main())
