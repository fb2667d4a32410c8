"""How the pipe ends, and what it does on a terminal."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.piped import PERSON, ask, events, history, sent
from tests.scripted import Exchange, body, sse, stall, whole
from tests.servers import ChatServer
from tests.terminal import Terminal
from tests.trust.endings import Ended, controlling, kept
from tui_stream.piping.at_once import AT_ONCE


@pytest.mark.parametrize(
    ("flags", "said"), [(("--no-stream",), b""), (("--schema", PERSON), b"written unchecked"), (("--json",), b"")]
)
async def test_ctrl_c_keeps_what_has_come(flags: tuple[str, ...], said: bytes) -> None:
    begun = asyncio.Event()

    async def wait(exchange: Exchange) -> None:
        begun.set()
        await exchange.gone.wait()

    async with ChatServer() as server, asyncio.timeout(60):
        server.say('{"name"', wait)
        command = [sys.executable, "-m", "tui_stream", "pipe", "--provider", "openai", "--base-url", server.base_url]
        process = await asyncio.create_subprocess_exec(
            *command, "-m", "m", *flags, "Hi", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        await begun.wait()
        while '{"name"' not in [message.text for message in await kept()]:
            await asyncio.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    assert process.returncode == 130
    if "--json" in flags:
        assert [json.loads(line)["event"] for line in out.splitlines()] == ["start", "text", "usage", "end"]
    else:
        assert out == b'{"name"'
    assert said in err
    assert bool(err) is bool(said)


async def test_a_check_without_end_can_be_ended() -> None:
    answer = '"' + "a" * 40 + '!"'
    begun = asyncio.Event()

    async def begin(exchange: Exchange) -> None:
        del exchange
        begun.set()

    async with ChatServer() as server, asyncio.timeout(60):
        server.say(answer, begin)
        command = [sys.executable, "-m", "tui_stream", "pipe", "--provider", "openai", "--base-url", server.base_url]
        form = ["--schema", '{"pattern": "^(a+)+$"}', "Hi"]
        process = await asyncio.create_subprocess_exec(
            *command, "-m", "m", *form, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            await begun.wait()
            while answer not in [message.text for message in await kept()]:
                await asyncio.sleep(0.01)
            process.terminate()
            out, err = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
    assert (process.returncode, out.decode()) == (143, answer)
    assert b"written unchecked" in err


async def test_thoughts_are_dim_on_a_terminal() -> None:
    async with ChatServer() as server:
        server.then(
            body(
                server.chunk({"reasoning_content": "Hm\x1b[2J"}),
                server.chunk({"content": "Yes"}),
                server.chunk({}, "stop"),
                sse("[DONE]"),
            )
        )
        at = ("--provider", "openai", "--base-url", server.base_url, "--model", "m")
        async with Terminal([sys.executable, "-m", "tui_stream", "pipe", *at, "--reasoning", "Hi"]) as terminal:
            await terminal.until("\x1b[2mHm[2J\x1b[0m\r\n")
            await terminal.until("Yes")
            assert await terminal.ended() == 0


async def test_a_terminal_that_does_not_read_utf_8_gets_what_it_reads() -> None:
    async with ChatServer() as server:
        server.say("na\u00efve \u65e5 \U0001f642.")
        at = ("--provider", "openai", "--base-url", server.base_url, "--model", "m")
        command = [sys.executable, "-m", "tui_stream", "pipe", *at, "Hi"]
        async with Terminal(command, environment={"PYTHONIOENCODING": "iso-8859-1"}) as terminal:
            assert await terminal.ended() == 0
    assert bytes(terminal.output) == b"na\xefve ? ?.\r\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("flags", [[], ["--json"], ["--no-stream"]])
async def test_a_full_disk(flags: list[str]) -> None:
    async with ChatServer() as server:
        server.say("one")
        full = os.open("/dev/full", os.O_WRONLY)
        done = await ask(server, *flags, "Hi", stdout=full)
        os.close(full)
    assert done.returncode == 1
    assert done.stderr == b"tui-stream: The answer cannot be written: no space is left. Free some and ask again.\n"
    listed = await history("list", "--json")
    assert [one["interrupted"] for one in listed] == [False]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
async def test_the_exit_code_is_the_errors_where_stderr_cannot_be_written() -> None:
    async with ChatServer() as server:
        server.then(whole({"error": {"message": "No."}}, 401))
        full = os.open("/dev/full", os.O_WRONLY)
        assert (await ask(server, "Hi", stderr=full)).returncode == 3
        server.say("ok")
        done = await ask(server, "--stats", "Hi", stderr=full)
        os.close(full)
    assert (done.returncode, done.stdout) == (0, b"ok")


async def test_a_prompt_that_is_typed_ends_with_its_first_end() -> None:
    async with ChatServer() as server:
        server.say("ok")
        at = ("--provider", "openai", "--base-url", server.base_url, "--model", "m")
        async with Terminal([sys.executable, "-m", "tui_stream", "pipe", *at]) as terminal:
            asked = await terminal.until("then Ctrl+D.")
            terminal.type("typed\n\x04")
            await terminal.until("ok", start=asked)
            assert await terminal.ended() == 0
        assert sent(server)["messages"][0]["content"] == "typed\n"


@pytest.mark.parametrize("flags", [(), ("--no-stream",)])
async def test_several_answers_on_a_terminal(flags: tuple[str, ...]) -> None:
    async with ChatServer() as server:
        server.say("one\n```\nopen")
        server.say("**two**")
        at = ("--provider", "openai", "--base-url", server.base_url, "--model", "m", *flags)
        async with Ended([sys.executable, "-m", "tui_stream", "pipe", *at, "-n", "2", "Hi"]) as terminal:
            assert await terminal.ended() == 0
            await terminal.all_read()
            terminal.check_settings()
    shown = Emulator(120, 40)
    shown.write(terminal.output.decode())
    lines = [line.strip() for line in shown.text() if line.strip()]
    assert [line for line in lines if set(line) != {"\u2500"}] == ["one", "text", "open", "two"]
    assert len(lines) == 5


async def test_several_answers_on_a_terminal_as_they_are() -> None:
    async with ChatServer() as server:
        server.say("one")
        server.say("two\n")
        server.say("three")
        at = ("--provider", "openai", "--base-url", server.base_url, "--model", "m", "--raw")
        async with Ended([sys.executable, "-m", "tui_stream", "pipe", *at, "-n", "3", "Hi"]) as terminal:
            assert await terminal.ended() == 0
            await terminal.all_read()
    assert bytes(terminal.output) == b"one\n\n---\n\ntwo\n\n---\n\nthree\n".replace(b"\n", b"\r\n")


@pytest.mark.parametrize("flags", [(), ("--no-stream",), ("--schema", PERSON)])
async def test_ctrl_c_on_a_terminal_shows_all_that_has_come(flags: tuple[str, ...]) -> None:
    begun = asyncio.Event()

    async def wait(exchange: Exchange) -> None:
        begun.set()
        await exchange.gone.wait()

    async with ChatServer() as server, asyncio.timeout(60):
        server.say("It has begun", wait)
        at = ("--provider", "openai", "--base-url", server.base_url, "--model", "m", *flags)
        command = controlling([sys.executable, "-m", "tui_stream", "pipe", *at, "Hi"])
        async with Ended(command) as terminal:
            await begun.wait()
            while "It has begun" not in [message.text for message in await kept()]:
                await asyncio.sleep(0.01)
            terminal.type("\x03")
            assert await terminal.ended() == 130
            await terminal.all_read()
            terminal.check_settings()
    assert "It has begun" in terminal.output.decode()
    assert b"\x18" not in terminal.output
    assert (b"written unchecked" in terminal.output) is ("--schema" in flags)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
async def test_a_second_signal_at_once_changes_nothing(number: signal.Signals) -> None:
    begun = asyncio.Event()

    async def wait(exchange: Exchange) -> None:
        begun.set()
        await exchange.gone.wait()

    async with ChatServer() as server, asyncio.timeout(60):
        server.say("begun", wait)
        command = [sys.executable, "-m", "tui_stream", "pipe", "--provider", "openai", "--base-url", server.base_url]
        process = await asyncio.create_subprocess_exec(
            *command, "-m", "m", "Hi", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        await begun.wait()
        while "begun" not in [message.text for message in await kept()]:
            await asyncio.sleep(0.01)
        process.send_signal(number)
        process.send_signal(number)
        assert await process.communicate() == (b"begun", b"")
    assert process.returncode == 128 + number
    assert (await kept())[-1].status.value == "cancelled"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_events_that_nobody_reads(number: signal.Signals) -> None:
    reading, writing = os.pipe()
    async with ChatServer() as server, asyncio.timeout(60):
        server.say("x" * 300_000, stall)
        command = [sys.executable, "-m", "tui_stream", "pipe", "--provider", "openai", "--base-url", server.base_url]
        process = await asyncio.create_subprocess_exec(
            *command, "-m", "m", "--json", "Hi", stdin=subprocess.DEVNULL, stdout=writing
        )
        os.close(writing)
        while struct.unpack("i", fcntl.ioctl(reading, termios.FIONREAD, b"1234"))[0] < 60_000:
            await asyncio.sleep(0.01)
        process.send_signal(number)
        assert await process.wait() == 128 + number
    with os.fdopen(reading, "rb") as rest:
        lines = rest.read().splitlines()
    assert json.loads(lines[0])["event"] == "start"
    assert lines[-1].endswith(b"x")
    assert set(lines[-1].removeprefix(b'{"event": "text", "answer": 1, "text": "')) == {ord("x")}


@pytest.mark.parametrize("kind", ["pipe", "socket"])
@pytest.mark.parametrize("flags", [(), ("--no-stream",), ("--schema", PERSON), ("--json",), ("-n", "2")])
async def test_a_reader_that_goes_away_ends_it_at_once(flags: tuple[str, ...], kind: str) -> None:
    begun = asyncio.Event()

    async def wait(exchange: Exchange) -> None:
        begun.set()
        await exchange.gone.wait()

    reading, writing = os.pipe() if kind == "pipe" else (end.detach() for end in socket.socketpair())
    async with ChatServer() as server, asyncio.timeout(60):
        server.say("begun", wait)
        command = [sys.executable, "-m", "tui_stream", "pipe", "--provider", "openai", "--base-url", server.base_url]
        process = await asyncio.create_subprocess_exec(
            *command, "-m", "m", *flags, "Hi", stdin=subprocess.DEVNULL, stdout=writing, stderr=subprocess.PIPE
        )
        os.close(writing)
        await begun.wait()
        while "begun" not in [message.text for message in await kept()]:
            await asyncio.sleep(0.01)
        if kind == "socket":
            os.write(reading, b"this is not for stdout")
        assert process.returncode is None
        os.close(reading)
        _, err = await process.communicate()
        await server.exchanges[-1].gone.wait()
    assert (await process.wait(), err) == (141, b"")
    assert (await kept())[-1].status.value == "cancelled"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
async def test_a_recording_that_cannot_be_written() -> None:
    async with ChatServer() as server:
        server.say("ok")
        done = await ask(server, "--record", "/dev/full", "Hi")
    assert done.returncode == 2
    assert done.stderr.startswith(b"tui-stream: The recording /dev/full cannot be written")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("flags", [(), ("--json",)])
async def test_what_would_make_all_answers_fail_is_said_once(flags: tuple[str, ...]) -> None:
    async with ChatServer() as server:
        server.on("/v1/chat/completions", whole({"error": {"message": "No."}}, 401))
        done = await ask(server, *flags, "-n", "20", "Hi")
        asked = len(server.exchanges)
    assert done.returncode == 3
    assert done.stderr.count(b"tui-stream: ") == done.stderr.count(b"\n") == 1
    assert [one["event"] for one in events(done) if one["event"] == "error"] == ["error"] * len(flags)
    assert 1 <= asked <= AT_ONCE
