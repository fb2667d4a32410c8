from __future__ import annotations

import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_stream.core.marks import MOST_MARKS, PILED, fewer_marks
from tui_stream.core.sanitize import clean, repair

MARKS = "\xad\u0301\u0489\u20dd\u200d\ufe0f\u0e31\u1160\ud7b0\u3099"


def piled(text: str) -> int:
    most = count = 0
    for character in text:
        count = count + 1 if character in MARKS else 0
        most = max(most, count)
    return most


@pytest.mark.parametrize(
    "text",
    [
        "é",
        "e\u0301",
        "👩‍👩‍👧‍👦 🏴‍☠️ ✊🏾",
        "สวัสดีชาวโลก กี่ที่นั่ง",
        "नमस्ते दुनिया क्षत्रिय",
        "שָׁלוֹם בָּרֶשֶׁת",
        "بِسْمِ ٱللَّهِ",
        "한국어",
        "a" + "\u0301" * MOST_MARKS,
    ],
)
def test_what_people_write_stays(text: str) -> None:
    assert clean(text) == text
    for at in range(len(text) + 1):
        assert clean(text[:at]) + clean(text[at:], text[:at]) == text


@pytest.mark.parametrize("mark", MARKS)
def test_a_cell_has_few_marks(mark: str) -> None:
    assert clean("a" + mark * 300 + "b") == "a" + mark * MOST_MARKS + "b"
    assert clean(mark * 300) == mark * MOST_MARKS
    assert repair("a" + mark * 300) == "a" + mark * 300


@given(st.text("ab\u0301\u20dd\u200d\ufe0f語", max_size=60), st.lists(st.integers(0, 60), max_size=8))
def test_however_the_text_is_torn_a_cell_has_few_marks(text: str, cuts: list[int]) -> None:
    made, ends = "", [*sorted(min(cut, len(text)) for cut in cuts), len(text)]
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        made += clean(text[start:end], made[-MOST_MARKS:])
    assert made == clean(text)
    assert piled(made) <= MOST_MARKS


def test_the_first_look_knows_every_character_that_joins_the_one_before() -> None:
    known = PILED.pattern.rpartition("{")[0]
    missing = [
        character
        for character in map(chr, range(0x80, sys.maxunicode + 1))
        if unicodedata.category(character) in ("Mn", "Me") and not re.match(known, character)
    ]
    assert not missing
    assert fewer_marks("") == ""
