from __future__ import annotations

import io
import json

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.exchange.conversations import FOREIGN, JSON_VALUES, controls
from tui_stream.commands.printing import cropped, fitted, json_text, one_line, write_list


@given(FOREIGN, st.integers(0, 40))
def test_text_is_cropped_by_cells(text: str, width: int) -> None:
    line = one_line(text)
    assert cell_len(cropped(line, width)) <= width
    assert cell_len(fitted(line, width)) == width
    if cell_len(line) <= width:
        assert cropped(line, width) == line
    elif width:
        assert cropped(line, width).endswith("…")


def test_wide_and_joined_characters_are_never_cut_in_two() -> None:
    assert cropped("中文字", 4) == "中 …"
    assert cropped("中文字", 6) == "中文字"
    assert fitted("中", 4) == "中  "
    assert cropped("👩‍👩‍👧👩‍👩‍👧", 3) == "👩‍👩‍👧…"


@given(JSON_VALUES)
def test_json_says_the_same_and_steers_nothing(value: object) -> None:
    written = json_text(value)
    assert json.loads(written) == value
    assert not controls(written)
    assert "\n" not in written


@given(st.lists(JSON_VALUES, max_size=4))
def test_a_list_has_an_element_a_line(values: list[object]) -> None:
    stream = io.StringIO()
    assert write_list(iter(values), stream) == len(values)
    assert json.loads(stream.getvalue()) == values
    assert stream.getvalue().count("\n") == (len(values) + 2 if values else 1)
