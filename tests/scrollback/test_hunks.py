from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.emulator import Emulator
from tui_stream.markdown.cells import width_of
from tui_stream.scrollback.colours import Row
from tui_stream.scrollback.hunks import hunks_of
from tui_stream.scrollback.painter import Painter

TEXTS = st.lists(st.sampled_from(("one", "three words here", "     ", " ", "│", "┈┈┈┈┈", "漢字", "x")), max_size=12)
ROWS = st.lists(st.tuples(TEXTS.map("".join), st.sampled_from(("", "1", "38;2;1;2;3")), st.just("")), max_size=6)


def row(*texts: str) -> Row:
    return tuple((text, "2" if text == "│" else "", "") for text in texts)


def painted(rows: list[Row]) -> tuple[Emulator, int]:
    """What the last row writes over those before, and how many bytes it takes."""
    painter, terminal, size = Painter(), Emulator(300, 5), 0
    for one in rows:
        painter.paint([(("first", "", ""),), one, (("last", "", ""),)])
        text = painter.take()
        size = len(text.encode())
        terminal.write(text)
    return terminal, size


def test_a_wider_column_is_one_part() -> None:
    old = row("name    ", "│", " what it does   ", "│", " 12345 ")
    new = row("name      ", "│", " what it does   ", "│", " 12345 ")
    (hunk,) = hunks_of(old, new)
    assert (hunk.start, hunk.stop, hunk.column, hunk.cells, hunk.width) == (8, 10, 8, 0, 2)


def test_a_row_never_becomes_wider_than_either() -> None:
    narrow, wide = "     ", "          "
    text = "what stands here"
    old = row(f"one{narrow}", "│", text, "│", f"two{wide}", "│", text)
    new = row(f"one{wide}", "│", text, "│", f"two{narrow}", "│", text)
    assert hunks_of(old, new) == []
    assert len(hunks_of(new, old)) == 2


def test_moving_costs_less_than_writing() -> None:
    tail = ("│", " some words that stay as they are ", "│", " and others ", "│", " more")
    moved, size = painted([row("name ", *tail), row("name    ", *tail)])
    assert moved.text()[1].startswith("name    │ some")
    assert size < 30


@given(st.lists(ROWS, min_size=2, max_size=4))
def test_whatever_stood_there_the_new_row_stands_there_then(rows: list[list[tuple[str, str, str]]]) -> None:
    fitting = [tuple(run for run in one if run[0]) for one in rows]
    if any(width_of("".join(text for text, _, _ in one)) > 300 for one in fitting):
        return
    assert painted(fitting)[0].cells() == painted(fitting[-1:])[0].cells()
