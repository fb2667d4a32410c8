"""What is said when a fault in the program ends it: where it happened, and nothing that should stay secret.

A traceback that shows variables shows keys and whole conversations with them, and the message of an error may quote
what a server sent. People paste such lines into public reports. So no variable is shown, messages are shortened and
cleaned, and every long word in them that could be a key is masked.
"""

from __future__ import annotations

import os
import re
import sys
import traceback
from types import TracebackType

from tui_stream.core.sanitize import clean, mask_keys, mask_words

EXIT_CODE = 1

_HEAD = "tui-stream: A fault in the program ended it. Please report these lines; keys and values are left out.\n"
_TELLING = re.compile(r"key|token|secret|pass|pwd|auth|cred", re.IGNORECASE)
_SHORTEST = 6  # characters of a value that is taken for a key

_LONGEST = 1000
"""Characters of a message that are shown."""


def report(error: BaseException) -> str:
    """What to show of an error that nobody expected: lines, the last one with the error's message."""
    return _HEAD + "".join(map(_shown, traceback.TracebackException.from_exception(error).format()))


def say(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Writes the report to stderr; takes the place of `sys.excepthook`."""
    del kind
    if sys.stderr is not None:
        sys.stderr.write(report(error.with_traceback(trace)))


def _shown(piece: str) -> str:
    """A piece of a traceback: a place in the program is shown as it is, a message cut and masked."""
    text = _without_keys(clean(piece))
    if text.lstrip(" |+-").startswith('File "'):
        return mask_keys(text)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…\n"
    return mask_words(mask_keys(text))


def _without_keys(text: str) -> str:
    """Text without the keys of the environment, which need not look like keys."""
    for name, value in os.environ.items():
        if len(value) >= _SHORTEST and _TELLING.search(name):
            text = text.replace(value, "[key]")
    return text
