"""The real model for tests: fetched once into the person's own cache, and kept there between runs.

``python -m tests.weights`` fetches it beforehand and prints where it is.
"""

from __future__ import annotations

import asyncio
import functools
import os
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import pytest

from tui_stream.errors import TuiStreamError
from tui_stream.providers._weights import Shelf
from tui_stream.providers.embedded import default_fetcher, weights_folder

_VARIABLE = "TUI_STREAM_TEST_WEIGHTS"
_ENVIRONMENT = dict(os.environ)
"""As it was when the tests were collected: each test has a home and an environment of its own."""


def real_weights() -> Path:
    """The file of the built-in model; skips the test only where it cannot be had."""
    path, reason = _fetched()
    if path is None:
        pytest.skip(f"the real model cannot be had: {reason}")
    return path


@functools.cache
def _fetched() -> tuple[Path | None, str]:
    command = [sys.executable, "-m", "tests.weights"]
    root = Path(__file__).parents[1]
    done = subprocess.run(
        command, cwd=root, env=_ENVIRONMENT, capture_output=True, text=True, check=False, timeout=1800
    )
    if done.returncode == 0:
        return Path(done.stdout.strip()), ""
    return None, (done.stderr.strip().splitlines() or ["no reason given"])[-1]


async def _fetch() -> Path:
    if given := os.environ.get(_VARIABLE):
        path = Path(given).absolute()
        Shelf(path.parent).check(path)
        return path
    shelf = Shelf(weights_folder())
    shown = ""
    if not shelf.pinned.is_file():
        async with aclosing(default_fetcher(shelf, connect=10.0).fetch()) as steps:
            async for step in steps:
                if step.label != shown:
                    print(step.label, "...", file=sys.stderr)
                    shown = step.label
    shelf.check(shelf.pinned)
    return shelf.pinned


def _main() -> int:
    try:
        print(asyncio.run(_fetch()))
    except TuiStreamError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(_main())
