from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest

from tests.terminal import ROOT
from tui_stream.core.accounts import Spent, UsageRow
from tui_stream.ui import chart

DAYS = chart.days_between(date(2026, 2, 27), date(2026, 3, 2))
COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (9, 9, 9), (1, 1, 1)]


def row(day: str, model: str, dollars: str, tokens: int = 10) -> UsageRow:
    return UsageRow(day, model, spent=Spent(model, 1, Decimal(dollars), tokens=tokens))


def test_days_go_over_the_end_of_a_month() -> None:
    assert [day.day for day in DAYS] == [27, 28, 1, 2]


def test_dollars_and_tokens_stand_at_their_days_and_the_dearest_comes_first() -> None:
    rows = [
        row("2026-02-27", "openai/gpt", "0.10"),
        row("2026-03-02", "openai/gpt", "0.20"),
        row("2026-03-02", "anthropic/claude", "0.50", 7),
        row("2026-01-01", "openai/gpt", "99"),
        row("2026-03-01", "ollama/qwen", "0"),
    ]
    assert chart.series(rows, DAYS, tokens=False) == [
        chart.Series("claude", (0, 0, 0, 0.5)),
        chart.Series("gpt", (0.1, 0, 0, 0.2)),
    ]
    assert chart.series(rows, DAYS, tokens=True) == [
        chart.Series("gpt", (10, 0, 0, 10)),
        chart.Series("qwen", (0, 0, 10, 0)),
        chart.Series("claude", (0, 0, 0, 7)),
    ]


def test_many_models_are_told_together_and_lose_nothing() -> None:
    rows = [row("2026-03-01", f"p/m{number}", f"0.{number}") for number in range(1, 9)]
    drawn = chart.series(rows, DAYS, tokens=False)
    assert [one.name for one in drawn] == ["m8", "m7", "m6", "m5", "others"]
    assert sum(one.values[2] for one in drawn) == pytest.approx(3.6)


def test_a_model_with_a_foreign_name_draws_nothing_of_its_own() -> None:
    (drawn,) = chart.series([row("2026-03-01", "p/\x1b[31mevil\n", "1")], DAYS, tokens=False)
    assert "\x1b" not in drawn.name
    assert "\n" not in drawn.name


@pytest.mark.parametrize("size", [(60, 10), (20, 6), (96, 14)])
def test_each_day_has_its_bar_and_the_stack_the_height_of_the_sum(size: tuple[int, int]) -> None:
    drawn = [chart.Series("a", (1.0, 0.0, 0.5, 0.0)), chart.Series("b", (1.0, 0.0, 0.0, 0.25))]
    picture = chart.draw(drawn, DAYS, size, COLOURS, tokens=False)
    lines = picture.plain.splitlines()
    assert "\x1b" not in picture.plain
    assert max(map(len, lines)) <= size[0]
    assert "$2.00" in lines[1]
    columns = ["".join(line[x] for line in lines if x < len(line)).count("█") for x in range(max(map(len, lines)))]
    heights = [int(part) for part in re.sub(r"(\d+ )\1*", r"\1", " ".join(map(str, columns)) + " ").split()]
    bars = [height for height in heights if height]
    assert len(bars) == 3, "a day without anything has none"
    assert bars[0] > bars[1] >= bars[2]
    coloured = {(span.style, picture.plain[span.start : span.end][:1]) for span in picture.spans if span.style}
    assert coloured == {("#FF0000", "█"), ("#00FF00", "█")}


def test_what_draws_is_loaded_only_for_a_chart() -> None:
    program = "import sys, tui_stream.ui.app, tui_stream.ui.screens.usage; print('plotext' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "False\n"
