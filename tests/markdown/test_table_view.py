from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
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


CELLS = st.text("ab c漢", max_size=30).map(lambda text: " ".join(text.split()) or "x")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=2, max_size=14),
    st.integers(1, 40),
    st.sampled_from((30, 60, 300)),
)
def test_rows_shown_move_only_when_a_column_has_to_widen(rows: list[list[str]], size: int, width: int) -> None:
    head, *others = (f"| {' | '.join(row)} |\n" for row in rows)
    live = LiveMarkdown(width)
    live.append(head + "|---|:-:|--:|\n")
    shown, bars, above = all_lines(live), bar_cells(live), live.height
    for piece in (line[n : n + size] for line in others for n in range(0, len(line), size)):
        live.append(piece)
        now = bar_cells(live)
        if now == bars:
            assert all_lines(live)[:above] == shown[:above]
        elif width == 300:
            assert all(new >= old for new, old in zip(steps(now), steps(bars), strict=True))
        above = live.height if piece.endswith("\n") else above if now == bars else 0
        shown, bars = all_lines(live), now
    live.finish()
    assert all_lines(live) == shown
    assert shown == all_lines(rendered([live.text], width))


def bar_cells(live: LiveMarkdown) -> list[int]:
    """The cells at which the columns of a table end."""
    line = next(line for line in live.plain(0, live.height) if "┼" in line)
    return [*(number for number, char in enumerate(line) if char == "┼"), len(line)]


def steps(bars: list[int]) -> list[int]:
    return [end - start for start, end in zip([0, *bars], bars, strict=False)]


def test_a_cell_that_turns_out_narrower_gives_its_room_back_at_the_end_only() -> None:
    live = LiveMarkdown(100)
    live.append("| a | b |\n|---|---|\n| $\\frac{one}{two} + \\sqrt{three}")
    bars = bar_cells(live)
    live.append("$ | x |\n| y | z |\n")
    assert bar_cells(live) == bars
    live.append("\nmore")
    assert bar_cells(live) <= bars
    assert all_lines(live) == all_lines(rendered([live.text], 100))


def test_the_steps_of_a_column_are_no_finer_than_a_quarter_of_its_width() -> None:
    live = LiveMarkdown(400)
    live.append("| head | b |\n|---|---|\n")
    ends = set()
    for size in range(1, 99):
        live.append(f"| {'x' * size} | y |\n")
        ends.add(bar_cells(live)[0] - 2)
        assert size <= bar_cells(live)[0] - 2 <= max(4, size + 8)
    assert len(ends) <= 22
