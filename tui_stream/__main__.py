"""Runs the program: ``tui-stream`` and ``python -m tui_stream``."""

from __future__ import annotations

import gc
import sys

gc.disable()  # while modules are loaded nothing becomes garbage; front ends switch it on again

from tui_stream.cli import app  # noqa: E402 - loaded with the collector off
from tui_stream.core.sanitize import clean  # noqa: E402
from tui_stream.errors import TuiStreamError  # noqa: E402


def main() -> None:
    """Runs the command line; an error that a person can do something about is one sentence on stderr."""
    try:
        app()
    except TuiStreamError as error:
        sys.stderr.write(f"tui-stream: {clean(str(error))}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
