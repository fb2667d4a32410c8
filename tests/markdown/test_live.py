from __future__ import annotations

import pytest

from tests.markdown.helpers import all_lines, plain, rendered
from tui_stream.markdown import LIGHT, LiveMarkdown

TEXT = "# Title\n\nPara one.\n\n```python\nx = 1\ny = 2\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\n- item\n"


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
    assert rendered(["a\u200d", "\u200db 👩", "\u200d👧"]).text == "ab 👩\u200d👧"
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
    found = live.block_at(5)
    assert found is not None
    assert (found.kind, found.index) == ("fence", 2)
    assert live.block_at(-1) is live.block_at(live.height) is None
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


LONG = "".join(
    f"# Head {n}\n\n{'word ' * 30}\n\n```py\nx = {n}  # {'y' * 60}\n```\n\n- {'a ' * 40}\n\n" for n in range(40)
)


def is_settled(live: LiveMarkdown) -> bool:
    return live.settled


def test_a_lazy_resize_lays_out_what_is_looked_at_and_ends_like_an_eager_one() -> None:
    live, eager = rendered([LONG], 100), rendered([LONG], 33)
    middle = live.height // 2
    offset = live.source_range(middle, middle + 1)[0]
    live.resize(33, lazy=True)
    assert not is_settled(live)
    assert 0.5 * eager.height < live.height < 2 * eager.height
    top = live.line_of(offset)
    shown = live.plain(top, top + 30)
    assert len(shown) == 30
    assert live.source_range(top, top + 1)[0] == offset
    assert live.frozen_height < live.height
    assert not live.settle(500)
    while not live.settle(2_000):
        pass
    assert is_settled(live)
    assert all_lines(live) == all_lines(eager)
    top = live.line_of(offset)
    assert live.plain(top, top + 30) == shown


def test_appending_goes_on_while_a_lazy_resize_is_not_settled() -> None:
    live = LiveMarkdown(100)
    live.append(LONG + "see [late] and ```op")
    live.resize(41, lazy=True)
    live.append("en``` code\n\n[late]: /u\n\nmore\n")
    assert not live.settled
    live.lines(live.height - 10, live.height)
    live.append("- end")
    live.finish()
    assert live.settle()
    assert all_lines(live) == all_lines(rendered([live.text], 41))


def test_resizing_code_there_and_back_keeps_its_colours() -> None:
    text = "```python\n" + "value = call('text', 1)  # note\n" * 20 + "```\n\n<div>\n" + "y" * 90 + "\n</div>"
    live = rendered([text], 80)
    before = all_lines(live)
    for width in (15, 40, 80):
        live.resize(width)
        assert all_lines(live) == all_lines(rendered([text], width))
    assert all_lines(live) == before


def test_a_theme_is_changed_where_it_is_looked_at() -> None:
    live = rendered([LONG], 60)
    live.set_theme(LIGHT)
    height = live.height
    live.lines(0, 20)
    assert not live.settled
    assert live.settle()
    assert live.height == height
    assert live.theme is LIGHT


def test_line_of_finds_source_lines_of_code_and_tables() -> None:
    live = rendered([TEXT])
    assert [live.line_of(live.text.index(mark)) for mark in ("# T", "x = 1", "y = 2", "| 3", "- item")] == [
        0,
        5,
        6,
        11,
        13,
    ]
    assert live.line_of(10_000) == live.height - 1
    assert LiveMarkdown(10).line_of(5) == 0


def test_frozen_lines_grow_with_the_text() -> None:
    live = LiveMarkdown(40)
    live.append("one\n\n# two\n\nthree")
    assert live.frozen_height == 3
    assert plain("one\n\n# two") == live.plain(0, live.frozen_height)
