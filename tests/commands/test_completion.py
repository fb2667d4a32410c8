from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal import ROOT, Terminal
from tui_stream import paths
from tui_stream.models_seen import ModelsSeen

SHELLS = ["bash", "zsh", "fish"]

pytestmark = pytest.mark.usefixtures("home")


def completed(line: str) -> list[str]:
    """What the last word of a line may become."""
    words = line.split(" ")
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_TUI_STREAM_COMPLETE": "complete_bash"}
    command = [sys.executable, "-m", "tui_stream"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=os.environ | asked)
    return done.stdout.split()


def test_commands_and_flags() -> None:
    assert {"chat", "pipe", "render", "templates", "history", "usage"} <= set(completed("tui-stream "))
    assert completed("tui-stream p") == ["pipe"]
    assert completed("tui-stream --te") == completed("tui-stream pipe --te") == ["--template"]
    assert completed("tui-stream chat --te") == []
    assert completed("tui-stream chat --budg") == completed("tui-stream pipe --budg") == ["--budget"]
    assert completed("tui-stream chat --over") == completed("tui-stream --over") == ["--over-budget"]
    assert completed("tui-stream --vers") == ["--version"]


def test_only_the_programs_own_scripts_are_offered() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tui_stream", "--help"], capture_output=True, text=True, timeout=60, check=True
    )
    assert "completion" in done.stdout
    assert "--install-completion" not in done.stdout
    assert "--show-completion" not in done.stdout


def test_themes() -> None:
    assert completed("tui-stream render --theme high") == ["high-contrast", "high-contrast-light"]


def test_values() -> None:
    ModelsSeen().add("openai", ["gpt-5-mini", "gpt-5-nano"])
    ModelsSeen().add("ollama", ["qwen3"])
    paths.templates_dir().mkdir(parents=True)
    (paths.templates_dir() / "say.md").touch()
    assert completed("tui-stream -m ") == ["qwen3", "gpt-5-mini", "gpt-5-nano"]
    assert completed("tui-stream pipe --model gpt-5-n") == ["gpt-5-nano"]
    assert completed("tui-stream pipe --provider ollama -m ") == ["qwen3"]
    assert completed("tui-stream pipe --provider op") == ["openai", "openai-responses"]
    assert completed("tui-stream pipe --fallback o") == ["openai/gpt-5-mini", "openai/gpt-5-nano", "ollama/qwen3"]
    assert completed("tui-stream pipe --fallback q") == ["qwen3"]
    assert completed("tui-stream pipe --fallback em") == ["embedded"]
    assert completed("tui-stream -t ") == completed("tui-stream templates show ") == ["say"]


def script(shell: str) -> str:
    command = [sys.executable, "-m", "tui_stream", "completion", shell]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "_TUI_STREAM_COMPLETE" in done.stdout
    return done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_what_a_shell_is_told(shell: str, tmp_path: Path) -> None:
    told = tmp_path / "script"
    told.write_text(script(shell))
    if shutil.which(shell):
        assert subprocess.run([shell, "-n", str(told)], timeout=60, check=False).returncode == 0


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A search path on which the program is."""
    ModelsSeen().add("ollama", ["qwen3:8b", "qwen3:14b", "llama3.2:3b"])
    program = tmp_path / "bin" / "tui-stream"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\ncd {ROOT} && exec {sys.executable} -m tui_stream "$@"\n')
    program.chmod(0o700)
    return f"{program.parent}:{os.environ['PATH']}"


TYPED = [
    ("tui-stream -m qwen3:1", "4b "),
    ("tui-stream --model=qwen3:8", "b "),
    ("tui-stream pipe --model=llama3.2", ":3b "),
    ("tui-stream pipe -m l", "lama3.2:3b "),
    ('tui-stream -m "qwen3:8', 'b" '),
    ("tui-stream comp", "letion "),
]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
async def test_words_that_a_shell_completes(shell: str, path: str, tmp_path: Path) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    told = tmp_path / "script"
    told.write_text(script(shell))
    command = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}[shell]
    begun = "" if shell == "bash" else "autoload -U compinit; compinit -u -D; "
    plain = {"PATH": path, "TERM": "dumb", "HOME": str(tmp_path)}
    async with Terminal(command, columns=200, environment=plain) as terminal:
        terminal.type(f"{begun}source {told}; PS1='$ '; echo re''ady\r")
        await terminal.until("ready\r\n")
        for typed, rest in TYPED:
            before = len(terminal.output)
            terminal.type(f"{typed}\t")
            await terminal.until(typed + rest, start=before)
            terminal.type("\x15")


def test_words_that_fish_completes(path: str, tmp_path: Path) -> None:
    if not shutil.which("fish"):
        pytest.skip("fish is not installed")
    told = tmp_path / "script"
    told.write_text(script("fish"))
    for line, words in (
        ("tui-stream -m qwen3:", ["qwen3:8b", "qwen3:14b"]),
        ("tui-stream --model=llama", ["--model=llama3.2:3b"]),
        (f"tui-stream pipe -f {told}", [str(told)]),
    ):
        command = ["fish", "--no-config", "-c", f"source {told}; complete -C '{line}'"]
        environment = os.environ | {"PATH": path, "HOME": str(tmp_path)}
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environment)
        assert done.stdout.split() == words
