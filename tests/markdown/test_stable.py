"""Stable lines stay as they are, so that they can be printed before their block ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.benchmarks.engine import SHAPES, batches
from tests.markdown.helpers import Lines, all_lines, plain
from tests.markdown.test_stability import ALL, CONSTRUCTS
from tests.markdown.texts import ANY_TEXT, LONG_PARAGRAPHS
from tui_stream.markdown import LiveMarkdown

LONG = "A sentence with **bold** words and [a link](https://x.org/a). " * 12
TRAPS = {
    "a title": LONG + "\n---\n\nMore.",
    "a short title": "One\ntwo\n===\n",
    "a table": LONG + "\n| a | b |\n|---|---|\n| 1 | 2 |\n",
    "a long table header": "x " * 80 + "\n| " + "wide. And wider " * 40 + "| b |\n|---|---|\n| 1 | 2 |\n",
    "a bar and no table": LONG + "a | b\n" + LONG,
    "an endless code line": "```js\n" + "var x = 'y'; " * 700 + "\nlast\n```\n",
    "an endless HTML line": "<div " + "class='a' " * 600 + ">\ntext\n</div>\n",
    "code in C": "```c\n/* a\n" + "b\n" * 40 + "*/ int x;\n```\n",
    "a long table": "| a | b |\n|---|---|\n" + "".join(f"| {n} | {'w' * (n % 40)} |\n" for n in range(140)),
    "items": "".join(f"- {LONG}\n  - {LONG}\n" for _ in range(3)),
    "a quote": "> " + LONG.replace(". ", ".\n> ") + "\nlazy\n",
    "a late footnote": f"{LONG}One[^1] and [late] end.\n\n[^1]: note\n\n{LONG}",
    "a late definition": f"See [late].\n\n{LONG}[late] {LONG}\n\n[late]: /u\n",
}


class Watch:
    """Notes every line when it becomes stable, and counts those that change."""

    def __init__(self, width: int, *, waiting: bool = False) -> None:
        self.live = LiveMarkdown(width, printed=True)
        self.waiting = waiting
        self.printed: Lines = []
        self.changed = 0

    def append(self, piece: str) -> None:
        self.live.append(piece)
        self.look()

    def look(self) -> None:
        live = self.live
        stable = live.waiting_height if self.waiting else live.stable_height
        assert live.frozen_height <= live.stable_height <= live.waiting_height <= live.height
        now = live.lines(0, stable)
        self.changed += now[: len(self.printed)] != self.printed
        self.printed = now
        live.seal(stable)

    def finish(self) -> None:
        self.live.finish()
        self.look()


def at_once(text: str, width: int) -> Lines:
    live = LiveMarkdown(width, printed=True)
    live.append(text)
    live.finish()
    return all_lines(live)


def watched(text: str, size: int, width: int, *, waiting: bool = False) -> Watch:
    watch = Watch(width, waiting=waiting)
    for start in range(0, len(text), size):
        watch.append(text[start : start + size])
    watch.finish()
    return watch


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_no_stable_line_of_any_shape_changes(shape: Callable[[], Iterator[str]]) -> None:
    text = "".join(batches(shape, 3_000))
    watch = watched(text, 70, 60)
    assert watch.changed == 0
    assert watch.printed == at_once(text, 60)


@pytest.mark.parametrize("size", [1, 17, 120, 1000])
@pytest.mark.parametrize("name", [*TRAPS, *CONSTRUCTS, "all"])
def test_no_stable_line_of_any_construct_changes(name: str, size: int) -> None:
    text = f"First.\n\n{TRAPS.get(name) or CONSTRUCTS.get(name, ALL)}"
    watch = watched(text, size, 40)
    assert watch.changed == 0
    assert watch.printed == at_once(text, 40)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(ANY_TEXT, LONG_PARAGRAPHS, st.just(LONG)), max_size=4).map("".join),
    st.integers(1, 60),
    st.sampled_from((7, 24, 60)),
    st.booleans(),
)
def test_no_stable_line_of_any_text_changes(text: str, size: int, width: int, waiting: bool) -> None:
    watch = watched(text, size, width, waiting=waiting)
    assert watch.changed == 0
    assert waiting or watch.printed == at_once(text, width)


def test_lines_of_the_open_block_are_stable() -> None:
    for name in ("a bar and no table", "an endless code line", "a long table", "code in C"):
        live = LiveMarkdown(40, printed=True)
        live.append(TRAPS[name])
        assert live.stable_height > live.height // 2, name
    live = LiveMarkdown(40, printed=True)
    live.append(LONG * 20)
    assert live.height - live.stable_height < 30


def test_a_label_to_be_defined_keeps_its_lines_waiting_until_they_are_sealed() -> None:
    live = LiveMarkdown(40, printed=True)
    live.append("One [late].\n\nTwo [late].\n\nThree.\n\n")
    assert (live.stable_height, live.waiting_height) == (0, 5)
    live.seal(1)
    assert live.stable_height == 1
    live.append("[late]: /u\n\n")
    assert live.plain(0, 3) == ["One [late].", "", "Two late (/u)."]
    assert live.stable_height == 5


def test_another_width_leaves_stable_lines_alone_and_loses_nothing() -> None:
    words = [f"word{number}" for number in range(400)]
    live = LiveMarkdown(60, printed=True)
    live.append(" ".join(words))
    stable = live.stable_height
    before = live.plain(0, stable)
    live.reflow(33)
    assert live.plain(0, stable) == before
    assert max(map(len, live.plain(stable, live.height))) <= 33
    live.append(" and more.")
    live.finish()
    assert " ".join(live.plain(0, live.height)).split() == [*words, "and", "more."]


@pytest.mark.parametrize("name", ["a long table", "an endless code line", "code in C", "items"])
def test_another_width_within_a_block(name: str) -> None:
    text = TRAPS[name]
    cut = len(text) * 9 // 10
    live = LiveMarkdown(60, printed=True)
    live.append(text[:cut])
    stable = live.stable_height
    before = live.plain(0, stable)
    live.reflow(25)
    live.append(text[cut:])
    live.finish()
    assert all(was.startswith(now) for was, now in zip(before, live.plain(0, stable), strict=True))
    rest = "".join("".join(live.plain(stable, live.height)).split())
    whole = "".join("".join(plain_of(text, 25)).split())
    assert whole.endswith(rest[-50:])
    assert max(map(len, live.plain(stable, live.height))) <= 25


def plain_of(text: str, width: int) -> list[str]:
    live = LiveMarkdown(width, printed=True)
    live.append(text)
    live.finish()
    return live.plain(0, live.height)


def test_what_is_printed_offers_nothing_to_click_and_reads_dashes_under_a_long_paragraph_as_a_rule() -> None:
    assert plain_of("```py\nx\n```\n", 20) == [" py", " x"]
    assert plain(f"{'word ' * 80}\n---\n", 40)[-1] != "─" * 40
    assert plain_of(f"{'word ' * 80}\n---\n", 40)[-1] == "─" * 40
