"""Whatever size a terminal has, says it has, or gets: it is drawn on, and the program can be ended."""

from __future__ import annotations

import asyncio
import signal

import pytest
from textual.events import Resize
from textual.geometry import Size

from tests.trust.endings import ENDED, KEY, PATIENCE, QUIT, Ended, answering, arguments, check_kept, in_an_answer
from tests.trust.program import program
from tests.ui.harness import chat, running
from tui_stream.ui.driver import usable_size

pytestmark = pytest.mark.usefixtures("home")


async def test_a_storm_of_sizes_down_to_a_single_cell() -> None:
    async with in_an_answer() as terminal:
        for number in range(200):
            terminal.resize(1 + number * 37 % 150, 1 + number * 13 % 50)
            terminal.process.send_signal(signal.SIGWINCH)
            await asyncio.sleep(0)
        for size in ((1, 1), (2, 1), (1, 2), (3, 3), (1, 1)):
            before = len(terminal.output)
            terminal.resize(*size)
            terminal.process.send_signal(signal.SIGWINCH)
            await terminal.until("\x1b[1;1H", start=before)
        before = len(terminal.output)
        terminal.resize(100, 30)
        terminal.process.send_signal(signal.SIGWINCH)
        await terminal.until("begun.", start=before)
        terminal.type(QUIT)
        assert await terminal.ended() == 0
        await terminal.all_read()
        terminal.check_reset()
    await check_kept(*ENDED)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (5, 1), (1, 5), (20, 5)])
async def test_a_terminal_that_is_tiny_from_the_beginning(size: tuple[int, int]) -> None:
    server = answering()
    async with server:
        columns, rows = size
        command = program(*arguments("chat", server))
        async with Ended(command, environment=KEY, columns=columns, rows=rows) as terminal:
            await terminal.until("\x1b[1;1H")
            terminal.type("Hi\r")
            await asyncio.wait_for(server.exchange(0), PATIENCE)
            before = len(terminal.output)
            terminal.resize(100, 30)
            terminal.process.send_signal(signal.SIGWINCH)
            await terminal.until("begun.", start=before)
            terminal.type(QUIT)
            assert await terminal.ended() == 0
            await terminal.all_read()
            terminal.check_reset()
    await check_kept(*ENDED)


UNSIZED = [(0, 0), (0, 24), (80, 0)]
"""Columns and rows of terminals that do not know their size: of expect, a container, a serial line."""


@pytest.mark.parametrize("size", UNSIZED)
async def test_a_terminal_that_does_not_know_its_size(size: tuple[int, int]) -> None:
    columns, rows = size
    async with in_an_answer(columns=columns, rows=rows) as terminal:
        assert b"\x1b[24;1H" in terminal.output
        assert b"\x1b[25;1H" not in terminal.output
        terminal.type(QUIT)
        assert await terminal.ended() == 0
        await terminal.all_read()
        terminal.check_reset()
        assert len(terminal.output) < 200_000
    await check_kept(*ENDED)


@pytest.mark.parametrize("size", UNSIZED)
async def test_a_terminal_that_does_not_know_its_size_is_left_by_a_signal(size: tuple[int, int]) -> None:
    columns, rows = size
    async with in_an_answer(columns=columns, rows=rows) as terminal:
        terminal.process.send_signal(signal.SIGTERM)
        assert await terminal.ended() == 128 + signal.SIGTERM
    await check_kept(*ENDED)


async def test_sizes_that_no_terminal_has() -> None:
    async with in_an_answer() as terminal:
        for size in ((0, 0), (65535, 65535), (65535, 0), (1, 65535), (100, 30)):
            terminal.resize(*size)
            terminal.process.send_signal(signal.SIGWINCH)
            await asyncio.sleep(0)
        before = len(terminal.output)
        terminal.type("draft§")
        await terminal.until("draft§", start=before)
        terminal.resize(65535, 65535)
        terminal.process.send_signal(signal.SIGWINCH)
        await terminal.until("\x1b[500;1H", start=before)
        terminal.process.send_signal(signal.SIGTERM)
        assert await terminal.ended() == 128 + signal.SIGTERM
        await terminal.all_read()
        assert b"\x1b[501;" not in terminal.output
    await check_kept(*ENDED)


async def test_sizes_that_a_terminal_says_by_itself() -> None:
    async with in_an_answer() as terminal:
        terminal.type("\x1b[48;99999999;99999999;0;0t")
        await terminal.until("\x1b[500;1H")
        terminal.type("\x1b[48;0;0;0;0t")
        before = len(terminal.output)
        terminal.type("draft§")
        await terminal.until("draft§", start=before)
        terminal.type(QUIT)
        assert await terminal.ended() == 0
        await terminal.all_read()
        terminal.check_reset()
        assert b"\x1b[501;" not in terminal.output


@pytest.mark.parametrize(
    ("told", "used"),
    [
        ((120, 40), (120, 40)),
        ((1, 1), (1, 1)),
        ((0, 0), (80, 24)),
        ((0, 40), (80, 40)),
        ((120, 0), (120, 24)),
        ((-1, -1), (80, 24)),
        ((65535, 65535), (1000, 500)),
    ],
)
def test_the_size_that_is_used(told: tuple[int, int], used: tuple[int, int]) -> None:
    assert usable_size(*told) == used


async def test_two_sizes_on_their_way_at_once_do_not_chase_one_another() -> None:
    layouts: list[object] = []
    async with running(chat(), size=(60, 20)) as screen, asyncio.timeout(PATIENCE):
        app = screen.app
        app.screen.screen_layout_refresh_signal.subscribe(app, layouts.append)
        app._size = Size(70, 25)
        for size in (Size(50, 15), Size(70, 25)):
            app.screen.post_message(Resize(size, size))
            app.screen.call_later(lambda: None)  # so that the next does not take its place
        await screen.until(lambda: app.screen.size == (70, 25))
        for _ in range(10):
            await screen.pilot.pause()
        assert len(layouts) < 10
        assert app.screen.size == (70, 25)
