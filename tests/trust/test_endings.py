"""However the program ends: what has arrived is kept, the terminal is put right, the exit code says how it was."""

from __future__ import annotations

import signal

import pytest

from tests.servers import ChatServer
from tests.trust.endings import (
    ANSWER,
    CANARY,
    ENDED,
    KEY,
    Ended,
    answering,
    arguments,
    check_kept,
    controlling,
    in_an_answer,
    kept,
    stopped,
)
from tests.trust.program import program
from tests.trust.vocabulary import strays_in_scrollback

CTRL_Z, HELP = "\x1a", "\x1bOP"
SIGNALS = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]

pytestmark = pytest.mark.usefixtures("home")


# -- signals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_in_an_answer(number: signal.Signals) -> None:
    async with in_an_answer() as terminal:
        terminal.process.send_signal(number)
        assert await terminal.ended() == 128 + number
        await terminal.all_read()
        terminal.check_settings()
    output = terminal.output.decode()
    assert output.rstrip().endswith("l"), "nothing is written behind what puts the terminal right"
    await check_kept(*ENDED)


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_while_the_screen_is_being_made(number: signal.Signals) -> None:
    before = (
        "import os; from tui_stream.ui import app\n"
        "made = app.ChatApp.__init__\n"
        "def make(*given, **named):\n"
        f"    os.kill(os.getpid(), {int(number)})\n"
        "    made(*given, **named)\n"
        "app.ChatApp.__init__ = make"
    )
    server = answering()
    async with server, Ended(program(*arguments("chat", server), before=before), environment=KEY) as terminal:
        assert await terminal.ended() == 128 + number
        await terminal.all_read()
        terminal.check_settings()


async def test_the_interrupt_of_a_chat_that_only_begins() -> None:
    before = (
        "import os; from tui_stream.ui import app\n"
        "ending = app._end_on_signals\n"
        "def end(*given):\n"
        f"    os.kill(os.getpid(), {int(signal.SIGINT)})\n"
        "    ending(*given)\n"
        "app._end_on_signals = end"
    )
    server = answering()
    async with server, Ended(program(*arguments("chat", server), before=before), environment=KEY) as terminal:
        assert await terminal.ended() == 128 + signal.SIGINT


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_and_the_same_again_as_shells_send_it(number: signal.Signals) -> None:
    async with in_an_answer() as terminal:
        terminal.process.send_signal(number)
        terminal.process.send_signal(number)
        assert await terminal.ended() != 0
    await check_kept(*ENDED)


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_in_a_piped_answer(number: signal.Signals) -> None:
    server = answering()
    async with server, Ended(program(*arguments("pipe", server, "Hi")), environment=KEY) as terminal:
        await terminal.until("begun.")
        terminal.process.send_signal(number)
        assert await terminal.ended() == 128 + number
        await terminal.all_read()
        terminal.check_settings()
        assert not strays_in_scrollback(bytes(terminal.output))
    await check_kept(*ENDED)


# -- a terminal that goes away ----------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [list, controlling], ids=["by itself", "with the signal"])
async def test_a_vanished_terminal(wrap: type[list[str]]) -> None:
    async with in_an_answer(wrap=wrap) as terminal:
        terminal.vanish()
        assert await terminal.ended() == 128 + signal.SIGHUP
    await check_kept(*ENDED)


async def test_a_vanished_terminal_while_the_program_is_stopped() -> None:
    async with in_an_answer() as terminal:
        terminal.process.send_signal(signal.SIGTSTP)
        await stopped(terminal)
        terminal.vanish()
        terminal.process.send_signal(signal.SIGCONT)
        assert await terminal.ended() == 128 + signal.SIGHUP
    await check_kept(*ENDED)


@pytest.mark.parametrize("wrap", [list, controlling], ids=["by itself", "with the signal"])
async def test_a_vanished_terminal_of_a_pipe(wrap: type[list[str]]) -> None:
    server = ChatServer()
    server.say(ANSWER, *["more " for _ in range(10_000)])
    async with server, Ended(wrap(program(*arguments("pipe", server, "Hi"))), environment=KEY) as terminal:
        await terminal.until("begun.")
        terminal.vanish()
        if wrap is list:
            terminal.process.send_signal(signal.SIGHUP)
        assert await terminal.ended() != 0
    assert (await kept())[0].text == "Hi"


# -- faults -----------------------------------------------------------------------------------------------

_BOOM = """
def boom(*given, **more):
    canary = {canary!r}
    raise RuntimeError("boom: " + canary)
"""
_PLACES = {
    "an action": "from tui_stream.ui.screens import chat; chat.ChatScreen.action_help = boom",
    "a worker": "from tui_stream.ui.screens import chat\n"
    "async def work(self): boom()\n"
    "chat.ChatScreen.action_help = lambda self: self.run_worker(work(self))",
    "a timer": "from tui_stream.ui.screens import chat\n"
    "chat.ChatScreen.action_help = lambda self: self.set_timer(0.001, boom)",
    "drawing": "from tui_stream.ui.screens import chat; from tui_stream.ui.widgets import key_bar\n"
    "def help(self): key_bar.KeyBar.render = boom; self.query_one(key_bar.KeyBar).refresh()\n"
    "chat.ChatScreen.action_help = help",
    "painting": "from tui_stream.ui.screens import chat; from tui_stream.ui import paint\n"
    "def help(self): paint._rendered = boom; self.refresh()\n"
    "chat.ChatScreen.action_help = help",
    "reading keys": "from tui_stream.ui import driver, pastes\n"
    "feed = pastes.Pastes.feed\n"
    f"pastes.Pastes.feed = lambda self, text: boom() if {HELP!r} in text else feed(self, text)",
    "a call of the loop's": "from tui_stream.ui.screens import chat; import asyncio\n"
    "chat.ChatScreen.action_help = lambda self: asyncio.get_running_loop().call_soon(boom)",
}


def boom(place: str) -> str:
    """Python that makes F1 end in a fault."""
    return _BOOM.format(canary=CANARY) + place


def check_report(output: str) -> None:
    """The fault is told where the screen was, without a variable and without the key."""
    told = output[output.rindex("\x1b[?1049l") if "\x1b[?1049l" in output else 0 :]
    assert "A fault in the program ended it." in told
    assert told.count("RuntimeError: boom: [") == 1
    assert CANARY not in output
    assert CANARY[10:] not in output
    assert "locals" not in told


@pytest.mark.parametrize("place", _PLACES)
async def test_a_fault_in_an_answer(place: str) -> None:
    async with in_an_answer(before=boom(_PLACES[place])) as terminal:
        terminal.type(HELP)
        assert await terminal.ended() == 1
        await terminal.all_read()
        terminal.check_reset()
    check_report(terminal.output.decode())
    await check_kept(*ENDED)


@pytest.mark.parametrize(
    "place",
    [
        "from tui_stream.ui.screens import chat; chat.ChatScreen.on_mount = boom",
        "from tui_stream.ui.screens import chat; chat.ChatScreen.compose = boom",
        "from tui_stream.ui import app; app.ChatApp.on_ready = boom",
        "from tui_stream.ui import app; app.ChatApp.__init__ = boom",
        "from tui_stream import compose; compose.open_session = boom",
    ],
)
async def test_a_fault_at_the_beginning(place: str) -> None:
    server = answering()
    async with server:
        command = program(*arguments("chat", server), before=boom(place))
        async with Ended(command, environment=KEY) as terminal:
            assert await terminal.ended() == 1
            await terminal.all_read()
            if "\x1b[?1049h" in terminal.output.decode():
                terminal.check_reset()
    check_report(terminal.output.decode())


@pytest.mark.parametrize(
    ("command", "place"),
    [
        ("pipe", "from tui_stream import pipe; pipe.run = boom"),
        ("models", "from tui_stream import providers; providers.create = boom"),
        ("doctor", "from tui_stream.commands import doctor; doctor._state = boom"),
        ("config", "from tui_stream.config import load; load.config_path = boom"),
    ],
)
async def test_a_fault_of_a_command(command: str, place: str) -> None:
    more = {"pipe": ["Hi"], "config": ["path"]}.get(command, [])
    async with Ended(program(command, *more, before=boom(place)), environment=KEY) as terminal:
        assert await terminal.ended() == 1
        await terminal.all_read()
    check_report(terminal.output.decode())


async def test_a_fault_in_a_thread_of_a_command_shows_no_key() -> None:
    place = "import threading; from tui_stream import pipe\n"
    place += (
        "async def run(*a, **b):\n    t = threading.Thread(target=boom); t.start(); t.join(); return 0\npipe.run = run"
    )
    async with Ended(program("pipe", "Hi", before=boom(place)), environment=KEY) as terminal:
        await terminal.ended()
        await terminal.all_read()
    check_report(terminal.output.decode())
