"""What holds for every text and every way it is split: the promise of the renderer."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.markdown.helpers import Lines, all_lines, rendered
from tests.markdown.texts import ANY_TEXT, LONG_PARAGRAPHS, WIDTHS, WITHOUT_DEFINITIONS, split_text
from tui_stream.markdown import LIGHT, LiveMarkdown

EXAMPLES = settings(max_examples=250, deadline=None)


@EXAMPLES
@given(split_text(), WIDTHS)
def test_the_end_of_a_stream_equals_the_whole_text_at_once(pieces: tuple[str, ...], width: int) -> None:
    assert all_lines(rendered(pieces, width)) == all_lines(rendered(["".join(pieces)], width))


@settings(max_examples=60, deadline=None)
@given(split_text(LONG_PARAGRAPHS), st.sampled_from((24, 60)))
def test_long_paragraphs_end_like_at_once_too(pieces: tuple[str, ...], width: int) -> None:
    assert all_lines(rendered(pieces, width)) == all_lines(rendered(["".join(pieces)], width))


@EXAMPLES
@given(split_text(), WIDTHS)
def test_nothing_before_the_returned_line_changes_and_frozen_lines_stay(pieces: tuple[str, ...], width: int) -> None:
    live = LiveMarkdown(width)
    shown: Lines = []
    frozen: Lines = []
    for piece in (*pieces, None):
        changed = live.finish() if piece is None else live.append(piece)
        now = all_lines(live)
        assert len(now) == live.height
        assert 0 <= changed <= live.height
        assert now[:changed] == shown[:changed]
        assert now[: len(frozen)] == frozen
        assert live.frozen_height <= live.height
        shown, frozen = now, now[: live.frozen_height]
    assert live.frozen_height == live.height


@EXAMPLES
@given(WITHOUT_DEFINITIONS, WIDTHS)
def test_blocks_finished_in_a_stream_are_those_of_the_prefix_rendered_at_once(text: str, width: int) -> None:
    live, whole = rendered([text], width, finish=False), rendered([text], width)
    for ours, theirs in zip(live.blocks, whole.blocks, strict=False):
        if not ours.closed or ours.kind == "empty":
            break
        assert (ours.kind, ours.start) == (theirs.kind, theirs.start)
        assert live.lines(ours.first_line, ours.first_line + ours.line_count) == whole.lines(
            theirs.first_line, theirs.first_line + theirs.line_count
        )


@EXAMPLES
@given(st.text(st.characters(), max_size=80), st.integers(1, 9), WIDTHS)
def test_any_characters_at_all_do_no_harm(text: str, size: int, width: int) -> None:
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    live = rendered(pieces, width)
    assert all_lines(live) == all_lines(rendered([text], width))
    shown = "".join(live.plain(0, live.height))
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in shown)


@EXAMPLES
@given(split_text())
def test_lines_fit_the_width_and_hold_no_control_characters(pieces: tuple[str, ...]) -> None:
    for line in (live := rendered(pieces, 24)).plain(0, live.height):
        assert cell_len(line) <= 24
        assert line.isprintable() or not any(ord(char) < 32 for char in line)


@EXAMPLES
@given(split_text(), WIDTHS)
def test_resizing_and_restyling_equal_starting_over(pieces: tuple[str, ...], width: int) -> None:
    half = len(pieces) // 2
    live = rendered(pieces[:half], 40, finish=False)
    live.resize(width, lazy=True)
    live.lines(live.height // 2, live.height)
    live.set_theme(LIGHT)
    for piece in pieces[half:]:
        live.append(piece)
        live.lines(0, 3)
    live.finish()
    live.settle()
    fresh = LiveMarkdown(width, theme=LIGHT)
    fresh.append("".join(pieces))
    fresh.finish()
    assert all_lines(live) == all_lines(fresh)


@EXAMPLES
@given(split_text(), WIDTHS)
def test_scrolled_sideways_the_end_of_a_stream_equals_the_whole_text_too(pieces: tuple[str, ...], width: int) -> None:
    assert all_lines(rendered(pieces, width, wide="scroll")) == all_lines(
        rendered(["".join(pieces)], width, wide="scroll")
    )


@EXAMPLES
@given(ANY_TEXT)
def test_the_source_of_blocks_is_in_order_and_within_the_text(text: str) -> None:
    live = rendered([text])
    end = 0
    for block in live.blocks:
        assert end <= block.start <= block.end <= len(live.text)
        end = block.start
    assert live.source_range(0, live.height)[1] <= len(live.text)
