"""What a real terminal makes of it: payloads in tmux, whose title and clipboard would show that one got through.

And what a pager makes of saved conversations with control characters let through, as ``less -R`` does for colours.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.scripted import body, sse
from tests.servers import ChatServer
from tests.terminal import ROOT, Terminal
from tests.trust.endings import KEY, PATIENCE, arguments
from tests.trust.payloads import ALL, word
from tests.trust.program import DEFENCES, NEITHER, NO_WAY_OUT, program
from tests.trust.vocabulary import marks, strays_in_file
from tests.ui.conversations import conversation
from tui_stream import paths
from tui_stream.store import open_store

COLUMNS, ROWS = 160, 240
_LESS = re.compile(r"\x1b\[\?1049[hl]|\x1b\[2[23];0;0t|\x1b\[\?1[hl]|\x1b[=>]|\x1b\[[KHm]|\r")
needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
needs_less = pytest.mark.skipif(shutil.which("less") is None, reason="needs less")

pytestmark = pytest.mark.usefixtures("home")


class Tmux:
    """A server of its own, whose pane runs a command; everything that a program may ask of it is switched on."""

    def __init__(self, folder: Path, command: Sequence[str], environment: dict[str, str]) -> None:
        self._socket = str(folder / "tmux")
        self._environment = {**os.environ, **environment, "TERM": "xterm-256color"}
        self._environment.pop("TMUX", None)
        config = folder / "tmux.conf"
        allowed = ("set-clipboard on", "allow-passthrough on", "allow-rename on", "status off", "remain-on-exit on")
        config.write_text("".join(f"set -g {setting}\n" for setting in allowed))
        size = ["-x", str(COLUMNS), "-y", str(ROWS)]
        self._call("-f", str(config), "new-session", "-d", *size, "-c", str(ROOT), *command)

    def _call(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self._socket, *words],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
        return done.stdout

    def shown(self) -> str:
        """What stands on the pane, without colours."""
        return self._call("capture-pane", "-p")

    def raw(self) -> str:
        """The same, with the sequences that tmux would draw it by: links among them."""
        return self._call("capture-pane", "-p", "-e")

    def buffers(self) -> str:
        """What was put on the clipboard."""
        return self._call("list-buffers")

    def asked(self, what: str) -> str:
        return self._call("display-message", "-p", what).strip()

    def type(self, *keys: str) -> None:
        self._call("send-keys", *keys)

    async def until(self, *texts: str) -> None:
        """Waits until all of these are shown."""
        async with asyncio.timeout(PATIENCE):
            while not all(text in self.shown() for text in texts):
                await asyncio.sleep(0.02)

    def end(self) -> None:
        subprocess.run(
            ["tmux", "-S", self._socket, "kill-server"], env=self._environment, timeout=PATIENCE, check=False
        )


def check_untouched(tmux: Tmux, before: tuple[str, str]) -> None:
    """No payload has reached the terminal: its title, clipboard, modes and cells are the program's."""
    assert (tmux.asked("#{pane_title}"), tmux.asked("#{window_name}")) == before
    assert tmux.buffers() == ""
    assert tmux.asked("#{alternate_on} #{insert_flag} #{origin_flag} #{scroll_region_upper}") == "1 0 0 0"
    assert not strays_in_file(tmux.shown())
    assert "\x1b]8;" not in tmux.raw()
    assert "\x1b[5" not in tmux.raw().replace("\x1b[58", ""), "nothing blinks"


@needs_tmux
@pytest.mark.parametrize("defence", DEFENCES)
async def test_answers_in_tmux(tmp_path: Path, defence: str) -> None:
    server = ChatServer()
    letters = "".join(f"- {text}\n" for text in ALL.values())
    pieces = [server.chunk({"content": letter}) for letter in letters]
    server.then_answer(body(b"".join(pieces), server.chunk({}, "stop"), sse("[DONE]")))
    async with server:
        tmux = Tmux(tmp_path, program(*arguments("chat", server), defence=defence), KEY)
        try:
            await tmux.until("ready")
            before = (tmux.asked("#{pane_title}"), tmux.asked("#{window_name}"))
            tmux.type("Hi", "Enter")
            await tmux.until("done", *(word(name) for name in ALL if not name.startswith("esc_charset")))
            check_untouched(tmux, before)
            assert defence == NO_WAY_OUT or marks(tmux.shown()) <= 8
        finally:
            tmux.end()


@needs_tmux
async def test_tmux_would_show_it(tmp_path: Path) -> None:
    """With neither line of defence payloads do get through: what this looks for can be found."""
    server = ChatServer()
    server.say("x\x1b]52;c;Y2FuYXJ5\x07\x1b]2;canary-title\x07y", "\n\nend of it")
    async with server:
        tmux = Tmux(tmp_path, program(*arguments("chat", server), defence=NEITHER), KEY)
        try:
            await tmux.until("ready")
            tmux.type("Hi", "Enter")
            await tmux.until("end of it")
            assert tmux.buffers() or tmux.asked("#{pane_title}") == "canary-title"
        finally:
            tmux.end()


async def export(form: str, file: Path) -> None:
    """Saves a conversation with every payload, kept as another program might have put it there."""
    archive = (await open_store(paths.data_dir())).archive
    try:
        texts = [text for text in ALL.values() for _ in range(2)]
        await archive.import_conversation(conversation(*texts, title=" ".join(ALL.values()), id="hostile"))
    finally:
        await archive.aclose()
    command = program("history", "export", "hostile", "--format", form, "--output", str(file))
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr


async def paged(file: Path, flag: str) -> str:
    """What a pager writes that shows a file to its end, without what it needs itself."""
    environment = {"LESS": "", "LESSHISTFILE": "-", "LESSSECURE": "1", "LC_ALL": "C.UTF-8"}
    async with Terminal(["less", flag, "-E", str(file)], columns=30_000, rows=9000, environment=environment) as shown:
        await shown.ended()
        with pytest.raises(AssertionError, match="before the end"):
            await shown.until("never written")
    return _LESS.sub("", shown.output.decode())


@needs_less
@pytest.mark.parametrize("form", ["markdown", "html", "json"])
async def test_exports_in_a_pager(tmp_path: Path, form: str) -> None:
    """``-R`` lets colours and links through to the terminal, ``-r`` everything."""
    file = tmp_path / "saved"
    await export(form, file)
    assert not strays_in_file(file.read_text("utf-8"))
    for flag in ("-R", "-r"):
        output = await paged(file, flag)
        assert not strays_in_file(output)
        assert not [name for name in ALL if word(name) not in output]


@needs_less
async def test_the_pager_would_show_it(tmp_path: Path) -> None:
    file = tmp_path / "hostile"
    for name in ("csi_blink", "osc8_file"):
        file.write_text(ALL[name])
        assert strays_in_file(await paged(file, "-R"))
