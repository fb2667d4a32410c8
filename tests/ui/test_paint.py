from __future__ import annotations

import re
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tui_stream.ui.paint import Painted, Painter, Piece, painted

WIDTH, HEIGHT = 10, 12
_TOKEN = re.compile(r"\x1b\[([\d;]*)([A-Za-z])|([^\x1b])")


@dataclass
class Tube:
    """As much of a terminal as a painter uses; what is written past a row's end is lost."""

    rows: list[list[str]] = field(default_factory=lambda: [["?"] * WIDTH for _ in range(HEIGHT)])
    x: int = 0
    y: int = 0
    top: int = 0
    bottom: int = HEIGHT - 1

    def write(self, data: str) -> None:
        for numbers, control, character in _TOKEN.findall(data):
            if character:
                if self.x < WIDTH:
                    self.rows[self.y][self.x] = character
                self.x += 1
            else:
                self._obey(control, [int(number) for number in numbers.split(";") if number])

    def _obey(self, control: str, numbers: list[int]) -> None:
        match control, numbers:
            case "H", [y, *x]:
                self.y, self.x = y - 1, x[0] - 1 if x else 0
            case "r", [top, bottom]:
                self.top, self.bottom, self.x, self.y = top - 1, bottom - 1, 0, 0
            case "r", []:
                self.top, self.bottom, self.x, self.y = 0, HEIGHT - 1, 0, 0
            case "M", [count]:
                self._move(count, self.bottom)
            case "L", [count]:
                self._move(count, self.y, self.bottom)
            case _:
                raise AssertionError((control, numbers))

    def _move(self, count: int, into: int, out: int | None = None) -> None:
        assert self.top <= self.y <= self.bottom
        for _ in range(count):
            del self.rows[self.y if out is None else out]
            self.rows.insert(into, [" "] * WIDTH)

    @property
    def text(self) -> list[str]:
        return ["".join(row) for row in self.rows]


def pieces(rows: list[str], first: int = 0, cut: int = WIDTH - 1) -> list[Piece]:
    """Rows in two pieces each."""
    found = []
    for y, row in enumerate(rows, first):
        found += [Piece(y, 0, cut, row[:cut]), Piece(y, cut, WIDTH, row[cut:])]
    return found


def screen(*parts: str) -> list[str]:
    return [part.ljust(WIDTH) for part in parts] + [" " * WIDTH] * (HEIGHT - len(parts))


LINES = [f"line {number}" for number in range(40)]


def shown(tube: Tube, painter: Painter, rows: list[str]) -> str:
    """Paints a whole screen; returns what was written."""
    data = painter.paint(pieces(rows), WIDTH, HEIGHT)
    tube.write(data)
    assert tube.text == rows
    return data


def test_what_stands_on_the_screen_is_not_written_again() -> None:
    tube, painter = Tube(), Painter()
    rows = screen("a", "b", "c")
    assert shown(tube, painter, rows)
    assert not shown(tube, painter, rows)


def test_only_the_row_that_changed_is_written() -> None:
    tube, painter = Tube(), Painter()
    shown(tube, painter, screen("a", "b", "c"))
    data = shown(tube, painter, screen("a", "bb", "c"))
    assert re.findall(r"\x1b\[(\d+);", data) == ["2", "2"], "its text, and what is behind that"


def test_what_moved_up_is_moved_and_only_new_lines_are_written() -> None:
    tube, painter = Tube(), Painter()
    shown(tube, painter, screen("top", *LINES[0:9], "bottom"))
    data = shown(tube, painter, screen("top", *LINES[2:11], "bottom"))
    assert "line 9" in data
    assert "line 10" in data
    assert not re.search(r"line [2-8]", data)
    assert "top" not in data
    assert "bottom" not in data


def test_what_moved_down_is_moved_and_only_new_lines_are_written() -> None:
    tube, painter = Tube(), Painter()
    shown(tube, painter, screen("top", *LINES[5:14], "bottom"))
    data = shown(tube, painter, screen("top", *LINES[2:11], "bottom"))
    assert set(re.findall(r"line \d+", data)) == {"line 2", "line 3", "line 4"}


def test_a_scrollbar_beside_moved_lines_stays_where_it_is() -> None:
    tube, painter = Tube(), Painter()
    before = [f"line {number:<4}{'#' if 3 <= number < 6 else '.'}" for number in range(HEIGHT)]
    after = [f"line {number + 1:<4}{'#' if 3 <= number < 6 else '.'}" for number in range(HEIGHT)]
    shown(tube, painter, before)
    assert "\x1b[1M" in shown(tube, painter, after)


def test_a_part_of_the_screen_that_did_not_ask_to_be_drawn_stays_beside_what_moves() -> None:
    tube, painter = Tube(), Painter()
    shown(tube, painter, [f"line {number:<4}{number % 10}" for number in range(HEIGHT)])
    moved = [Piece(y, 0, WIDTH - 1, f"line {y + 1:<4}") for y in range(HEIGHT)]
    tube.write(painter.paint(moved, WIDTH, HEIGHT))
    assert tube.text == [f"line {number + 1:<4}{number % 10}" for number in range(HEIGHT)]


def test_a_row_amid_those_that_move_stays_where_it_is() -> None:
    tube, painter = Tube(), Painter()
    shown(tube, painter, screen(*LINES[0:11]))
    rows = screen(*LINES[1:6], LINES[5], *LINES[7:12])
    frame = [piece for piece in pieces(rows) if piece.y != 5]
    data = painter.paint(frame, WIDTH, HEIGHT)
    tube.write(data)
    assert tube.text == rows
    assert "\x1b[1M" in data


def test_nothing_is_moved_while_it_is_not_known_what_stands_everywhere() -> None:
    painter = Painter()
    painter.paint(pieces(screen(*LINES[:6])[:6]), WIDTH, HEIGHT)
    data = painter.paint(pieces(screen(*LINES[1:7])[:6]), WIDTH, HEIGHT)
    assert "M" not in data
    assert data.count("line") == 6


def test_after_forgetting_and_after_a_new_size_all_is_written() -> None:
    tube, painter = Tube(), Painter()
    rows = screen(*LINES[:5])
    first = shown(tube, painter, rows)
    painter.forget()
    assert shown(Tube(), painter, rows) == first
    assert "line 4" in painter.paint(pieces(rows), WIDTH, HEIGHT + 1)


def test_what_is_off_the_screen_is_left_out() -> None:
    assert not Painter().paint([Piece(-1, 0, 2, "ab"), Piece(HEIGHT, 0, 2, "ab")], WIDTH, HEIGHT)


@dataclass(frozen=True)
class Scroll:
    """The rows [first, last) show other lines now, in their first columns."""

    lines: int
    first: int
    last: int
    columns: int


@dataclass(frozen=True)
class Write:
    """A few cells show something else now."""

    y: int
    x: int
    text: str


steps = st.lists(
    st.one_of(
        st.builds(Scroll, st.integers(-3, 3), st.integers(0, 3), st.integers(6, HEIGHT), st.integers(7, WIDTH)),
        st.builds(Write, st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 1), st.text("abc", min_size=1, max_size=9)),
        st.none(),
    ),
    max_size=12,
)


@given(steps)
def test_the_terminal_shows_what_is_wanted_after_every_frame(steps: list[Scroll | Write | None]) -> None:
    tube, painter = Tube(), Painter()
    wanted = [list(f"line {y:<5}") for y in range(HEIGHT)]
    offset = 10
    tube.write(painter.paint(pieces(["".join(row) for row in wanted]), WIDTH, HEIGHT))
    for step in steps:
        frame: list[Piece] = []
        match step:
            case Scroll(lines, first, last, columns):
                offset += lines
                for y in range(first, last):
                    text = "" if (offset + y) % 5 == 0 else f"line {offset + y}"
                    wanted[y][:columns] = text.ljust(columns)[:columns]
                    frame.append(Piece(y, 0, columns, "".join(wanted[y][:columns])))
            case Write(y, x, text):
                end = min(WIDTH, x + len(text))
                wanted[y][x:end] = text[: end - x]
                frame.append(Piece(y, x, end, text[: end - x]))
            case None:
                painter.forget()
                frame = pieces(["".join(row) for row in wanted])
        tube.write(painter.paint(frame, WIDTH, HEIGHT))
        assert tube.rows == wanted


# -- what Textual gives ---------------------------------------------------------------------------------


def strips(row: str) -> list[Strip]:
    return [Strip([Segment(row[:4])]), Strip([Segment(row[4:])])]


def test_updates_of_a_layout_and_of_parts_of_lines_are_painted() -> None:
    tube, painter, console = Tube(), Painter(), Console()
    rows = screen(*LINES[:HEIGHT])
    layout = LayoutUpdate([strips(row) for row in rows], Region(0, 0, WIDTH, HEIGHT))
    tube.write(Painted(layout, painter, (WIDTH, HEIGHT)).render_segments(console))
    assert tube.text == rows
    chops = [dict(zip((0, 4), strips(row.replace("line", "word")), strict=True)) for row in rows]
    update = ChopsUpdate(chops, [(1, 0, WIDTH), (2, 0, 2), (3, 4, WIDTH)], [[4, WIDTH]] * HEIGHT)
    tube.write(Painted(update, painter, (WIDTH, HEIGHT)).render_segments(console))
    assert tube.text == [rows[0], "word 1    ", "wone 2    ", *rows[3:]]


def test_what_is_no_update_of_the_screen_passes() -> None:
    assert painted("text", Painter(), (WIDTH, HEIGHT)) == "text"
    assert painted(None, Painter(), (WIDTH, HEIGHT)) is None


def test_what_was_drawn_for_a_larger_screen_is_not_painted_on_a_smaller_one() -> None:
    painter = Painter()
    painter.paint([Piece(0, 0, 10, "a" * 10)], 10, 2)
    assert painter.paint([Piece(0, 11, 12, "#"), Piece(1, 8, 12, "####")], 10, 2) == ""
