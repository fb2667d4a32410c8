"""The command line, and the composition root: reads the settings and hands a front end what it needs.

Nothing heavy is imported before a command runs, so that ``--help`` and ``--version`` answer at once.
"""

from __future__ import annotations

import asyncio
import functools
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from tui_stream import __version__
from tui_stream.commands import config as config_command
from tui_stream.commands import doctor as doctor_command
from tui_stream.commands import models as models_command
from tui_stream.commands.options import (
    BaseUrlOption,
    ConfigOption,
    ModelOption,
    OptionOption,
    ProviderOption,
    RecordOption,
    SpeedOption,
    SystemOption,
    settings_from,
)
from tui_stream.errors import UsageError

if TYPE_CHECKING:
    from tui_stream.config import Settings

_AUTOMATIC = "auto"


class _Group(TyperGroup):
    """Takes a command line that names no command as one for chat or pipe, whichever fits."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        root_options = {
            name for param in self.get_params(ctx) for name in (*param.opts, *param.secondary_opts)
        }
        if not args or (args[0] not in self.commands and args[0] not in root_options):
            args = [_AUTOMATIC, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_Group,
    name="tui-stream",
    help="Chat with a model in the terminal; answers appear live, smooth and exact.",
    epilog='Without a command: a chat on a terminal, a pipe elsewhere. Try: echo "Hello" | tui-stream',
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
app.add_typer(config_command.app)
app.command("models")(models_command.models)
app.command("doctor")(doctor_command.doctor)

PromptArgument = Annotated[str, typer.Argument(metavar="[PROMPT]", help="What to ask.", show_default=False)]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tui-stream {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Chat with a model in the terminal; answers appear live, smooth and exact."""
    del version


def _asking(front_end: Callable[[Settings, str], None], what: str) -> Callable[..., None]:
    """A command with the flags that chat and pipe have in common."""

    def command(
        prompt: PromptArgument = "",
        provider: ProviderOption = None,
        base_url: BaseUrlOption = None,
        model: ModelOption = None,
        system: SystemOption = None,
        option: OptionOption = None,
        record: RecordOption = None,
        speed: SpeedOption = None,
        config: ConfigOption = None,
    ) -> None:
        front_end(settings_from(config, provider, model, base_url, system, option, record, speed), prompt)

    command.__doc__ = what
    return command


def _automatic(settings: Settings, prompt: str) -> None:
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    (_chat if on_terminal else _pipe)(settings, prompt)


def _chat(settings: Settings, prompt: str) -> None:
    if (
        not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty())
        or os.environ.get("TERM") == "dumb"
    ):
        raise UsageError(
            "The chat needs a terminal, and this is none that can show it.",
            hint='Use the pipe: tui-stream pipe "Name three fruits."',
        )
    from tui_stream import compose
    from tui_stream.ui import app as ui

    open_session = functools.partial(compose.open_session, settings, frame=1 / settings.ui.frame_rate)
    code = asyncio.run(
        ui.run(
            open_session,
            ui=settings.ui,
            stall_notice=settings.timeouts.stall_notice,
            first_prompt=prompt,
        )
    )
    raise typer.Exit(code)


def _pipe(settings: Settings, prompt: str) -> None:
    from tui_stream import compose, pipe
    from tui_stream.core.sanitize import clean, repair

    text = pipe.read_prompt(prompt, sys.stdin.buffer, interactive=sys.stdin.isatty())
    cleaner = clean if sys.stdout.isatty() else repair
    open_session = functools.partial(compose.open_session, settings, frame=0.0, cleaner=cleaner)
    code = pipe.main(
        open_session, text, output=pipe.FileOutput(sys.stdout.fileno()), notes=pipe.Notes(sys.stderr)
    )
    raise typer.Exit(code)


app.command("chat")(_asking(_chat, "Open the chat."))
app.command("pipe")(
    _asking(
        _pipe, "Ask once: the answer, and nothing else, goes to stdout; piped text is added to the prompt."
    )
)
app.command(_AUTOMATIC, hidden=True)(_asking(_automatic, "Open the chat on a terminal, else ask once."))
