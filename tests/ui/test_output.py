from __future__ import annotations

import asyncio
import os
import pty
import threading
import tty
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_stream.ui.output import Output, forget_output, whole

PATIENCE = 10.0
PLENTY = b"x" * (1 << 20)


class Reader:
    """The other end of what is written to."""

    def __init__(self, source: int, sink: int) -> None:
        self.source, self.sink = source, sink
        self.output = Output(sink)

    def read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += os.read(self.source, size - len(data))
        return data


@pytest.fixture(params=["pipe", "terminal"])
def reader(request: pytest.FixtureRequest) -> Iterator[Reader]:
    """An output into a pipe or a terminal, of which nothing is read by itself."""
    source, sink = os.pipe() if request.param == "pipe" else pty.openpty()
    if request.param == "terminal":
        tty.setraw(sink)
    made = Reader(source, sink)
    yield made
    made.output.close()
    made.output.drop()
    os.close(source)
    made.output.wait(PATIENCE)
    with suppress(OSError):
        os.close(sink)


def test_all_is_written_in_order(reader: Reader) -> None:
    pieces = [bytes([65 + number % 26]) * (number * 37 % 9000) for number in range(200)]
    whole = b"".join(pieces)
    for piece in pieces:
        reader.output.write(piece)
    assert reader.read(len(whole)) == whole
    assert reader.output.wait(PATIENCE)
    assert reader.output.unsent == 0


def test_writing_never_waits_and_what_is_not_taken_is_known(reader: Reader) -> None:
    reader.output.write(PLENTY)
    reader.output.write(PLENTY)
    assert len(PLENTY) < reader.output.unsent <= 2 * len(PLENTY)
    assert not reader.output.wait(0)
    assert reader.read(2 * len(PLENTY)) == PLENTY * 2
    assert reader.output.wait(PATIENCE)


async def test_the_event_loop_is_told_once_all_is_taken(reader: Reader) -> None:
    drained = asyncio.Event()
    told = []

    def tell() -> None:
        told.append(True)
        loop.call_soon_threadsafe(drained.set)

    loop = asyncio.get_running_loop()
    reader.output.write(PLENTY)
    assert reader.output.when_drained(tell)
    assert not told
    await asyncio.to_thread(reader.read, len(PLENTY))
    await asyncio.wait_for(drained.wait(), PATIENCE)
    assert not reader.output.when_drained(tell), "nothing is under way"
    assert told == [True]


def test_what_is_dropped_is_not_written(reader: Reader) -> None:
    reader.output.write(PLENTY)
    dropped = reader.output.drop()
    reader.output.write(b"end")
    left = len(PLENTY) - len(dropped)
    assert dropped
    assert reader.read(left + 3) == b"x" * left + b"end"
    assert reader.output.wait(PATIENCE)


def test_dropping_all_that_is_left_tells_who_waits(reader: Reader) -> None:
    told = threading.Event()
    reader.output.write(PLENTY)
    assert reader.output.when_drained(told.set)
    dropped = reader.output.drop()
    reader.read(len(PLENTY) - len(dropped))
    assert told.wait(PATIENCE)


def test_once_closed_it_takes_nothing_more_but_writes_what_it_has(reader: Reader) -> None:
    reader.output.write(b"one")
    reader.output.close()
    reader.output.write(b"two")
    assert reader.read(3) == b"one"
    assert reader.output.wait(PATIENCE)
    assert reader.output.unsent == 0


def test_a_terminal_that_is_gone_holds_nobody_up() -> None:
    source, sink = os.pipe()
    os.close(source)
    output = Output(sink)
    told = threading.Event()
    output.write(PLENTY)
    if output.when_drained(told.set):
        assert told.wait(PATIENCE)
    assert output.wait(PATIENCE)
    output.write(PLENTY)
    assert output.wait(PATIENCE)
    os.close(sink)


def test_a_terminal_that_refuses_instead_of_waiting_is_waited_for() -> None:
    source, sink = os.pipe()
    os.set_blocking(sink, False)
    reader = Reader(source, sink)
    reader.output.write(PLENTY)
    assert reader.read(len(PLENTY)) == PLENTY
    reader.output.close()
    assert reader.output.wait(PATIENCE)
    os.close(source)
    os.close(sink)


def test_throwing_away_what_a_terminal_did_not_take_makes_room_for_what_puts_it_right() -> None:
    source, sink = pty.openpty()
    tty.setraw(sink)
    reader = Reader(source, sink)
    reader.output.write(PLENTY)
    assert not reader.output.wait(0.01)
    reader.output.drop()
    while not reader.output.wait(0.01):
        forget_output(sink)
    reader.output.write(b"end")
    assert reader.output.wait(PATIENCE)
    data = b""
    while not data.endswith(b"end"):
        data += os.read(source, 4096)
    assert len(data) < len(PLENTY)
    reader.output.close()
    os.close(source)
    os.close(sink)


def test_throwing_away_does_nothing_where_there_is_no_terminal() -> None:
    source, sink = os.pipe()
    forget_output(sink)
    os.close(source)
    os.close(sink)


PARTS = ("a", "é", "漢", "👩", " " * 9, "\x1b[1;31m", "\x1b[12;40H", "\x1b]8;;https://x.org/a\x1b\\", "\x1b]8;;\x1b\\")


@given(st.lists(st.sampled_from(PARTS), min_size=1), st.integers(30, 60))
def test_what_is_written_at_once_ends_with_no_part_of_a_sequence_or_a_character(parts: list[str], most: int) -> None:
    data = "".join(parts).encode()
    ends = {len("".join(parts[:count]).encode()) for count in range(len(parts) + 1)}
    ends |= {
        end + extra for end, part in zip(sorted(ends), parts, strict=False) if part.isspace() for extra in range(9)
    }
    done = 0
    while done < len(data):
        size = whole(data[done : done + most + 2], most)
        assert 0 < size <= most
        done += size
        assert done in ends


def test_a_long_sequence_is_written_in_parts() -> None:
    data = b"\x1b]8;;https://x.org/" + b"a" * 100 + b"\x1b\\"
    assert whole(data[:52], 50) == 50
