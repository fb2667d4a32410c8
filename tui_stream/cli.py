"""The command line as Typer reads it: every command, its help, and what is wrong with what was typed.

Nothing heavy is imported before a command runs, so that ``--help`` and ``--version`` answer at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import Parameter, Signature
from typing import Annotated, Any

import typer

from tui_stream import __version__, fronts
from tui_stream.commands import completion as completion_command
from tui_stream.commands import config as config_command
from tui_stream.commands import doctor as doctor_command
from tui_stream.commands import history as history_command
from tui_stream.commands import models as models_command
from tui_stream.commands import render as render_command
from tui_stream.commands import templates as templates_command
from tui_stream.commands import usage as usage_command
from tui_stream.commands.asking import USAGE, Asking, Automatic
from tui_stream.commands.examples import EXAMPLES
from tui_stream.commands.helping import App, Group
from tui_stream.commands.options import parameter
from tui_stream.commands.printing import EXIT_READER_GONE, printed
from tui_stream.flags import AUTOMATIC, FLAGS, Asked


class _Group(Group):
    """Takes a command line that names no command as one for chat or pipe, whichever fits."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        root_options = {name for param in self.get_params(ctx) for name in (*param.opts, *param.secondary_opts)}
        if ctx.resilient_parsing and not args:
            return super().parse_args(ctx, args)
        if not args or (args[0] not in self.commands and args[0] not in root_options):
            args = [AUTOMATIC, *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As in any group; what is told of a line that names no command speaks of pipe."""
        name, command, left = super().resolve_command(ctx, args)
        return ("pipe" if name == AUTOMATIC else name), command, left

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Writes how the program is used."""
        formatter.write_usage(ctx.command_path, USAGE)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """What the word may become: a command, a flag of the program, or one of the command that is left out."""
        found = super().shell_complete(ctx, incomplete)
        if not incomplete.startswith("-"):
            return found
        left_out = self.commands[AUTOMATIC]
        inner = left_out.make_context(AUTOMATIC, [], parent=ctx, resilient_parsing=True)
        return found + [one for one in left_out.shell_complete(inner, incomplete) if one.value != "--help"]

    def make_context(self, *args: Any, **more: Any) -> Any:
        """As in any group; what is wrong with the command line is told in clean text."""
        with _cleaned():
            return super().make_context(*args, **more)

    def invoke(self, ctx: Any) -> Any:
        """As in any group; what is wrong with a command's flags is told in clean text."""
        with _cleaned():
            return super().invoke(ctx)


@contextmanager
def _cleaned() -> Iterator[None]:
    """Typer quotes what was typed, or pasted; it escapes control characters, but not those that turn text around.

    Where nobody reads what it prints itself, the exit code is that of the commands.
    """
    try:
        yield
    except BrokenPipeError as error:
        raise typer.Exit(EXIT_READER_GONE) from error
    except typer.TyperException as error:
        from tui_stream.core.sanitize import clean

        error.message = clean(error.message)
        raise


app = App(
    cls=_Group,
    name="tui-stream",
    help="Chat with a model in the terminal; answers appear live, smooth and exact.",
    epilog="Without a command: a chat on a terminal, a pipe elsewhere, with the flags that chat and pipe have.\n\n"
    "tui-stream --provider ollama --model qwen3:8b",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(config_command.app)
app.command("models")(models_command.models)
app.command("doctor")(doctor_command.doctor)
app.add_typer(history_command.app)
app.command("usage")(usage_command.usage)
app.add_typer(templates_command.app)
app.command("completion", epilog=completion_command.EXAMPLES)(completion_command.completion)
app.command("render", epilog=render_command.EXAMPLES)(render_command.render)

PromptArgument = Annotated[str, typer.Argument(metavar="PROMPT", help="What to ask.", show_default=False)]


def _version(wanted: bool) -> None:
    if wanted:
        with printed() as stream:
            stream.write(f"tui-stream {__version__}\n")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Chat with a model in the terminal; answers appear live, smooth and exact."""
    del version


def _asking(name: str, what: str) -> Callable[..., None]:
    """A command that takes the flags of chat or of pipe."""
    flags = [flag for flag in FLAGS if name != "chat" or not flag.pipe]

    def command(**given: Any) -> None:
        lists = {flag.name: given[flag.name] or [] for flag in flags if flag.repeated}
        raise typer.Exit(fronts.run(Asked(command=name, **{**given, **lists})))

    command.__doc__ = what
    as_argument = Parameter("prompt", Parameter.KEYWORD_ONLY, default="", annotation=PromptArgument)
    parameters = [as_argument, *(parameter(flag) for flag in flags)]
    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined] # what inspect.signature looks for
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


app.command("chat", cls=Asking)(_asking("chat", "Open the chat."))
app.command("pipe", cls=Asking, epilog=EXAMPLES)(
    _asking("pipe", "Ask once: the answer, and nothing else, goes to stdout; piped text is added to the prompt.")
)
app.command(AUTOMATIC, cls=Automatic, hidden=True)(_asking(AUTOMATIC, "Open the chat on a terminal, else ask once."))
