from __future__ import annotations

import asyncio
import errno
import io
import os
import select
from pathlib import Path

import pytest

from tests.fakes import Gate, ScriptedProvider, Step
from tui_stream import pipe
from tui_stream.core.books import Books
from tui_stream.core.budgets import Budget, Budgets
from tui_stream.core.events import Progress, ReasoningDelta, Retrying, StreamEnd, TextDelta, ToolCallDelta
from tui_stream.core.models import FinishReason
from tui_stream.core.session import ChatSession, OpenedSession, OpenSession, SessionOptions
from tui_stream.errors import BudgetError, StreamBrokenError, TuiStreamError

STOP = StreamEnd(FinishReason.STOP)


class Pieces:
    """Keeps what is written, and fails when told to."""

    def __init__(self, error: OSError | None = None) -> None:
        self.written: list[str] = []
        self.error = error

    def write(self, text: str) -> None:
        if self.error is not None:
            raise self.error
        self.written.append(text)

    def write_last(self, text: str) -> None:
        self.write(text)

    def step_aside(self) -> None:
        self.aside = len(self.written)

    def between(self, *, last: bool = False) -> None:
        (self.write_last if last else self.write)("\n\n---\n\n")

    def end(self) -> None:
        self.ended = True


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def opener(provider: ScriptedProvider) -> OpenSession:
    async def nothing() -> None:
        return None

    async def open_session() -> OpenedSession:
        session = ChatSession(provider, options=SessionOptions(frame=0))
        return OpenedSession(session, "for a test", nothing)

    return open_session


async def ask(*steps: Step, output: Pieces | None = None, notes: io.StringIO | None = None) -> tuple[int, str]:
    provider = ScriptedProvider([steps])
    written = output or Pieces()
    code = await pipe.run(opener(provider), "Hi", output=written, notes=pipe.Notes(notes or io.StringIO()))
    assert provider.closed
    assert provider.open_streams == 0
    return code, "".join(written.written)


async def test_the_answer_and_only_the_answer() -> None:
    said = io.StringIO()
    answer = await ask(ReasoningDelta("hm"), TextDelta("a"), TextDelta("b"), STOP, notes=said)
    assert answer == (0, "ab")
    assert said.getvalue() == ""


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("<think>\nHm.\n</think>\n\nYes.", "Yes."),
        ("<think>\n\n</think>\n\nYes.", "Yes."),
        ("<think>\nHm, I", ""),
        ("`<think>` opens, `</think>` closes.", "`<think>` opens, `</think>` closes."),
        ("<", "<"),
    ],
)
async def test_thinking_in_the_text_is_not_written(said: str, answer: str) -> None:
    assert await ask(TextDelta(said), STOP) == (0, answer)
    assert await ask(*(TextDelta(character) for character in said), STOP) == (0, answer)


async def test_a_beginning_that_might_have_become_a_tag_is_written_when_the_stream_breaks() -> None:
    output = Pieces()
    with pytest.raises(StreamBrokenError):
        await ask(TextDelta("\n<thin"), StreamBrokenError("cut"), output=output)
    assert output.written == ["\n<thin"]


async def test_each_batch_is_written_when_it_comes() -> None:
    gate = Gate()
    output = Pieces()
    task = asyncio.create_task(ask(TextDelta("a"), gate, TextDelta("b"), STOP, output=output))
    await gate.reached.wait()
    for _ in range(5):
        await asyncio.sleep(0)
    assert output.written == ["a"]
    gate.open()
    await task


@pytest.mark.parametrize(("reason", "code"), [(FinishReason.LENGTH, 6), (FinishReason.CONTENT_FILTER, 7)])
async def test_unusual_endings_have_their_exit_code_and_are_said(reason: FinishReason, code: int) -> None:
    said = io.StringIO()
    assert (await ask(TextDelta("a"), StreamEnd(reason), notes=said))[0] == code
    assert "cut off" in said.getvalue()


async def test_tool_calls_are_said_not_run() -> None:
    said = io.StringIO()
    await ask(ToolCallDelta(0, name="f", arguments="{}"), STOP, notes=said)
    assert "f({})" in said.getvalue()


async def test_a_broken_stream_prints_what_came_and_raises() -> None:
    output = Pieces()
    with pytest.raises(StreamBrokenError):
        await ask(TextDelta("half"), StreamBrokenError("cut"), output=output)
    assert output.written == ["half"]


async def test_a_reader_that_went_away_ends_it_quietly() -> None:
    assert await ask(TextDelta("a"), Gate(), output=Pieces(BrokenPipeError())) == (141, "")


async def test_a_full_disk_is_a_clear_error() -> None:
    with pytest.raises(TuiStreamError, match="no space is left"):
        await ask(TextDelta("a"), STOP, output=Pieces(OSError(errno.ENOSPC, "No space left on device")))


def test_how_much_has_come_is_said_now_and_then() -> None:
    said = Terminal()
    notes = pipe.Notes(said)
    for text, thought in ((0, 60), (30, 60), (60, 60), (1200, 60), (7, 0)):
        notes.receiving(text, thought)
    shown = [line for line in said.getvalue().split("\r\x1b[2K") if line]
    assert shown == ["Thinking: 60 characters", "60 characters", "1,200 characters", "7 characters"]


@pytest.mark.parametrize("terminal", [True, False])
async def test_that_something_comes_is_seen_where_the_answer_is_not_yet(terminal: bool) -> None:
    said = Terminal() if terminal else io.StringIO()
    pieces: list[Step] = [ReasoningDelta("x" * 60), *(TextDelta("y" * 30) for _ in range(4)), STOP]
    output = Pieces()
    assert (
        await pipe.run(
            opener(ScriptedProvider([pieces])),
            "Hi",
            output=output,
            notes=pipe.Notes(said),
            asking=pipe.Asking(whole=True),
        )
        == 0
    )
    assert output.written == ["y" * 120]
    assert ("120 characters" in said.getvalue()) is terminal
    assert not terminal or said.getvalue().endswith("\x1b[2K")


async def test_progress_goes_to_a_terminal_only_and_is_taken_away() -> None:
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        gate = Gate()
        task = asyncio.create_task(ask(Progress("Fetching", 5, 10), gate, TextDelta("a"), STOP, notes=stream))
        await gate.reached.wait()
        for _ in range(5):
            await asyncio.sleep(0)
        gate.open()
        await task
    assert "Fetching 50% of 10 B" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[2K")
    assert file.getvalue() == ""


def test_notes_say_why_it_is_tried_again() -> None:
    said = io.StringIO()
    pipe.Notes(said).say(Retrying(2, 1.0, "Refused.").reason)
    assert said.getvalue() == "Refused.\n"


def test_output_is_written_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "out"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    output = pipe.FileOutput(descriptor)
    output.write("é\x1b\r\n")
    output.write("\ud800x")
    output.end()
    os.close(descriptor)
    assert path.read_bytes() == b"\xc3\xa9\x1b\r\n?x"


async def test_nothing_said_besides_the_answer_carries_control_characters() -> None:
    evil = "\x1b]0;PWN\x07\x9b31m"
    said = Terminal()
    notes = pipe.Notes(said)
    await ask(ToolCallDelta(0, name="f", arguments=evil), TextDelta("a"), STOP, notes=said)
    notes.progress(Progress(evil))
    notes.say(evil)
    assert "PWN" in said.getvalue()
    assert not {"\x07", "\x9b"} & set(said.getvalue())
    assert "\x1b" not in said.getvalue().replace("\x1b[2K", "")


async def test_an_empty_answer_is_said() -> None:
    said = io.StringIO()
    assert await ask(STOP, notes=said) == (0, "")
    assert "answered with nothing" in said.getvalue()


async def test_a_slow_reader_of_a_pipe_that_does_not_block_loses_nothing() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    text = "x" * 1_000_000
    task = asyncio.create_task(asyncio.to_thread(pipe.FileOutput(writing).write, text))
    received = 0
    while received < len(text):
        received += len(await asyncio.to_thread(os.read, reading, 65536))
    await task
    os.close(reading)
    os.close(writing)


async def test_an_interrupt_gets_through_while_the_reader_is_stuck() -> None:
    reading, writing = os.pipe()

    async def write() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        pipe.FileOutput(writing).write("x" * 1_000_000)

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(write())
    os.close(reading)
    os.close(writing)


async def test_what_is_written_last_does_not_stand_in_the_middle_of_a_piece() -> None:
    reading, writing = os.pipe()
    output = pipe.FileOutput(writing)
    piece = "x" * 200_000

    async def write() -> None:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().run_in_executor(None, cancel_when_full, writing, task)
        output.write(piece)

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(write())
    writer = asyncio.create_task(asyncio.to_thread(output.write_last, "end"))
    received = b""
    while not received.endswith(b"end"):
        received += await asyncio.to_thread(os.read, reading, 65536)
    await writer
    assert received.decode() == piece + "end"
    os.close(reading)
    os.close(writing)


def cancel_when_full(descriptor: int, task: asyncio.Task[None]) -> None:
    """Cancels a task once a pipe takes no more."""
    while select.select([], [descriptor], [], 0)[1]:
        pass
    task.cancel()


async def test_a_budget_stops_the_answer_with_its_own_exit_code() -> None:
    provider, output, said = ScriptedProvider([[TextDelta("word " * 20), Gate()]]), Pieces(), io.StringIO()
    books = Books(budgets=Budgets([Budget("turn", tokens=10)]))

    async def nothing() -> None:
        return None

    async def open_session() -> OpenedSession:
        return OpenedSession(ChatSession(provider, options=SessionOptions(frame=0), books=books), "", nothing)

    with pytest.raises(BudgetError) as caught:
        await pipe.run(open_session, "Hi", output=output, notes=pipe.Notes(said))
    assert caught.value.exit_code == 8
    assert str(caught.value).endswith("in the settings, or go past it for this once (--over-budget).")
    assert output.written == ["word " * 20]
    assert (provider.closed, provider.open_streams) == (True, 0)
