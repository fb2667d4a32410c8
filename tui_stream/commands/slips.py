"""What somebody may have meant who typed a word that is no command, or a prompt without quotes.

Is loaded before each prompt of one word, so it brings no library along.
"""

from __future__ import annotations

import os
import shlex
import stat
import sys
from collections.abc import Sequence
from typing import IO, Final

from tui_stream.core.sanitize import clean_line
from tui_stream.errors import UsageError

_LIKE: Final = 0.76
"""How like a command's name a word has to be: "modles" is, "that" is not quite like "chat"."""
_LONGEST: Final = 120  # characters of a prompt that is shown in quotes


def nearest(word: str, commands: Sequence[str]) -> str:
    """The command whose name this all but is; empty where it is like none."""
    from difflib import get_close_matches

    typed = word.lower()
    swapped = [name for name in commands if sorted(name) == sorted(typed)]
    return next(iter([*swapped, *get_close_matches(typed, commands, n=1, cutoff=_LIKE)]), "")


def check_word(word: str, commands: Sequence[str]) -> None:
    """Lets a word pass that was typed alone, unless it looks like a slip: as a prompt it may cost money.

    Where text comes with it, by a pipe or out of a file, it is a prompt in any case.

    Raises:
        UsageError: it is all but the name of a command.
    """
    meant = "" if _is_fed(sys.stdin) else nearest(word, commands)
    if meant:
        asking = f"To ask it: tui-stream pipe {shlex.quote(word)}"
        raise UsageError(_no_command(word), hint=f"Did you mean: tui-stream {meant}? {asking}")


def no_command(word: str, meant: str) -> UsageError:
    """What to raise for a line that begins with such a word."""
    return UsageError(_no_command(word), hint=f"Did you mean: tui-stream {meant}?")


def too_many(words: Sequence[str], start: str, meant: str) -> UsageError:
    """What to raise where more follows the prompt.

    Args:
        words: the prompt and what follows it.
        start: how a line with nothing but the prompt begins; nothing where there are flags, which it would lack.
        meant: the command whose name the first word all but is, or nothing.
    """
    quoted = _quoted(" ".join(words))
    example = f": {f'{start} {quoted}'.lstrip()}" if quoted else "."
    if meant:
        hint = f"Did you mean: tui-stream {meant}? To ask it, put the prompt in quotes{example}"
        return UsageError(_no_command(words[0]), hint=hint)
    prompt, *others = (clean_line(word, _LONGEST) for word in words)
    said = f"{clean_line(' '.join(others), _LONGEST)!r} was not expected behind the prompt {prompt!r}."
    return UsageError(said, hint=f"Put the prompt in quotes{example}")


def _no_command(word: str) -> str:
    return f"There is no command {clean_line(word)!r}."


def _quoted(text: str) -> str:
    """Text as a shell takes it for one word; nothing where it would have to be cut or cleaned."""
    if clean_line(text, _LONGEST) != text:
        return ""
    return shlex.quote(text) if set(text) & set('"$`\\!') else f'"{text}"'


def _is_fed(stdin: IO[str] | None) -> bool:
    """Whether stdin is a pipe or a file, and no terminal, ``/dev/null`` or a stream that was closed."""
    return stdin is not None and not stat.S_ISCHR(os.fstat(stdin.fileno()).st_mode)
