from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from tui_stream.errors import AuthenticationError, ConfigError
from tui_stream.providers._keys import KeySource, find_key

KEY = "sk-very-secret-0123456789"


def python(program: str, tmp_path: Path) -> str:
    """A command line that runs a program."""
    script = tmp_path / "a script.py"
    script.write_text(program)
    return f"{sys.executable} '{script}'"


async def test_the_variable_comes_first() -> None:
    assert await find_key(KeySource("THE_KEY", "no-such-command"), {"THE_KEY": f" {KEY}\n"}) == KEY


@pytest.mark.parametrize("variable", ["", "THE_KEY", "OTHER"])
async def test_without_variable_and_command_there_is_no_key(variable: str) -> None:
    assert await find_key(KeySource(variable), {"THE_KEY": "  "}) == ""


async def test_the_command_prints_it_on_its_first_line(tmp_path: Path) -> None:
    command = python(f"print(); print(' {KEY} '); print('user: me')", tmp_path)
    assert await find_key(KeySource("THE_KEY", command), {}) == KEY


async def test_the_command_has_the_environment_and_no_shell_input_or_terminal(tmp_path: Path) -> None:
    program = "import os, sys\nassert sys.stdin.read() == '' and os.getsid(0) == os.getpid()\nprint(os.environ['A'])\n"
    command = python(program, tmp_path)
    assert await find_key(KeySource("", f"{command} '; echo no' $HOME"), {"A": KEY}) == KEY


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import sys; sys.exit('not in the \\x1b[2Jstore')", "failed with code 1: not in the [2Jstore"),
        ("raise SystemExit(3)", "failed with code 3."),
        ("print()", "printed nothing"),
        ("print('two words')", "is no key"),
        ("print('schlüssel')", "is no key"),
        ("print('a\\tb')", "is no key"),
    ],
)
async def test_a_command_that_gives_no_key_is_an_error(program: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(AuthenticationError) as raised:
        await find_key(KeySource("", f"{python(program, tmp_path)} {KEY}"), {})
    assert words in raised.value.message
    assert KEY not in str(raised.value)
    assert "schl" not in str(raised.value)


async def test_a_bad_key_in_the_variable_is_not_repeated() -> None:
    with pytest.raises(AuthenticationError, match="environment variable THE_KEY is no key") as raised:
        await find_key(KeySource("THE_KEY"), {"THE_KEY": f"{KEY} {KEY}"})
    assert KEY not in str(raised.value)


async def test_a_command_that_is_not_there() -> None:
    with pytest.raises(AuthenticationError, match=r"no-such-command\) cannot be run: No such file"):
        await find_key(KeySource("", "no-such-command openai"), {"PATH": os.defpath})


async def test_a_command_line_that_cannot_be_read() -> None:
    with pytest.raises(ConfigError, match="No closing quotation"):
        await find_key(KeySource("", "pass 'show openai"), {})


def _sleeper(tmp_path: Path) -> tuple[str, Path]:
    """A command that waits in a child of its own, and the file in which it writes that child's number."""
    note = tmp_path / "pid"
    program = (
        "import subprocess, sys, os\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(note)!r} + '.new', 'w').write(str(child.pid))\n"
        f"os.rename({str(note)!r} + '.new', {str(note)!r})\n"
        "child.wait()\n"
    )
    return python(program, tmp_path), note


async def _ended(note: Path) -> bool:
    """Whether the process named in the file is over, waiting for it a little."""
    status = Path(f"/proc/{note.read_text()}/stat")
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        await asyncio.sleep(0.01)
    return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for the child in /proc")
async def test_a_command_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    command, note = _sleeper(tmp_path)
    with pytest.raises(AuthenticationError, match="took longer than 1 s"):
        await find_key(KeySource("", command), {}, limit=1.0)
    assert await _ended(note)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for the child in /proc")
async def test_cancelling_ends_the_command(tmp_path: Path) -> None:
    command, note = _sleeper(tmp_path)
    task = asyncio.create_task(find_key(KeySource("", command), {}))
    while not note.exists():
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await _ended(note)
