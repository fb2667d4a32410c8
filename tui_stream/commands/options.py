"""The flags as Typer takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tui_stream.flags import FLAGS


def _option(name: str) -> Any:
    flag = next(flag for flag in FLAGS if flag.name == name)
    text = f"{flag.help} May be repeated." if flag.repeated else flag.help
    if not flag.metavar:
        return typer.Option(*flag.spellings, help=text)
    return typer.Option(*flag.spellings, metavar=flag.metavar, help=text, show_default=False)


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
BudgetOption = Annotated[str | None, _option("budget")]
OverBudgetOption = Annotated[bool, _option("over_budget")]
RecordOption = Annotated[Path | None, _option("record")]
SpeedOption = Annotated[float | None, _option("speed")]
LogOption = Annotated[Path | None, _option("log")]
ConfigOption = Annotated[Path | None, _option("config")]
