"""What holds for every text and every way it is split: the promise of the renderer."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.markdown.helpers import Lines, all_lines, is_label, rendered
from tests.markdown.texts import ANY_TEXT, LONG_PARAGRAPHS, PLAINLY_SHOWN, WIDTHS, WITHOUT_DEFINITIONS, split_text
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
@given(split_text(), WIDTHS)
def test_after_every_append_all_is_as_if_the_text_so_far_had_come_at_once(pieces: tuple[str, ...], width: int) -> None:
    live = LiveMarkdown(width)
    for number, piece in enumerate(pieces, 1):
        live.append(piece)
        assert all_lines(live) == all_lines(rendered(["".join(pieces[:number])], width, finish=False))


@EXAMPLES
@given(split_text(WITHOUT_DEFINITIONS), WIDTHS)
def test_after_every_append_finished_blocks_are_those_of_the_prefix_rendered_at_once(
    pieces: tuple[str, ...], width: int
) -> None:
    live = LiveMarkdown(width)
    for number, piece in enumerate(pieces, 1):
        live.append(piece)
        whole = rendered(["".join(pieces[:number])], width)
        finished = 0
        for ours, theirs in zip(live.blocks, whole.blocks, strict=False):
            if not ours.closed or ours.kind == "empty":
                break
            assert (ours.kind, ours.start, ours.number) == (theirs.kind, theirs.start, theirs.number)
            finished = ours.first_line + ours.line_count
            assert finished == theirs.first_line + theirs.line_count
        assert live.lines(0, finished) == whole.lines(0, finished)
        assert live.height >= finished


@EXAMPLES
@given(PLAINLY_SHOWN)
def test_closing_takes_no_word_away_and_adds_only_the_marks_at_the_end(text: str) -> None:
    """What differs while a text is open are marks and styles; `test_open` shows that they are those of its end."""
    ours, finished = (letters(rendered([text], 1000, finish=done)) for done in (False, True))
    rest = iter(finished)
    assert all(letter in rest for letter in ours)
    added = Counter(finished) - Counter(ours)
    assert set(added) <= set("0123456789xX") or ours.endswith(finished[len(ours) :])  # an address, shown once as a link


def letters(live: LiveMarkdown) -> str:
    """The letters and digits shown, but those of the labels of code blocks and of encoded addresses."""
    text = "".join(segment.text for line in all_lines(live) if not is_label(line) for segment in line)
    return "".join(filter(str.isalnum, re.sub("[%…][0-9A-F]{0,2}", "", text)))


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
