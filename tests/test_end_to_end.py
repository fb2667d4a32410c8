"""The real program in a pseudo-terminal, with the real embedded model."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal import Terminal
from tests.weights import real_weights

PROGRAM = [sys.executable, "-m", "tui_stream"]


@pytest.fixture(scope="module")
def embedded() -> list[str]:
    """Flags for the embedded model, from a cache that lasts between runs."""
    return ["--provider", "embedded", "--model", str(real_weights())]


async def test_a_person_chats_stops_and_leaves(embedded: list[str], home: Path) -> None:
    async with Terminal([*PROGRAM, "chat", *embedded, "-o", "max_tokens=300"]) as terminal:
        await terminal.until("ready")
        terminal.type("Write a long story about a lighthouse.\r")
        await terminal.until("streaming")
        await terminal.until("tok/s")
        terminal.type("\x1b")
        stopped = await terminal.until("Stopped.")
        terminal.type("Say hello.\r")
        await terminal.until("streaming", start=stopped)
        await terminal.until("done", start=stopped)
        terminal.type("\x11")
        assert await terminal.ended() == 0
    end = bytes(terminal.output[-400:])
    assert b"\x1b[?1049l" in end, "the alternate screen was left"
    assert b"\x1b[?25h" in end, "the cursor is back"
    assert not list(home.rglob("*.log"))


async def test_keys_typed_at_once_keep_their_order(embedded: list[str]) -> None:
    async with Terminal([*PROGRAM, "chat", *embedded]) as terminal:
        await terminal.until("ready")
        terminal.type("wrong\x15right§")
        await terminal.until("right§")


def test_the_pipe_writes_the_answer_and_only_the_answer(embedded: list[str]) -> None:
    command = [*PROGRAM, *embedded, "-o", "max_tokens=24"]
    done = subprocess.run(command, input="Name three fruits.", capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in {0, 6}
    assert done.stdout.strip()
    assert "llama" not in done.stdout
    assert done.stderr in {"", "The answer was cut off: it reached its length limit.\n"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
async def test_a_signal_ends_the_chat_and_puts_the_terminal_right(tmp_path: Path, number: signal.Signals) -> None:
    recording = tmp_path / "a.jsonl"
    lines = ['{"tui_stream_recording": 1, "provider": "p", "model": "m"}', '{"t": 0, "event": "request"}']
    lines += [f'{{"t": {t}, "event": "text", "text": "word "}}' for t in range(60)]
    recording.write_text("\n".join(lines))
    async with Terminal([*PROGRAM, "chat", "--provider", "replay", "--model", str(recording)]) as terminal:
        await terminal.until("ready")
        terminal.type("x\r")
        await terminal.until("streaming")
        terminal.process.send_signal(number)
        assert await terminal.ended() == 128 + number
    end = bytes(terminal.output[-400:])
    assert b"\x1b[?1049l" in end, "the alternate screen was left"
    assert b"\x1b[?25h" in end, "the cursor is back"
