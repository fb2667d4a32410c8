"""Breaking text into lines by its width in cells."""
# ruff: noqa: RUF001 - the characters are meant

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from tui_stream.markdown.cells import Run, crop, wrap_runs
from tui_stream.markdown.folding import chop

PLAIN = Style()
TEXTS = st.text(alphabet="ab c漢字。「」👩\u200d👧❤\ufe0fe\u0301שלום🇩🇪 ", max_size=60).map(
    lambda text: re.sub("(?<![^\x00-\x7f])\u200d+", "", text)
)


def lines(text: str, width: int) -> list[str]:
    return ["".join(segment.text for segment in line) for line in wrap_runs([(text, PLAIN)], width).lines]


def test_breaks_at_spaces_and_within_long_words() -> None:
    assert lines("one two three", 7) == ["one two", "three"]
    assert lines("abcdefghij k", 4) == ["abcd", "efgh", "ij k"]
    assert lines("a\nb", 9) == ["a", "b"]
    assert lines("", 9) == [""]


def test_breaks_between_wide_characters_but_not_before_closing_marks() -> None:
    assert lines("漢字漢字漢", 4) == ["漢字", "漢字", "漢"]
    assert lines("漢字漢。字", 6) == ["漢字", "漢。字"]
    assert lines("漢字「漢字", 6) == ["漢字", "「漢字"]
    assert lines("word漢字", 6) == ["word漢", "字"]


def test_glyphs_of_several_characters_stay_whole() -> None:
    family = "👩\u200d👩\u200d👧"
    assert lines(family * 3, 5) == [family * 2, family]
    assert lines("e\u0301" * 5, 3) == ["e\u0301" * 3, "e\u0301" * 2]
    assert lines("❤\ufe0f" * 3, 4) == ["❤\ufe0f" * 2, "❤\ufe0f"]


@given(TEXTS, st.integers(2, 20))
def test_no_line_is_too_wide_and_nothing_but_spaces_is_lost(text: str, width: int) -> None:
    result = lines(text, width)
    assert all(cell_len(line) <= width for line in result)
    assert "".join(result).replace(" ", "") == text.replace(" ", "")


@given(st.lists(TEXTS, max_size=6), st.integers(2, 20))
def test_styles_do_not_move_the_breaks(texts: list[str], width: int) -> None:
    styles = [Style(bold=True), Style(italic=True), PLAIN]
    runs: list[Run] = [(text, styles[n % 3]) for n, text in enumerate(texts)]
    shown = ["".join(segment.text for segment in line) for line in wrap_runs(runs, width).lines]
    assert shown == lines("".join(texts), width)


@given(TEXTS, TEXTS, st.integers(2, 20))
def test_wrapping_may_go_on_from_the_last_line(first: str, second: str, width: int) -> None:
    begun = wrap_runs([(first, PLAIN)], width)
    continued = wrap_runs([*begun.rest, (second, PLAIN)], width)
    shown = ["".join(s.text for s in line) for line in [*begun.lines[:-1], *continued.lines]]
    if not first.endswith(("\u200d", "👩", "❤", "🇩")) and not second.startswith(("\u200d", "\ufe0f", "\u0301")):
        assert shown == lines(first + second, width)


@given(TEXTS, st.integers(1, 9))
def test_chopping_loses_nothing(text: str, width: int) -> None:
    cut = next((n for n in range(7, len(text)) if text[n].isascii() and text[n - 1] != "\u200d"), len(text))
    rows = chop([(text[:cut], PLAIN), (text[cut:], Style(bold=True))], width)
    assert "".join(segment.text for row in rows for segment in row) == text
    if width > 1:
        assert all(cell_len("".join(segment.text for segment in row)) <= width for row in rows)


@given(TEXTS, st.integers(0, 20), st.integers(1, 20))
def test_a_crop_has_the_width_asked_for(text: str, start: int, width: int) -> None:
    row = wrap_runs([(text.strip(), PLAIN)], 1000).lines[0]
    shown = "".join(segment.text for segment in crop(row, start, width))
    assert cell_len(shown) <= width
    if cell_len(text.strip()) >= start + width:
        assert cell_len(shown) == width


def test_cutting_a_wide_glyph_leaves_a_space() -> None:
    row = wrap_runs([("漢字漢", PLAIN)], 10).lines[0]
    assert [segment.text for segment in crop(row, 1, 4)] == [" 字 "]
