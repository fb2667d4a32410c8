"""Rows of requests as a table for a person, as JSON and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import TextIO

from tui_stream.commands.printing import Screen, cropped, fitted, one_line, write_list
from tui_stream.core.accounts import By, UsageRow
from tui_stream.core.usage_table import HEADS, cells, name_of

_WIDEST, _NARROWEST = 44, 12  # cells of the first column


def table(rows: Sequence[UsageRow], whole: Sequence[UsageRow], by: By, seen: Screen | None) -> Iterator[str]:
    """Lines of a table, the sum last; parted by tabs where no terminal shows them.

    Args:
        rows: the rows.
        whole: one row with the sum of all, or none.
        by: what the rows are made for.
        seen: the terminal.
    """
    lines = [(name_of(row, by), *cells(row)) for row in rows]
    if seen is None:
        yield from ("\t".join(line) for line in lines)
        return
    if not lines:
        return
    lines = [(by, *HEADS), *lines, *(("all", *cells(row)) for row in whole)]
    widths = [max(map(len, column)) for column in zip(*(line[1:] for line in lines), strict=True)]
    room = seen.columns - sum(widths) - 2 * len(widths)
    first = max(_NARROWEST, min(_WIDEST, room, max(len(line[0]) for line in lines)))
    for name, *figured in lines:
        parts = [fitted(name, first), *(cell.rjust(width) for cell, width in zip(figured, widths, strict=True))]
        yield cropped("  ".join(parts).rstrip(), seen.columns)


def record(row: UsageRow) -> dict[str, object]:
    """A row as data; what is not known is None."""
    spent, usage = row.spent, row.usage
    return {
        "day": row.day or None,
        "model": row.model or None,
        "conversation_id": row.conversation_id or None,
        "title": row.title or None,
        "requests": spent.requests,
        "unfinished": row.unfinished,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_input_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "estimated_tokens": row.estimated_tokens,
        "uncounted_tokens": spent.uncounted,
        "dollars": f"{spent.dollars.normalize():f}" if spent.unknown + spent.local < spent.requests else None,
        "estimated_costs": spent.estimated,
        "unknown_costs": spent.unknown,
        "local": spent.local,
        "first_token": row.first_token,
        "tokens_per_second": row.tokens_per_second,
        "prompt_error": row.prompt_error,
        "answer_error": row.answer_error,
        "compared": row.compared,
    }


def write_json(rows: Sequence[UsageRow], stream: TextIO) -> None:
    """A JSON list, an object a line."""
    write_list(map(record, rows), stream)


def write_csv(rows: Sequence[UsageRow], stream: TextIO) -> None:
    """Comma-separated values with a head, as RFC 4180 has them, with plain line ends.

    A text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    writer = csv.DictWriter(stream, list(record(UsageRow())), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _harmless(value) for name, value in record(row).items()})


def _harmless(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = one_line(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
