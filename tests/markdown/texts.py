"""Random Markdown for the property tests: pieces of every construct, joined in any order."""

from __future__ import annotations

from hypothesis import strategies as st

MARKS = (
    "- ", "* ", "+ ", "1. ", "2) ", "10. ", "> ", "  ", "    ", "\t", "\n", "\n", "\n\n", "```", "```py\n",
    "~~~", "````\n", "# ", "## ", "###### ", "**", "*", "_", "__", "`", "``", "~~", "---", "===", "\n---\n",
    "\n===\n", "* * *\n",
)  # fmt: skip
INLINE = (
    "[a]", "[a][b]", "[^1]", "(x)", "(https://e.org/a_b)", "![", "](", "[", "]", "<b>", "<br>", "&amp;",
    "&#120;", "\\", "\\*", "$", "$x^2$", "$$", "\\(", "\\)", "https://x.org/a?b=1, ", "www.x.org",
    "a.b@c.de ", "[ ] ", "[x] ", "<https://x.org>",
)  # fmt: skip
BLOCKS = (
    "<div>\n", "<!-- ", "-->\n", "<pre>\n", "</pre>", "| a | b |\n", "|---|:-:|\n", "| c \\| d | **e** |\n",
    "\\[\n", "\\]\n", "$$\nx\n$$\n", "- [ ] task\n", "- [x] done\n", "```python\ndef f():\n    '''x\n",
    "```c\n/* a\n", "*/ int x;\n", "```\n",
)  # fmt: skip
WORDS = (
    "word ", "Two words. ", "漢字かな、", "👩‍👩‍👧‍👦", "e\u0301", "שלום ", "مرحبا ", "❤️", "x" * 30, "end.\n",
    "a  \nb", "🇩🇪", "snake_case ", "5 * 3 ",
)  # fmt: skip
DEFINITIONS = (
    "\n[a]: /u\n",
    "\n[b]: <x y> 'title'\n",
    "\n[^1]: note\n",
    "[a]: /v",
    "[^1]: x",
)

WITHOUT_DEFINITIONS = st.lists(st.sampled_from(MARKS + INLINE + BLOCKS + WORDS), max_size=40).map("".join)
ANY_TEXT = st.lists(st.sampled_from(MARKS + INLINE + BLOCKS + WORDS + DEFINITIONS), max_size=40).map("".join)
PLAINLY_SHOWN = st.lists(
    st.sampled_from([piece for piece in MARKS + INLINE + BLOCKS + WORDS if set(piece).isdisjoint("&<$\\^!")]),
    max_size=40,
).map("".join)
"""Without what is shown in other characters when it is closed: entities, tags, formulas, footnotes and images."""
LONG_PARAGRAPHS = st.lists(
    st.sampled_from((*INLINE, *WORDS, "**", "*", "_", "`", "~~", "\n", "  \n", "plain words, some of them. " * 3)),
    min_size=40,
    max_size=200,
).map("".join)
WIDTHS = st.sampled_from((1, 7, 24, 60))


@st.composite
def split_text(draw: st.DrawFn, texts: st.SearchStrategy[str] = ANY_TEXT) -> tuple[str, ...]:
    """A text in pieces of 1 to 20 characters."""
    text = draw(texts)
    sizes = draw(st.lists(st.integers(1, 20), min_size=1, max_size=12))
    pieces, start, number = [], 0, 0
    while start < len(text):
        size = sizes[number % len(sizes)]
        pieces.append(text[start : start + size])
        start, number = start + size, number + 1
    return tuple(pieces)
