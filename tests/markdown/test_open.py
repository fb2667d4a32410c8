"""What is not closed yet is shown as if it were: its marks do not flash, and closing it changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.markdown.helpers import all_lines, plain, rendered

CONTEXTS = {
    "": "",
    "Done.\n\n": "",
    "words before ": "",
    "> ": "> ",
    "- ": "  ",
    "- a\n  - ": "    ",
    "1. [x] ": "   ",
    "> - ": ">   ",
    "[^1]: ": "    ",
    "# ": "",
}
"""What may stand before a construct, and what its further lines begin with."""

INLINE = {
    "**bold wo": "**",
    "*it": "*",
    "__bo": "__",
    "_it": "_",
    "***both": "***",
    "**bold *and it": "***",
    "*it **and bo": "***",
    "**重要": "**",
    "~~str": "~~",
    "`co": "`",
    "``co ` de": "``",
    "**bold `co": "`**",
    "[la": "]()",
    "[la **bo": "**]()",
    "[`co": "`]()",
    "[`code": "`]()",
    "[label](https://x.o": ")",
    "**bold [label](https://x.o": ")**",
    "![al": "]()",
    "![alt](i.pn": ")",
    "[![al": "]()]()",
    "[![alt](i.pn": ")]()",
    "[![alt](i.png)": "]()",
    "[![alt](i.png)](https://x": ")",
    "<https://x.o": ">",
    "\\(x^2": "\\)",
    "$x^2 + \\alpha": "$",
    "`x [0": "`",
}
BLOCKS = {
    "```python\nx = 1": "\n```",
    "~~~\nx": "\n~~~",
    "$$\nx^2": "\n$$",
    "\\[\nx": "\n\\]",
    "# Heading **bo": "**",
    "| a | b": " |\n|---|---|",
    "| a | `b": "` |\n|---|---|",
    "| a |\n|---|\n| **c": "** |",
    "| a |\n|---|\n| [l](u": ") |",
    "> quote ~~s": "~~",
    "- item *it": "*",
    "[^n]: note **bo": "**",
}


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("construct", [*INLINE, *BLOCKS])
def test_closing_a_construct_changes_nothing(context: str, construct: str) -> None:
    if construct in BLOCKS and context[:1] in ("w", "#", "1"):
        return
    indent = "\n" + CONTEXTS[context]
    text = context + construct.replace("\n", indent)
    closing = (INLINE | BLOCKS)[construct].replace("\n", indent)
    shown = rendered(list(text), 60, finish=False)
    assert all_lines(shown) == all_lines(rendered([text + closing], 60))
    assert all_lines(shown) == all_lines(rendered([text + closing], 60, finish=False))


SPANS = (
    "some words",
    "**bold words**",
    "*italic*",
    "_also it_",
    "***both of them***",
    "**bold and *it* too**",
    "`code()`",
    "``a ` b``",
    "~~gone~~",
    "[label](https://x.org/a_b)",
    "[**bold** label](u)",
    "[`code`](u)",
    "![image](i.png)",
    "[![badge](b.svg)](https://x.org)",
    "<https://x.org/a>",
    "snake_case",
    "漢字",
)
STARTS = ("", "", "# ", "- ", "1. ", "> ", "> - ", "- [ ] ", "- [x] ")


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(STARTS), st.lists(st.sampled_from(SPANS), min_size=1, max_size=6))
def test_nothing_flashes_while_text_is_typed(start: str, spans: list[str]) -> None:
    text = start + " ".join(spans)
    final = "".join(plain(text, 1000))
    for end in range(len(text)):
        if text[:end].endswith(("<h", "<ht")):  # it might be a tag, which is shown as it is
            continue
        shown = "".join(plain(text[:end], 1000, finish=False))
        assert final.startswith(shown.rstrip(" )")), text[:end]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(STARTS[2:]), min_size=2, max_size=5), st.sampled_from(("\n", "\n\n")))
def test_the_marks_that_begin_blocks_do_not_flash(starts: list[str], between: str) -> None:
    text = between.join(f"{start}words" for start in starts)
    final = plain(text)
    for end in range(len(text)):
        shown = plain(text[:end], finish=False)
        assert all(full.startswith(line) for line, full in zip(shown, final, strict=False)), text[:end]
        assert len(shown) <= len(final)
