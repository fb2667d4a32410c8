"""What the live renderer costs, beside Textual's own `Markdown` widget: ``python -m tests.benchmarks.render``.

Run by hand. Each figure is taken in a fresh program on a pseudo-terminal of 120x40 cells which is drained here;
where two are compared, their programs take turns. Figures are CPU time, all threads of the program counted,
except for stalls; judge the ratios, since times are those of the machine it runs on. Everything takes about ten
minutes, ``--quick`` two. The exit code is 1 where a limit is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import compileall
import sys
from collections.abc import Awaitable, Callable

from tests.benchmarks.render.effort import Effort
from tests.benchmarks.render.growth import growth, history, stock
from tests.benchmarks.render.load import sent, start
from tests.benchmarks.render.rate import rate
from tests.benchmarks.render.report import Report
from tests.benchmarks.render.text import SHAPES
from tests.terminal import ROOT

SECTIONS: dict[str, Callable[[Effort], Awaitable[Report]]] = {
    "growth": growth,
    "history": history,
    "rate": rate,
    "stock": stock,
    "start": start,
    "bytes": sent,
}
_QUICK = ["prose", "table"]


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.render")
    parser.add_argument("--only", choices=sorted(SECTIONS), nargs="+", help="these parts only")
    parser.add_argument("--shapes", choices=sorted(SHAPES), nargs="+", help="these shapes of the answer only")
    parser.add_argument("--quick", action="store_true", help="fewer shapes and fewer rounds")
    parser.add_argument("--messages", type=int, default=10_000, help="of a long conversation (10000)")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    return parser.parse_args()


async def measure(asked: argparse.Namespace) -> Report:
    """Runs what was asked for."""
    shapes = asked.shapes or (_QUICK if asked.quick else list(SHAPES))
    effort = (Effort.quick if asked.quick else Effort)(shapes, asked.messages)
    for package in ("tui_stream", "tests"):  # as an installed program is
        compileall.compile_dir(ROOT / package, quiet=1)
    report = Report()
    for name, section in SECTIONS.items():
        if not asked.only or name in asked.only:
            report.add(await section(effort))
    return report


def main() -> None:
    """Measures, prints the tables and the limits."""
    asked = arguments()
    report = asyncio.run(measure(asked))
    print(report.shown(markdown=asked.markdown))
    sys.exit(not all(limit.holds for limit in report.limits))


if __name__ == "__main__":
    main()
