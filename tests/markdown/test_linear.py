"""Markdown as text to be listened to."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.markdown.helpers import all_lines, is_label, rendered
from tests.markdown.test_cost import PATHOLOGICAL
from tests.markdown.texts import ANY_TEXT, BLOCKS, DEFINITIONS, INLINE, MARKS, WORDS
from tui_stream.markdown.linear import linear

_FRAMES = re.compile("[\u2500-\u259f▣•◦▪☑☐]")
_OTHERWISE_SAID = ("$", "\\(", "\\[", "~~", "<br>")
"""What is said in other words, or in another order, than it is shown."""
_SUPERSCRIPT = {ord(raised): f" {digit} " for digit, raised in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}

SAID_AS_SHOWN = st.lists(
    st.sampled_from(
        [
            piece
            for piece in MARKS + INLINE + BLOCKS + WORDS + DEFINITIONS
            if not any(mark in piece for mark in _OTHERWISE_SAID)
        ]
    ),
    max_size=40,
).map("".join)


def words(text: str) -> list[str]:
    """The words of a text, and the marks of what is left out in long addresses."""
    return [word.casefold() for word in re.findall(r"[^\W_]+|…", text.translate(_SUPERSCRIPT))]


def shown_words(text: str) -> list[str]:
    """The words that the renderer shows, but those of the labels of code blocks."""
    lines = ["".join(s.text for s in line) for line in all_lines(rendered([text], 20_000)) if not is_label(line)]
    return [word for line in lines for word in words(line)]


@settings(max_examples=400, deadline=None)
@given(SAID_AS_SHOWN)
def test_every_word_shown_is_said_in_order(text: str) -> None:
    assume(not any(mark in text for mark in _OTHERWISE_SAID))
    shown = shown_words(text)
    assume("…" not in shown)
    said = iter(words(linear(text)))
    missing = [word for word in shown if word not in said]
    assert missing == []


@settings(max_examples=250, deadline=None)
@given(ANY_TEXT)
def test_nothing_is_drawn_and_every_block_that_begins_ends(text: str) -> None:
    lines = linear(text).split("\n")
    assert not _FRAMES.search("\n".join(lines))
    for begin, end in ((r"Quote( level \d+)?:", "End of quote"), (r"Table, \d+ row", "End of table")):
        begun = sum(bool(re.match(begin, line)) for line in lines)
        assert begun == sum(line.startswith(end) for line in lines)


@pytest.mark.parametrize(
    ("markdown", "said"),
    [
        ("", ""),
        ("# Title\n\nText **bold**, _it_ and `code`.", "Heading level 1: Title\n\nText bold, it and code."),
        ("###### Deep #", "Heading level 6: Deep"),
        ("#", "Heading level 1:"),
        ("Set\n---", "Heading level 2: Set"),
        ("one\ntwo  \nthree", "one two\nthree"),
        ("a\n\n***\n\nb", "a\n\nSeparator\n\nb"),
        ("~~old~~ new, o~~ld~~", "(struck out: old) new, o (struck out: ld)"),
        ("a <b>tag</b> &lt; x<br>y", "a <b>tag</b> < x\ny"),
    ],
)
def test_text(markdown: str, said: str) -> None:
    assert linear(markdown) == said


@pytest.mark.parametrize(
    ("markdown", "said"),
    [
        ("[label](https://x.org 'title')", "label (link: https://x.org)"),
        ("[see][r]!\n\n[r]: /u", "see (link: /u)!"),
        ("<https://x.org> www.y.org a.b@c.de", "https://x.org www.y.org a.b@c.de"),
        ("[https://x.org/](https://x.org)", "https://x.org/"),
        ("[](x)", "(link: x)"),
        ("![a cat](c.png) ![](c.png) ![x]()", "Image: a cat (c.png) Image (c.png) Image: x"),
        ("w![a](b)", "w Image: a (b)"),
        ("[![logo](l.png)](https://x.org)", "Image: logo (l.png) (link: https://x.org)"),
        (f"![dot](data:image/png;base64,{'A' * 500})", "Image: dot (embedded data)"),
        (f"[long](https://x.org/{'a' * 300})", f"long (link: https://x.org/{'a' * 300})"),
        ("x[^1], y[^no]\n\n[^1]: Note.", "x (footnote 1), y[^no]\n\nFootnote 1: Note."),
        ("[^a]: b\n\n    c", "Footnote a: b\n\nFootnote a continued: c"),
        ("$x^2$ and \\(a_1\\)", "x squared and a sub 1"),
    ],
)  # fmt: skip
def test_links_images_footnotes_and_formulas_within_text(markdown: str, said: str) -> None:
    assert linear(markdown) == said


@pytest.mark.parametrize(
    ("markdown", "said"),
    [
        ("- a\n- b\n  - c\n    * d\n- e", "Item: a\nItem: b\nLevel 2 item: c\nLevel 3 item: d\nItem: e"),
        ("7. a\n1. b\n   1) c", "7. a\n8. b\nLevel 2, 1. c"),
        ("- [ ] a\n- [X] b\n  - [x] c", "Task, to do: a\nTask, done: b\nLevel 2 task, done: c"),
        ("1. [x] a\n   1. [ ] b", "1. Task, done: a\nLevel 2, 1. Task, to do: b"),
        ("- a\n\n  b\n\nc", "Item: a\n\nItem continued: b\n\nc"),
        ("3. a\n\n   b\n   - c\n\n     d", "3. a\n\nItem 3 continued: b\nLevel 2 item: c\n\nLevel 2 item continued: d"),
        ("-\n- b", "Item: empty\nItem: b"),
        ("- # h\n- - x", "Item:\nHeading level 1: h\nItem:\nLevel 2 item: x"),
        ("- ```sh\n  ls\n  ```", "Item:\nCode, sh:\nls\nEnd of code"),
    ],
)
def test_lists(markdown: str, said: str) -> None:
    assert linear(markdown) == said


@pytest.mark.parametrize(
    ("markdown", "said"),
    [
        ("> a\n> b\n\nc", "Quote: a b\nEnd of quote\n\nc"),
        ("> a\n>> b", "Quote: a\n\nQuote level 2: b\nEnd of quote level 2\nEnd of quote"),
        (">", "Quote: empty\nEnd of quote"),
        ("> # h", "Quote:\nHeading level 1: h\nEnd of quote"),
        ("- > a\n\n  b", "Item:\nQuote: a\nEnd of quote\n\nItem continued: b"),
        ("> - a\n>\n>   b", "Quote:\nItem: a\n\nItem continued: b\nEnd of quote"),
        ("[^n]: > q", "Footnote n:\nQuote: q\nEnd of quote"),
    ],
)
def test_quotes_say_where_they_end(markdown: str, said: str) -> None:
    assert linear(markdown) == said


@pytest.mark.parametrize(
    ("markdown", "said"),
    [
        ("```python title=x\ndef f():\n\n    pass\n```", "Code, python:\ndef f():\n\n    pass\nEnd of code"),
        ("~~~\n~~~", "Code:\nEnd of code"),
        ("    a\n\n      b\n\n", "Code:\na\n\n  b\nEnd of code"),
        ("<div>\n<p>x</p>\n</div>", "HTML:\n<div>\n<p>x</p>\n</div>\nEnd of HTML"),
        ("$$\n\\frac{a}\n{b} = c\n$$", "Formula: a over b = c"),
        ("\\[ a \\\\ b \\]", "Formula:\na\nb\nEnd of formula"),
    ],
)
def test_code_html_and_formulas(markdown: str, said: str) -> None:
    assert linear(markdown) == said


def test_tables_are_read_row_by_row() -> None:
    table = "| Name | | `Size` |\n|:--|:-:|--:|\n| **a** \\| b | x<br>y | [l](u) |\n| c |\n"
    assert linear(table).split("\n") == [
        "Table, 2 rows, 3 columns: Name; Column 2; Size",
        "Name: a | b; Column 2: x, y; Size: l (link: u)",
        "Name: c; Column 2: empty; Size: empty",
        "End of table",
    ]
    assert linear("| a |\n|---|") == "Table, 0 rows, 1 column: a\nEnd of table"


def test_nothing_is_wrapped_and_long_paragraphs_are_read_as_they_are_shown() -> None:
    sentence = "Some **bold** words and `code` here, and a [link](u). "
    said = linear(sentence * 300)
    assert said == ("Some bold words and code here, and a link (link: u). " * 300).strip()
    assert "**" not in linear("**" + "word " * 600 + "end** after")


def test_characters_that_move_the_cursor_are_replaced() -> None:
    assert linear("a\x1b[31m\r\nb\rc") == "a\ufffd[31m b c"


@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_pathological_text_is_read(name: str) -> None:
    assert linear(PATHOLOGICAL[name]) or name == "definitions"
