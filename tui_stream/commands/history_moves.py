"""``tui-stream history export`` and ``import``: conversations taken away as files, and brought in."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tui_stream.commands.history_access import (
    JsonOption,
    SomeIdsArgument,
    counted,
    everything,
    opened,
    overviews,
    resolved,
)
from tui_stream.commands.printing import EXIT_INTERRUPTED, json_text, printed, say
from tui_stream.errors import UsageError

if TYPE_CHECKING:
    from types import FrameType

    from tui_stream.commands.history_files import TakenIn
    from tui_stream.core.archive import Overview
    from tui_stream.keeping import OpenHistory


def export(
    conversations: SomeIdsArgument = None,
    every: Annotated[bool, typer.Option("--all", help="All conversations, the archived ones too.")] = False,
    wanted: Annotated[
        Literal["json", "markdown", "html"] | None,
        typer.Option("--format", help="The format; else what the file's name says, else json.", show_default=False),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE|DIR", help="Where to, stdout without it.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
) -> None:
    """Write conversations to stdout, to one file, or to a file each in a folder.

    JSON holds everything, all branches too, and can be imported again. Markdown
    and HTML are for people, and hold the path that is shown.

    JSON: an object with format ("tui-stream"), version (1), exported_at and
    conversations; they have id, title, pinned, archived, created_at, updated_at
    and messages; those have id, parent_id, chosen (of several branches, the one
    that is shown), role, text, reasoning, status, created_at, finished_at,
    provider, model, parameters, tool_calls, finish_reason, usage, cost, timing,
    error and notes. What is missing is empty.

    What ends with a slash, or is a folder, gets a file for each conversation.
    """
    from tui_stream.commands import history_files as files
    from tui_stream.exchange import write

    if conversations and every:
        raise UsageError("It is not clear what to export: ids are given, and --all.", hint="Give one of both.")
    if not conversations and not every:
        raise UsageError("It is not clear what to export.", hint="Give ids (see history list), or --all.")
    target = None if output in {None, "-"} else Path(output or "").expanduser()
    folder = target is not None and (target.is_dir() or str(output).endswith(os.sep))
    form = files.format_of(wanted, None if folder else target)
    with opened() as history:
        chosen = _chosen(history, conversations)
        if target is None:
            with printed() as stream:
                write(files.loaded(history, chosen), stream, form)
            return
        (files.into_folder if folder else files.into_file)(history, chosen, target, form, force=force)
    say(f"{counted(len(chosen), 'conversation')} exported to {target} as {form.said}.")


def _chosen(history: OpenHistory, named: list[str] | None) -> list[Overview]:
    """The conversations that were named, in that order; or all, the oldest first."""
    if named:
        return overviews(history, resolved(history, named))
    return sorted(everything(history), key=lambda one: one.created_at)


def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files to read.", show_default=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would come in.")] = False,
    json: JsonOption = False,
) -> None:
    """Bring in conversations: JSON that export wrote, ChatGPT's export (.zip or conversations.json), llm's logs.

    What is there already is left as it is. Each conversation comes in whole or
    not at all; Ctrl+C keeps those that are in.

    JSON: an object with dry_run, imported, present (how many were there already),
    deleted (ids of those that are there, but deleted), passed_over and failed
    (lists of objects with file and reason).
    """
    from tui_stream.commands.history_files import TakenIn, bring_in

    outcome = TakenIn()
    with _until_interrupted() as stopped, opened() as history:
        known = {one.id for one in everything(history)}
        bring_in(history, files, outcome, known=known, rehearse=dry_run, stopped=stopped)
    _report(outcome, dry_run=dry_run, stopped=stopped(), reasons=not json)
    if json:
        with printed() as stream:
            stream.write(json_text(_as_json(outcome, dry_run=dry_run)) + "\n")
    raise typer.Exit(EXIT_INTERRUPTED if stopped() else 1 if outcome.failed else 0)


@contextmanager
def _until_interrupted() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl+C was pressed, so that what was begun is ended first; pressed again, it interrupts as usual.

    Where somebody else sees to it, or it is ignored, that stays so.
    """
    pressed: list[int] = []

    def press(number: int, frame: FrameType | None) -> None:
        if pressed:
            signal.default_int_handler(number, frame)
        pressed.append(number)

    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, press)
    try:
        yield lambda: bool(pressed)
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _report(outcome: TakenIn, *, dry_run: bool, stopped: bool, reasons: bool) -> None:
    """Says what came of it, and if ``reasons`` is set why something did not come in."""
    for file, reason in (*outcome.passed_over, *outcome.failed) if reasons else ():
        say(reason if reason.startswith(file) else f"{file}: {reason}")
    for one in outcome.deleted:
        say(f'{one} is there, but deleted; "tui-stream history restore {one}" brings it back.')
    verb = "would come in" if dry_run else "came in"
    parts = [f"{counted(outcome.imported, 'conversation')} {verb}"]
    parts += [f"{outcome.present:,} there already"] if outcome.present else []
    parts += [f"{len(outcome.passed_over):,} passed over"] if outcome.passed_over else []
    parts += [f"{counted(len(outcome.failed), 'file')} not read to the end"] if outcome.failed else []
    say(f"{'Stopped: ' if stopped else ''}{', '.join(parts)}.")


def _as_json(outcome: TakenIn, *, dry_run: bool) -> dict[str, object]:
    def reasons(found: list[tuple[str, str]]) -> list[dict[str, str]]:
        return [{"file": file, "reason": reason} for file, reason in found]

    return {
        "dry_run": dry_run,
        "imported": outcome.imported,
        "present": outcome.present,
        "deleted": outcome.deleted,
        "passed_over": reasons(outcome.passed_over),
        "failed": reasons(outcome.failed),
    }
