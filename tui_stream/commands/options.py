"""The flags that several commands share, and the settings that come out of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tui_stream.config import Settings

ProviderOption = Annotated[
    str | None,
    typer.Option(
        "--provider",
        metavar="NAME",
        help="Who answers: embedded, openai, ollama, replay ...",
        show_default=False,
    ),
]
BaseUrlOption = Annotated[
    str | None,
    typer.Option("--base-url", metavar="URL", help="Where the provider's API is.", show_default=False),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model", "-m", metavar="NAME", help="Which model; for embedded a GGUF file.", show_default=False
    ),
]
SystemOption = Annotated[
    str | None,
    typer.Option("--system", "-s", metavar="TEXT", help="A system prompt.", show_default=False),
]
OptionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        "-o",
        metavar="NAME=VALUE",
        help="A parameter of the model, such as temperature=0.2; may be repeated.",
        show_default=False,
    ),
]
RecordOption = Annotated[
    Path | None,
    typer.Option("--record", metavar="FILE", help="Record the stream of every answer.", show_default=False),
]
SpeedOption = Annotated[
    float | None,
    typer.Option(
        "--speed", metavar="FACTOR", help="How much faster to replay a recording.", show_default=False
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help="The settings file, not the usual one.", show_default=False
    ),
]


def settings_from(
    config: Path | None = None,
    provider: str | None = None,
    model: str | None = None,
    base_url: str | None = None,
    system: str | None = None,
    option: list[str] | None = None,
    record: Path | None = None,
    speed: float | None = None,
) -> Settings:
    """The settings that hold with these flags.

    Raises:
        ConfigError: the file, the environment or a flag holds something that is not valid.
        UsageError: a flag cannot be read.
    """
    from tui_stream.config.load import Overrides, load

    flags = Overrides(
        provider=provider,
        model=model,
        base_url=base_url,
        system=system,
        options=tuple(option or ()),
        record=record,
        speed=speed,
    )
    return load(file=config, environ=os.environ, flags=flags)
