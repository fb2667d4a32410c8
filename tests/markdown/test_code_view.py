"""Numbers and labels of code blocks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from rich.segment import Segment

from tests.markdown.helpers import all_lines, plain, rendered
from tests.markdown.texts import split_text
from tui_stream.markdown import LiveMarkdown

THREE = "```py\na\n```\n\n- item\n\n  ~~~js\n  b\n  ~~~\n\n      indented\n\n> ```\n> c"


def numbers_shown(live: LiveMarkdown) -> list[tuple[str, int]]:
    """The segments that carry a number, in order."""
    return [
        (segment.text, segment.style.meta["code"])
        for line in all_lines(live)
        for segment in line
        if segment.style and "code" in segment.style.meta
    ]


def test_fences_are_numbered_in_order_wherever_they_stand() -> None:
    live = rendered([THREE])
    assert [block.number for block in live.blocks] == [1, 0, 2, 0, 3]
    assert [block.kind for block in live.blocks if not block.number] == ["paragraph", "code"]
    assert numbers_shown(live) == [("copy 1", 1), ("copy 2", 2), ("copy 3", 3)]


@settings(max_examples=250, deadline=None)
@given(split_text())
def test_numbers_count_on_and_never_change_once_a_fence_is_closed(pieces: tuple[str, ...]) -> None:
    live = LiveMarkdown(60)
    closed: dict[int, int] = {}
    for piece in pieces:
        live.append(piece)
        fences = [block for block in live.blocks if block.kind == "fence"]
        assert [block.number for block in fences] == list(range(1, len(fences) + 1))
        now = {block.start: block.number for block in fences if block.closed}
        assert {start: now[start] for start in closed} == closed
        closed = now
    assert all(not block.number for block in live.blocks if block.kind != "fence")


def test_a_number_is_there_while_the_fence_arrives_and_stays() -> None:
    live = LiveMarkdown(40)
    live.append("```py\nx")
    assert (live.blocks[0].number, numbers_shown(live)) == (1, [("copy 1", 1)])
    live.append("\n```\n\n```")
    assert numbers_shown(live) == [("copy 1", 1)]
    live.append("js\n")
    assert numbers_shown(live) == [("copy 1", 1), ("copy 2", 2)]


@pytest.mark.parametrize(
    ("width", "label"),
    [
        (20, " python      copy 1 "),
        (16, " python  copy 1 "),
        (15, "        copy 1 "),
        (8, " copy 1 "),
        (7, "       "),
        (1, " "),
    ],
)
def test_the_language_goes_first_where_there_is_no_room(width: int, label: str) -> None:
    live = rendered(["```python\nx\n```"], width)
    assert "".join(segment.text for segment in live.lines(0, 1)[0]) == label


def test_a_label_follows_the_width_and_stays_when_code_is_scrolled() -> None:
    live = LiveMarkdown(30, wide="scroll")
    live.append(f"```{'language' * 9}\n{'x' * 40}\n```\n")
    assert live.scroll_block(1, 100) == 12
    assert live.plain(0, 1) == ["copy 1".rjust(29)]
    live.resize(90)
    assert live.plain(0, 1) == [" " + "language" * 9 + "copy 1".rjust(16)]


def test_wide_languages_are_measured_in_cells() -> None:
    assert plain("```漢字\n```", 14) == [" 漢字  copy 1"]
    assert plain("```漢字\n```", 13) == ["      copy 1"]


def test_only_the_copy_text_carries_the_number() -> None:
    line = rendered(["```py\nx\n```"], 20).lines(0, 1)[0]
    carrying = [segment for segment in line if segment.style and segment.style.meta]
    assert carrying == [Segment("copy 1", carrying[0].style)]
    assert len({segment.style.bgcolor for segment in line if segment.style}) == 1
