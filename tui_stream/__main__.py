"""Runs the program: ``tui-stream`` and ``python -m tui_stream``."""

from __future__ import annotations

import gc
import os
import sys
import threading
from typing import TYPE_CHECKING

gc.disable()  # while modules are loaded nothing becomes garbage; front ends switch it on again

from tui_stream import flags, fronts  # noqa: E402 - loaded with the collector off
from tui_stream.errors import TuiStreamError  # noqa: E402

if TYPE_CHECKING:
    from types import TracebackType

OTHER_COMMANDS = ("models", "config", "doctor", "history", "usage")
_COMPLETING = "_TUI_STREAM_COMPLETE"
"""Is set where the shell asks Typer what a word may become; there are no arguments then."""


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    from tui_stream.core import crash

    crash.say(kind, error, trace)


def _thread_crashed(what: threading.ExceptHookArgs) -> None:
    if what.exc_value is not None:
        _crashed(what.exc_type, what.exc_value, what.exc_traceback)


def main() -> None:
    """Runs the command line; an error that a person can do something about is one sentence on stderr."""
    sys.excepthook = _crashed
    threading.excepthook = _thread_crashed
    try:
        asked = None if _COMPLETING in os.environ else flags.read(sys.argv[1:], OTHER_COMMANDS)
        if asked is not None:
            sys.exit(fronts.run(asked))
        from typer.main import get_command

        from tui_stream.cli import app

        get_command(app)()  # and not app(), which would put Typer's own report of faults in place of ours
    except TuiStreamError as error:
        from tui_stream.core.sanitize import clean

        if sys.stderr is not None:
            sys.stderr.write(f"tui-stream: {clean(str(error))}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
