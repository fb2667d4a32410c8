"""``tui-stream config``: where the settings file is, what is in force and why, a first file, and a check.

What is asked for goes to stdout, everything else to stderr. The modules that read settings are imported when
a command runs, so that ``--help`` does not wait for them.
"""

import contextlib
import os
import sys
from pathlib import Path
from typing import IO, Annotated

import typer

from tui_stream.commands.helping import App
from tui_stream.core.private_files import FILE_MODE, make_folder, make_temporary
from tui_stream.core.sanitize import clean
from tui_stream.errors import ConfigError, UsageError

app = App(
    name="config",
    help="Show, write and check the settings.",
    no_args_is_help=True,
)

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="The settings file, instead of the usual one.", show_default=False),
]


@app.command()
def path(config: ConfigOption = None) -> None:
    """Print where the settings file is, whether or not it exists."""
    from tui_stream.config.load import config_path

    file = config_path(config, os.environ)
    typer.echo(shown(str(file), sys.stdout))
    if not file.exists():
        typer.echo('It does not exist; "tui-stream config init" writes one.', err=True)
    else:
        typer.echo("It exists.", err=True)


@app.command()
def show(
    config: ConfigOption = None,
    provider: Annotated[str | None, typer.Option(metavar="NAME", help="As for chat.")] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="As for chat.")] = None,
    base_url: Annotated[list[str] | None, typer.Option(metavar="URL", help="As for chat.")] = None,
    fallback: Annotated[list[str] | None, typer.Option(metavar="NAME", help="As for chat.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="As for chat.")] = False,
    option: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="As for chat.")] = None,
) -> None:
    """Print the settings in force, and where each value comes from; secrets are masked."""
    from tui_stream.config.given import Overrides
    from tui_stream.config.load import resolve
    from tui_stream.config.render import effective

    flags = Overrides(
        provider=provider,
        model=model,
        base_urls=base_url or (),
        fallback=fallback or (),
        offline=offline,
        options=option or (),
    )
    found = resolve(file=config, environ=os.environ, flags=flags)
    state = "" if found.found else ", which does not exist"
    typer.echo(shown(f"Settings file: {found.file}{state}", sys.stderr), err=True)
    typer.echo(shown(effective(found.settings, found.origins), sys.stdout), nl=False)


@app.command()
def init(
    config: ConfigOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Write a settings file with every setting at its default and explained."""
    from tui_stream.config.load import config_path
    from tui_stream.config.render import example

    file = config_path(config, os.environ)
    try:
        write_new(file, example(), force=force)
    except FileExistsError as error:
        raise ConfigError(f"{file} exists already.", hint="--force replaces it.") from error
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}.") from error
    typer.echo(shown(str(file), sys.stdout))


@app.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The file to check; the usual one without it.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Check a settings file: print ok, or everything that is wrong in it."""
    from tui_stream.config.load import check_file, config_path, load

    if file is not None and config is not None and file != config:
        raise UsageError(f"Two files are named: {file} and {config}.", hint="Name one, as FILE or with --config FILE.")
    file = file if config is None else config
    checked = config_path(file, os.environ)
    if file is None and "TUI_STREAM_CONFIG" not in os.environ and not checked.exists():
        typer.echo(shown(f"{checked} does not exist, so the defaults hold.", sys.stderr), err=True)
    else:
        from tui_stream.ui.themes import check_theme

        check_file(checked)
        check_theme(load(file=checked, environ={}).ui.theme)
    typer.echo("ok")


def shown(text: str, stream: IO[str]) -> str:
    """Text as a stream may have it: names of files hold anything, which a terminal must not obey."""
    return clean(text) if stream.isatty() else text


def write_new(file: Path, text: str, *, force: bool) -> None:
    """Writes a file that only its owner may read, whole or not at all, and makes the folders it needs.

    Args:
        file: where to; a symbolic link is followed.
        text: what to write.
        force: replace a file that exists.

    Raises:
        FileExistsError: it exists, and ``force`` is not set.
        OSError: it cannot be written.
    """
    target = file.resolve()
    make_folder(target.parent)
    if not force and target.exists():
        raise FileExistsError(target)
    handle, written = make_temporary(target.parent, ".config-", ".toml")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        if not force:  # whoever makes the name first has it; the empty file is replaced at once
            target.touch(mode=FILE_MODE, exist_ok=False)
        written.replace(target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            written.unlink()
