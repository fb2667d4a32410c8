"""``tui-stream render``: Markdown, rendered as it arrives, in the scroll-back of the terminal."""

from __future__ import annotations

import errno
import gc
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tui_stream.commands.printing import EXIT_READER_GONE, say
from tui_stream.core.encodings import written
from tui_stream.core.sanitize import clean_line
from tui_stream.errors import TuiStreamError, UsageError
from tui_stream.prompts.texts import is_binary

if TYPE_CHECKING:
    from tui_stream.scrollback.follow import Shown, Signals

EXAMPLES = """Examples:

llm "Explain TCP" | tui-stream render

curl -N https://example.org/answer.md | tui-stream render

tui-stream render README.md

tui-stream render --color always README.md | less -R

tui-stream render --width 72 notes.md > notes.txt"""
_SIGNALLED = 128  # plus the signal's number
_USUAL_COLUMNS = 80
_HEAD = 4096  # bytes of a file that say whether it is text
_LEAST, _MOST = 10, 1000
_GONE = frozenset({errno.EPIPE, errno.EIO})  # the latter is what a terminal says that was closed
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def _themes(incomplete: str) -> list[str]:
    from tui_stream.markdown.themes import THEMES

    return [name for name in THEMES if name.startswith(incomplete)]


When = Literal["auto", "always", "never"]

FileArgument = Annotated[
    Path | None,
    typer.Argument(metavar="FILE", help="A file with Markdown; without one, or with -, stdin.", show_default=False),
]
WidthOption = Annotated[
    int | None,
    typer.Option(
        "--width",
        "-w",
        min=_LEAST,
        max=_MOST,
        metavar="COLUMNS",
        help="How wide to make lines; otherwise as wide as the terminal, or 80 columns.",
        show_default=False,
    ),
]
ColourOption = Annotated[
    When,
    typer.Option(
        "--color",
        "--colour",
        help="Whether to write colours: auto means on a terminal, if NO_COLOR is not set.",
    ),
]
ThemeOption = Annotated[
    str,
    typer.Option(
        "--theme",
        metavar="NAME",
        autocompletion=_themes,
        help="dark, light, ansi (the terminal's own colours), high-contrast, high-contrast-light, colour-blind or "
        "colour-blind-light.",
        show_default=False,
    ),
]


def render(
    file: FileArgument = None, width: WidthOption = None, color: ColourOption = "auto", theme: ThemeOption = ""
) -> None:
    """Render Markdown as it arrives, into the terminal's scroll-back.

    What is finished is printed once and stays; only the last lines, those of the paragraph, table or code that is still
    being written, are drawn anew. At the end the scroll-back holds what rendering the whole text at once would have
    given. No alternate screen is used, and nothing is read from the keyboard: Ctrl+C ends it and keeps what is there.

    Where stdout is not a terminal (a file, a pager), the rendered lines are written plainly, each when it is finished.
    """
    raise typer.Exit(run(file, width=width, color=color, theme=theme))


def run(file: Path | None, *, width: int | None, color: When, theme: str) -> int:
    """Renders a file or stdin; returns the exit code.

    Raises:
        UsageError: there is nothing to read, or no such theme.
        TuiStreamError: it cannot be read or written.
    """
    from tui_stream.markdown.themes import THEMES
    from tui_stream.scrollback.follow import Signals, follow

    if theme and theme not in THEMES:
        raise UsageError(f"There is no theme {clean_line(theme)!r}.", hint=f"There are: {', '.join(THEMES)}.")
    stdout, encoding = _stdout()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()
    with _source(file) as source, Signals() as signals, _writing():
        typed = os.isatty(source)
        if typed:
            say("Type Markdown, then Ctrl+D.")
        shown = _shown(stdout, encoding, signals, width=width, color=color, theme=theme)
        number = follow(source, shown, signals, at_its_end=typed)
    return _SIGNALLED + number if number else 0


def _stdout() -> tuple[int, str]:
    """Its descriptor, and the encoding to write in.

    Raises:
        UsageError: it was closed.
    """
    if sys.stdout is None:
        raise UsageError("There is no stdout to write to.", hint="Do not close it.")
    return sys.stdout.fileno(), written(sys.stdout)


def _shown(stdout: int, encoding: str, signals: Signals, *, width: int | None, color: When, theme: str) -> Shown:
    """Lines that are drawn anew as they grow, where the terminal can do that and reads UTF-8; otherwise plain ones."""
    from tui_stream.scrollback.follow import LineShow
    from tui_stream.scrollback.setting import is_capable, line_printer_for, printer_for
    from tui_stream.scrollback.show import Show
    from tui_stream.scrollback.terminal import Terminal

    environ = dict(os.environ)
    if color == "never":
        environ["NO_COLOR"] = "1"
    elif color == "always":
        environ.pop("NO_COLOR", None)
    terminal = Terminal(stdout, most=width) if os.isatty(stdout) else None
    if terminal is not None and is_capable(environ) and encoding == "utf-8":
        return Show(terminal, printer_for(terminal.size, environ, theme), proceed=signals.proceed)
    columns = width or (terminal.size.columns if terminal else _columns(environ.get("COLUMNS", "")))
    return LineShow(stdout, line_printer_for(columns, environ, theme, colours=color == "always"), signals, encoding)


def _columns(said: str) -> int:
    return min(int(said), _MOST) if said.isdecimal() and int(said) >= _LEAST else _USUAL_COLUMNS


@contextmanager
def _source(file: Path | None) -> Iterator[int]:
    """A descriptor to read from.

    Raises:
        UsageError: there is no such file, it is no text, or stdin was closed.
    """
    if file is None or str(file) == "-":
        if sys.stdin is None:
            raise UsageError("There is no stdin to read from.", hint="Name a file: tui-stream render README.md")
        yield sys.stdin.fileno()
        return
    name = clean_line(str(file))
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}.", hint="Name a file with Markdown.") from error
    try:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            raise UsageError(f"{name} is a directory.", hint="Name a file in it.")
        if stat.S_ISREG(kind) and is_binary(os.pread(descriptor, _HEAD, 0)):
            raise UsageError(f"{name} is a binary file, not text.", hint="Name a file with Markdown.")
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _writing() -> Iterator[None]:
    """Ends the program quietly if nobody reads any more.

    Raises:
        TuiStreamError: it cannot be read or written for another reason.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _GONE:
            raise typer.Exit(EXIT_READER_GONE) from error
        if error.errno in _FULL:
            raise TuiStreamError("The output cannot be written: no space is left.", hint="Free some.") from error
        raise TuiStreamError(f"It cannot be read or written: {error.strerror}.") from error
