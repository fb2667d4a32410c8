"""Words that are no commands, and prompts without quotes."""

from __future__ import annotations

import shlex
import subprocess
import sys

import pytest

from tests.terminal import Terminal
from tui_stream.__main__ import OTHER_COMMANDS
from tui_stream.commands.slips import nearest
from tui_stream.flags import COMMANDS

NAMES = (*COMMANDS, *OTHER_COMMANDS)


def run(*arguments: str, stdin: str | None = None, closed: bool = False) -> subprocess.CompletedProcess[str]:
    """The program without a prompt from elsewhere, unless there is one on stdin."""
    command = [sys.executable, "-m", "tui_stream", *arguments]
    if closed:
        command = ["sh", "-c", 'exec "$@" <&-', "sh", *command]
    given = subprocess.DEVNULL if stdin is None else None
    return subprocess.run(command, stdin=given, input=stdin, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        *(("modles", "models"), ("model", "models"), ("rendr", "render"), ("pip", "pipe"), ("chta", "chat")),
        *(("Chat", "chat"), ("confg", "config"), ("histroy", "history"), ("completions", "completion")),
        *(("hello", ""), ("that", ""), ("What", ""), ("why", ""), ("", ""), ("message", "")),
    ],
)
def test_the_command_that_a_word_is_like(typed: str, meant: str) -> None:
    assert nearest(typed, NAMES) == meant


@pytest.mark.parametrize("closed", [False, True])
def test_a_word_that_is_all_but_a_command_is_not_sent(closed: bool) -> None:
    done = run("modles", closed=closed)
    assert (done.returncode, done.stdout) == (2, "")
    said = "There is no command 'modles'. Did you mean: tui-stream models? To ask it: tui-stream pipe modles"
    assert done.stderr == f"tui-stream: {said}\n"


async def test_nor_does_it_open_the_chat() -> None:
    async with Terminal([sys.executable, "-m", "tui_stream", "modles"]) as terminal:
        await terminal.until("There is no command 'modles'.")
        assert await terminal.ended() == 2


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [(["hello"], None), (["modles"], "some text"), (["pipe", "modles"], None), (["two modles"], None)],
)
def test_what_is_a_prompt_is_sent(arguments: list[str], stdin: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUI_STREAM_PROVIDER", "replay")
    monkeypatch.setenv("TUI_STREAM_MODEL", "none.jsonl")
    assert "The recording none.jsonl cannot be read" in run(*arguments, stdin=stdin).stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("hello world", """'world' was not expected behind the prompt 'hello'. tui-stream "hello world\""""),
        ("hello to you", """'to you' was not expected behind the prompt 'hello'. tui-stream "hello to you\""""),
        ("pipe hello world", """'world' was not expected behind the prompt 'hello'. tui-stream pipe "hello world\""""),
        ("chat hello world", """'world' was not expected behind the prompt 'hello'. tui-stream chat "hello world\""""),
        ("-m x hello world", """'world' was not expected behind the prompt 'hello'. "hello world\""""),
        ("costs '$HOME'", """'$HOME' was not expected behind the prompt 'costs'. tui-stream 'costs $HOME'"""),
    ],
)
def test_a_prompt_without_quotes(arguments: str, said: str) -> None:
    done = run(*shlex.split(arguments))
    what, _, line = said.rpartition(". ")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"tui-stream: {what}. Put the prompt in quotes: {line}\n"


def test_what_cannot_be_shown_as_it_is_is_not_to_be_pasted() -> None:
    done = run("pipe", "a\x1b[2J", "b")
    assert done.stderr == "tui-stream: 'b' was not expected behind the prompt 'a[2J'. Put the prompt in quotes.\n"


def test_a_line_that_was_meant_for_a_command() -> None:
    done = run("rendr", "x")
    start = "tui-stream: There is no command 'rendr'. Did you mean: tui-stream render?"
    assert (done.returncode, done.stderr) == (
        2,
        f'{start} To ask it, put the prompt in quotes: tui-stream "rendr x"\n',
    )
    done = run("rendr", "--width", "3", "x")
    assert (done.returncode, done.stderr) == (2, f"{start}\n")


@pytest.mark.parametrize(
    ("arguments", "usage", "more"),
    [
        (["--nope"], "tui-stream [COMMAND] [OPTIONS] [PROMPT]", "tui-stream pipe -h"),
        (["pipe", "--nope"], "tui-stream pipe [OPTIONS] [PROMPT]", "tui-stream pipe -h"),
        (["chat", "--nope"], "tui-stream chat [OPTIONS] [PROMPT]", "tui-stream chat -h"),
    ],
)
def test_the_usage_can_be_pasted(arguments: list[str], usage: str, more: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr.splitlines()[:2] == [f"Usage: {usage}", f"Try '{more}' for help."]
    assert "No such option: --nope" in done.stderr
