"""What commands print: text on stdout, lines that fit the terminal, and nothing in them that could steer it."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TextIO

import typer

from tui_stream.core.encodings import written
from tui_stream.core.sanitize import clean
from tui_stream.errors import TuiStreamError, UsageError

EXIT_INTERRUPTED, EXIT_READER_GONE = 130, 141
_MARK, _END = "\x1b[1;33m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Screen:
    """What the person looks at.

    Attributes:
        columns: cells of a line.
        colour: whether parts of a line may be marked with a colour.
    """

    columns: int
    colour: bool

    def marked(self, text: str) -> str:
        """Text that stands out, where it may."""
        return f"{_MARK}{text}{_END}" if self.colour and text else text


def screen() -> Screen | None:
    """The terminal that shows stdout; None where there is none.

    Its colours are left alone where NO_COLOR says so (https://no-color.org) or the terminal knows none.
    """
    stdout = _stdout()
    if stdout is None or not stdout.isatty():
        return None
    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Screen(shutil.get_terminal_size().columns, colour)


@contextmanager
def printed() -> Iterator[TextIO]:
    """Stdout, in UTF-8 unless a terminal reads something else. Where the reader has gone away, the program just ends.

    Raises:
        UsageError: stdout was closed.
        TuiStreamError: it cannot be written.
        typer.Exit: nobody reads any more.
    """
    stdout = _stdout()
    if stdout is None:
        raise UsageError("There is no stdout to write to.", hint="Do not close it.")
    with writing():
        descriptor = stdout.fileno()
        encoding = written(stdout)
        with open(descriptor, "w", encoding=encoding, errors="replace", newline="\n", closefd=False) as stream:
            yield stream


@contextmanager
def writing() -> Iterator[None]:
    """Where stdout is written to: what may go wrong with it.

    Raises:
        TuiStreamError: it cannot be written.
        typer.Exit: nobody reads any more.
    """
    try:
        yield
    except BrokenPipeError as error:
        raise typer.Exit(EXIT_READER_GONE) from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise TuiStreamError("The output cannot be written: no space is left.", hint="Free some.") from error
        raise TuiStreamError(f"The output cannot be written: {error.strerror}.") from error


def _stdout() -> TextIO | None:
    """Stdout; None where it was closed before the program began."""
    return sys.stdout


def is_terminal(stream: IO[str] | None) -> bool:
    """Whether a standard stream is a terminal; one that was closed is None."""
    return stream is not None and stream.isatty()


def say(text: str) -> None:
    """A line for the person, on stderr, which is no part of what was asked for."""
    typer.echo(clean(text), err=True)


# -- lines -----------------------------------------------------------------------------------------


def cropped(text: str, width: int) -> str:
    """One line that takes no more than ``width`` cells; an ellipsis stands for what is left out."""
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= width:
        return text
    return f"{set_cell_size(text, width - 1)}…" if width > 0 else ""


def fitted(text: str, width: int) -> str:
    """One line that takes exactly ``width`` cells."""
    from rich.cells import cell_len

    short = cropped(text, width)
    return short + " " * (width - cell_len(short))


def one_line(text: str) -> str:
    """Foreign text as a column of a line: without control characters, and as long as it is."""
    return " ".join(clean(text).split())


# -- JSON ------------------------------------------------------------------------------------------


def write_list(values: Iterable[object], stream: TextIO) -> int:
    """Writes a JSON list, an element a line, as they come; how many it were."""
    count = 0
    for value in values:
        stream.write(",\n " if count else "[\n ")
        stream.write(json_text(value))
        count += 1
    stream.write("\n]\n" if count else "[]\n")
    return count


def json_text(value: object) -> str:
    """JSON in which whatever could steer a terminal stands as an escape."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if clean(text) == text:
        return text
    return "".join(one if clean(one) == one else json.dumps(one)[1:-1] for one in text)
