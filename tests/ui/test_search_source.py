# ruff: noqa: RUF001 - the characters are meant

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.markdown.helpers import all_lines, rendered
from tests.markdown.texts import ANY_TEXT, BLOCKS, INLINE, MARKS
from tests.markdown.texts import WORDS as SOME_WORDS
from tui_stream.ui.search import Query, row_text

EXTRA = (
    "&eacute;", "caf&eacute;s", "&shy;", "&#x41;b", "[one](https://x.org)two", "[x.org](x.org)y", "[a b](<u v> 't')",
    "[é](/ü)x", "![](/i)", "![alt](/i)x", "<https://x.org/%C3%BC>", "x&amp;y ", "`x&amp;y` ", "$\\alpha$", "$a_1^{23}$",
    "\\(\\frac{ab}{cd}\\)", "7. item\n", "8. item\n", "123456789) item\n", "```\ncode\n```\n", "a**b**c", "~~d~~e ",
    "f\\_g ", "[1]: /x\n\n", "[y][1]z", "<div>h</div>", "ﬁ ", "x² ", "١٢ ", "A\u200bB ", "e\u0301f ",
)  # fmt: skip
CLEAR = [
    piece
    for piece in (*MARKS, *INLINE, *BLOCKS, *SOME_WORDS, *EXTRA, "ab", "C", "é", "1", "]", "(", ")")
    if not any(mark in piece for mark in ("$", "\\(", "\\[", "][", "]:", "<https", "]("))
]
"""Pieces that leave no doubt what a source made of them shows, but for rare meetings."""
SOURCES = st.one_of(
    st.lists(st.sampled_from(CLEAR), max_size=25).map("".join),
    st.lists(st.one_of(ANY_TEXT, st.sampled_from(EXTRA)), max_size=6).map("".join),
)


@given(SOURCES, st.sampled_from([9, 30, 80]), st.data())
def test_whatever_is_found_where_it_is_shown_might_have_been(source: str, width: int, data: st.DataObject) -> None:
    live = rendered([source], width)
    rows = [row_text(line) for line in all_lines(live)]
    full = [row for row in rows if row.strip()]
    assume(full)
    row = data.draw(st.sampled_from(full))
    start = data.draw(st.integers(0, len(row) - 1))
    query = Query(row[start : start + data.draw(st.integers(1, 12))])
    assume(query.hits(rows, width=width))
    assert query.may_match(live.text)
    assert query.may_match(source)


@pytest.mark.parametrize(
    ("query", "source"),
    [
        ("bold", "b**ol**d"),
        ("snake_case", "`snake_case`"),
        ("AT&T", "AT&amp;T"),
        ("café", "caf&eacute;"),
        ("onetwo", "[one](https://x.org)two"),
        ("α", r"$\alpha$"),
        ("12.", "1. a\n" * 12),
        ("text", "```\nx\n```"),
        ("image", "![](x.png)"),
        ("->", "anything"),
        ("wet", "Wet"),
    ],
)
def test_what_may_be_shown(query: str, source: str) -> None:
    assert Query(query).may_match(source)


@pytest.mark.parametrize(
    ("query", "source"),
    [
        ("fish", "No f i s h here"),
        ("boat", "b**ol**d [and a link](https://x.org/a?b=c#d) and `code` and &amp; <b>html</b>"),
        ("Bold", "b**ol**d"),
        ("bold words", "**bold** word"),
        ("2024", "1. one\n2. two\n"),
        ("text", "no fence at all"),
        ("image", "no picture at all"),
        ("cost", "It is $5 altogether"),
        ("漢字", "漢 字"),
    ],
)
def test_what_certainly_is_not_shown_needs_no_layout(query: str, source: str) -> None:
    assert not Query(query).may_match(source)
