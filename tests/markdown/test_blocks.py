from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.markdown.structure import comparable, our_leaves, our_tree, reference_tree
from tests.markdown.texts import split_text
from tui_stream.markdown.blocks import BlockParser
from tui_stream.markdown.nodes import Kind

COMMON = (
    *("- ", "* ", "+ ", "1. ", "2) ", "> ", "  ", " ", "\n", "\n", "\n\n", "```", "```py\n", "~~~", "# ", "## "),
    *("**", "`", "[a]", "(x)", "<b>", "<div>", "</div>", "<!--", "-->", "<pre>", "</pre>", "---", "===", "\n---\n"),
    *("\\", "word ", "text", "* * *"),
)
"""Pieces for which markdown-it-py agrees with the specification's reference parser, as we do.

It differs where a table's header looks like another block, in marks indented by four columns or more, in
lists after two blank lines and in definitions that a lazy line follows.
"""


@settings(max_examples=250, deadline=None)
@given(split_text())
def test_the_structure_does_not_depend_on_the_splits(pieces: tuple[str, ...]) -> None:
    assert our_tree(pieces) == our_tree(["".join(pieces)])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(COMMON), max_size=25))
def test_the_structure_of_random_text_is_that_of_markdown_it(pieces: list[str]) -> None:
    text = re.sub(r"\n(?:[ >]*\n)+", "\n\n", "".join(pieces)).rstrip() + "\n"
    assert comparable(our_tree([text])) == comparable(reference_tree(text))


def kinds(text: str) -> list[Kind]:
    return [leaf.kind for leaf in our_leaves([text])]


def test_an_unfinished_line_leaves_no_trace() -> None:
    parser = BlockParser()
    for piece in ("# he", "ad", "ing\n", "- it", "em"):
        parser.append(piece)
    assert [leaf.source for leaf in parser.assembly.leaves] == ["heading", "item"]


@pytest.mark.parametrize("mark", ["-", "--", "=", "*", "1", "1.", "#", "```", "- [", "- [x]", "|", "$", "\\["])
def test_a_line_of_marks_is_not_shown_before_it_is_known_what_it_is(mark: str) -> None:
    parser = BlockParser()
    parser.append("text\n" + mark)
    assert [leaf.source for leaf in parser.assembly.leaves] == ["text"]


def test_a_long_line_of_text_is_settled_and_grows() -> None:
    parser = BlockParser()
    parser.append("word " * 30)
    leaf = parser.assembly.leaves[0]
    parser.append("more\nnext")
    assert parser.assembly.leaves == [leaf]
    assert leaf.source == "word " * 30 + "more\nnext"


def test_a_settled_line_can_still_become_the_header_of_a_table() -> None:
    text = "a" * 100 + " | b\n|---|---|\n| 1 | 2 |\n"
    assert comparable(our_tree(list(text))) == comparable(our_tree([text]))
    assert kinds(text) == [Kind.TABLE]


def test_the_last_line_of_a_paragraph_becomes_the_header_of_a_table() -> None:
    text = "some text\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    assert kinds(text) == [Kind.PARAGRAPH, Kind.TABLE]
    assert our_leaves(list(text))[1].start == text.index("|")


def test_math_blocks_and_footnotes() -> None:
    assert kinds("$$\nx\n$$\n\\[ y \\]\ntext\n\\[\nz\n\\]\n") == [
        Kind.MATH,
        Kind.MATH,
        Kind.PARAGRAPH,
        Kind.MATH,
    ]
    leaves = our_leaves(["[^1]: one\n\n    more\n[^2]: two\n"])
    assert [leaf.container.label for leaf in leaves if leaf.container] == ["1", "1", "2"]


def test_sibling_items_share_a_list_and_count_on() -> None:
    leaves = our_leaves(["3. a\n3. b\n\n   c\n9. d\n- e\n"])
    containers = [leaf.container for leaf in leaves if leaf.container]
    assert [container.number for container in containers] == [3, 4, 4, 5, 0]
    assert containers[0].group is containers[3].group
    assert containers[4].group is not containers[3].group


def test_deep_nesting_is_bounded() -> None:
    leaves = our_leaves([">" * 5000 + " a\n" + "- " * 5000 + "b\n"])
    assert max(leaf.container.depth for leaf in leaves if leaf.container) <= 48


def test_offsets_are_those_of_source_lines() -> None:
    text = "# a\n\npara\nmore\n\n```py\nx\n```\n\n- item\n  - sub\n"
    spans = [text[leaf.start : leaf.end] for leaf in our_leaves([text])]
    assert spans == ["# a", "para\nmore", "```py\nx\n```", "- item", "  - sub"]
    assert spans == [text[leaf.start : leaf.end] for leaf in our_leaves(list(text))]
