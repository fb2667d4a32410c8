"""Runs the program: ``tui-stream`` and ``python -m tui_stream``.

Nothing is loaded here before `main` runs, so that Ctrl+C is silent from the first moment on.
"""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
    from types import TracebackType

    from tui_stream.errors import TuiStreamError

gc.disable()  # while modules are loaded nothing becomes garbage; front ends switch it on again

OTHER_COMMANDS = ("models", "config", "doctor", "history", "usage", "render", "templates", "completion")
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
    try:
        _run()
    except KeyboardInterrupt:
        sys.exit(130)
    except RuntimeError as error:
        if not isinstance(error.__cause__, KeyboardInterrupt):  # so Python 3.11 wraps it while a class is being made
            raise
        sys.exit(130)
    finally:
        _give_up("stderr")


def _run() -> None:
    import threading

    sys.excepthook = _crashed
    threading.excepthook = _thread_crashed
    from tui_stream.errors import TuiStreamError

    try:
        _ask_or_command(sys.argv[1:])
    except TuiStreamError as error:
        _say(error)
        _give_up("stdout")
        sys.exit(error.exit_code)


def _ask_or_command(arguments: list[str]) -> None:
    """Runs what the arguments ask for.

    Raises:
        TuiStreamError: what a person should be told in a sentence.
        SystemExit: at its end.
    """
    from tui_stream import flags, fronts

    asked = None if _COMPLETING in os.environ else flags.read(arguments, OTHER_COMMANDS)
    if asked is not None:
        if arguments and arguments == asked.prompt.split():  # one word and no more
            from tui_stream.commands import slips

            slips.check_word(asked.prompt, (*flags.COMMANDS, *OTHER_COMMANDS))
        sys.exit(fronts.run(asked))
    from typer._completion_classes import completion_init
    from typer.main import get_command

    from tui_stream.cli import app

    if _COMPLETING in os.environ:
        completion_init()  # else Typer does it only for the flags that install its own scripts
    command = get_command(app)  # and not app(), which would put Typer's own report of faults in place of ours
    command(prog_name="tui-stream")


def _say(error: TuiStreamError) -> None:
    from tui_stream.core.sanitize import clean

    if sys.stderr is not None:
        try:
            sys.stderr.write(f"tui-stream: {clean(str(error))}\n")
        except OSError:  # the exit code says it too
            return


def _give_up(name: str) -> None:
    """Where a stream took not all that was written: Python would try again, and put 120 in place of the exit code."""
    stream = getattr(sys, name)
    try:
        if stream is not None:
            stream.flush()
    except (OSError, ValueError):
        setattr(sys, name, None)


if __name__ == "__main__":
    main()
