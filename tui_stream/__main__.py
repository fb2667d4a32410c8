"""Runs the program: ``tui-stream`` and ``python -m tui_stream``."""

from __future__ import annotations

import gc
import os
import sys

gc.disable()  # while modules are loaded nothing becomes garbage; front ends switch it on again

from tui_stream import flags, fronts  # noqa: E402 - loaded with the collector off
from tui_stream.errors import TuiStreamError  # noqa: E402

OTHER_COMMANDS = ("models", "config", "doctor", "history")
_COMPLETING = "_TUI_STREAM_COMPLETE"
"""Is set where the shell asks Typer what a word may become; there are no arguments then."""


def main() -> None:
    """Runs the command line; an error that a person can do something about is one sentence on stderr."""
    try:
        asked = None if _COMPLETING in os.environ else flags.read(sys.argv[1:], OTHER_COMMANDS)
        if asked is not None:
            sys.exit(fronts.run(asked))
        from tui_stream.cli import app

        app()
    except TuiStreamError as error:
        from tui_stream.core.sanitize import clean

        if sys.stderr is not None:
            sys.stderr.write(f"tui-stream: {clean(str(error))}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
