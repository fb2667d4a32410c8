"""Lazy changes of width: whatever happens in between, all ends as if laid out once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.markdown.helpers import all_lines, rendered
from tests.markdown.texts import ANY_TEXT, BLOCKS, DEFINITIONS
from tui_stream.markdown import LIGHT, LiveMarkdown
from tui_stream.markdown.themes import DARK

PARAGRAPHS = st.lists(
    st.sampled_from(
        (
            "Some words of a paragraph that is wrapped at most widths. See [a] and [^1].\n\n",
            "- an item that is wrapped too, with a [b][a] in it\n",
            "# A heading with some words in it\n\n",
            "```python\nvalue = call('some text', 1)  # a note that makes it long\n```\n\n",
            "| a | b |\n|---|---|\n| some words | [a] and more of them |\n\n",
            "> quoted words, many of them, so that they are wrapped\n\n",
            *BLOCKS,
            *DEFINITIONS,
        )
    ),
    max_size=20,
).map("".join)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 60)),
        st.tuples(st.just("load"), st.integers(1, 200)),
        st.tuples(st.just("resize"), st.sampled_from((9, 24, 41, 80))),
        st.tuples(st.just("eager"), st.sampled_from((24, 41))),
        st.tuples(st.just("settle"), st.integers(0, 200)),
        st.tuples(st.just("look"), st.integers(0, 60)),
        st.tuples(st.just("wide"), st.integers(0, 1)),
        st.tuples(st.just("theme"), st.integers(0, 1)),
    ),
    max_size=25,
)


class Driver:
    """Does what a user interface may do, step by step."""

    def __init__(self, text: str) -> None:
        self.live = LiveMarkdown(60)
        self._text = text
        self._at = 0
        self._steps: dict[str, Callable[[int], object]] = {
            "append": self.append,
            "load": self.load,
            "resize": lambda width: self.live.resize(width, lazy=True),
            "eager": self.live.resize,
            "settle": self.live.settle,
            "look": lambda line: self.live.lines(line, line + 5),
            "wide": lambda number: self.live.set_wide(("wrap", "scroll")[number], lazy=True),
            "theme": lambda number: self.live.set_theme((DARK, LIGHT)[number]),
        }

    def append(self, size: int) -> int:
        self._at += size
        return self.live.append(self._text[self._at - size : self._at])

    def load(self, size: int) -> int:
        self._at += size
        return self.live.append(self._text[self._at - size : self._at], lazy=True)

    def run(self, steps: list[tuple[str, int]]) -> None:
        for name, argument in steps:
            self._steps[name](argument)

    def end(self) -> None:
        self.append(len(self._text))
        self.live.finish()
        while not self.live.settle(100):
            pass


@settings(max_examples=300, deadline=None)
@given(st.one_of(ANY_TEXT, PARAGRAPHS), STEPS)
def test_lazy_resizes_appends_and_partial_settling_end_like_one_rendering(
    text: str, steps: list[tuple[str, int]]
) -> None:
    driver = Driver(text)
    driver.run(steps)
    driver.end()
    live = driver.live
    fresh = LiveMarkdown(live.width, theme=live.theme, wide=live.wide)
    fresh.append(text)
    fresh.finish()
    assert all_lines(live) == all_lines(fresh)
    assert [(b.kind, b.start, b.first_line, b.line_count) for b in live.blocks] == [
        (b.kind, b.start, b.first_line, b.line_count) for b in fresh.blocks
    ]


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(ANY_TEXT, PARAGRAPHS),
    st.floats(0, 0.99),
    st.sampled_from((9, 24, 80)),
    st.lists(st.tuples(st.integers(0, 150), st.integers(0, 40)), min_size=1, max_size=8),
)
@example("- \n[b]: <x y> 'title'\n```py\n", 0.5, 9, [(0, 3), (0, 5)])  # a paragraph that becomes a definition
def test_what_is_in_view_stays_while_the_rest_settles_and_grows(
    text: str, place: float, width: int, steps: list[tuple[int, int]]
) -> None:
    driver = Driver(text)
    driver.append(len(text) * 2 // 3)
    live = driver.live
    offset = live.source_range(line := int(place * live.height), line + 1)[0]
    live.resize(width, lazy=True)
    shown = view(live, offset)
    for characters, size in steps:
        live.settle(characters)
        assert view(live, offset) == shown
        top = live.line_of(offset)
        same = max(0, driver.append(size) - top)
        assert view(live, offset)[1][:same] == shown[1][:same]
        shown = view(live, offset)
    live.settle()
    assert view(live, offset) == shown


def view(live: LiveMarkdown, offset: int) -> tuple[int, list[str]]:
    """A screen from the line on that shows the source at an offset: where its source begins, and its lines."""
    top = live.line_of(offset)
    lines = live.plain(top, top + 12)
    return live.source_range(top, top + 1)[0], lines


@pytest.mark.parametrize("construct", ["[a][r]", "x[^r]"])
def test_a_definition_that_comes_while_a_table_waits_for_its_width_is_used(construct: str) -> None:
    text = f"| h |\n|---|\n| {construct} |\n\nmore\n\n"
    live = rendered([text], 80, finish=False)
    live.resize(79, lazy=True)
    live.append("[r]: /u\n\n[^r]: note\n")
    live.finish()
    assert all_lines(live) == all_lines(rendered([live.text], 79))


LONG = "".join(
    f"# Head {n}\n\n{'some words ' * 20}\n\n```js\nlet x = {n}; // {'y' * 90}\nf(x)\n```\n\n- {'item ' * 30}\n\n"
    f"| a | b |\n|---|---|\n| {n} | {'cell ' * 5} |\n\n"
    for n in range(60)
)


def test_a_long_text_is_loaded_lazily_and_shown_where_it_is_looked_at() -> None:
    live, eager = LiveMarkdown(70), rendered([LONG], 70)
    for start in range(0, len(LONG), 8_000):
        assert live.append(LONG[start : start + 8_000], lazy=True) <= live.height
    assert not live.settled
    assert 0.7 * eager.height < live.height < 1.4 * eager.height
    end = live.line_of(len(LONG))
    assert live.plain(end, end + 9) == eager.plain(eager.line_of(len(LONG)), eager.height)
    assert live.plain(0, 30) == eager.plain(0, 30)
    live.finish()
    assert not live.settled
    while not live.settle(2_000):
        pass
    assert all_lines(live) == all_lines(eager)


def test_what_comes_after_a_lazily_loaded_text_is_laid_out_at_once() -> None:
    live = LiveMarkdown(70)
    live.append(LONG + "The open paragraph, ", lazy=True)
    assert live.append("which goes on.\n\nAnother [late].\n\n[late]: /u\n\n") < live.height
    top = live.line_of(len(LONG))
    assert live.plain(top, live.height) == ["The open paragraph, which goes on.", "", "Another late (/u)."]
    assert not live.settled
    live.settle()
    assert all_lines(live) == all_lines(rendered([live.text], 70))


def test_what_stands_before_a_block_is_known_when_a_lazily_loaded_text_is_resized() -> None:
    live = LiveMarkdown(60)
    live.append("- item\n\n[a]: /u\n<pre>\n</pre>\n", lazy=True)
    live.resize(9, lazy=True)
    live.settle()
    assert all_lines(live) == all_lines(rendered([live.text], 9, finish=False))


def test_a_block_that_turns_out_to_show_nothing_moves_what_follows() -> None:
    live = LiveMarkdown(40)
    live.append("$$\n$$\n\nfirst\n\n$$\n$$\n\nsecond\n\n- end", lazy=True)
    assert live.plain(0, live.height)[:1] == ["first"]
    live.settle()
    assert live.plain(0, live.height) == ["first", "", "second", "", "• end"]
