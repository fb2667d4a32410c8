"""The examples of the CommonMark specification: the block structure is markdown-it-py's, however the
text arrives."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.markdown.helpers import all_lines, rendered
from tests.markdown.structure import comparable, our_leaves, our_tree, reference_tree
from tui_stream.markdown.inline_rules import build_parser
from tui_stream.markdown.nodes import Kind

DATA = Path(__file__).parent / "data"


@cache
def examples(name: str = "commonmark_spec") -> list[dict[str, Any]]:
    text = (DATA / f"{name}.json").read_text(encoding="utf-8")
    loaded: list[dict[str, Any]] = json.loads(text)["examples"]
    return loaded


SECTIONS = sorted({example["section"] for example in examples()})

GFM_TABLES = (
    "| a | b |\n|---|---|\n| 1 | 2 |\n",
    "a | b\n:-|-:\n1 | 2 | 3\n4\n\ntext\n",
    "| a |\n|---|\n| `x \\| y` |\n> quote\n",
    "| a | b |\n|---|\n| no | table |\n",
    "text\n| a | b |\n| :-: | --- |\n| 1 | 2 |\n- list\n",
    "> | a | b |\n> |---|---|\n> | 1 | 2 |\nafter\n",
    "1. | a | b |\n\n   | c | d |\n   |---|---|\n   | 1 | 2 |\n",
    "| a |\n| - |\n\n| b |\n",
    "| a | b\n| - | -\n| 1 | 2\n# heading\n",
    "|a|b|\n|-|-|\n|1|2|\n```\ncode\n```\n",
)


def test_all_examples_are_here() -> None:
    assert len(examples()) == 652


@pytest.mark.parametrize("section", SECTIONS)
def test_structure_is_that_of_markdown_it(section: str) -> None:
    for example in examples():
        if example["section"] != section:
            continue
        text = example["markdown"]
        expected = comparable(reference_tree(text))
        assert comparable(our_tree([text])) == expected, example["example"]
        assert comparable(our_tree(list(text))) == expected, example["example"]


@pytest.mark.parametrize("section", SECTIONS)
def test_examples_streamed_by_characters_end_like_the_whole(section: str) -> None:
    for example in examples():
        if example["section"] == section:
            text = example["markdown"]
            assert all_lines(rendered(text, 50)) == all_lines(rendered([text], 50)), example["example"]


@pytest.mark.parametrize("example", examples("gfm_tables"), ids=lambda example: example["example"])
def test_examples_of_gfm_tables(example: dict[str, Any]) -> None:
    text = example["markdown"]
    aligns = [leaf.aligns for leaf in our_leaves(list(text)) if leaf.kind is Kind.TABLE]
    assert aligns == ([tuple(example["aligns"])] if example["aligns"] else [])
    live = rendered(text)
    lines = [line for line in live.plain(0, live.height) if line and "─" not in line]
    rows = [[cell.strip() for cell in line.split("│")] for line in lines[: len(example["rows"])]]
    assert rows == example["rows"]
    assert [line.removeprefix("▎ ") for line in lines[len(rows) :]] == example["after"]
    assert comparable(our_tree(list(text))) == comparable(reference_tree(text))


@pytest.mark.parametrize("text", GFM_TABLES)
def test_tables_are_those_of_markdown_it(text: str) -> None:
    expected = comparable(reference_tree(text))
    assert comparable(our_tree([text])) == expected
    assert comparable(our_tree(list(text))) == expected
    assert all_lines(rendered(text)) == all_lines(rendered([text]))


def test_text_shown_by_inline_examples_is_that_of_markdown_it() -> None:
    """The words shown for a paragraph are the text content that markdown-it-py finds in it."""
    parser = build_parser()
    checked = 0
    for example in examples():
        text = example["markdown"]
        if example["section"] not in ("Emphasis and strong emphasis", "Code spans", "Backslash escapes"):
            continue
        tokens = parser.parse(text)
        if [token.type for token in tokens] != ["paragraph_open", "inline", "paragraph_close"]:
            continue
        children = tokens[1].children or []
        if any(child.type in ("link_open", "image", "html_inline", "math_inline") for child in children):
            continue
        words = "".join(child.content or " " for child in children).split()
        live = rendered([text], 500)
        assert "".join(" ".join(live.plain(0, live.height)).split()) == "".join(words), example["example"]
        checked += 1
    assert checked > 100
