# ruff: noqa: RUF001 - the punctuation is meant

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.markdown.helpers import link_of, plain, rendered, styled
from tui_stream.markdown import DARK, LiveMarkdown
from tui_stream.markdown.inline import InlineParser
from tui_stream.markdown.linear import linear
from tui_stream.markdown.references import Definitions

SENTENCES = (
    "A plain sentence of some words.",
    "One with **strong** and *weak* words in it!",
    "Some `code with * and [` here; more after it.",
    "A [link with *markup*](https://x.org/a_b) and an ![image](y.png).",
    "**A whole sentence that is strong. And another one in it.** After.",
    "It costs $5 or $x^2$, 5 * 3, snake_case and arr[0] = {a: 1}.",
    "See https://x.org/path?q=1. Mail a.b@c.de: now.",
    "这是一个句子。**重要：**还有一个！",
    "An <b>inline tag</b> and &amp; entity; ~~gone~~ \\*escaped\\*.",
    "A footnote[^1] and a [reference] or (two).",
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hello **bo", "Hello bo"),
        ("Hello **bo**", "Hello bo"),
        ("Hello **", "Hello"),
        ("***bi", "bi"),
        ("a `co", "a co"),
        ("a ``c`o", "a c`o"),
        ("~~de", "de"),
        ("[li", "li"),
        ("[li](http://e", "li (http://e)"),
        ("![al](http://e", "▣ al (http://e)"),
        ("[li](http://e 'ti", "li (http://e)"),
        ("[li](see be", "[li](see be"),
        ("arr[0", "arr[0"),
        ("see [1", "see [1"),
        ("Price $5", "Price $5"),
        ("\\(x^2", "x²"),
        ("**`co", "co"),
        ("snake_case_", "snake_case"),
        ("5 * 3", "5 * 3"),
    ],
)
def test_open_constructs_are_shown_as_if_closed(text: str, shown: str) -> None:
    assert plain(text, finish=False) == [shown]


def test_bold_is_bold_from_its_first_letter() -> None:
    live = rendered(["Hello **b"], finish=False)
    style = styled(live, "b").style
    assert style is not None
    assert style.bold


def test_closed_text_is_literal_where_nothing_matches() -> None:
    assert plain("Hello **bo") == ["Hello **bo"]
    assert plain("a `co") == ["a `co"]


def test_links_carry_their_target_and_show_it() -> None:
    live = rendered(["[label](https://x.org/a 'title') <https://y.org> https://z.org/b_c. www.w.org, a.b@c.de"], 200)
    assert live.plain(0, 1) == ["label (https://x.org/a) https://y.org https://z.org/b_c. www.w.org, a.b@c.de"]
    expected = {
        "label": "https://x.org/a",
        "(https://x.org/a)": "https://x.org/a",
        "https://y.org": "https://y.org",
        "https://z.org": "https://z.org/b_c",
        "www.w.org": "http://www.w.org",
        "a.b@c.de": "mailto:a.b@c.de",
    }
    assert {text: link_of(styled(live, text)) for text in expected} == expected
    segments = [segment for line in live.lines(0, 1) for segment in line]
    assert all(segment.style is None or segment.style.link is None for segment in segments)


def test_any_scheme_is_left_to_the_caller() -> None:
    assert link_of(styled(rendered(["[x](javascript:alert(1))"]), "x")) == "javascript:alert(1)"


def test_file_names_are_no_links() -> None:
    assert link_of(styled(rendered(["run main.py or e.g. this"]), "main.py")) is None


def test_targets_may_be_left_out_and_long_ones_are_shortened() -> None:
    live = LiveMarkdown(200, link_targets=False)
    live.append("[label](https://x.org)")
    assert live.plain(0, 1) == ["label"]
    long = rendered([f"[label](https://x.org/{'a' * 100})"], 200).plain(0, 1)[0]
    assert "…" in long
    assert len(long) < 80


@pytest.mark.parametrize("size", [100, 300, 700, 2000])
@pytest.mark.parametrize("title", ["", " 'Some title. With words'"])
def test_links_with_long_targets_are_links_wherever_they_stand(size: int, title: str) -> None:
    target = f"https://x.org/a_b(c)/{'a/' * (size // 2)}"
    text = f"{'Some words. ' * 12}[label]({target}{title}) and ![image]({target}). More of it."
    for live in (rendered([text], 100), rendered([text[n : n + 33] for n in range(0, len(text), 33)], 100)):
        assert link_of(styled(live, "label")) == target
        assert link_of(styled(live, "▣")) == target
        assert "](" not in "".join(live.plain(0, live.height))


def test_html_is_shown_as_text_and_br_breaks_the_line() -> None:
    assert plain("a <b>bold</b> &lt; c<br>d") == ["a <b>bold</b> < c", "d"]
    assert plain("<div onclick='x'>\n*a*\n</div>") == ["<div onclick='x'>", "*a*", "</div>"]


@pytest.mark.parametrize(
    "place",
    [
        "x{}y",
        "# {}",
        "| {} |\n|---|\n| {} |",
        "[{}](u)",
        "![{}](u)",
        "[x](https://x.org/{})",
        "https://x.org/{}",
        "<https://x.org/{}>",
        "**{}**",
        "`{}` {}",
        "[a]: https://x.org/{}\n\n[a]",
        "```{}\n{}\n```",
        "$$\n{}\n$$ $x{}^2$",
        "x[^{}]\n\n[^{}]: n",
    ],
)
def test_characters_written_as_entities_or_encoded_do_no_harm(place: str) -> None:
    codes = (
        *range(1, 0x21),
        *range(0x7F, 0xA0),
        0x200B,
        0x200D,
        0x2028,
        0x2029,
        *range(0x202A, 0x202F),
        0x2066,
        0x2069,
    )
    for code in codes:
        encoded = "".join(f"%{byte:02X}" for byte in chr(code).encode())
        for written in (f"&#{code};", f"&#x{code:x};", encoded, encoded.lower()):
            live = rendered([place.replace("{}", written)], 80)
            for text in (*live.plain(0, live.height), *linear(live.text).split("\n")):
                assert not re.search("[\x00-\x1f\x7f-\x9f\u200d\u2028\u2029\u202a-\u202e\u2066-\u2069]", text), written


def test_rich_markup_is_not_interpreted() -> None:
    assert plain("[bold]x[/bold] [red]") == ["[bold]x[/bold] [red]"]


def test_line_ends_are_spaces_and_hard_breaks_are_kept() -> None:
    assert plain("a\nb  \nc\\\nd") == ["a b", "c", "d"]


def test_math_needs_marks_that_are_no_prices() -> None:
    assert plain("$x^2$ costs $5 and $6, \\(a_1\\)") == ["x² costs $5 and $6, a₁"]
    assert plain("the $n$th of $HOME/$USER, $5-$10") == ["the nth of $HOME/$USER, $5-$10"]


def test_emphasis_next_to_wide_characters_needs_no_spaces() -> None:
    live = rendered(["**重要：**请看。这是*「强调」*的文字，~~旧。~~新"])
    assert live.plain(0, 1) == ["重要：请看。这是「强调」的文字，旧。新"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(SENTENCES), min_size=10, max_size=60))
def test_dividing_a_long_paragraph_changes_nothing(sentences: list[str]) -> None:
    text = " ".join(sentences)
    live = rendered([text], 100_000)
    parser = InlineParser(DARK, Definitions())
    whole = [(char, style) for run, style in parser.parse(text, DARK.text).runs for char in run]
    shown = [(char, segment.style) for segment in live.lines(0, 1)[0] for char in segment.text]
    assert shown == whole
    assert live.height == 1


def test_a_long_paragraph_in_bold_stays_bold() -> None:
    live = rendered(["**" + "word " * 600 + "end** after"])
    bold = [segment for line in live.lines(0, live.height) for segment in line if segment.text.strip()]
    assert all(segment.style and segment.style.bold for segment in bold[:-1])
    assert bold[-1].style == DARK.text
    assert "**" not in "".join(live.plain(0, live.height))


@pytest.mark.parametrize(
    "mark", ["*", "**", "_", "`", "[", "![", "[a](", "<", "<a", "$", "\\(", "~~", "\\", "&", "[]", "*a "]
)
def test_floods_of_marks_do_no_harm(mark: str) -> None:
    live = rendered([mark * 3000])
    assert live.height >= 1
