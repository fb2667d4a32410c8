from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.scrollback.helpers import printer
from tests.scrollback.test_show import Screen
from tui_stream.markdown.themes import DARK
from tui_stream.scrollback import show as showing
from tui_stream.scrollback.colours import Encoder
from tui_stream.scrollback.output import LiveOutput
from tui_stream.scrollback.printer import Printer, Size


def make_printer(size: Size) -> Printer:
    return printer(*size)


async def until_drawn(screen: Screen, count: int) -> None:
    async with asyncio.timeout(10):
        while len(screen.writes) < count:
            await asyncio.sleep(0)


async def test_pieces_are_drawn_while_the_loop_runs() -> None:
    screen = Screen()
    output = LiveOutput(screen, make_printer)
    output.write("Hello")
    await until_drawn(screen, 1)
    assert screen.emulator.text() == ["Hello"]
    output.write(" **there**")
    output.write(" and")
    await until_drawn(screen, 2)
    output.write(" here")
    output.end()
    output.end()
    assert screen.emulator.text() == ["Hello there and here"]
    assert screen.hushed == 0


async def test_a_terminal_that_went_away_is_told_with_the_next_piece() -> None:
    screen = Screen()
    output = LiveOutput(screen, make_printer)
    output.write("a")
    await until_drawn(screen, 1)
    screen.stuck = BrokenPipeError()
    output.write("b")

    async def until_told() -> None:
        while True:
            output.write("c")
            await asyncio.sleep(0)

    with pytest.raises(BrokenPipeError):
        await asyncio.wait_for(until_told(), 10)
    with pytest.raises(BrokenPipeError):
        output.end()
    assert screen.hushed == 0


async def test_signals_are_taken_in_until_the_end() -> None:
    screen = Screen()
    output = LiveOutput(screen, make_printer)
    before = signal.getsignal(signal.SIGWINCH)
    output.write("one two three four")
    await until_drawn(screen, 1)
    screen.emulator.resize(9, 10)
    os.kill(os.getpid(), signal.SIGWINCH)
    await until_drawn(screen, 3)
    output.end()
    assert screen.emulator.text() == ["one two", "three", "four"]
    assert signal.getsignal(signal.SIGWINCH) is before


async def test_nothing_written_leaves_nothing() -> None:
    screen = Screen()
    output = LiveOutput(screen, make_printer)
    output.step_aside()
    output.end()
    assert screen.writes == []


async def test_another_answer_is_a_text_of_its_own() -> None:
    screen = Screen()
    output = LiveOutput(screen, make_printer)
    output.write("one\n```\nopen")
    output.end()
    output.between()
    output.write("**two**")
    await until_drawn(screen, 3)
    assert screen.hushed == 1
    output.end()
    shown = [line.strip() for line in screen.emulator.text() if line.strip()]
    assert [line for line in shown if set(line) != {"\u2500"}] == ["one", "text", "open", "two"]
    assert len(shown) == 5
    assert screen.hushed == 0


@pytest.mark.parametrize("later", [False, True], ids=["begun before", "begun by the last piece"])
async def test_all_is_drawn_after_an_interrupt(later: bool) -> None:
    screen = Screen()
    output = LiveOutput(screen, make_printer)

    async def write() -> None:
        if not later:
            output.write("what was ")
            await until_drawn(screen, 1)
            output.write("there, ")
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            output.write_last("the rest")
            raise

    task = asyncio.create_task(write())
    with pytest.raises(asyncio.CancelledError):
        await task
    await until_drawn(screen, 1 if later else 2)
    output.end()
    assert screen.emulator.text() == ["the rest" if later else "what was there, the rest"]


async def test_a_terminal_that_takes_nothing_is_given_up_after_an_interrupt() -> None:
    class Stuck(Screen):
        takes = True

        def write(self, text: str, proceed: Callable[[], None]) -> None:
            while not self.takes:
                proceed()
                time.sleep(0.01)
            super().write(text, proceed)

    screen = Stuck()
    output = LiveOutput(screen, make_printer)

    async def write() -> None:
        output.write("a")
        screen.takes = False
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(10)

    task = asyncio.create_task(write())
    with pytest.raises(asyncio.CancelledError):
        await task
    output.end()
    assert screen.writes == []
    assert screen.hushed == 0


class Reluctant(Printer):
    """Puts everything off but what it is told to show completely."""

    @property
    def behind(self) -> bool:
        return self.late

    late = False

    def frame(self, *, complete: bool = False) -> str:
        self.late = not complete
        return super().frame() if complete else ""


async def test_what_is_put_off_is_drawn_when_nothing_else_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "PATIENCE", 0.02)
    screen = Screen()
    output = LiveOutput(screen, lambda size: Reluctant(size, DARK, Encoder(None)))
    output.write("Hello")
    output.write(" there")
    await until_drawn(screen, 1)
    output.end()
    assert screen.emulator.text() == ["Hello there"]


async def test_what_is_put_off_keeps_no_piece_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "PATIENCE", 1000.0)
    screen = Screen()
    printers: list[Reluctant] = []

    def reluctant(size: Size) -> Printer:
        printers.append(Reluctant(size, DARK, Encoder(None)))
        return printers[-1]

    output = LiveOutput(screen, reluctant)

    async def until_behind() -> None:
        while not printers[-1].late:
            await asyncio.sleep(0)

    for piece in ("Hello", " there"):
        output.write(piece)
        await asyncio.wait_for(until_behind(), 10)
        printers[-1].late = False
    output.end()
    assert screen.emulator.text() == ["Hello there"]
