"""The driver in the real program, on pseudo-terminals that answer, dawdle, stop and leave."""

from __future__ import annotations

import asyncio
import os
import re
import select
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.fakes import Gate
from tests.servers import ChatServer, Step, paced
from tests.shapes import tokens
from tests.slow_terminal import ANSWER, SlowTerminal, Wire
from tui_stream.ui.driver import LOCAL_DELAY, REMOTE_DELAY, escape_delay

PATIENCE = 30.0
SYNC_START, SYNC_END = b"\x1b[?2026h", b"\x1b[?2026l"
ALTERNATE_OFF, CURSOR_ON, MOUSE_OFF = b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1003l"
QUIT = "\x11"


def program(server: ChatServer) -> list[str]:
    where = ["--provider", "openai", "--base-url", server.base_url, "--model", "m"]
    return [sys.executable, "-m", "tui_stream", "chat", *where]


@asynccontextmanager
async def chatting(server: ChatServer, wire: Wire | None = None) -> AsyncGenerator[SlowTerminal, None]:
    async with server, SlowTerminal(program(server), wire or Wire()) as terminal:
        await terminal.until("ready")
        yield terminal


async def until(predicate: asyncio.Event) -> None:
    await asyncio.wait_for(predicate.wait(), PATIENCE)


async def asked(server: ChatServer, count: int) -> None:
    """Waits for so many requests."""
    async with asyncio.timeout(PATIENCE):
        while sum(request.method == "POST" for request in server.requests) < count:
            await asyncio.sleep(0.01)


def frames(output: bytes) -> list[bytes]:
    """What was written in synchronized updates."""
    return re.findall(re.escape(SYNC_START) + b"(.*?)" + re.escape(SYNC_END), output, re.DOTALL)


def rows(frame: bytes) -> list[int]:
    """The rows that were written to, without the place of the cursor, which comes last."""
    return sorted({int(row) for row in re.findall(rb"\x1b\[(\d+);\d+H", frame)[:-1]})


def row_of(output: bytes, text: bytes) -> int:
    """The row in which a text was written last."""
    before = output[: output.rindex(text)]
    return int(re.findall(rb"\x1b\[(\d+);\d+H", before)[-1])


def put_right(output: bytes) -> bool:
    end = output[-600:]
    return all(wanted in end for wanted in (ALTERNATE_OFF, CURSOR_ON, MOUSE_OFF))


# -- frames ---------------------------------------------------------------------------------------------


async def test_every_frame_is_one_synchronized_update_where_the_terminal_has_them() -> None:
    server = ChatServer()
    server.say("hello", " world")
    async with chatting(server) as terminal:
        terminal.type("x\r")
        await terminal.until("done")
        terminal.type(QUIT)
        assert await terminal.ended() == 0
        output = bytes(terminal.output)
    first = output.index(SYNC_START)
    assert any(b"world" in frame for frame in frames(output))
    outside = re.sub(re.escape(SYNC_START) + b".*?" + re.escape(SYNC_END), b"", output[first:], flags=re.DOTALL)
    assert not re.search(rb"\x1b\[\d+;\d+H", outside), "nothing is drawn outside of one"


@pytest.mark.parametrize("answer", ["", "\x1b[?2026;0$y"], ids=["silent", "without"])
async def test_nothing_is_synchronized_where_the_terminal_has_no_such_thing(answer: str) -> None:
    server = ChatServer()
    server.say("hello", " world")
    async with chatting(server, Wire(answer=answer)) as terminal:
        terminal.type("x\r")
        await terminal.until("done")
        terminal.type(QUIT)
        assert await terminal.ended() == 0
        assert SYNC_START not in terminal.output
        assert terminal.questions == 1 if not answer else terminal.questions > 1, "who said nothing is asked once"


async def test_only_the_line_that_grew_is_written() -> None:
    server, gates = ChatServer(), [Gate(), Gate()]
    server.say("- one\n- two\n\n", gates[0], "This line", gates[1], " grows")
    async with chatting(server) as terminal:
        terminal.type("x\r")
        await terminal.until("two")
        gates[0].open()
        await terminal.until("This line")
        before = len(terminal.output)
        gates[1].open()
        await terminal.until("This line grows", start=before)
        done = await terminal.until("done", start=before)
        await terminal.until(SYNC_END.decode(), start=done)
        output = bytes(terminal.output)
    grown = next(frame for frame in frames(output[before:]) if b"This line grows" in frame)
    assert set(rows(grown)) - {row_of(output, b"done")} == {row_of(grown, b"This line grows")}


async def test_what_scrolls_is_moved_by_the_terminal() -> None:
    server, gate = ChatServer(), Gate()
    lines = [f"line number {number}  \n" for number in range(1, 80)]
    server.say(*lines, gate, "the last line")
    async with chatting(server) as terminal:
        terminal.type("x\r")
        await terminal.until("line number 79")
        before = len(terminal.output)
        gate.open()
        await terminal.until("the last line", start=before)
        output = bytes(terminal.output)[before:]
    assert re.search(rb"\x1b\[\d+;\d+r\x1b\[\d+H\x1b\[\d+M\x1b\[r", output)
    assert output.count(b"line number") <= 1


# -- answers --------------------------------------------------------------------------------------------


class Torn(SlowTerminal):
    """Its answers come in two pieces, the second only when the test says so."""

    def __init__(self, command: Sequence[str], cut: int) -> None:
        super().__init__(command, Wire())
        self._cut = cut
        self.rests: list[str] = []

    def type(self, text: str) -> None:
        if text.startswith(ANSWER):
            super().type(text[: self._cut])
            self.rests.append(text[self._cut :])
        else:
            super().type(text)


@pytest.mark.parametrize("cut", [3, 7, len(ANSWER) - 1])
async def test_a_torn_answer_does_not_reach_the_prompt(cut: int) -> None:
    server = ChatServer()
    async with server, Torn(program(server), cut) as terminal:
        await terminal.until("ready")
        terminal.type(terminal.rests.pop() + "abc§")
        await terminal.until("abc§")
        assert b"2026;" not in terminal.output
        assert b"$y" not in terminal.output


async def test_the_shell_does_not_get_the_answer_to_the_last_question() -> None:
    server = ChatServer()
    server.say("hello", Gate())
    shell = ["sh", "-c", '"$@"; echo LEFT; read -r line; echo "GOT:$line:"', "sh"]
    async with server, SlowTerminal([*shell, *program(server)], Wire(latency=0.15)) as terminal:
        await terminal.until("ready")
        terminal.type("x\r")
        await terminal.until("hello")
        questions = terminal.questions
        terminal.type("a" + QUIT)
        await terminal.until("LEFT")
        terminal.type("word\n")
        await terminal.until("GOT:word:")
        assert questions > 1


# -- terminals that take little or nothing ----------------------------------------------------------------


def fill(terminal: SlowTerminal) -> None:
    """Leaves no room for another byte between the program and the terminal."""
    way = os.open(Path(f"/proc/{terminal.process.pid}/fd/2").readlink(), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        while select.select([], [way], [], 0.2)[1]:
            with suppress(BlockingIOError):
                os.write(way, b" " * 512)
    finally:
        os.close(way)


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="finds the terminal in /proc")


@needs_proc
async def test_an_answer_is_read_to_its_end_while_the_terminal_takes_nothing() -> None:
    server = ChatServer()
    server.on("/v1/chat/completions", paced(server, tokens("prose", 500), 1000))
    async with chatting(server) as terminal:
        terminal.stop()
        await asyncio.to_thread(fill, terminal)
        terminal.type("first\r")
        await asked(server, 1)
        terminal.type("second\r")
        await asked(server, 2)
        terminal.go_on()
        await terminal.until("second")
        terminal.type(QUIT)
        assert await terminal.ended() == 0
        await terminal.until(CURSOR_ON.decode())
        assert put_right(bytes(terminal.output))


async def test_what_was_not_drawn_meanwhile_is_drawn_once_the_terminal_goes_on() -> None:
    server, gates = ChatServer(), [Gate(), Gate()]
    lines: list[str | Step] = [f"line number {number}  \n" for number in range(1, 2000)]
    server.say("begun ", gates[0], *lines, gates[1], "\n\nthe last line")
    async with chatting(server) as terminal:
        terminal.type("x\r")
        await terminal.until("begun")
        terminal.stop()
        gates[0].open()
        await until(gates[1].reached)
        gates[1].open()
        before = len(terminal.output)
        terminal.go_on()
        await terminal.until("the last line")
        assert len(frames(bytes(terminal.output[before:]))) < 200


@needs_proc
@pytest.mark.parametrize("wire", [Wire(), Wire(answer="")], ids=["answering", "silent"])
async def test_leaving_does_not_wait_for_a_terminal_that_takes_nothing_and_puts_it_right_all_the_same(
    wire: Wire,
) -> None:
    server = ChatServer()
    server.on("/v1/chat/completions", paced(server, tokens("code", 100_000), 2000))
    async with chatting(server, wire) as terminal:
        terminal.type("x\r")
        await terminal.until("streaming")
        terminal.stop()
        await asyncio.to_thread(fill, terminal)
        terminal.type(QUIT)
        assert await terminal.ended() == 0
        terminal.go_on()
        await terminal.until(CURSOR_ON.decode())
        assert put_right(bytes(terminal.output))


# -- keys -----------------------------------------------------------------------------------------------


def test_a_lone_escape_byte_is_soon_the_esc_key_and_over_a_network_a_little_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert escape_delay() == LOCAL_DELAY
    monkeypatch.setenv("SSH_CONNECTION", "1 2 3 4")
    assert escape_delay() == REMOTE_DELAY


async def test_suspending_puts_the_terminal_right_and_going_on_draws_all_of_it_again() -> None:
    server = ChatServer()
    async with chatting(server) as terminal:
        terminal.type("draft§")
        await terminal.until("draft§")
        terminal.process.send_signal(signal.SIGTSTP)
        await asyncio.to_thread(os.waitid, os.P_PID, terminal.process.pid, os.WSTOPPED)
        await terminal.until("\x1b[?1004l")
        assert put_right(bytes(terminal.output))
        before = len(terminal.output)
        terminal.process.send_signal(signal.SIGCONT)
        await terminal.until("draft§", start=before)
        terminal.type(QUIT)
        assert await terminal.ended() == 0
