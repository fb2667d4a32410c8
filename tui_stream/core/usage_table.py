"""Requests as the rows of a table for people, the same in the shell and on the screen."""

from __future__ import annotations

from tui_stream.core import figures
from tui_stream.core.accounts import By, UsageRow
from tui_stream.core.sanitize import clean

HEADS = ("requests", "tokens in", "out", "cost", "first token", "tokens/s", "off")
"""What the columns behind the name say; ``off`` is how far estimates were off, of prompts and of answers."""


def name_of(row: UsageRow, by: By) -> str:
    """What a row is about: its day, model or conversation."""
    match by:
        case "day":
            return row.day or "?"
        case "model":
            return _one_line(row.model).strip("/") or "?"
    if not row.conversation_id:
        return "(deleted)"
    return f"{row.conversation_id[:8]} {_one_line(row.title)}".strip()


def cells(row: UsageRow) -> tuple[str, ...]:
    """The figures of a row, in the order of `HEADS`; ``?`` where nobody knows."""
    usage, missing = row.usage, row.spent.uncounted > 0
    off = f"{figures.share_text(row.prompt_error)} / {figures.share_text(row.answer_error)}"
    speed = row.tokens_per_second
    return (
        f"{row.spent.requests:,}",
        _known(figures.token_count(usage.input_tokens, usage.source), missing),
        _known(figures.token_count(usage.output_tokens, usage.source), missing),
        figures.spent_text(row.spent),
        "?" if row.first_token is None else figures.seconds_text(row.first_token),
        "?" if speed is None else f"{speed:.1f}",
        off if row.compared else "?",
    )


def _known(text: str, missing: bool) -> str:
    """A sum of which a part may be missing."""
    return f"{text} + ?" if missing and text != "?" else text


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())
