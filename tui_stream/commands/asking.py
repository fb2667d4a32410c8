"""The commands that ask, as Typer takes them: they have one prompt, and may be left out of the command line."""

from __future__ import annotations

from typing import Any, Final

import typer

from tui_stream.commands import slips
from tui_stream.commands.helping import Command
from tui_stream.flags import AUTOMATIC

USAGE: Final = "[COMMAND] [OPTIONS] [PROMPT]"
"""What may follow the program's name."""


class Asking(Command):
    """Chat, or pipe."""

    allow_extra_args = True  # and refused here, in our words

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As any command does.

        Raises:
            UsageError: more follows the prompt.
        """
        typed = list(args)
        left: list[str] = super().parse_args(ctx, args)
        if left and not ctx.resilient_parsing:
            words = [ctx.params["prompt"], *left]
            start = self.start(ctx) if typed == words else ""
            raise slips.too_many(words, start, self.meant(ctx, typed))
        return left

    def start(self, ctx: Any) -> str:
        """How a command line begins that has nothing but a prompt."""
        return str(ctx.command_path)

    def meant(self, ctx: Any, typed: list[str]) -> str:
        """The command that may have been meant with the first word; empty where it was this one."""
        del ctx, typed
        return ""


class Automatic(Asking):
    """Either of them, where the command line names none."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As any command does.

        Raises:
            UsageError: more follows the prompt, or the line was meant for another command.
        """
        typed = list(args)
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            if meant := self.meant(ctx, typed):
                raise slips.no_command(typed[0], meant) from error
            raise

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Writes how the program is used."""
        formatter.write_usage(self.start(ctx), USAGE)

    def start(self, ctx: Any) -> str:
        """How a command line begins that has nothing but a prompt."""
        return str(ctx.parent.command_path)

    def meant(self, ctx: Any, typed: list[str]) -> str:
        """The command whose name the first word all but is."""
        first = typed[0] if typed and not typed[0].startswith("-") else ""
        return slips.nearest(first, [name for name in ctx.parent.command.commands if name != AUTOMATIC])
