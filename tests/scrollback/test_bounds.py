"""How much is written for what stands there in the end, and that nothing usual waits for that."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import islice

import pytest

from tests.benchmarks.engine import mixed, prose
from tests.benchmarks.rendering import tables, widening
from tests.scrollback.helpers import Watched, printer, shown

WORDS = ("apple", "protocol", "reliable", "connection", "fast", "very", "long", "list", "of", "the", "transmission")
ALLOWED = 6500
"""Bytes beyond the bound: the allowance, what little is never put off, and a screen that costs more to write again than
was to be expected."""


def words_table(rows: int) -> str:
    """Four columns of mixed words, as answers have them."""
    chance = random.Random(5)

    def some(least: int, most: int) -> str:
        return " ".join(chance.choice(WORDS) for _ in range(chance.randint(least, most)))

    lines = [f"|{some(1, 3)}|{some(2, 12)}|{chance.randint(1, 99_999)}|{some(0, 6)}|\n" for _ in range(rows)]
    return "|Name|Description|Price|Notes|\n|---|---|---|---|\n" + "".join(lines)


def written(text: str, step: int, columns: int, rows: int) -> tuple[int, int]:
    """Bytes for a text in pieces of so many characters, and for all at its end."""
    live, whole = printer(columns, rows), printer(columns, rows)
    size = 0
    for start in range(0, len(text), step):
        live.feed(text[start : start + step])
        size += len(live.frame().encode())
    live.finish()
    whole.feed(text)
    whole.finish()
    return size + len(live.end().encode()), len(whole.end().encode())


ONE_LINE = " ".join(f"word{number}" for number in range(1200))
SHAPES = {
    **{f"table of {rows}": words_table(rows) for rows in (12, 19, 60, 200)},
    "widening": "".join(islice(widening(), 240)),
    "tables": "".join(islice(tables(), 240)),
    "comment": f"<!-- {ONE_LINE}",
    "formula": f"$$\n{ONE_LINE}",
    "heading": f"# {ONE_LINE}",
    "cell": f"| a | b |\n|---|---|\n| {ONE_LINE}",
    "in the middle": f"{ONE_LINE}.\n\n{words_table(12)}\n\n{ONE_LINE}.",
}


@pytest.mark.parametrize("columns", [80, 120, 200])
@pytest.mark.parametrize("step", [4, 40])
@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_written_is_bounded(shape: str, step: int, columns: int) -> None:
    live, whole = written(SHAPES[shape], step, columns, 40)
    assert live <= 1.4 * whole + ALLOWED


@pytest.mark.parametrize("step", [4, 40])
@pytest.mark.parametrize("columns", [80, 120])
def test_of_many_tables_hardly_more_is_written_than_stands_there(columns: int, step: int) -> None:
    text = "".join(f"{words_table(12)}\n\nAnd another:\n\n" for _ in range(12))
    live, whole = written(text, step, columns, 24)
    assert live <= 1.5 * whole


@pytest.mark.parametrize("shape", ["widening", "tables", "table of 60"])
def test_what_was_put_off_is_right_in_the_end(shape: str) -> None:
    text = SHAPES[shape]
    for columns, rows in ((40, 10), (80, 24), (120, 60)):
        live = shown([text[start : start + 7] for start in range(0, len(text), 7)], columns, rows)
        assert live.terminal.cells() == shown([text], columns, rows).terminal.cells()


@pytest.mark.parametrize("shape", [prose, mixed])
def test_ordinary_text_is_drawn_at_once(shape: Callable[[], Iterator[str]]) -> None:
    text = "".join(islice(shape(), 120))
    out = printer(80, 24)
    for start in range(0, len(text), 4):
        out.feed(text[start : start + 4])
        out.frame()
        assert not out.behind


def test_the_first_rows_of_a_table_are_drawn_at_once() -> None:
    text = "Here is what there is:\n\n" + words_table(4)
    out = printer(80, 40)
    for start in range(0, len(text), 4):
        out.feed(text[start : start + 4])
        out.frame()
        assert not out.behind


def test_rows_of_a_table_appear_though_its_columns_are_to_become_wider() -> None:
    watched = Watched(80, 60)
    text = SHAPES["widening"]
    appeared = 0
    for start in range(0, 1200, 4):
        before = watched.written
        watched.feed(text[start : start + 4])
        appeared += watched.printer.behind and watched.written > before
    assert watched.printer.behind
    assert appeared > 20
    watched.write(watched.printer.frame(complete=True))
    whole = Watched(80, 60)
    whole.feed(text[:1200])
    assert watched.terminal.text()[-20:] == whole.terminal.text()[-20:]
    assert watched.printer.frame() == ""
