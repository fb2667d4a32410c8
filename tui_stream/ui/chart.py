"""A chart of what was spent per day, a colour for each model; drawn by plotext.

plotext is loaded when the first chart is drawn, 0.2 s, so it is to be loaded in a thread before: `load`.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING

from textual.color import Color
from textual.content import Content

from tui_stream.core import figures
from tui_stream.core.models import Cost, Source
from tui_stream.core.sanitize import clean_line

if TYPE_CHECKING:
    from tui_stream.core.accounts import UsageRow

Colour = tuple[int, int, int]
_MOST = 5  # models that get a colour of their own; one of these is for all others together where there are more
_OTHERS = "others"
_NAME = 28  # characters of a model's name
_LINES = 4  # amounts at the side at most, beside nothing
_EDGE = 0.8  # of a cell, by which a bar is drawn narrower so that rounding adds none
_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_RGB = "38;2;"  # what a sequence begins with that sets the colour of the letters
_TICK = 9  # cells that the label of a day takes, with what keeps it from the next one


@dataclass(frozen=True, slots=True)
class Series:
    """What one model came to on each day of a chart."""

    name: str
    values: tuple[float, ...]


def load() -> None:
    """Loads what draws."""
    importlib.import_module("plotext")


def days_between(first: date, last: date) -> list[date]:
    """All days from the first to the last one."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def series(rows: Sequence[UsageRow], days: Sequence[date], *, tokens: bool) -> list[Series]:
    """Dollars or tokens of each day by model, the models that came to most first.

    Args:
        rows: by day and model.
        days: those of the chart, in order.
        tokens: counts tokens in place of dollars.
    """
    places = {day.isoformat(): place for place, day in enumerate(days)}
    sums: dict[str, list[Decimal]] = {}
    for row in rows:
        if row.day in places:
            amounts = sums.setdefault(row.model, [Decimal(0)] * len(days))
            amounts[places[row.day]] += Decimal(row.spent.tokens) if tokens else row.spent.dollars
    named = sorted(((name, amounts) for name, amounts in sums.items() if any(amounts)), key=lambda one: -sum(one[1]))
    if len(named) > _MOST:
        rest = [amounts for _, amounts in named[_MOST - 1 :]]
        named = [*named[: _MOST - 1], (_OTHERS, [sum(day, Decimal(0)) for day in zip(*rest, strict=True)])]
    return [Series(_short(name), tuple(map(float, amounts))) for name, amounts in named]


def _short(model: str) -> str:
    provider, _, name = model.partition("/")
    return clean_line(figures.model_text(name) or provider, _NAME) or "?"


def _stacked(below: tuple[float, ...], above: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(low + high for low, high in zip(below, above, strict=True))


def _amounts(highest: float, lines: int, *, tokens: bool) -> list[str]:
    """What stands at the side, from nothing to the highest."""
    parts = [Decimal(highest) * part / lines for part in range(lines + 1)]
    if tokens:
        return [f"{part:,.0f}" for part in parts]
    return [figures.cost_text(Cost(part, Source.REPORTED)) for part in parts]


def draw(
    drawn: Sequence[Series], days: Sequence[date], size: tuple[int, int], colours: Sequence[Colour], *, tokens: bool
) -> Content:
    """The chart, each bar in its colour.

    Args:
        drawn: at least one.
        days: one for each of their values.
        size: columns and rows.
        colours: one for each series.
        tokens: they are tokens and no dollars.
    """
    import plotext  # type: ignore[import-untyped] # it has no types

    labels = [f"{day.day} {day:%b}" for day in days]
    tops = list(accumulate((one.values for one in drawn), _stacked))
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.limit_size(False, False)
    highest = max(max(top) for top in tops)
    amounts = _amounts(highest, max(1, min(_LINES, (size[1] - 4) // 2)), tokens=tokens)
    beside = max(map(len, amounts)) + 2  # the amounts and the frame
    cells = max(1, (size[0] - beside) // len(days))
    plotext.plotsize(min(size[0], beside + cells * len(days)), size[1])
    bar = max(1, cells - 1)
    middle = bar / cells / 2 - 0.5  # of a bar that fills whole cells, the last one of the day's left empty
    for top, colour in reversed(list(zip(tops, colours, strict=False))):  # each hides the foot of the one before
        places = [place + middle for place, height in enumerate(top, 1) if height]
        apart = (places[-1] - places[0]) / (len(places) - 1) if len(places) > 1 else 1.0  # plotext's measure of widths
        width = (bar - _EDGE) / cells / apart
        plotext.bar(places, [height for height in top if height], color=colour, width=width, minimum=0)
    step = max(1, -(-_TICK // cells))
    inside = -(-_TICK // 2) // cells  # days at either end whose labels would run past the frame
    shown = list(range(len(days) - inside, inside, -step))[::-1] or [len(days)]
    plotext.xticks([place + middle for place in shown], [labels[place - 1] for place in shown])
    plotext.xlim(0.5 + 0.5 / cells, len(days) + 0.5 - 0.5 / cells)
    plotext.ylim(0, highest)
    plotext.yticks([highest * part / (len(amounts) - 1) for part in range(len(amounts))], amounts)
    return _coloured(plotext.build())


def _coloured(text: str) -> Content:
    """What plotext drew: text between sequences that set a colour or none."""
    first, *rest = _SGR.split(text.rstrip("\n"))
    parts = zip(rest[::2], rest[1::2], strict=True)
    return Content.assemble(first, *((part, _style(sequence)) for sequence, part in parts if part))


def _style(sequence: str) -> str:
    if not sequence.startswith(_RGB):
        return ""
    red, green, blue = map(int, sequence.removeprefix(_RGB).split(";"))
    return Color(red, green, blue).hex
