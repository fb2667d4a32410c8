"""What all commands have in common, whatever they do: how their help reads, and how it is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from tui_stream.commands.printing import EXIT_READER_GONE, writing

if TYPE_CHECKING:
    _Base = TyperCommand
else:
    _Base = object
_Function = TypeVar("_Function", bound=Callable[..., Any])


class _Helped(_Base):
    """Tells its help as a command's output, and shows no kind of value for a switch, which takes none."""

    def get_params(self, ctx: Any) -> list[Any]:
        """As in any command."""
        params = super().get_params(ctx)
        for one in params:
            if isinstance(one, TyperOption) and one.is_bool_flag and one.metavar is None:
                one.metavar = ""
        return params

    def get_help(self, ctx: Any) -> str:
        """Writes the help; returns nothing that is still to be written.

        Raises:
            TuiStreamError: it cannot be written.
            typer.Exit: nobody reads any more.
        """
        try:
            with writing():
                return super().get_help(ctx)
        except SystemExit as error:  # so Rich ends a program whose output nobody reads
            raise typer.Exit(EXIT_READER_GONE) from error


class Command(_Helped, TyperCommand):
    """A command."""


class Group(_Helped, TyperGroup):
    """A command that has commands of its own."""


class App(typer.Typer):
    """Typer's application, made of these."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{"cls": Group, "add_completion": False, "pretty_exceptions_enable": False, **given})

    def command(self, name: str | None = None, **given: Any) -> Callable[[_Function], _Function]:
        """As in any application."""
        return super().command(name, **{"cls": Command, **given})
