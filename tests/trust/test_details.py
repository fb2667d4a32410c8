"""Small ways in which foreign text or a key could get out: the commands, the crash report, links, other encodings."""

from __future__ import annotations

import pytest

from tests.servers import ChatServer
from tests.terminal import Terminal
from tests.test_cli import run
from tests.trust.endings import Ended, arguments
from tests.trust.program import program
from tests.trust.vocabulary import strays
from tui_stream.core.crash import report
from tui_stream.ui.links import openable

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
    monkeypatch.setenv("MY_PASSWORD", "hunter two")
    said = report(RuntimeError("it was correcthorsebatterystaple, and hunter two"))
    assert said.endswith("RuntimeError: it was [key], and [key]\n")


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
    ],
)
def test_links_that_are_not_what_they_look_like_are_not_opened(target: str) -> None:
    assert openable(target) is None


@pytest.mark.parametrize(
    "target",
    ["https://münchen.de/", "https://пример.рф/", "https://例え.jp/テスト", "https://a.com/%65", "https://a.com/\\x"],
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
