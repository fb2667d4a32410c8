from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_stream.core.sanitize import clean, clean_line, repair


@pytest.mark.parametrize(
    ("dirty", "cleaned"),
    [
        ("\x1b]52;c;aGk=\x07", "]52;c;aGk="),
        ("\x9b31m", "31m"),
        ("a\r\nb\rc", "a\nbc"),
        ("a\tb\nc", "a\tb\nc"),
        ("\x7f\x00\x08", ""),
        ("a\u202eb\u2066c\u200f", "abc"),
        ("\U000e0041", ""),
        ("\ud800", "\ufffd"),
        ("👩\u200d👩\u200d👧 ❤\ufe0f क\u094d\u200cष", "👩\u200d👩\u200d👧 ❤\ufe0f क\u094d\u200cष"),
    ],
)
def test_code_points_that_could_steer_a_terminal_go(dirty: str, cleaned: str) -> None:
    assert clean(dirty) == cleaned


@given(st.text(st.characters(exclude_categories=[])), st.integers(0, 20))
def test_cleaning_piece_by_piece_is_the_same(text: str, at: int) -> None:
    assert clean(text[:at]) + clean(text[at:]) == clean(text)
    assert clean(text).encode("utf-8").decode("utf-8") == clean(text)
    assert not any(ord(c) < 32 and c not in "\t\n" for c in clean(text))


def test_a_line_is_one_line_of_bounded_length() -> None:
    assert clean_line("a\n b\x1b[0m\tc") == "a b[0m c"
    assert clean_line("x" * 500, 10) == "x" * 9 + "…"
    assert clean_line("\x1b" * 100_000 + "x") == "…"
    assert clean_line("a " * 100_000, 10) == "a a a a a…"
    assert clean_line("x" * 50_000, 40_000) == "x" * 39_999 + "…"


def test_repair_changes_nothing_but_surrogates() -> None:
    assert repair("\x1b[1m\ud800") == "\x1b[1m\ufffd"
