"""Ctrl+Z, ``fg``, and stops that nobody foretold: the terminal is the shell's meanwhile, and what arrived is kept."""

from __future__ import annotations

import asyncio
import signal
import termios
from pathlib import Path

import pytest

from tests.trust.endings import (
    ENDED,
    KEY,
    QUIT,
    Ended,
    answering,
    arguments,
    check_kept,
    controlling,
    in_an_answer,
    stopped,
)
from tests.trust.program import program

CTRL_Z, HELP = "\x1a", "\x1bOP"
SIGNALS = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]

pytestmark = pytest.mark.usefixtures("home")


async def test_ctrl_z_in_a_shell_and_fg(tmp_path: Path) -> None:
    script = tmp_path / "chat"
    server = answering()
    async with server:
        words = program(*arguments("chat", server))
        script.write_text("#!/bin/sh\n" + " ".join(f"'{word}'" for word in words) + "\necho ENDED:$?\n")
        script.chmod(0o700)
        shell = controlling(["bash", "--norc", "--noprofile", "--noediting", "-i"])
        async with Ended(shell, environment={**KEY, "PS1": "PROMPT> "}) as terminal:
            await terminal.until("PROMPT> ")
            terminal.type(f"{script}; echo SHELL:$?\n")
            await terminal.until("ready")
            terminal.type("Hi\r")
            await terminal.until("begun.")
            terminal.type("draft§")
            await terminal.until("draft§")
            terminal.type(CTRL_Z)
            back = await terminal.until("PROMPT> ", start=await terminal.until("Stopped"))
            terminal.check_modes()
            flags = termios.tcgetattr(terminal.master)[3]
            assert flags & termios.ISIG
            await check_kept("streaming", "interrupted")
            terminal.type("fg\n")
            await terminal.until("draft§", start=back)
            terminal.type(QUIT)
            await terminal.until("ENDED:0", start=back)
            terminal.type("exit\n")
            await terminal.ended()


async def test_ctrl_z_without_a_shell_says_that_nothing_could_bring_the_program_back() -> None:
    async with in_an_answer() as terminal:
        terminal.type(CTRL_Z)
        await terminal.until("No shell")
        terminal.type(QUIT)
        assert await terminal.ended() == 0


async def test_a_stop_that_nobody_foretold() -> None:
    async with in_an_answer() as terminal:
        for _ in range(3):
            before = len(terminal.output)
            terminal.process.send_signal(signal.SIGSTOP)
            await stopped(terminal)
            terminal.process.send_signal(signal.SIGCONT)
            await terminal.until("begun.", start=before)
        before = len(terminal.output)
        terminal.type("once§")
        await terminal.until("once§", start=before)
        terminal.type(QUIT)
        assert await terminal.ended() == 0
        await terminal.all_read()
        terminal.check_reset()
        assert b"onceonce" not in terminal.output


async def test_however_often_it_is_stopped_it_goes_on_at_once() -> None:
    async with in_an_answer() as terminal:
        for _ in range(3):
            terminal.process.send_signal(signal.SIGTSTP)
            await asyncio.sleep(0.001)
        await stopped(terminal)
        before = len(terminal.output)
        terminal.process.send_signal(signal.SIGCONT)
        await terminal.until("begun.", start=before)
        terminal.process.send_signal(signal.SIGTERM)
        assert await terminal.ended() == 128 + signal.SIGTERM
        await terminal.all_read()
        terminal.check_reset()
    await check_kept(*ENDED)


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_while_the_program_is_stopped(number: signal.Signals) -> None:
    async with in_an_answer() as terminal:
        terminal.process.send_signal(signal.SIGTSTP)
        await stopped(terminal)
        terminal.process.send_signal(number)
        terminal.process.send_signal(signal.SIGCONT)
        assert await terminal.ended() == 128 + number
        await terminal.all_read()
        terminal.check_reset()
    await check_kept(*ENDED)
