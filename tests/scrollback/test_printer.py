"""What a terminal holds at the end is what rendering the whole text at once gives, whatever came in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.benchmarks.engine import SHAPES, batches
from tests.markdown.test_stability import ALL
from tests.markdown.texts import ANY_TEXT, LONG_PARAGRAPHS, WITHOUT_DEFINITIONS, split_text
from tests.scrollback.helpers import Watched, printer, shown
from tui_stream.core.marks import MOST_MARKS
from tui_stream.markdown import LiveMarkdown
from tui_stream.markdown.themes import DARK
from tui_stream.scrollback.colours import Encoder
from tui_stream.scrollback.printer import LinePrinter

SIZES = st.tuples(st.sampled_from((10, 24, 60)), st.sampled_from((2, 5, 12, 40)))
WORDS = [f"word{number}" for number in range(300)]


def rendered(text: str, columns: int) -> list[str]:
    live = LiveMarkdown(columns, printed=True)
    live.append(text)
    live.finish()
    lines = live.plain(0, live.height)
    while lines and not lines[-1]:
        lines.pop()
    return lines


@settings(max_examples=300, deadline=None)
@given(split_text(st.one_of(WITHOUT_DEFINITIONS, LONG_PARAGRAPHS)), SIZES)
def test_what_is_written_piece_by_piece_is_what_is_written_at_once(
    pieces: tuple[str, ...], size: tuple[int, int]
) -> None:
    columns, rows = size
    live = shown(pieces, columns, rows)
    whole = shown(["".join(pieces)], columns, rows)
    assert live.terminal.cells() == whole.terminal.cells()


@settings(max_examples=150, deadline=None)
@given(split_text(ANY_TEXT))
def test_with_room_for_all_a_late_definition_is_no_exception(pieces: tuple[str, ...]) -> None:
    text = "".join(pieces)
    live = shown(pieces, 60, 300)
    assert live.terminal.cells() == shown([text], 60, 300).terminal.cells()


@pytest.mark.parametrize("columns", [24, 60])
@pytest.mark.parametrize("size", [1, 17, 400])
def test_the_terminal_holds_the_rendered_lines(columns: int, size: int) -> None:
    text = ALL[: ALL.index("See [late]")]
    live = shown([text[start : start + size] for start in range(0, len(text), size)], columns, 10)
    assert [line.split() for line in live.terminal.text()] == [line.split() for line in rendered(text, columns)]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_shape_is_written_once_and_hardly_more(shape: Callable[[], Iterator[str]]) -> None:
    text = "".join(batches(shape, 2_000))
    live = shown([text[start : start + 4] for start in range(0, len(text), 4)], 80, 24)
    whole = shown([text], 80, 24)
    assert live.terminal.cells() == whole.terminal.cells()
    assert live.written <= 1.5 * whole.written


def test_a_line_that_is_typed_is_written_once() -> None:
    watched = Watched(40, 10)
    text = "Hello there, this is plain."
    for character in text:
        watched.feed(character)
    assert watched.written <= len(text) + 2


def test_lines_that_may_change_wait_on_the_screen_and_a_taller_block_is_shown_at_its_end() -> None:
    watched = Watched(40, 6)
    watched.feed("| name | what |\n|---|---|\n")
    for number in range(12):
        watched.feed(f"| {number} | row {number} |\n")
    assert watched.terminal.text()[-1].split() == ["11", "│", "row", "11"]
    assert len(watched.terminal.text()) <= 6
    watched.end()
    assert [line.split()[0] for line in watched.terminal.text()[2:]] == [str(number) for number in range(12)]


def test_a_label_waits_for_its_definition_while_it_is_on_the_screen() -> None:
    watched = Watched(40, 8)
    watched.feed("See [late].\n\nWords.\n\n")
    watched.feed("[late]: https://x.org\n\n")
    watched.end()
    assert watched.terminal.text()[0] == "See late (https://x.org)."


def test_a_label_waits_no_longer_than_that() -> None:
    watched = Watched(40, 8)
    watched.feed("See [late].\n\n")
    for number in range(20):
        watched.feed(f"Line {number}.\n\n")
    assert watched.terminal.top > 20
    watched.feed("[late]: https://x.org\n\n")
    watched.end()
    assert watched.terminal.text()[0] == "See [late]."
    assert watched.terminal.text()[-1] == "Line 19."


WIDTHS = st.lists(st.sampled_from((20, 33, 60, 90)), min_size=12, max_size=12)
CUTS = st.lists(st.integers(1, 90), min_size=1, max_size=12)


def resized(cuts: list[int], sizes: list[tuple[int, int]], *, reflows: bool) -> str:
    """All characters on a terminal that has taken many sizes while they came, without blanks."""
    text = ". ".join(" ".join(WORDS[start : start + 9]) for start in range(0, 300, 9)) + "."
    watched = Watched(60, sizes[0][1], reflows=reflows)
    start = 0
    for cut, size in zip(cuts, sizes, strict=False):
        watched.feed(text[start : start + cut])
        start += cut
        watched.resize(*size)
    watched.feed(text[start:])
    watched.end()
    return "".join("".join(watched.terminal.text()).replace(".", "").split())


@settings(max_examples=100, deadline=None)
@given(CUTS, WIDTHS)
def test_another_width_leaves_every_word_once(cuts: list[int], widths: list[int]) -> None:
    assert resized(cuts, [(width, 40) for width in widths], reflows=True) == "".join(WORDS)


@settings(max_examples=100, deadline=None)
@given(CUTS, WIDTHS, st.lists(st.sampled_from((3, 8, 20)), min_size=12, max_size=12), st.booleans())
def test_another_size_loses_no_word(cuts: list[int], widths: list[int], rows: list[int], reflows: bool) -> None:
    found = resized(cuts, list(zip(widths, rows, strict=True)), reflows=reflows)
    assert [word for word in WORDS if word not in found] == []


def test_what_may_change_is_taken_away_for_something_else_and_drawn_again_below() -> None:
    watched = Watched(40, 10)
    watched.feed("Done.\n\nStill open")
    watched.write(watched.printer.withdraw())
    assert watched.terminal.text() == ["Done."]
    assert watched.terminal.column == 0
    watched.write("$ something else\r\n")
    watched.feed(" and on.")
    watched.end()
    assert watched.terminal.text()[0] == "Done."
    assert watched.terminal.text()[-3:] == ["$ something else", "", "Still open and on."]


def test_steadily_only_finished_lines_are_written_and_the_cursor_never_moves() -> None:
    out = printer(40, 10)
    out.steady = True
    out.feed("Done.\n\nStill")
    first = out.frame()
    assert "Done." in first
    assert "Still" not in first
    out.feed(" open")
    assert out.frame() == ""
    out.finish()
    last = out.end()
    assert "Still open" in last
    assert not {"A", "B", "G", "J", "K", "M"} & {piece[0] for piece in last.replace(";", "").split("\x1b[")[1:]}


@settings(max_examples=100, deadline=None)
@given(split_text(WITHOUT_DEFINITIONS), st.sampled_from((10, 60)))
def test_lines_are_plain_and_each_is_written_once(pieces: tuple[str, ...], columns: int) -> None:
    out = LinePrinter(columns, DARK, Encoder(None))
    parts = []
    for piece in pieces:
        out.feed(piece)
        parts.append(out.frame())
    out.finish()
    text = "".join([*parts, out.end()])
    assert "\x1b" not in text
    whole = LinePrinter(columns, DARK, Encoder(None))
    whole.feed("".join(pieces))
    whole.finish()
    assert text == whole.end()


def test_control_characters_in_the_text_reach_no_terminal() -> None:
    evil = "a\x1b[2J\x1b]0;PWN\x07\x9b31m\r\u202eb [x](https://x.org/\x1b[H) `\x1b[A`\n\n```\x1b[1m\n\x1b[5n\n```\n"
    watched = Watched(60, 20)
    for character in evil:
        watched.feed(character)
    watched.end()
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set("".join(watched.terminal.text()))
    out = LinePrinter(60, DARK, Encoder(None))
    out.feed(evil)
    out.finish()
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\r"} & set(out.end())


def test_marks_are_not_piled_on_one_cell() -> None:
    watched = shown(["a\u0301", "\u0301" * 7, "\u0301" * 300, "b **", "\u0301" * 20, "** c"], 40, 5)
    assert watched.terminal.text()[0].count("\u0301") <= 2 * MOST_MARKS
    assert watched.terminal.text()[0].startswith("a" + "\u0301" * MOST_MARKS + "b")
