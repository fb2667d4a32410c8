from __future__ import annotations

import pytest

from tests.markdown.helpers import all_lines, plain, rendered
from tui_stream.markdown import DARK, LiveMarkdown

LIST = "- one\n- two\n  - deep\n\n    para\n- [ ] todo\n- [x] done\n\n9. nine\n10. ten\n"


def test_lists_are_spaced_as_written() -> None:
    assert plain(LIST) == [
        "• one", "• two", "  ◦ deep", "", "    para", "☐ todo", "☑ done", "", " 9. nine", "10. ten",
    ]  # fmt: skip


def test_quotes_have_a_bar_on_each_line() -> None:
    assert plain("> a\n>\n> - b\n\n> c\n>> d") == ["▎ a", "▎", "▎ • b", "", "▎ c", "▎", "▎ ▎ d"]


def test_headings_rules_and_empty_items() -> None:
    assert plain("# A **b** #\nB\n---\n* * *\n-\n- x\n", 20) == ["A b", "", "B", "", "─" * 20, "", "•", "• x"]


def test_wrapped_lines_are_indented_like_the_first() -> None:
    assert plain("- " + "word " * 6, 16) == ["• word word word", "  word word word"]


def test_narrow_screens_leave_room_for_the_text() -> None:
    lines = plain("> " * 20 + "- some words that wrap\n", 24)
    assert max(map(len, lines)) <= 24
    assert "words" in " ".join(lines)
    assert rendered(["> - a\n\n| a | b |\n|---|---|\n\n```\nx\n```\n"], 1).height > 0


def test_long_paragraphs_are_divided_without_a_trace() -> None:
    sentence = "Some **bold** words and `code` here. "
    lines = plain(sentence * 200, 50)
    assert " ".join(lines) == (("Some bold words and code here. ") * 200).strip()


def test_emphasis_over_a_division_is_kept() -> None:
    text = "Start. " * 40 + "*" + "inside it. " * 20 + "end* and so on. " * 1
    live = rendered([text], 80)
    assert "*" not in "".join(live.plain(0, live.height))


def test_a_fence_has_a_label_and_a_background() -> None:
    live = rendered(["```python title\nx = 1\n\ny = '''a\nb'''\n```"], 30)
    assert live.plain(0, live.height) == [" python                copy 1", " x = 1", "", " y = '''a", " b'''"]
    background = DARK.code_block.bgcolor
    for line in all_lines(live)[1:]:
        assert sum(len(segment.text) for segment in line) == 30
        assert all(segment.style and segment.style.bgcolor == background for segment in line)


def test_an_open_fence_is_code_and_its_marks_are_not_shown() -> None:
    assert plain("```py\nx = 1\n``", finish=False) == [" py" + "copy 1".rjust(56), " x = 1"]
    assert plain("text\n```", finish=False) == ["text"]


def test_code_is_wrapped_without_losing_spaces_and_tabs_are_four_wide() -> None:
    assert plain("```\n\tabc  def\n```", 12) == ["     copy 1", "     abc  d", " ef"]


def test_indented_code_ends_before_its_blank_lines() -> None:
    assert plain("    a\n\n      b\n\n\ntext") == [" a", "", "   b", "", "text"]


def test_a_line_of_code_without_end_is_laid_out_like_at_once() -> None:
    text = "```\n" + "abc漢" * 900 + "\nnext\n"
    pieces = [text[n : n + 37] for n in range(0, len(text), 37)]
    assert all_lines(rendered(pieces, 33)) == all_lines(rendered([text], 33))


@pytest.mark.parametrize("size", [37, 700, 5000])
@pytest.mark.parametrize(
    "block",
    ["```py\n{}\nnext\n```\n\nend", "> - ~~~\n>   {}\n>   next\n", "    {}\nend", "<div>\n{}\n</div>\n", "$$\n{}\n$$"],
)
def test_a_long_line_grows_like_at_once(block: str, size: int) -> None:
    text = block.format("'x' = 1\t\t漢👩\u200d👧e\u0301" * 400)
    live = LiveMarkdown(33)
    for number, start in enumerate(range(0, len(text), size)):
        live.append(text[start : start + size])
        if number % 7 == 0:
            live.resize(33 + number % 2)
            assert all_lines(live) == all_lines(rendered([live.text], live.width, finish=False))
    live.finish()
    assert all_lines(live) == all_lines(rendered([text], live.width))
    assert [block.code for block in live.blocks] == [block.code for block in rendered([text]).blocks]


def test_the_code_of_a_long_line_can_be_copied_in_mid_stream() -> None:
    live = LiveMarkdown(40)
    line = "x = [" + "1, " * 4000
    for start in range(0, len(line), 100):
        live.append(("" if start else "```py\n") + line[start : start + 100])
    assert live.blocks[0].code == line + "\n"
    live.append("]\n```")
    assert live.blocks[0].code == line + "]\n"


def test_a_long_line_keeps_the_colours_of_its_beginning() -> None:
    live = LiveMarkdown(50)
    live.append("```py\nx = [" + "'text', 1, " * 90)
    height = live.height
    before = live.lines(0, height - 1)
    assert live.append("'text', 1, " * 90) >= height - 2
    assert live.lines(0, height - 2) == before[: height - 2]


def test_math_blocks_are_indented_and_readable() -> None:
    assert plain("$$\n\\begin{aligned}\na &= b \\\\\nc\n\\end{aligned}\n$$\n\\[ x^2 \\]") == [
        "  a = b",
        "  c",
        "",
        "  x²",
    ]


@pytest.mark.parametrize("wide", ["code", "table"])
def test_wide_blocks_are_scrolled_sideways(wide: str) -> None:
    text = f"```\n{'0123456789' * 5}\n```" if wide == "code" else f"| a |\n|---|\n| {'0123456789' * 5} |"
    live = LiveMarkdown(20, wide="scroll")
    live.append(text)
    row = live.height - 1
    assert live.plain(row, row + 1)[0].strip().startswith("0123456")
    assert live.scroll_block(row, 15) == 15
    assert live.plain(row, row + 1)[0].strip().startswith(("56789", "456789"))
    assert live.scroll_block(row, 1000) < 60
    assert live.plain(row, row + 1)[0].rstrip().endswith("9")
    assert live.set_block_wide(row, "wrap") <= row
    assert live.height > 4 if wide == "table" else live.height == 4
    live.set_block_wide(row, "scroll")
    live.append("\n\nmore")
    assert live.height == row + 3
    live.set_wide("wrap")
    assert live.height > 6 if wide == "table" else live.height == 6
    assert live.scroll_block(99, 5) == 0
    assert live.set_block_wide(99, "wrap") == live.height
