from __future__ import annotations

from rich.cells import cell_len

from tests.markdown.helpers import all_lines, plain, rendered
from tui_stream.markdown import LiveMarkdown


def test_columns_are_aligned() -> None:
    text = "| left | mid | right |\n|---|:-:|--:|\n| a | **b** | 1 |\n| 漢字 | `x` | 1000 |\n"
    assert plain(text) == [
        " left │ mid │ right",
        "──────┼─────┼───────",
        " a    │  b  │     1",
        " 漢字 │  x  │  1000",
    ]


def test_wide_cells_are_wrapped_within_their_column() -> None:
    text = "| a | b |\n|---|---|\n| x | " + "word " * 12 + "|\n| y | z |\n"
    lines = plain(text, 30)
    assert all(cell_len(line) <= 30 for line in lines)
    assert {line.index("│") for line in lines if "│" in line} == {3}
    assert sum("┈" in line for line in lines) == 1


def test_missing_cells_are_empty_and_surplus_ones_left_out() -> None:
    assert plain("| a | b |\n|---|---|\n| 1 |\n| 1 | 2 | 3 |\n")[2:] == [" 1 │", " 1 │ 2"]


def test_a_header_looks_like_one_before_the_table_is_known() -> None:
    assert plain("| a | b |", finish=False) == [" a │ b", "───┼───"]
    assert plain("| a | b |") == ["| a | b |"]


def test_columns_widen_rarely_while_rows_arrive() -> None:
    live = LiveMarkdown(200)
    live.append("| a | b |\n|---|---|\n")
    moved = 0
    for size in range(1, 60):
        start = live.height
        moved += live.append(f"| {'x' * size} | y |\n") < start - 1
    assert moved < 15
    live.finish()
    assert all_lines(live) == all_lines(rendered([live.text], 200))


def test_rows_after_the_sample_are_wrapped_and_move_nothing() -> None:
    live = LiveMarkdown(100)
    live.append("| a | b |\n|---|---|\n" + "| x | y |\n" * 150)
    height = live.height
    assert live.append(f"| {'word ' * 30} | y |\n") >= height
    live.finish()
    assert all_lines(live) == all_lines(rendered([live.text], 100))


def test_more_columns_than_cells_on_the_screen_are_cut_off() -> None:
    text = "|" + "a|" * 100 + "\n|" + "-|" * 100 + "\n|" + "b|" * 100 + "\n"
    assert all(cell_len(line) <= 40 for line in plain(text, 40))
