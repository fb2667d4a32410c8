"""The flags as Typer takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any

import typer

from tui_stream.flags import FLAGS, NUMBERS, POSITIVE, Flag


def _names(incomplete: str, known: Iterable[str]) -> list[str]:
    return [name for name in known if name.startswith(incomplete)]


def _providers(incomplete: str) -> list[str]:
    from tui_stream.config import PROVIDER_NAMES

    return _names(incomplete, PROVIDER_NAMES)


def _models(ctx: typer.Context, incomplete: str) -> list[str]:
    from tui_stream.models_seen import ModelsSeen

    return _names(incomplete, ModelsSeen().names(ctx.params.get("provider") or ""))


def _templates(incomplete: str) -> list[str]:
    from tui_stream import paths
    from tui_stream.prompts import templates

    return _names(incomplete, templates.names(paths.templates_dir()))


def _fallbacks(ctx: typer.Context, incomplete: str) -> list[str]:
    """Models of the same provider, and those of any other behind its name."""
    from tui_stream.config import PROVIDER_NAMES
    from tui_stream.models_seen import ModelsSeen

    seen = ModelsSeen()
    others = [f"{provider}/{model}" for provider in PROVIDER_NAMES for model in seen.names(provider)]
    return _names(incomplete, [*_models(ctx, incomplete), "embedded", *others])


def _conversations(incomplete: str) -> list[tuple[str, str]]:
    from tui_stream.commands.history_access import beginnings

    return beginnings(incomplete)


_COMPLETED: Mapping[str, Callable[..., Sequence[str | tuple[str, str]]]] = {
    "provider": _providers,
    "model": _models,
    "fallback": _fallbacks,
    "template": _templates,
    "resume": _conversations,
}


def option(flag: Flag) -> Any:
    """A flag as Typer takes it."""
    text = f"{flag.help} May be repeated." if flag.repeated else flag.help
    if not flag.metavar:
        return typer.Option(*flag.spellings, metavar="", help=text)
    return typer.Option(
        *flag.spellings,
        metavar=flag.metavar,
        help=text,
        show_default=False,
        min=POSITIVE.get(flag.metavar),
        autocompletion=_COMPLETED.get(flag.name),
    )


def parameter(flag: Flag) -> Parameter:
    """A flag as a parameter of a command."""
    kind: Any = Path if flag.metavar == "FILE" else NUMBERS.get(flag.metavar, str)
    if not flag.metavar:
        return Parameter(flag.name, Parameter.KEYWORD_ONLY, default=False, annotation=Annotated[bool, option(flag)])
    several: Any = list[kind] if flag.repeated else kind
    annotation: Any = Annotated[several | None, option(flag)]
    return Parameter(flag.name, Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _option(name: str) -> Any:
    return option(next(flag for flag in FLAGS if flag.name == name))


ProviderOption = Annotated[str | None, _option("provider")]
BaseUrlOption = Annotated[list[str] | None, _option("base_url")]
ModelOption = Annotated[str | None, _option("model")]
FallbackOption = Annotated[list[str] | None, _option("fallback")]
OfflineOption = Annotated[bool, _option("offline")]
SystemOption = Annotated[str | None, _option("system")]
OptionOption = Annotated[list[str] | None, _option("option")]
LatestOption = Annotated[bool, _option("latest")]
ResumeOption = Annotated[str | None, _option("resume")]
NoStoreOption = Annotated[bool, _option("no_store")]
RawOption = Annotated[bool, _option("raw")]
RecordOption = Annotated[Path | None, _option("record")]
SpeedOption = Annotated[float | None, _option("speed")]
LogOption = Annotated[Path | None, _option("log")]
ConfigOption = Annotated[Path | None, _option("config")]
