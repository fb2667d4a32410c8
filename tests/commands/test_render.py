from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.terminal import Terminal

TEXT = "# Title\n\nSome **bold** words.\n\n- one\n- two\n"
PLAIN = "Title\n\nSome bold words.\n\n• one\n• two\n"
PROGRAM = f"{sys.executable} -m tui_stream"


def run(
    *arguments: str, stdin: bytes = TEXT.encode(), environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "tui_stream", "render", *arguments]
    settings = {**os.environ, "COLUMNS": "", **(environment or {})}
    return subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False, env=settings)


def test_elsewhere_than_on_a_terminal_the_rendered_lines_are_plain() -> None:
    done = run()
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, PLAIN, b"")


@pytest.mark.parametrize(("arguments", "environment"), [(("--width", "12"), {}), ((), {"COLUMNS": "12"})])
def test_lines_are_as_wide_as_is_wished(arguments: tuple[str, ...], environment: dict[str, str]) -> None:
    done = run(*arguments, environment=environment)
    assert "Some bold\nwords." in done.stdout.decode()


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.encode() + b"\n\xff\x1b[31m")
    assert run(str(path), stdin=b"").stdout.decode() == f"{PLAIN}\n\ufffd\ufffd[31m\n"
    assert run("-").stdout.decode() == PLAIN


def test_colours_for_a_pager() -> None:
    written = run("--color", "always", environment={"NO_COLOR": "1", "TERM": "xterm-256color"}).stdout.decode()
    assert "\x1b[1m" in written.replace("\x1b[0;1m", "\x1b[1m")
    assert written.count("\n") == PLAIN.count("\n")
    assert "\x1b[?" not in written


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("none.md",), "none.md cannot be read"),
        (("tests",), "tests is a directory"),
        ((sys.executable,), "is a binary file, not text. Name a file with Markdown."),
        (("--theme", "pink\x1b"), "There is no theme 'pink'"),
    ],
)
def test_what_cannot_be_rendered_is_said(arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr.decode()


def test_a_reader_that_went_away_and_a_full_disk() -> None:
    gone = subprocess.run(
        ["bash", "-c", f"yes '# a' | head -20000 | {PROGRAM} render | head -1; echo ${{PIPESTATUS[2]}}"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert gone.stdout.decode().split() == ["a", "141"]
    assert b"Traceback" not in gone.stderr
    full = subprocess.run(
        ["bash", "-c", f"echo a | {PROGRAM} render > /dev/full"], capture_output=True, timeout=60, check=False
    )
    assert (full.returncode, full.stderr.count(b"\n")) == (1, 1)
    assert b"no space is left" in full.stderr


def piped(rest: str) -> list[str]:
    """A shell that renders what it has piped in; it says how it ended."""
    return ["bash", "-c", f"{rest}; echo code=$? ; stty -a | tr ' ' '\\n' | grep 'echo$'"]


def shows(terminal: Terminal, columns: int = 60, rows: int = 20) -> list[str]:
    emulator = Emulator(columns, rows)
    emulator.write(terminal.output.decode())
    assert not emulator.modes
    assert emulator.pen == ("", "")
    return emulator.text()


async def test_on_a_terminal_it_is_rendered_as_it_arrives(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    async with Terminal(piped(f"cat {fifo} | {PROGRAM} render"), columns=60, rows=20) as terminal:
        with fifo.open("w") as stream:
            stream.write(TEXT[:25])
            stream.flush()
            await terminal.until("bold")
            stream.write(TEXT[25:])
            stream.flush()
            await terminal.until("two")
        assert await terminal.ended() == 0
        assert shows(terminal) == [*PLAIN.splitlines(), "code=0", "echo"]


async def test_no_colour_leaves_bold_and_a_dumb_terminal_nothing() -> None:
    command = piped(f"printf '{TEXT.encode('unicode_escape').decode()}' | {PROGRAM} render")
    async with Terminal(command, columns=60, rows=20, environment={"NO_COLOR": "1"}) as terminal:
        await terminal.ended()
        await terminal.until("code=0")
        assert shows(terminal)[:6] == PLAIN.splitlines()
        assert b"38;" not in terminal.output
        assert b"\x1b[1m" in terminal.output
    async with Terminal(command, columns=60, rows=20, environment={"TERM": "dumb"}) as terminal:
        await terminal.ended()
        await terminal.until("code=0")
        assert b"\x1b" not in terminal.output
        assert shows(terminal)[:6] == PLAIN.splitlines()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
async def test_a_signal_ends_it_and_keeps_what_is_there(tmp_path: Path, number: int, code: int) -> None:
    fifo, pid = tmp_path / "fifo", tmp_path / "pid"
    os.mkfifo(fifo)
    program = f"bash -c 'echo $$ > {pid}; exec {PROGRAM} render' < {fifo}"
    async with Terminal(piped(program), columns=60, rows=20) as terminal:
        with fifo.open("w") as stream:
            stream.write("# Title\n\nStill **op")
            stream.flush()
            await terminal.until("op")
            os.kill(int(pid.read_text()), number)
            await terminal.until("code=")
        await terminal.ended()
        assert shows(terminal) == ["Title", "", "Still **op", f"code={code}", "echo"]


async def test_the_pipe_is_rendered_on_a_terminal_unless_it_is_to_be_raw(recording: Path) -> None:
    asking = f"{PROGRAM} pipe Hi --no-store --provider replay --model {recording}"
    for flag, expected in (("", PLAIN.splitlines()), ("--raw", TEXT.splitlines())):
        async with Terminal(piped(f"{asking} {flag}"), columns=60, rows=20) as terminal:
            await terminal.ended()
            await terminal.until("code=0")
            assert shows(terminal) == [*expected, "code=0", "echo"]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "answer.jsonl"
    lines = ['{"tui_stream_recording": 1, "provider": "p", "model": "m"}', '{"t": 0, "event": "request"}']
    lines.append('{"t": 0, "event": "reasoning", "text": "Hidden."}')
    for character in TEXT:
        escaped = "\\n" if character == "\n" else character
        lines.append(f'{{"t": 0, "event": "text", "text": "{escaped}"}}')
    lines.append('{"t": 0, "event": "end", "finish_reason": "stop"}')
    path.write_text("\n".join(lines) + "\n")
    return path


async def test_a_terminal_that_does_not_read_utf_8_gets_plain_lines_of_what_it_reads() -> None:
    command = ["bash", "-c", f"printf '# na\\u00efve\\n\\n- \\u65e5\\n' | {PROGRAM} render"]
    async with Terminal(command, environment={"PYTHONIOENCODING": "iso-8859-1", "LC_ALL": "C.UTF-8"}) as terminal:
        assert await terminal.ended() == 0
    assert bytes(terminal.output) == b"na\xefve\r\n\r\n? ?\r\n"
