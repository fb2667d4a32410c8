"""Small ways in which foreign text or a key could get out: the commands, the crash report, links, other encodings."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.servers import ChatServer
from tests.terminal import Terminal
from tests.test_cli import run
from tests.trust.endings import KEY, QUIT, Ended, arguments
from tests.trust.program import program
from tests.trust.vocabulary import strays
from tests.ui.harness import chat, running
from tui_stream.core.crash import report
from tui_stream.core.links import openable
from tui_stream.core.marks import MOST_MARKS

pytestmark = pytest.mark.usefixtures("home")

LATIN = {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0", "OPENAI_API_KEY": "x"}  # as in the locale of that name


@pytest.mark.parametrize("words", [("path",), ("show",), ("init",), ("check",)])
async def test_names_of_folders_on_a_terminal(words: tuple[str, ...], tmp_path: object) -> None:
    folder = f"{tmp_path}/a\x1b]0;x\x07b\u202ec\x9b2J"
    environment = {"XDG_CONFIG_HOME": folder, "TUI_STREAM_CONFIG": f"{folder}/config.toml"}
    async with Ended(program("config", *words), environment=environment) as terminal:
        await terminal.ended()
        await terminal.all_read()
    assert not strays(bytes(terminal.output))


def test_a_key_that_looks_like_words_is_not_in_the_report_of_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "correcthorsebatterystaple")
    for name, value in {"MY_PASSWORD": "hunter two", "DB_PASS": "hunter six", "MY_AUTH": "hunter ten"}.items():
        monkeypatch.setenv(name, value)
    said = report(RuntimeError("it was correcthorsebatterystaple, and hunter two, hunter six, hunter ten"))
    assert said.endswith("RuntimeError: it was [key], and [key], [key], [key]\n")


async def test_the_settings_in_force_show_no_command_and_no_body(tmp_path: object) -> None:
    file = f"{tmp_path}/c.toml"
    with open(file, "w") as stream:  # noqa: ASYNC230, PTH123 - a line before anything runs
        stream.write(
            '[providers.openai]\napi_key_command = "vault --token hunter3pw read"\n'
            '[providers.openai.body]\nzz = "hunter5pw"\nseed = 7\nnested = { a = "hunter6pw" }\n'
        )
    done = run("config", "show", "--config", file)
    assert done.returncode == 0, done.stderr
    assert "hunter" not in done.stdout
    assert 'api_key_command = "vault ***"' in done.stdout
    assert "body.seed = 7" in done.stdout


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.com\\.example.org/",
        "https://a.com\\@b.com/",
        "http://%65vil.com/",
        "https://p\u0430ypal.com/",
        "https://www.g\u03bfogle.com/",
        "https://a.com/\u3164",
        "https://a.com/\uffa0x",
        "https://a.com/\u2800",
        "https://bank.com\u2044login.evil.org/",
        "https://bank.com\u2215login.evil.org/",
        "https://bank.com\u2571login.evil.org/",
        "https://bank\ua4f8com.evil.org/",
        "https://bank.com\u3002evil.org/",
        "https://bank.com\u0338.evil.org/",
        "https://bank.com\u05f4.evil.org/",
        "https://\u0262oogle.com/",
        "https://\u1d18aypal.com/",
        "https://paypa\u217c.com/",
        "https://b\U0001d4b6nk.com/",
    ],
)
def test_links_that_are_not_what_they_look_like_are_not_opened(target: str) -> None:
    assert openable(target) is None


@pytest.mark.parametrize(
    "target",
    [
        "https://münchen.de/",
        "https://пример.рф/",
        "https://例え.jp/テスト",
        "https://straße.de/",
        "https://हिन्दी.भारत/",
        "https://[::1]:80/",
        "https://a.com/%65",
        "https://a.com/\\x",
    ],
)
def test_links_in_any_script_are_opened(target: str) -> None:
    assert openable(target) == target


async def test_a_chat_where_the_terminal_reads_no_utf_8() -> None:
    server = ChatServer()
    async with server, Ended(program(*arguments("chat", server)), environment=LATIN) as terminal:
        assert await terminal.ended() == 2
        await terminal.all_read()
    assert b"a terminal that reads UTF-8" in terminal.output
    assert b"\x1b" not in terminal.output


async def test_a_pipe_where_the_terminal_reads_no_utf_8() -> None:
    server = ChatServer()
    server.say("caf\u00e9 \u4e16 \u041b\u021b end.")  # in UTF-8 there are bytes among these that 8-bit terminals obey
    async with server, Terminal(program(*arguments("pipe", server, "Hi")), environment=LATIN) as terminal:
        await terminal.until("end.")
        assert await terminal.ended() == 0
    assert b"caf\xe9 ? ?? end." in terminal.output


async def test_the_history_where_the_terminal_reads_no_utf_8() -> None:
    server = ChatServer()
    server.say("caf\u00e9 \u66db2J end.")  # the last byte of that sign is CSI to an 8-bit terminal
    async with server, Terminal(program(*arguments("pipe", server, "Hi")), environment=LATIN) as terminal:
        await terminal.until("end.")
        assert await terminal.ended() == 0
    async with Ended(program("history", "list"), environment=LATIN) as terminal:
        assert await terminal.ended() == 0
        await terminal.all_read()
    ident = bytes(terminal.output).split()[0].decode()
    for words in (("show", ident), ("search", "caf\u00e9"), ("export", ident, "--format", "markdown")):
        async with Ended(program("history", *words), environment=LATIN) as terminal:
            assert await terminal.ended() == 0
            await terminal.all_read()
        assert b"caf\xe9" in terminal.output
        assert b"\x9b" not in terminal.output


async def test_what_is_copied_cannot_steer_the_terminal_that_it_is_pasted_into(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(chat()) as screen:
        written: list[str] = []
        monkeypatch.setattr(screen.app._driver, "write", written.append)
        screen.app.copy_to_clipboard("a\x1b[201~\nb\r\x9b2J\u202e\ud800" + "\u0301" * 300)
        copied = "a[201~\nb2J\ufffd" + "\u0301" * MOST_MARKS
        assert screen.app.clipboard == copied
        assert written == [f"\x1b]52;c;{base64.b64encode(copied.encode()).decode()}\a"]


async def test_no_variable_of_textuals_makes_a_log(tmp_path: Path) -> None:
    server = ChatServer()
    environment = {
        **KEY,
        "TEXTUAL_LOG": str(tmp_path / "log"),
        "TEXTUAL_DRIVER": "os:system",
        "TEXTUAL_COLOR_SYSTEM": "zz",
    }
    async with server, Ended(program(*arguments("chat", server)), environment=environment) as terminal:
        await terminal.until("ready")
        terminal.type(QUIT)
        assert await terminal.ended() == 0
    assert not (tmp_path / "log").exists()
