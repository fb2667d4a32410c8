from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import get_character_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tests.trust.payloads import ALL, HOSTILE
from tests.trust.vocabulary import strays_in_file
from tui_stream.core import marks
from tui_stream.core.marks import MOST_MARKS
from tui_stream.ui.guard import guarded

BOLD, PLAIN = Style(bold=True), Style()


def strip(*texts: str, style: Style = PLAIN) -> Strip:
    return Strip([Segment(text, style) for text in texts], 10)


def text(given_strip: Strip) -> str:
    return "".join(segment.text for segment in given_strip)


def piled(shown: str) -> int:
    most = count = 0
    for letter in shown:
        count = count + 1 if not letter.isascii() and not get_character_cell_size(letter) else 0
        most = max(most, count)
    return most


@pytest.mark.parametrize("name", HOSTILE)
def test_no_payload_gets_past_it_wherever_it_is_torn(name: str) -> None:
    payload = ALL[name]
    for at in range(len(payload) + 1):
        made = guarded(strip(payload[:at], payload[at:]))
        assert not strays_in_file(text(made))
        assert not set(text(made)) & {"\n", "\t"}
        assert piled(text(made)) <= MOST_MARKS
        assert made.cell_length == 10


def test_links_of_the_terminals_own_kind_are_taken_off_and_the_style_stays() -> None:
    made = guarded(Strip([Segment("here", Style(bold=True, link="file:///etc/passwd", meta={"a": 1}))], 4))
    style = next(iter(made)).style
    assert style is not None
    assert style.link is None
    assert style.bold
    assert style.meta == {"a": 1}


@pytest.mark.parametrize(
    "harmless",
    [
        "plain",
        "naïve",
        "👩‍👩‍👧‍👦",
        "❤️‍🔥",
        "👍🏽",
        "नमस्ते",
        "ก็ได้",
        "שָׁלוֹם",
        "a\u0301\u0323\u0308",
        "日本語",
        "\u200cنمی‌خواهم",
    ],
)
def test_what_people_write_is_handed_on_as_it_is(harmless: str) -> None:
    given_strip = strip(harmless)
    assert guarded(given_strip) is given_strip


def test_marks_are_counted_over_joiners_and_from_one_style_to_the_next() -> None:
    assert piled(text(guarded(strip("a" + ("\u0301" * MOST_MARKS + "\u200d") * 50)))) == MOST_MARKS
    pieces = [Segment("\u0301" * 4, BOLD if number % 2 else PLAIN) for number in range(50)]
    assert piled(text(guarded(Strip([Segment("a", PLAIN), *pieces], 1)))) == MOST_MARKS


def test_the_first_look_knows_every_character_without_a_width() -> None:
    one = re.compile(marks.PILED.pattern.rpartition("{")[0])
    letters = map(chr, [*range(0x80, 0xD800), *range(0xE000, 0x110000)])
    unknown = [
        f"{ord(letter):x}" for letter in letters if not get_character_cell_size(letter) and not one.match(letter)
    ]
    assert [code for code in unknown if not 0x80 <= int(code, 16) < 0xA0] == [], "C1 is taken out altogether"


@given(st.lists(st.text(max_size=8), max_size=6))
def test_whatever_comes_what_is_shown_is_safe_and_nothing_else_is_lost(pieces: list[str]) -> None:
    shown = text(guarded(strip(*pieces)))
    assert not strays_in_file(shown)
    assert piled(shown) <= MOST_MARKS
    letters = iter("".join(pieces))
    assert all(letter in letters or letter == "\ufffd" for letter in shown)
