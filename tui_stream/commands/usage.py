"""``tui-stream usage``: tokens and money of all requests that the history knows of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, TextIO

import typer

from tui_stream.commands.history_access import opened
from tui_stream.commands.printing import printed, say, screen
from tui_stream.errors import UsageError

_DURATION = re.compile(r"(?P<number>\d{1,5})\s*(?P<unit>[hdwmy])")
_DAYS = {"h": 1 / 24, "d": 1, "w": 7, "m": 30, "y": 365}


class Group(StrEnum):
    """What rows are made for."""

    DAY = "day"
    MODEL = "model"
    CONVERSATION = "conversation"


def usage(
    by: Annotated[Group, typer.Option("--by", help="A row for each day, model or conversation.")] = Group.MODEL,
    since: Annotated[
        str, typer.Option(metavar="WHEN", help="2026-03-04, or how long ago: 24h, 7d, 4w, 6m, 1y.", show_default=False)
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Print JSON, as described above.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values with a head.")] = False,
) -> None:
    """Show what was spent: tokens, money, speed, and how far estimates were off.

    Every request counts that the history knows of, also cancelled and failed
    ones, and those of conversations that were deleted since. What came with
    an imported conversation was spent elsewhere, or counts already.

    ~ marks a figure that is an estimate or has one in it, ? one that nobody
    knows. With both ("$0.12 + ?") the unknown part comes on top. Off is how
    far half of the estimates were off at most: prompt / answer.

    JSON and CSV: day, model, conversation_id, title, requests, unfinished,
    input_tokens, output_tokens, cached_input_tokens, cache_write_tokens,
    reasoning_tokens, estimated_tokens, uncounted_tokens (requests), dollars
    (what is known of them, exactly), estimated_costs, unknown_costs, local
    (requests), first_token (seconds), tokens_per_second, prompt_error,
    answer_error (parts of one), compared (requests). What is not known is
    null, or empty.
    """
    from tui_stream.commands import usage_views as views

    if json and csv:
        raise UsageError("--json and --csv are two forms.", hint="Give one of them.")
    begun = _moment(since)
    with opened() as history:
        rows = history.wait(history.archive.usage((by.value,), since=begun))
        whole = history.wait(history.archive.usage((), since=begun))
    with printed() as stream:
        if json:
            views.write_json(rows, stream)
        elif csv:
            views.write_csv(rows, stream)
        else:
            _write_lines(views.table(rows, whole, by.value, screen()), stream)
    if not rows:
        say("No request is known yet." if begun is None else "No request is known from then on.")


def _write_lines(lines: Iterable[str], stream: TextIO) -> None:
    stream.writelines(f"{line}\n" for line in lines)


def _moment(text: str) -> datetime | None:
    """The moment that a person names: a day that begins here, or how long ago it was.

    Raises:
        UsageError: it is neither.
    """
    if not text:
        return None
    found = _DURATION.fullmatch(text.strip().lower())
    try:
        if found is not None:
            return datetime.now().astimezone() - timedelta(days=int(found["number"]) * _DAYS[found["unit"]])
        return datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError, OSError) as error:  # no such day, or none that the calendar here holds
        hint = "Say 2026-03-04, or 7d for a week."
        raise UsageError(f"--since does not know when {text!r} was.", hint=hint) from error
