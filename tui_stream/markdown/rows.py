"""The source of GFM tables: cells of a row and the delimiter row.

It exists apart from the layout of tables because the block parser has to know whether two lines begin a
table.
"""

from __future__ import annotations

import re
from typing import Final

from tui_stream.markdown.scan import LONG_LINE, TABLE_DELIMITER

_SPLIT: Final = re.compile(r"(?<!\\)\|")
_CELL: Final = re.compile(r":?-+:?")
MAX_COLUMNS: Final = 512
"""A table with more columns is shown as the text it is."""


def split_row(line: str) -> list[str]:
    """The cells of a table row, stripped, with escaped bars unescaped."""
    cells = _SPLIT.split(line.strip())
    if cells and not cells[0]:
        del cells[0]
    if cells and not cells[-1]:
        del cells[-1]
    return [cell.strip().replace("\\|", "|") for cell in cells]


def delimiter_row(line: str) -> tuple[str, ...] | None:
    """The alignment of each column ("", "left", "center", "right"), None if `line` says none."""
    if not TABLE_DELIMITER.match(line):
        return None
    parts = [part.strip() for part in line.split("|")]
    if not parts[0]:
        del parts[0]
    if parts and not parts[-1]:
        del parts[-1]
    if not all(_CELL.fullmatch(part) for part in parts):
        return None
    return tuple(_align(part) for part in parts)


def table_start(header: str, delimiter: str) -> tuple[str, ...] | None:
    """The alignments if the two lines begin a table, else None."""
    if "|" not in header or len(header) > LONG_LINE:
        return None
    aligns = delimiter_row(delimiter)
    if not aligns or len(aligns) > MAX_COLUMNS or len(split_row(header)) != len(aligns):
        return None
    return aligns


def _align(part: str) -> str:
    if part.endswith(":"):
        return "center" if part.startswith(":") else "right"
    return "left" if part.startswith(":") else ""
