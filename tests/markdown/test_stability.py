"""Finished lines stay: counted over every shape and construct, however the text arrives and is resized."""
# ruff: noqa: RUF001 - the characters are meant

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.benchmarks.engine import SHAPES, batches
from tests.markdown.helpers import Lines, all_lines, rendered
from tests.markdown.test_open import BLOCKS, INLINE
from tests.markdown.texts import ANY_TEXT
from tui_stream.markdown import LiveMarkdown

CONSTRUCTS = {
    "headings": "# One\n\nTwo\n---\n\n### Three **bold** ###\n\n",
    "paragraphs": "Some *words* of a paragraph.\nA second line  \nand a third, `code`.\n\n",
    "long paragraph": "A sentence with **bold** words and [a link](https://x.org/a). " * 40 + "\n\n",
    "list": "- one\n- two\n\n  still two\n  - deep\n    1. deeper\n\n3. three\n4) four\n\n",
    "tasks": "- [ ] to do\n- [x] done\n  - [ ] more\n\n",
    "quotes": "> one\n> two\n>\n> > deep\n> lazy\n\n",
    "fence": "```python\ndef f():\n    '''doc\n    it'''\n\n```\n\n",
    "fence that is lexed again": "```c\nint\nmain(void)\n{ return 0; }\n```\n\n",
    "indented code": "    a\n\n      b\n\n\ntext\n\n",
    "table": "| a | b |\n|--:|:-:|\n| 1 | wide cell |\n| **2** | `x` |\n\n",
    "html": "<div>\n<p>text</p>\n</div>\n\n<!-- note\n\nmore -->\n\n",
    "math": "$$\nx^2 \\\\\ny\n$$\n\n\\[ a_1 \\]\n\nIn $x^2$ line.\n\n",
    "rules": "a\n\n---\n\n* * *\n\n",
    "images and links": "![alt](i.png) [![b](c.svg)](u) <https://x.org> www.y.org a.b@c.de\n\n",
    "footnotes": "[^1]: note\n\n    more\n[^2]: two\n\nUsed[^1] after[^2].\n\n",
    "definitions": "[a]: /u 'title'\n[b]:\n/v\n\nUsed: [a], [b][a] and [b].\n\n",
    "wide characters": "漢字かな、**重要：**请看。👩‍👩‍👧‍👦 ❤️ e\u0301\n\nשלום مرحبا\n\n",
    "late definition": "See [late], [later][late] and a note[^n].\n\nWords.\n\n[late]: /u\n\n[^n]: note\n\n",
}
ALL = "".join(CONSTRUCTS.values())


class Watch:
    """Counts the finished lines that change."""

    def __init__(self, width: int) -> None:
        self.live = LiveMarkdown(width)
        self.changed = 0
        self._frozen: Lines = []

    def append(self, piece: str) -> None:
        self.live.append(piece)
        self.look()

    def look(self) -> None:
        """Compare what is finished with what it was."""
        now = self.live.lines(0, self.live.frozen_height)
        self.changed += sum(old != new for old, new in zip(self._frozen, now, strict=False))
        self.changed += max(0, len(self._frozen) - len(now))
        self._frozen = now

    def resize(self, width: int, *, lazy: bool) -> None:
        """Change the width; what was finished stays so, and is as if it had come at this width."""
        finished = [block.end for block in self.live.blocks if block.first_line < len(self._frozen)]
        self.live.resize(width, lazy=lazy)
        self._frozen = self.live.lines(0, self.live.frozen_height)
        self.live.settle()
        self.look()
        kept = [block.end for block in self.live.blocks if block.first_line < len(self._frozen)]
        self.changed += kept[: len(finished)] != finished
        again = rendered([self.live.text], width, finish=False)
        self.changed += sum(a != b for a, b in zip(self._frozen, all_lines(again), strict=False))


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_no_finished_line_of_any_shape_changes(shape: Callable[[], Iterator[str]]) -> None:
    watch = Watch(100)
    for number, piece in enumerate(batches(shape, 3_000)):
        watch.append(piece)
        if number % 30 == 29:
            watch.resize((60, 31, 100)[number // 30 % 3], lazy=number % 60 == 29)
    watch.live.finish()
    watch.look()
    assert watch.changed == 0
    assert watch.live.frozen_height == watch.live.height


@pytest.mark.parametrize("size", [1, 3, 17, 120])
@pytest.mark.parametrize("name", [*CONSTRUCTS, "all"])
def test_no_finished_line_of_any_construct_changes(name: str, size: int) -> None:
    text = f"First.\n\n{CONSTRUCTS.get(name, ALL)}Last.\n\n# End\n"
    watch = Watch(40)
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    for number, piece in enumerate(pieces):
        watch.append(piece)
        if number in (len(pieces) // 3, len(pieces) * 2 // 3):
            watch.resize((23, 60)[number > len(pieces) // 2], lazy=size == 3)
    assert watch.live.frozen_height == watch.live.height
    watch.live.finish()
    watch.look()
    assert watch.changed == 0


@settings(max_examples=250, deadline=None)
@given(ANY_TEXT, st.integers(1, 30), st.lists(st.sampled_from((7, 24, 60)), max_size=4))
def test_no_finished_line_of_any_text_changes(text: str, size: int, widths: list[int]) -> None:
    watch = Watch(40)
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    for number, piece in enumerate(pieces):
        watch.append(piece)
        if number % 3 == 2 and widths:
            watch.resize(widths.pop(), lazy=number % 2 == 0)
    watch.live.finish()
    watch.look()
    assert watch.changed == 0
    assert watch.live.frozen_height == watch.live.height


TAIL = {"mixed": 6}
"""Lines from the end that an append may change, if not two; a small table is among those of this shape."""


@pytest.mark.parametrize("shape", [s for s in SHAPES if s.__name__ != "table"], ids=lambda shape: shape.__name__)
def test_in_an_open_block_only_its_last_lines_change(shape: Callable[[], Iterator[str]]) -> None:
    live = LiveMarkdown(100)
    furthest = 0
    for piece in ("".join(pair) for pair in batches(shape, 6_000)):
        for part in (piece[:40], piece[40:]):
            height = live.height
            furthest = max(furthest, height - live.append(part))
    assert furthest <= TAIL.get(shape.__name__, 2)


@pytest.mark.parametrize("construct", [*INLINE, *BLOCKS])
def test_a_construct_at_the_end_leaves_what_stands_before_it(construct: str) -> None:
    closing = (INLINE | BLOCKS)[construct]
    live = rendered(["# Head\n\nWords before.\n\n"], finish=False)
    before = all_lines(live)
    for char in f"{construct}{closing}\n\nAfter.":
        assert live.append(char) >= len(before)
    assert live.lines(0, len(before)) == before
