# ruff: noqa: RUF001 - the characters are meant

from __future__ import annotations

import sys
import textwrap
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style

from tests.markdown.helpers import all_lines, rendered
from tui_stream.ui.search import LONGEST, Hit, Piece, Query, row_text
from tui_stream.ui.search_text import fold

WORDS = st.from_regex(r"[a-m][n-z]{0,11}", fullmatch=True)
"""Words of which no two make up a third: the first letter of each is none of its others."""
WIDE = 4000
DISTINCT = [f"{first}{chr(110 + second)}{'x' * (second % 9)}" for first in "abcdefghijklm" for second in range(13)]
"""Words that a text has once each."""
IDEOGRAPHS = [chr(0x4E00 + number) for number in range(200)]


def drawn(markdown: str, width: int) -> list[str]:
    """The lines of Markdown as they are drawn."""
    return [row_text(line) for line in all_lines(rendered([markdown], width))]


def texts(hit: Hit, rows: list[str]) -> list[str]:
    """What the pieces of a hit mark."""
    return [rows[piece.line][piece.start : piece.end] for piece in hit]


def found(query: str, *rows: str, width: int | None = None) -> list[list[str]]:
    return [texts(hit, list(rows)) for hit in Query(query).hits(rows, width=width)]


@st.composite
def slices(draw: st.DrawFn, words: st.SearchStrategy[list[str]]) -> tuple[str, str]:
    """A text of words, and a part of it to look for."""
    text = " ".join(draw(words))
    start = draw(st.integers(0, len(text) - 1))
    part = text[start : start + draw(st.integers(1, 30))].strip()
    return text, part or text[0]


SLICES = slices(st.lists(WORDS, min_size=1, max_size=60))


# -- what matches -----------------------------------------------------------------------------------


def test_a_query_in_small_letters_finds_both_cases() -> None:
    assert found("apple", "An Apple, an apple, APPLES") == [["Apple"], ["apple"], ["APPLE"]]


def test_a_capital_letter_asks_for_the_same_case() -> None:
    assert found("Apple", "An Apple, an apple, APPLES") == [["Apple"]]


@pytest.mark.parametrize(
    ("query", "row", "mark"),
    [
        ("straße", "STRASSE Straße", "Straße"),
        ("ίσος", "ΊΣΟΣ", "ΊΣΟΣ"),
        ("istanbul", "İstanbul", "İstanbul"),
        ("don't", "I don’t know", "don’t"),
        ('a "b"', "a “b”", "a “b”"),
        ("non-breaking", "non\u2011breaking", "non\u2011breaking"),
        ("1-2", "1–2", "1–2"),
        ("café", "cafe\u0301s", "cafe\u0301"),
        ("cafe\u0301", "cafés", "café"),
        ("か\u3099", "がく", "が"),
        ("soft", "so\u00adft", "so\u00adft"),
        ("a\u200bb", "ab", "ab"),
        ("❤", "a ❤\ufe0f b", "❤\ufe0f"),
        ("👩", "a 👩\u200d👧 b", "👩\u200d👧"),
        ("👧", "a 👩\u200d👧 b", "👩\u200d👧"),
        ("a b", "a\u00a0b", "a\u00a0b"),
        ("a\tb", "  a   b", "a   b"),
        ("│ b", "a │ b │ c", "│ b"),
        ("▎", "▎ quote", "▎"),
        ("(a.b*", "x (a.b* y", "(a.b*"),
    ],
)
def test_what_a_person_means_is_found(query: str, row: str, mark: str) -> None:
    assert found(query, row) == [[mark]]


@pytest.mark.parametrize("query", ["", " ", "\n\t", "\u200b"])
def test_nothing_typed_finds_nothing(query: str) -> None:
    assert not Query(query)
    assert found(query, "a b", "", "c") == []
    assert not Query(query).may_match("a b")


def test_hits_do_not_overlap_and_are_in_reading_order() -> None:
    assert Query("aa").hits(["aaaaa", "baa"], 10) == [
        (Piece(10, 0, 2),),
        (Piece(10, 2, 4),),
        (Piece(11, 1, 3),),
    ]
    assert len(Query("👩").hits(["👩\u200d👩\u200d👩"])) == 1


def test_no_lines_have_no_hits() -> None:
    assert Query("a").hits([]) == []


# -- over line ends ---------------------------------------------------------------------------------


def test_a_phrase_goes_on_behind_margins() -> None:
    rows = ["  │ • some words", "  │   that go on", "  │ ", "  │   on, again"]
    assert found("words that", *rows) == [["words", "that"]]
    assert found("on on", *rows) == []
    rows = ["▌ one two    ", "▌ three      "]
    assert found("two three", *rows) == [["two", "three"]]
    rows = ["  ▎ ▎ one two", "  ▎ ▎ three"]
    assert found("two three", *rows) == [["two", "three"]]


def test_a_phrase_goes_over_many_lines() -> None:
    rows = ["  one", "  two", "  three four"]
    assert Query("one two three").hits(rows, 5, width=60) == [(Piece(5, 2, 5), Piece(6, 2, 5), Piece(7, 2, 7))]


def test_a_word_goes_on_only_where_it_filled_its_line() -> None:
    assert found("nowhere", "I am now", "here, it says", width=8) == []
    assert found("nowhere", "now", "here, it says", width=13) == []
    assert found("nowhere", "now", "here", width=3) == [["now", "here"]]
    assert found("nowhere", "• now", "  here", width=5) == [["now", "here"]]
    assert found("now here", "now", "here", width=3) == [["now", "here"]]


def test_code_is_cut_anywhere() -> None:
    rows = [" return som ", " ething      "]
    assert found("something", *rows, width=12) == [["som", "ething"]]
    assert found("return something", *rows, width=12) == [["return som", "ething"]]


def test_wide_characters_need_no_space_to_break() -> None:
    assert found("漢字かな", "これは漢字", "かな") == [["漢字", "かな"]]
    assert found("漢字 かな", "これは漢字", "かな") == [["漢字", "かな"]]


def test_a_cell_of_a_table_goes_on_below_and_not_beside() -> None:
    rows = drawn("| name | what it is |\n|---|---|\n| red apple | a round fruit |\n| pear | x |\n", 22)
    assert [len(hit) for hit in Query("a round fruit").hits(rows)] == [2]
    assert Query("apple a").hits(rows) == []
    assert Query("fruit x").hits(rows) == []
    rows = [" now  │ one ", " here │ two "]
    assert found("now two", *rows) == []
    assert found("one here", *rows) == []


def test_hits_in_columns_are_in_reading_order() -> None:
    rows = [" a │ a ", " b │ b ", " a │ a "]
    assert Query("a").hits(rows) == [(Piece(0, 1, 2),), (Piece(0, 5, 6),), (Piece(2, 1, 2),), (Piece(2, 5, 6),)]


def test_code_may_draw_with_the_same_lines() -> None:
    rows = [" │   ├── one.py ", " │   └── two.py "]
    assert found("── one", *rows) == [["── one"]]
    assert found("│ └── two", *rows) == [["│   └── two"]]


@given(SLICES, st.integers(12, 60), st.sampled_from(["", "  ", "  │ ", "  ▎ ", "  │ ▎ ", "▌ "]))
def test_wrapping_does_not_change_the_number_of_hits(sample: tuple[str, str], width: int, margin: str) -> None:
    text, part = sample
    lines = textwrap.wrap(text, width, break_long_words=False)
    query = Query(part)
    assert len(query.hits([margin + line for line in lines])) == len(query.hits([text]))
    assert len(query.hits([margin + text])) == len(query.hits([text])) > 0


@given(SLICES, st.integers(6, 60), st.sampled_from(["", "> ", "- ", "> 1. ", "# ", "- > ", "> > ", "[^1]: "]))
def test_laying_out_narrower_does_not_change_the_number_of_hits(
    sample: tuple[str, str], width: int, start: str
) -> None:
    text, part = sample
    query = Query(part)
    rows = drawn(start + text, width)
    hits = query.hits(rows, width=width)
    assert len(hits) == len(query.hits(drawn(start + text, WIDE))) > 0
    assert len(query.hits(rows)) == len(hits)
    for hit in hits:
        assert "".join("".join(texts(hit, rows)).split()) == "".join(part.split())
        assert hit[-1].line - hit[0].line <= query.reach(width)


@given(st.lists(SLICES, min_size=1, max_size=5), st.integers(8, 60))
def test_code_is_found_however_it_is_cut(samples: list[tuple[str, str]], width: int) -> None:
    code = "\n".join(text for text, _ in samples)
    markdown = f"```\n{code}\n```\n"
    query = Query(samples[0][1])
    hits = query.hits(drawn(markdown, width)[1:], width=width)
    assert len(hits) == len(query.hits(drawn(markdown, WIDE)[1:], width=WIDE)) > 0
    assert all(hit[-1].line - hit[0].line <= query.reach(width) for hit in hits)


@given(st.data(), st.sampled_from([":--", "--:", ":-:"]))
def test_a_cell_is_found_however_narrow_its_column(data: st.DataObject, align: str) -> None:
    words = iter(data.draw(st.permutations(DISTINCT)))
    columns, rows = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 5))
    table = [[[next(words) for _ in range(data.draw(st.integers(1, 6)))] for _ in range(columns)] for _ in range(rows)]
    lines = ["| " + " | ".join(" ".join(cell) for cell in row) + " |" for row in table]
    markdown = "\n".join([lines[0], "|" + f"{align}|" * columns, *lines[1:]]) + "\n"
    cell = data.draw(st.sampled_from(data.draw(st.sampled_from(table))))
    start = data.draw(st.integers(0, len(cell) - 1))
    query = Query(" ".join(cell[start : start + 3]))
    for width in (data.draw(st.integers(6 * columns, 70)), WIDE):
        hits = query.hits(drawn(markdown, width), width=width)
        assert len(hits) == 1
        assert hits[0][-1].line - hits[0][0].line <= query.reach(width)


@given(st.data(), st.integers(8, 60))
def test_wide_text_is_found_however_it_is_broken(data: st.DataObject, width: int) -> None:
    glyphs = data.draw(st.permutations(IDEOGRAPHS))
    marks = data.draw(st.lists(st.sampled_from(["", "", "", "、", "。」", "（", "word", "👍"]), min_size=100))
    text = "".join(glyph + mark for glyph, mark in zip(glyphs, marks, strict=False))
    start = data.draw(st.integers(0, len(text) - 20))
    part = text[start : start + data.draw(st.integers(8, 20))]
    query = Query(part)
    rows = drawn(text, width)
    hits = query.hits(rows, width=width)
    assert ["".join(texts(hit, rows)) for hit in hits] == [part]
    assert hits[0][-1].line - hits[0][0].line <= query.reach(width)


def test_huge_lines_are_searched() -> None:
    words = "lorem ipsum dolor " * 6000
    assert len(Query("ipsum dolor").hits([words])) == 6000
    assert len(Query("DOLOR".lower()).hits([words.replace(" ", " " * 5)])) == 6000
    assert Query("a" * 299 + "b").hits(["a" * 100_000, "a" * 100_000]) == []
    assert Query("a b").hits(["a" + " " * 100_000 + "c"]) == []
    assert len(Query("│").hits(["│" * 50_000])) == 50_000
    assert len(Query("\u0301").hits(["a" + "\u0301" * 50_000])) == 1
    rows = drawn("x" * 100_000, 80)
    assert len(Query("xxxx").hits(rows, width=80)) == 25_000


def test_a_very_long_query_counts_up_to_a_limit() -> None:
    assert len(Query("a" * 10_000).hits(["a" * 1000])) == 1000 // LONGEST


def test_buttons_are_no_text() -> None:
    line = [Segment(" python "), Segment("copy 1", Style(meta={"code": 1})), Segment(" x", Style(bold=True))]
    assert row_text(line) == " python " + " " * 6 + " x"


# -- folding ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [True, False])
def test_folding_keeps_every_place(case: bool) -> None:
    for code in range(sys.maxunicode + 1):
        assert len(fold(chr(code), case=case)) == 1
    everything = "".join(map(chr, range(0x20000)))
    assert len(fold(everything, case=case)) == len(everything)


@given(st.text())
def test_folding_does_not_depend_on_what_stands_around(text: str) -> None:
    assert fold(text, case=False) == "".join(fold(char, case=False) for char in text)
    composed = unicodedata.normalize("NFC", text)
    assert fold(fold(composed, case=False), case=False) == fold(composed, case=False)
