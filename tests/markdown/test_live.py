from __future__ import annotations

import pytest

from tests.markdown.helpers import all_lines, plain, rendered
from tui_stream.markdown import LIGHT, LiveMarkdown

TEXT = (
    "# Title\n\nPara one.\n\n```python\nx = 1\ny = 2\n```\n\n"
    "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\n- item\n"
)


def test_nothing_is_shown_of_nothing() -> None:
    live = LiveMarkdown(40)
    assert (live.height, live.lines(0, 10), live.text, live.frozen_height) == (0, [], "", 0)
    assert live.append("") == 0
    assert live.source_range(0, 5) == (0, 0)
    assert live.finish() == 0
    assert live.finish() == 0


def test_a_finished_text_takes_no_more() -> None:
    live = rendered(["x"])
    assert live.finished
    with pytest.raises(ValueError, match="finished"):
        live.append("y")


def test_lines_are_cut_to_what_there_is() -> None:
    live = rendered(["a\n\nb"])
    assert live.plain(-3, 2) == ["a", ""]
    assert live.plain(1, 99) == ["", "b"]
    assert live.plain(5, 9) == []


def test_newlines_and_control_characters_are_made_harmless() -> None:
    live = rendered(["a\r", "\nb\rc\x1b[31m\x00\x85\u202e\u2028d\r"])
    assert live.text == "a\nb\nc\ufffd[31m\ufffd\ufffd d"
    assert "\x1b" not in "".join(live.plain(0, live.height))


def test_blocks_tell_where_they_are() -> None:
    live = rendered([TEXT])
    blocks = list(live.blocks)
    assert [block.kind for block in blocks] == ["heading", "paragraph", "fence", "table", "paragraph"]
    assert [block.first_line for block in blocks] == [0, 2, 4, 8, 13]
    assert [block.line_count for block in blocks] == [1, 1, 3, 4, 1]
    assert [live.text[block.start : block.end] for block in blocks][2] == "```python\nx = 1\ny = 2\n```"
    assert (blocks[0].level, blocks[0].source, blocks[2].language, blocks[4].depth) == (
        1,
        "Title",
        "python",
        1,
    )
    assert live.blocks[-1].kind == "paragraph"
    assert [block.index for block in live.blocks[1:3]] == [1, 2]
    assert "heading" in repr(live.blocks[0])
    with pytest.raises(IndexError):
        live.blocks[9]


def test_code_can_be_copied_in_mid_stream() -> None:
    live = LiveMarkdown(40)
    live.append("text\n\n> ```py\n> x = 1\n> \ty =")
    block = live.blocks[-1]
    assert (block.kind, block.language, block.closed, block.in_quote) == ("fence", "py", False, True)
    assert block.code == "x = 1\n\ty =\n"
    assert rendered(["    a\n\n    b\n\n"]).blocks[0].code == "a\n\nb\n"
    assert live.blocks[0].code == ""


def test_source_ranges_are_whole_blocks_code_lines_and_table_rows() -> None:
    live = rendered([TEXT])

    def source(first: int, last: int) -> str:
        start, end = live.source_range(first, last)
        return live.text[start:end]

    assert source(0, 1) == "# Title"
    assert source(0, 3) == "# Title\n\nPara one."
    assert source(5, 6) == "x = 1"
    assert source(6, 7) == "y = 2\n```"
    assert source(2, 6) == "Para one.\n\n```python\nx = 1"
    assert source(10, 11) == "| 1 | 2 |"
    assert source(11, 14) == "| 3 | 4 |\n\n- item"
    assert source(0, 99) == live.text.rstrip("\n")


def test_append_returns_the_first_changed_line() -> None:
    live = LiveMarkdown(40)
    assert live.append("one\n\ntwo") == 0
    assert live.append(" more") == 2
    assert live.append("\n\nthree") == 3
    assert live.append("\n") == live.height


def test_theme_and_width_change_lines_not_text() -> None:
    live = rendered([TEXT])
    before = live.plain(0, live.height)
    live.set_theme(LIGHT)
    assert live.plain(0, live.height) == before
    live.resize(20)
    assert live.width == 20
    assert all(len(line) <= 20 for line in live.plain(0, live.height))
    live.resize(0)
    assert live.width == 1
    live.resize(60)
    live.resize(60)
    assert live.plain(0, live.height) == before


def test_all_constructs_at_once_streamed_by_characters() -> None:
    live = rendered(TEXT, 30)
    assert all_lines(live) == all_lines(rendered([TEXT], 30))
    assert live.frozen_height == live.height


def test_frozen_lines_grow_with_the_text() -> None:
    live = LiveMarkdown(40)
    live.append("one\n\n# two\n\nthree")
    assert live.frozen_height == 3
    assert plain("one\n\n# two") == live.plain(0, live.frozen_height)
