from __future__ import annotations

from tui_stream.ui.search import Piece
from tui_stream.ui.search_words import WordsQuery


def found(query: WordsQuery, *rows: str) -> list[str]:
    return ["".join(rows[piece.line][piece.start : piece.end] for piece in hit) for hit in query.hits(rows, width=40)]


def test_words_are_found_wherever_they_stand() -> None:
    query = WordsQuery(["Winter", "apples"])
    assert found(query, "Apples keep", "all winter; apples do") == ["Apples", "winter", "apples"]
    assert query.hits(["", "apples"], 7) == [(Piece(8, 0, 6),)]


def test_the_longer_word_wins() -> None:
    assert found(WordsQuery(["win", "winter", "win"]), "winter wins") == ["winter", "win"]


def test_a_word_that_is_broken_over_lines_is_found() -> None:
    query = WordsQuery(["everlasting"])
    assert query.reach(8) >= 1
    rows = ["everlast", "ing love"]
    assert [tuple(piece.line for piece in hit) for hit in query.hits(rows, width=8)] == [(0, 1)]


def test_a_word_is_marked_where_it_begins() -> None:
    assert found(WordsQuery(["ke", "art"]), "make keeps, cart art_is _art part") == ["ke", "art", "art"]


def test_scripts_without_spaces_are_marked_anywhere() -> None:
    assert found(WordsQuery(["言語", "apple"]), "日本言語 pineapple appleテ") == ["言語", "apple"]


def test_a_source_that_holds_one_of_them_may_match() -> None:
    query = WordsQuery(["winter", "apples"])
    assert query.may_match("only apples")
    assert not query.may_match("pears")


def test_no_words_find_nothing() -> None:
    query = WordsQuery(["", "  "])
    assert not query
    assert not query.may_match("anything")
    assert query.hits(["anything"]) == []
    assert query.reach(80) == 0
