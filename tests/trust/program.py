"""The program in a process of its own, as it is or with lines of defence taken away: each of them holds alone."""

from __future__ import annotations

import sys
from collections.abc import Sequence

WHOLE = "whole"
NO_WAY_IN = "without cleaning on the way in"
NO_WAY_OUT = "without the guard on the way out"
NEITHER = "with neither"
DEFENCES = (WHOLE, NO_WAY_IN, NO_WAY_OUT)

_TAKEN_AWAY = {
    NO_WAY_IN: (
        "import re, types\n"
        "import tui_stream.core.sanitize as sanitize, tui_stream.ui.guard as guard\n"
        "import tui_stream.markdown.cleaning as cleaning\n"
        "was = sanitize.clean\n"
        "guard.clean = types.FunctionType(was.__code__, dict(vars(sanitize)), None, was.__defaults__)\n"
        "sanitize._UNSAFE = cleaning._CONTROL = re.compile('(?!)')\n"
    ),
    NO_WAY_OUT: "import tui_stream.ui.paint as paint\npaint.guarded = lambda strip: strip\n",
}


def program(*arguments: str, defence: str = WHOLE, before: str = "") -> Sequence[str]:
    """How it is started.

    Args:
        arguments: of its command line.
        defence: which lines of defence it has.
        before: Python to run first.
    """
    missing = (NO_WAY_IN, NO_WAY_OUT) if defence == NEITHER else (defence,)
    changed = "".join(_TAKEN_AWAY.get(one, "") for one in missing) + before
    if not changed:
        return [sys.executable, "-m", "tui_stream", *arguments]
    code = f"{changed}\nfrom tui_stream.__main__ import main\nmain()\n"
    return [sys.executable, "-c", code, *arguments]
