"""The command line as Typer reads it: every command, its help, and what is wrong with what was typed.

Nothing heavy is imported before a command runs, so that ``--help`` and ``--version`` answer at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tui_stream import __version__, fronts
from tui_stream.commands import config as config_command
from tui_stream.commands import doctor as doctor_command
from tui_stream.commands import history as history_command
from tui_stream.commands import models as models_command
from tui_stream.commands import usage as usage_command
from tui_stream.commands.options import (
    BaseUrlOption,
    BudgetOption,
    ConfigOption,
    FallbackOption,
    LatestOption,
    LogOption,
    ModelOption,
    NoStoreOption,
    OfflineOption,
    OptionOption,
    OverBudgetOption,
    ProviderOption,
    RecordOption,
    ResumeOption,
    SpeedOption,
    SystemOption,
)
from tui_stream.flags import AUTOMATIC, Asked


class _Group(TyperGroup):
    """Takes a command line that names no command as one for chat or pipe, whichever fits."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        root_options = {name for param in self.get_params(ctx) for name in (*param.opts, *param.secondary_opts)}
        if not args or (args[0] not in self.commands and args[0] not in root_options):
            args = [AUTOMATIC, *args]
        return super().parse_args(ctx, args)

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
    """Typer quotes what was typed, or pasted; it escapes control characters, but not those that turn text around."""
    try:
        yield
    except typer.TyperException as error:
        from tui_stream.core.sanitize import clean

        error.message = clean(error.message)
        raise


app = typer.Typer(
    cls=_Group,
    name="tui-stream",
    help="Chat with a model in the terminal; answers appear live, smooth and exact.",
    epilog="Without a command: a chat on a terminal, a pipe elsewhere, with the flags that chat and pipe have: "
    "tui-stream --provider ollama --model qwen3:8b",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
app.add_typer(config_command.app)
app.command("models")(models_command.models)
app.command("doctor")(doctor_command.doctor)
app.add_typer(history_command.app)
app.command("usage")(usage_command.usage)

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


def _asking(name: str, what: str) -> Callable[..., None]:
    """A command with the flags that chat and pipe have in common."""

    def command(
        prompt: PromptArgument = "",
        provider: ProviderOption = None,
        base_url: BaseUrlOption = None,
        model: ModelOption = None,
        fallback: FallbackOption = None,
        offline: OfflineOption = False,
        system: SystemOption = None,
        option: OptionOption = None,
        latest: LatestOption = False,
        resume: ResumeOption = None,
        no_store: NoStoreOption = False,
        budget: BudgetOption = None,
        over_budget: OverBudgetOption = False,
        record: RecordOption = None,
        speed: SpeedOption = None,
        log: LogOption = None,
        config: ConfigOption = None,
    ) -> None:
        asked = Asked(
            command=name,
            prompt=prompt,
            provider=provider,
            base_url=base_url or [],
            model=model,
            fallback=fallback or [],
            offline=offline,
            system=system,
            option=option or [],
            latest=latest,
            resume=resume,
            no_store=no_store,
            budget=budget,
            over_budget=over_budget,
            record=record,
            speed=speed,
            log=log,
            config=config,
        )
        raise typer.Exit(fronts.run(asked))

    command.__doc__ = what
    return command


app.command("chat")(_asking("chat", "Open the chat."))
app.command("pipe")(
    _asking("pipe", "Ask once: the answer, and nothing else, goes to stdout; piped text is added to the prompt.")
)
app.command(AUTOMATIC, hidden=True)(_asking(AUTOMATIC, "Open the chat on a terminal, else ask once."))
