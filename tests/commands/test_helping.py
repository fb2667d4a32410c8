"""Help as it is read on a terminal of 80 columns, and written to what cannot take it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from tests.test_flags import by_typer
from tui_stream.cli import app
from tui_stream.commands import examples, render, templates

_START = re.compile(r"(?:curl|git|llm|tui-stream) ")


def commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every command that help shows."""
    command = command or get_command(app)
    yield path
    for name, one in getattr(command, "commands", {}).items():
        if not one.hidden:
            yield from commands(one, (*path, name))


def help_of(*path: str, columns: int = 80) -> str:
    done = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": str(columns)})
    assert done.exit_code == 0
    return done.stdout


def lines_in(text: str) -> list[str]:
    """The examples of an epilog."""
    return [line for line in text.splitlines() if _START.match(line)]


PIPED, RENDERED, TEMPLATES = (
    lines_in(examples.EXAMPLES),
    lines_in(render.EXAMPLES),
    lines_in(str(templates.app.info.epilog)),
)
EXAMPLES = [
    *(("pipe", line) for line in PIPED),
    *(("render", line) for line in RENDERED),
    *(("templates", line) for line in TEMPLATES),
    ("", "tui-stream --provider ollama --model qwen3:8b"),
]


def test_there_are_examples() -> None:
    assert (len(PIPED), len(RENDERED), len(TEMPLATES)) == (8, 5, 1)


@pytest.mark.parametrize(("command", "line"), EXAMPLES)
def test_every_example_stands_on_one_line(command: str, line: str) -> None:
    shown = help_of(*filter(None, [command]))
    assert line in [one.strip() for one in shown.splitlines()]


@pytest.mark.parametrize("line", [line for _, line in EXAMPLES if "render" not in line])
def test_every_example_can_be_read(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shell = f"tui-stream() {{ printf '%s\\0' \"$@\"; }}\n{line[line.index('tui-stream ') :].partition(' | ')[0]}"
    done = subprocess.run(["sh", "-c", shell.replace("tui-stream", "asked")], capture_output=True, check=True)
    written = done.stdout or (tmp_path / "report.md").read_bytes()
    assert by_typer(written.decode().split("\0")[:-1], monkeypatch) is not None


@pytest.mark.parametrize("line", RENDERED)
def test_every_example_of_render_can_be_read(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def read(file: Path | None, **_: object) -> int:
        seen.append(file)
        return 0

    monkeypatch.setattr(render, "run", read)
    words = re.split(r" [|>] ", line[line.index("tui-stream ") :])[0].split()[1:]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert len(seen) == 1


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_a_switch_shows_no_value_and_brackets_stand_alone(path: tuple[str, ...]) -> None:
    shown = help_of(*path, columns=200)
    assert "--help" in shown
    assert "bool" not in shown.lower()
    usage = next(line for line in shown.splitlines() if "Usage:" in line)
    assert not re.search(r"\[\[|\]\]|\.\.\.\S*\.\.\.|\|[^a-z]", usage)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="writes to a disk that is always full")
@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("pipe", "--help"), ("history",)])
def test_help_that_cannot_be_written(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "tui_stream", *arguments]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    said = "tui-stream: The output cannot be written: no space is left. Free some.\n"
    assert (done.returncode, done.stderr) == (1, said)


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("pipe", "--help"), ("history",)])
def test_help_that_nobody_reads(arguments: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        command = [sys.executable, "-m", "tui_stream", *arguments]
        done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")
