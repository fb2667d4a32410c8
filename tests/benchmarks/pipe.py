"""How soon the pipe's first byte is out: ``python -m tests.benchmarks.pipe [--rounds N]``, run by hand.

In turns with a ten-line script over the same SDK, against the same loopback server that answers at once.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from pathlib import Path

from tests.servers import ChatServer
from tests.terminal import ROOT

SCRIPT = """
import sys
from openai import OpenAI
client = OpenAI(base_url=sys.argv[1], api_key="none")
messages = [{"role": "user", "content": "Hi"}]
stream = client.chat.completions.create(model="m", messages=messages, stream=True)
for chunk in stream:
    if chunk.choices and chunk.choices[0].delta.content:
        sys.stdout.write(chunk.choices[0].delta.content)
        sys.stdout.flush()
"""


async def first_byte(command: list[str], environment: dict[str, str]) -> float:
    """Seconds from the start of a command to the first byte on its stdout."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, env=environment, cwd=ROOT
    )
    assert process.stdout is not None
    first = await process.stdout.read(1)
    taken = loop.time() - start
    assert first, "nothing came"
    await process.communicate()
    assert process.returncode == 0
    return taken


async def main() -> None:
    """Measures and prints a line each."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pipe")
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    async with ChatServer() as server:
        where = ["--provider", "openai", "--base-url", server.base_url, "--model", "m"]
        commands = {
            "tui-stream pipe": [sys.executable, "-m", "tui_stream", "pipe", "Hi", *where],
            "ten lines over the SDK": [sys.executable, "-c", SCRIPT, server.base_url],
        }
        taken: dict[str, list[float]] = {name: [] for name in commands}
        with tempfile.TemporaryDirectory() as home:
            environment = {"PATH": "/usr/bin:/bin", "HOME": home, "PYTHONPATH": str(Path.cwd())}
            for number in range(rounds + 1):
                for name, command in commands.items():
                    server.say("Hello", " there.")
                    seconds = await first_byte(command, environment)
                    if number:
                        taken[name].append(seconds)
    for name, values in taken.items():
        print(f"{name:<24} first byte: median {statistics.median(values) * 1000:6.0f} ms, min {min(values) * 1000:.0f}")
    ratios = [ours / theirs for ours, theirs in zip(*taken.values(), strict=True)]
    print(f"ratio, pair by pair: median {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    asyncio.run(main())
