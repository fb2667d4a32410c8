"""However marks are piled on a cell, and in however many pieces they come, a terminal gets a few of them."""

from __future__ import annotations

import pytest

from tests.servers import ChatServer
from tests.terminal import Terminal
from tests.trust.endings import KEY, PATIENCE, Ended, arguments
from tests.trust.program import program
from tui_stream import paths
from tui_stream.core.marks import MOST_MARKS
from tui_stream.store import open_store

pytestmark = pytest.mark.usefixtures("home")

MARKS = "\u0301\u0489\u20dd"
PILE = "a" + MARKS * 100 + "end."
PIECES = {"in one piece": [PILE], "one by one": [*PILE]}


def piled(output: bytes) -> int:
    most = count = 0
    for character in output.decode():
        count = count + 1 if character in MARKS else 0
        most = max(most, count)
    return most


def check_few(terminal: Terminal) -> None:
    assert 0 < piled(bytes(terminal.output)) <= MOST_MARKS


@pytest.mark.parametrize("pieces", PIECES)
async def test_a_pipe_and_the_history_on_a_terminal(pieces: str) -> None:
    server = ChatServer()
    server.say(*PIECES[pieces])
    async with server, Ended(program(*arguments("pipe", server, "Hi")), environment=KEY) as terminal:
        assert await terminal.ended(PATIENCE) == 0
        await terminal.all_read()
        check_few(terminal)
    archive = (await open_store(paths.data_dir())).archive
    latest = await archive.latest()
    await archive.aclose()
    assert latest is not None
    async with Ended(program("history", "show", latest)) as terminal:
        assert await terminal.ended(PATIENCE) == 0
        await terminal.all_read()
        check_few(terminal)


@pytest.mark.parametrize("pieces", PIECES)
async def test_what_the_chat_keeps(pieces: str) -> None:
    server = ChatServer()
    server.say(*PIECES[pieces])
    async with server, Ended(program(*arguments("chat", server)), environment=KEY) as terminal:
        await terminal.until("ready")
        terminal.type("Hi\r")
        await terminal.until("end.")
        terminal.type("\x11")
        assert await terminal.ended(PATIENCE) == 0
        await terminal.all_read()
        check_few(terminal)
    archive = (await open_store(paths.data_dir())).archive
    latest = await archive.latest()
    assert latest is not None
    conversation = await archive.load(latest)
    await archive.aclose()
    assert conversation.messages[1].text == f"a{(MARKS * 3)[:MOST_MARKS]}end."
