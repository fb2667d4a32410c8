from __future__ import annotations

import os
import pty
import signal
import termios
from collections.abc import Callable, Iterator

import pytest

from tests.emulator import Emulator
from tests.scrollback.helpers import printer
from tui_stream.scrollback.printer import Size
from tui_stream.scrollback.show import FRAME, PATIENCE, Show
from tui_stream.scrollback.terminal import Terminal


class Screen(Terminal):
    """A terminal in memory."""

    def __init__(self) -> None:
        super().__init__(-1)
        self.emulator = Emulator(40, 10)
        self.writes: list[str] = []
        self.front = True
        self.hushed = 0
        self.stuck: Exception | None = None

    @property
    def size(self) -> Size:
        return Size(self.emulator.columns, self.emulator.rows)

    @property
    def in_front(self) -> bool:
        return self.front

    def write(self, text: str, proceed: Callable[[], None]) -> None:
        proceed()
        if self.stuck is not None:
            raise self.stuck
        if text:
            self.writes.append(text)
            self.emulator.write(text.replace("\x18", ""))

    def hush(self) -> None:
        self.hushed += 1

    def restore(self) -> None:
        self.hushed = 0


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def make(screen: Screen, clock: Clock) -> Show:
    return Show(screen, printer(40, 10), clock=clock)


def test_what_comes_is_drawn_at_once_and_then_once_a_frame(screen: Screen, clock: Clock) -> None:
    show = make(screen, clock)
    assert show.due() is None
    show.feed("a")
    due = show.due()
    assert due is not None
    assert due < FRAME / 4
    show.draw()
    assert show.due() is None
    show.feed("b")
    show.feed("c")
    assert show.due() == pytest.approx(FRAME)
    clock.now += 2 * FRAME
    late = show.due()
    assert late is not None
    assert late < 0
    show.draw()
    assert screen.writes == ["a", "bc"]


WIDE = "| a | b |\n|---|---|\n" + "".join(f"| {'x' * n} | {'yy ' * n} |\n" for n in range(60))
"""A table that asks for wider columns with almost every row, more than may be written again and again."""


def until_behind(show: Show, clock: Clock) -> int:
    """Feed the table until something is put off; how much was fed."""
    for end in range(len(WIDE)):
        show.feed(WIDE[end])
        clock.now += 2 * FRAME
        show.draw()
        if show.due() is not None:
            return end + 1
    raise AssertionError("nothing was put off")


def test_what_is_put_off_is_drawn_when_nothing_else_comes(screen: Screen, clock: Clock) -> None:
    show = make(screen, clock)
    end = until_behind(show, clock)
    due = show.due()
    assert due is not None
    assert PATIENCE - 3 * FRAME < due <= PATIENCE
    before = screen.emulator.text()
    clock.now += due
    assert show.due() == pytest.approx(0)
    show.draw()
    assert show.due() is None
    assert screen.emulator.text() != before
    whole = Screen()
    at_once = make(whole, clock)
    at_once.feed(WIDE[:end])
    at_once.draw()
    assert screen.emulator.text()[-8:] == whole.emulator.text()[-8:]


def test_what_is_put_off_does_not_keep_what_comes_waiting(screen: Screen, clock: Clock) -> None:
    show = make(screen, clock)
    end = until_behind(show, clock)
    clock.now += PATIENCE / 2
    show.feed(WIDE[end])
    due = show.due()
    assert due is not None
    assert due < FRAME
    show.draw()
    due = show.due()
    assert due is not None
    assert due > PATIENCE / 2


def test_what_is_put_off_is_drawn_at_the_end(screen: Screen, clock: Clock) -> None:
    show = make(screen, clock)
    end = until_behind(show, clock)
    show.end()
    assert show.due() is None
    whole = Screen()
    at_once = make(whole, clock)
    at_once.feed(WIDE[:end])
    at_once.end()
    assert screen.emulator.cells() == whole.emulator.cells()


def test_nothing_that_was_put_off_is_waited_for_in_the_background(screen: Screen, clock: Clock) -> None:
    show = make(screen, clock)
    until_behind(show, clock)
    screen.front = False
    show.attend(signal.SIGCONT)
    clock.now += PATIENCE
    show.draw()
    assert show.due() is None


def test_after_something_else_has_written_all_is_drawn_again(screen: Screen, clock: Clock) -> None:
    show = make(screen, clock)
    until_behind(show, clock)
    show.step_aside()
    screen.emulator.write("Note.\r\n")
    show.draw()
    assert show.due() is None
    assert screen.emulator.text()[-1] != "Note."


def test_nothing_typed_is_shown_from_the_first_drawing_to_the_end(screen: Screen, clock: Clock) -> None:
    show = make(screen, clock)
    show.feed("a")
    assert screen.hushed == 0
    show.draw()
    assert screen.hushed == 1
    show.end()
    show.end()
    assert screen.hushed == 0
    assert screen.writes == ["a", "\r\n"]


def test_a_message_stands_between_what_is_finished_and_what_is_not(screen: Screen, clock: Clock) -> None:
    show = make(screen, clock)
    show.step_aside()
    assert screen.writes == []
    show.feed("Done.\n\nOpen")
    show.draw()
    show.step_aside()
    screen.emulator.write("Note.\r\n")
    show.feed(" text")
    show.end()
    assert screen.emulator.text() == ["Done.", "Note.", "", "Open text"]


def test_another_size_is_drawn_for(screen: Screen, clock: Clock) -> None:
    show = make(screen, clock)
    show.feed("one two three four")
    show.draw()
    screen.emulator.resize(9, 10)
    show.attend(signal.SIGWINCH)
    assert show.due() is not None
    show.end()
    assert screen.emulator.text() == ["one two", "three", "four"]


def test_going_on_after_a_stop(screen: Screen, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    show = make(screen, clock)
    stopped: list[list[str]] = []

    def stop(pid: int, number: int) -> None:
        assert (pid, number) == (os.getpid(), signal.SIGTSTP)
        assert signal.getsignal(number) is signal.SIG_DFL
        assert screen.hushed == 0
        stopped.append(screen.emulator.text())
        screen.emulator.write("$ fg\r\n")

    monkeypatch.setattr(os, "kill", stop)
    before = signal.getsignal(signal.SIGTSTP)
    show.feed("Done.\n\nOpen")
    show.draw()
    show.attend(signal.SIGTSTP)
    assert stopped == [["Done."]]
    assert signal.getsignal(signal.SIGTSTP) is before
    assert screen.hushed == 1
    show.attend(signal.SIGCONT)
    show.draw()
    show.end()
    assert screen.emulator.text() == ["Done.", "$ fg", "", "Open"]


def test_in_the_background_only_what_is_finished_is_written(screen: Screen, clock: Clock) -> None:
    show = make(screen, clock)
    screen.front = False
    show.feed("Done.\n\nOpen")
    show.draw()
    assert screen.emulator.text() == ["Done."]
    screen.front = True
    show.attend(signal.SIGCONT)
    show.draw()
    assert screen.emulator.text()[-1] == "Open"


def test_a_drawing_that_was_cut_off_is_ended_in_order(screen: Screen, clock: Clock) -> None:
    show = make(screen, clock)
    show.feed("Some **bold")
    show.draw()
    screen.stuck = RuntimeError("stopped")
    show.feed(" words** here")
    with pytest.raises(RuntimeError):
        show.draw()
    screen.stuck = None
    show.end()
    assert screen.writes[-1].endswith("\x1b[m\x1b]8;;\x1b\\\x1b[?7h\x1b[?2026l\r\n")
    assert screen.emulator.pen == ("", "")


def test_what_was_begun_in_the_background_is_drawn_once_it_is_in_front(screen: Screen, clock: Clock) -> None:
    screen.front = False
    show = make(screen, clock)
    show.feed("done\n\nopen ")
    show.draw()
    assert "open" not in "".join(screen.writes)
    screen.front = True
    show.feed("paragraph")
    show.draw()
    assert [line.strip() for line in screen.emulator.text() if line.strip()] == ["done", "open paragraph"]
    assert screen.hushed
    show.end()
    assert [line.strip() for line in screen.emulator.text() if line.strip()] == ["done", "open paragraph"]


@pytest.fixture
def slave() -> Iterator[int]:
    master, slave = pty.openpty()
    yield slave
    os.close(master)
    os.close(slave)


def echoes(descriptor: int) -> bool:
    return bool(termios.tcgetattr(descriptor)[3] & termios.ECHO)


def test_a_real_terminal_stops_to_echo_and_echoes_again(slave: int) -> None:
    terminal = Terminal(slave)
    assert terminal.in_front
    assert echoes(slave)
    terminal.hush()
    terminal.hush()
    assert not echoes(slave)
    terminal.restore()
    assert echoes(slave)
    terminal.restore()


def test_a_size_that_is_not_known_is_the_usual_one(slave: int) -> None:
    assert Terminal(slave).size == (80, 24)
    assert Terminal(slave, most=30).size == (30, 24)
    reading, writing = os.pipe()
    assert Terminal(writing).size == (80, 24)
    os.close(reading)
    os.close(writing)
