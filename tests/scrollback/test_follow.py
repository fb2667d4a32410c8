from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tui_stream.scrollback.follow import Signals, StoppedError, follow
from tui_stream.scrollback.terminal import write_all


class Pieces:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.attended: list[int] = []
        self.wanted = False

    def feed(self, text: str) -> None:
        self.said.append(text)
        self.wanted = True

    def due(self) -> float | None:
        return 0.0 if self.wanted else None

    def draw(self) -> None:
        self.wanted = False
        self.said.append("|")

    def attend(self, number: int) -> None:
        self.attended.append(number)

    def end(self) -> None:
        self.said.append("end")

    def cut(self) -> None:
        self.said.append("cut")

    def leave(self) -> None:
        self.said.append("left")


@pytest.fixture
def tube() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)
    os.close(writing)


def source(*data: bytes) -> int:
    reading, writing = os.pipe()
    os.write(writing, b"".join(data))
    os.close(writing)
    return reading


def test_text_is_shown_and_ended_and_its_bytes_may_be_cut_anywhere() -> None:
    shown = Pieces()
    with Signals() as signals:
        assert follow(source(b"\xef\xbb\xbfa\xc3"), shown, signals) == 0
    assert shown.said == ["a", "|", "\ufffd", "end", "left"]


def test_what_is_typed_is_shown_at_its_end() -> None:
    shown = Pieces()
    with Signals() as signals:
        follow(source(b"abc"), shown, signals, at_its_end=True)
    assert shown.said == ["abc", "", "end", "left"]


class Interrupting(Pieces):
    """Sends a signal when it is fed."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def feed(self, text: str) -> None:
        super().feed(text)
        if text:
            os.kill(os.getpid(), self.number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_what_came_is_shown(tube: tuple[int, int], number: int) -> None:
    os.write(tube[1], b"abc")
    shown = Interrupting(number)
    before = signal.getsignal(number)
    with Signals() as signals:
        assert follow(tube[0], shown, signals) == number
    assert shown.said == ["abc", "end", "left"]
    assert signal.getsignal(number) is before


def test_signals_that_do_not_end_it_are_passed_on() -> None:
    shown = Interrupting(signal.SIGWINCH)
    with Signals() as signals:
        assert follow(source(b"abc"), shown, signals) == 0
    assert shown.attended == [signal.SIGWINCH]


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Signals() as signals:
            os.kill(os.getpid(), signal.SIGHUP)
            signals.proceed()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_an_error_leaves_the_terminal_in_order(tube: tuple[int, int]) -> None:
    class Closed(Pieces):
        def draw(self) -> None:
            raise BrokenPipeError

    shown = Closed()
    os.write(tube[1], b"abc")
    with Signals() as signals, pytest.raises(BrokenPipeError):
        follow(tube[0], shown, signals)
    assert shown.said == ["abc", "left"]


def test_a_second_signal_ends_the_farewell_too() -> None:
    with Signals() as signals:
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(StoppedError):
            signals.proceed()
        signals.proceed()
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(StoppedError) as stopped:
            signals.proceed()
        assert stopped.value.number == signal.SIGINT


def test_a_reader_that_takes_nothing_is_waited_for_until_that_is_ended(tube: tuple[int, int]) -> None:
    waited: list[int] = []

    def proceed() -> None:
        waited.append(1)
        if len(waited) > 20:
            raise StoppedError(signal.SIGINT)

    os.set_blocking(tube[1], False)
    with pytest.raises(StoppedError):
        write_all(tube[1], "x" * 1_000_000, proceed)
    assert len(os.read(tube[0], 1 << 20)) < 1_000_000
