"""Terminals that can do little, or are none: a chat that works, or a sentence that says why not."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.servers import ChatServer, whole
from tests.terminal import Terminal
from tests.trust.endings import KEY, arguments
from tests.trust.program import program
from tests.trust.vocabulary import strays, strays_in_lines
from tests.ui.conversations import conversation
from tui_stream import paths
from tui_stream.store import open_store

QUIT = "\x11"
WORDS = "naïve 日本語 “quoted” … €"
DUMB = {"TERM": "dumb"}
NARROW = {"LC_ALL": "C", "LANG": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
"""A locale in which Python takes every file and stream for ASCII."""
_COLOUR = re.compile(r"[34]8;2;(\d+);(\d+);(\d+)")
COMMANDS = (["--help"], ["pipe", "--no-such-flag"], ["config", "show"], ["history", "list"], ["history", "show", "a"])

pytestmark = pytest.mark.usefixtures("home")


async def printed(*command: str, code: int | None = 0, more: Mapping[str, str] | None = None) -> str:
    """What a command writes to a terminal."""
    async with Terminal(program(*command), environment={**KEY, **(more or {})}) as terminal:
        ended = await terminal.ended()
        with pytest.raises(AssertionError, match="before the end"):
            await terminal.until("never written")
    assert code in {None, ended}, terminal.output
    return terminal.output.decode()


async def keep_one() -> None:
    archive = (await open_store(paths.data_dir())).archive
    try:
        await archive.import_conversation(conversation(f"first {WORDS}", "answer", title=f"title {WORDS}", id="abc"))
    finally:
        await archive.aclose()


# -- no terminal, or one that shows lines and nothing else ----------------------------------------------------


async def test_the_chat_refuses_a_terminal_that_only_shows_lines() -> None:
    for command in (["chat"], [], ["--provider", "openai"]):
        said = await printed(*command, code=2, more=DUMB)
        assert "The chat needs a terminal" in said
        assert "tui-stream pipe" in said
        assert "\x1b" not in said


async def test_commands_write_plain_lines_to_a_terminal_that_only_shows_lines() -> None:
    await keep_one()
    for command in COMMANDS:
        said = await printed(*command, code=None, more=DUMB)
        assert said.strip()
        assert "\x1b" not in said, command


async def test_an_answer_and_its_progress_are_plain_lines_there() -> None:
    before = (
        "from tui_stream.piping import answers; from tui_stream.core.events import Progress, TurnUpdate\n"
        "passed_on = answers._pass_on\n"
        "def twice(update, output, notes):\n"
        "    notes.progress(Progress('loading', 1, 2)); passed_on(update, output, notes)\n"
        "answers._pass_on = twice\n"
    )
    for name, marked in (("dumb", False), ("xterm", True)):
        server = ChatServer()
        server.say("plain answer")
        async with server:
            command = program(*arguments("pipe", server, "Hi"), before=before)
            async with Terminal(command, environment={**KEY, "TERM": name}) as terminal:
                await terminal.until("plain answer")
                assert await terminal.ended() == 0
        assert (b"\x1b" in terminal.output) is marked


@pytest.mark.parametrize("missing", [0, 1, 2])
async def test_the_chat_refuses_where_a_stream_is_no_terminal(missing: int, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    redirect = f"{missing}<>'{file}'"
    async with Terminal(["sh", "-c", f'"$@" {redirect}', "sh", *program("chat")], environment=KEY) as terminal:
        assert await terminal.ended() == 2
        with pytest.raises(AssertionError, match="before the end"):
            await terminal.until("never written")
    said = terminal.output.decode() + file.read_text("utf-8")
    assert "The chat needs a terminal" in said
    assert "\x1b" not in said


def test_closed_streams_end_in_no_traceback() -> None:
    for redirect in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        for command in ("chat", "pipe", "history list"):
            line = f'"$@" {command} {redirect}'
            shell = ["sh", "-c", line, "sh", *program()]
            done = subprocess.run(shell, env=os.environ | KEY, capture_output=True, timeout=60, check=False)
            assert b"Traceback" not in done.stderr + done.stdout
            assert b"A fault in the program" not in done.stderr


# -- colours ----------------------------------------------------------------------------------------------


async def test_no_color_leaves_the_chat_in_shades_of_grey() -> None:
    async def colours(**environment: str) -> set[tuple[str, str, str]]:
        server = ChatServer()
        server.say("# Heading\n\n```python\ndef f(): return 'x'\n```\n\n**bold** `code` <https://example.org>")
        async with server:
            command = program(*arguments("chat", server))
            async with Terminal(command, environment={**KEY, **environment}) as terminal:
                await terminal.until("ready")
                terminal.type("Hi\r")
                await terminal.until("done")
                terminal.type(QUIT)
                assert await terminal.ended() == 0
        assert not strays(bytes(terminal.output))
        return set(_COLOUR.findall(terminal.output.decode()))

    assert any(len(set(colour)) > 1 for colour in await colours())
    assert all(len(set(colour)) == 1 for colour in await colours(NO_COLOR="1"))


async def test_no_color_leaves_commands_without_colours() -> None:
    await keep_one()
    for command in (*COMMANDS, ["history", "search", "answer"]):
        said = await printed(*command, code=None, more={"NO_COLOR": "1"})
        assert said.strip()
        assert not re.search(r"\x1b\[[\d;]*[349]\d", said), command


# -- locales ------------------------------------------------------------------------------------------------


async def test_the_chat_writes_utf_8_in_every_locale() -> None:
    server = ChatServer()
    server.say(f"answer {WORDS}")
    async with server:
        async with Terminal(program(*arguments("chat", server)), environment={**KEY, **NARROW}) as terminal:
            await terminal.until("ready")
            terminal.type("é日")
            await terminal.until("é日")
            terminal.type("\r")
            await terminal.until(f"answer {WORDS}")
            terminal.type(QUIT)
            assert await terminal.ended() == 0
        assert not strays(bytes(terminal.output))
        (asked,) = (request for request in server.requests if request.method == "POST")
        assert asked.json()["messages"] == [{"role": "user", "content": "é日"}]


async def test_commands_write_utf_8_in_every_locale() -> None:
    await keep_one()
    server = ChatServer(model=WORDS)
    server.then(whole({"error": {"message": WORDS}}, 400))
    async with server:
        where = ["--provider", "openai", "--base-url", server.base_url]
        refused = await printed("pipe", *where, "--model", "m", WORDS, code=None, more=NARROW)
        server.say(f"answer {WORDS}")
        told = [
            refused,
            await printed("pipe", "--raw", *where, "--model", "m", WORDS, more=NARROW),
            await printed("models", *where, more=NARROW),
            await printed("history", "list", more=NARROW),
            await printed("history", "show", "abc", more=NARROW),
            await printed("history", "export", "abc", "--format", "markdown", more=NARROW),
        ]
        doctor = await printed("doctor", *where, code=None, more=NARROW)
    for said in told[1:]:
        assert WORDS in said
        assert not strays_in_lines(said.encode())
    assert "na" in refused
    assert "Traceback" not in refused + doctor
    assert "A fault" not in refused + doctor
    assert "na" in doctor


# -- sizes ------------------------------------------------------------------------------------------------


async def test_a_chat_of_twenty_columns_and_five_lines() -> None:
    server = ChatServer()
    server.say("short")
    server.say("again")
    async with server:
        command = program(*arguments("chat", server))
        async with Terminal(command, environment=KEY, columns=20, rows=5) as terminal:
            await terminal.until("\x1b[1;1H")
            terminal.type("Hello§")
            await terminal.until("Hello§")
            terminal.type("\r")
            await terminal.until("short")
            before = len(terminal.output)
            terminal.type("More\r")
            await terminal.until("again", start=before)
            terminal.type("\x1bOP")  # the keys
            await terminal.until("Keys", start=before)
            before = len(terminal.output)
            terminal.type("\x1b")
            await terminal.until("again", start=before)
            terminal.type("\x02")  # the list of conversations
            await terminal.until("Conversations", start=before)
            terminal.type(QUIT)
            assert await terminal.ended() == 0
        assert not strays(bytes(terminal.output), columns=20, rows=5)
