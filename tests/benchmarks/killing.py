"""What is lost when the program is killed: ``python -m tests.benchmarks.killing [--kills N]``, run by hand.

The real program on a pseudo-terminal, an answer of 200 tokens a second from a loopback server, and SIGKILL at a random
moment. For each kill every finished message has to be whole, and of the answer under way nothing may be missing that
had been sent more than 250 ms before. The exit code is 1 where that does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
from pathlib import Path

from tests.crashing import killed_after

LIMIT = 0.25  # seconds


async def measure(kills: int) -> int:
    """Kills the program again and again; how many kills lost too much."""
    lags, failures = [], 0
    for number in range(kills):
        with tempfile.TemporaryDirectory() as folder:
            places = {f"XDG_{name}_HOME": f"{folder}/{name}" for name in ("CONFIG", "CACHE", "DATA", "STATE")}
            delay = random.uniform(0, 3)
            killed = await killed_after(delay, Path(places["XDG_DATA_HOME"]) / "tui-stream", {**places, "HOME": folder})
            killed.check()
        lags.append(killed.lag)
        failures += killed.lag > LIMIT
        sent = killed.sender.length(killed.moment)
        print(f"{number + 1:>3}  after {delay:4.2f} s  sent {sent:>6}  kept {len(killed.partial):>6}", end="  ")
        print(f"oldest lost character {killed.lag * 1000:5.0f} ms old", flush=True)
    print(f"oldest lost character: median {statistics.median(lags) * 1000:.0f} ms, longest {max(lags) * 1000:.0f} ms")
    print(f"{failures} of {kills} kills lost more than {LIMIT * 1000:.0f} ms")
    return failures


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.killing")
    parser.add_argument("--kills", type=int, default=50)
    sys.exit(1 if asyncio.run(measure(parser.parse_args().kills)) else 0)


if __name__ == "__main__":
    main()
