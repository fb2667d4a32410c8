"""What was spent, as lines for a width: sums, the title of a chart, and a table with the columns that have room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from textual.content import Content

from tui_stream.core import figures, usage_table
from tui_stream.core.accounts import By, UsageRow
from tui_stream.core.ledger import added
from tui_stream.core.models import Cost
from tui_stream.core.outlook import Spending
from tui_stream.ui.widgets.row_list import fitted

_NAME = (20, 44)  # cells of the first column, at least where it needs them, and at most
_GAP = 2  # cells between columns
_GIVE_WAY = ("off", "first token", "tokens/s", "requests", "out", "tokens in")
"""Columns in the order in which they are left out where there is no room; what it cost always stays."""
_OFF = "off: how far half of the estimates were off at most, prompt / answer"
_KEYS = ("Esc closes", "d m c by day, model or conversation", "← → fewer or more days", "t tokens or dollars")
_DOT = " · "


def head(spending: Spending, conversation: Cost | None, width: int) -> Content:
    """What was spent, in as few lines as it fits in.

    Args:
        spending: of today and this month.
        conversation: what the one under way has cost; None before there is one.
        width: in cells.
    """
    parts = [("today", figures.spent_text(spending.today)), ("this month", figures.spent_text(spending.month))]
    if conversation is not None:
        parts.insert(0, ("this conversation", figures.cost_text(conversation)))
    said = [Content.assemble((f"{name} ", "$text-muted"), (text, "bold")) for name, text in parts]
    return _wrapped([Content.styled("Spent", "bold $text-primary"), *said], "   ", width)


def title(daily: Sequence[UsageRow], days: int, width: int, *, tokens: bool) -> Content:
    """What a chart shows, and how far it can be believed.

    Args:
        daily: what it is drawn from.
        days: that it shows.
        width: in cells.
        tokens: it shows tokens and no dollars.
    """
    spent = added(row.spent for row in daily)
    unsure = spent.uncounted if tokens else spent.unknown
    estimated = sum(row.estimated_tokens for row in daily) if tokens else spent.estimated
    said = [f"{'Tokens' if tokens else 'US dollars'} a day, the last {days} days"]
    said += [f"~ {estimated:,} of {spent.requests:,} requests estimated"] if estimated else []
    said += [f"? {unsure:,} unknown, on top"] if unsure else []
    return _wrapped([Content.styled(part, "$text-muted") for part in said], _DOT, width)


def keys(width: int) -> Content:
    """What the keys of the screen do."""
    return _wrapped([Content.styled(part, "$text-muted") for part in _KEYS], _DOT, width)


def table(rows: Sequence[UsageRow], whole: Iterable[UsageRow], by: By, width: int) -> Content:
    """A row for each day, model or conversation, and one for all of them.

    Args:
        rows: in order.
        whole: all of them as one.
        by: what each is for.
        width: in cells.
    """
    if not rows:
        return Content("")
    lines = [
        (by, *usage_table.HEADS),
        *((usage_table.name_of(row, by), *usage_table.cells(row)) for row in rows),
        *(("all", *usage_table.cells(row)) for row in whole),
    ]
    needed = max(cell_len(line[0]) for line in lines)
    widths = [max(map(cell_len, column)) for column in zip(*(line[1:] for line in lines), strict=True)]
    shown = _shown(widths, width - min(needed, _NAME[0]))
    first = min(_NAME[1], needed, width - _room([widths[place] for place in shown]))
    said = []
    for number, (name, *cells) in enumerate(lines):
        figured = "".join(f"{'':{_GAP}}{cells[place]:>{widths[place]}}" for place in shown)
        style = "bold $text-primary" if not number else "bold" if number > len(rows) else ""
        said.append(Content.assemble(fitted(name, first), figured).stylize(style))
    if usage_table.HEADS.index("off") in shown:
        said.append(Content.styled(_OFF, "$text-muted"))
    return Content("\n").join(said)


def _shown(widths: Sequence[int], room: int) -> list[int]:
    """The places of the columns that fit into so many cells."""
    shown = list(range(len(widths)))
    for name in _GIVE_WAY:
        if _room([widths[place] for place in shown]) > room:
            shown.remove(usage_table.HEADS.index(name))
    return shown


def _room(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * len(widths)


def _wrapped(parts: Iterable[Content], gap: str, width: int) -> Content:
    """The parts side by side, on a new line where one has no room; none is broken."""
    lines: list[Content] = []
    for part in parts:
        if lines and lines[-1].cell_length + len(gap) + part.cell_length <= width:
            lines[-1] = Content.assemble(lines[-1], gap, part)
        else:
            lines.append(part)
    return Content("\n").join(lines)
