"""Simple text read without the parser is what the parser makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style

from tui_stream.markdown.inline import InlineParser
from tui_stream.markdown.references import Definitions
from tui_stream.markdown.simple_inline import simple_runs
from tui_stream.markdown.themes import DARK

PIECES = (
    "*", "**", "***", "_", "`", "``", " ", "a", "B", "9", "word", "two words", ".", ",", ":", "!", "?", ")", "(", "-",
    "é", "漢", "。", "\u00a0", "\u2014", "**a**", "*b*", "`c`", "**Note:**", "**a b.** ", " `x y` ", "a_b", "_a_", "~",
    "2*3", "5 * 3", "'", '"', ";", "//", "www", "+", "#", "|", "{", "}", "=",
)  # fmt: skip


def characters(runs: list[tuple[str, Style]]) -> list[tuple[str, Style]]:
    return [(char, style) for text, style in runs for char in text]


def parsed(text: str) -> list[tuple[str, Style]]:
    parser = InlineParser(DARK, Definitions())
    state = parser._tokenize(text, unfinished=False)
    return characters(parser._runs(state.tokens, DARK.text))


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_what_is_simple_is_what_the_parser_makes_of_it(text: str) -> None:
    simple = simple_runs(text, DARK.text, DARK)
    if simple is not None:
        assert characters(simple) == parsed(text)
        parser = InlineParser(DARK, Definitions())
        assert characters(parser.parse_open(text, DARK.text)) == parsed(text) or text.endswith(
            ("!", "*", "`", "_", "~")
        )


@pytest.mark.parametrize(
    "text",
    [
        "Some **bold** words, `code()` and *more* of them.",
        "**Note:** a snake_case name; **all of it.**",
        "`**not bold**` (**bold**), 2*3*4",
        "Plain.",
        "` a ` `  ` ` b`",
    ],
)
def test_common_text_is_simple(text: str) -> None:
    simple = simple_runs(text, DARK.text, DARK)
    assert simple is not None
    assert characters(simple) == parsed(text)


@pytest.mark.parametrize(
    "text", ["**a", "a * b", "_a_", "[a](b)", "<b>", "a\nb", "~~a~~", "``a``", "https://x.org", "**a `b`**", "***a***"]
)
def test_other_text_is_left_to_the_parser(text: str) -> None:
    assert simple_runs(text, DARK.text, DARK) is None
