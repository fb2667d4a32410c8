"""Every file that the program makes is its owner's alone, and every folder, whatever the umask."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers import ChatServer
from tests.store.keeping import Talk, opened
from tui_stream.commands.config import write_new
from tui_stream.core.private_files import make_folder, make_temporary, open_private
from tui_stream.eventlog import FileLog
from tui_stream.exchange import created
from tui_stream.paths import data_dir
from tui_stream.providers._pool_choice import Standing
from tui_stream.providers._pool_memory import Key, Memory
from tui_stream.providers._weights_files import make_private_folder
from tui_stream.providers._weights_files import open_private as open_weights

PROGRAM = (sys.executable, "-m", "tui_stream")


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o277, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def others_may(folder: Path) -> dict[str, str]:
    """What is not as it should be under a folder, with its mode."""
    wrong = {}
    for path in folder.rglob("*"):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if not path.is_symlink() and mode != (0o700 if path.is_dir() else 0o600):
            wrong[str(path.relative_to(folder))] = oct(mode)
    return wrong


def _settings(folder: Path) -> None:
    write_new(folder / "a" / "b" / "config.toml", "x = 1\n", force=False)
    write_new(folder / "a" / "b" / "config.toml", "x = 2\n", force=True)


def _log(folder: Path) -> None:
    log = FileLog(folder / "a" / "b" / "log", size=200, backups=2)
    for number in range(40):
        log.write("event", number=number)
    log.close()


def _export(folder: Path) -> None:
    for replace in (False, True):
        with created(folder / "chat.md", replace=replace) as file:
            file.write("x")


def _memory(folder: Path) -> None:
    memory = Memory(folder / "a" / "b" / "endpoints.json")
    memory.keep({Key("openai", "http://x", "m"): Standing(1.0, 0.0, 0, 0.0, 0.0, 0, 0.0)})
    memory.write()


def _weights(folder: Path) -> None:
    make_private_folder(folder / "a" / "b")
    for mode in ("xb", "ab"):
        open_weights(folder / "a" / "b" / f"part-{mode}", mode).close()


MADE: dict[str, Callable[[Path], None]] = {
    "settings": _settings,
    "log": _log,
    "export": _export,
    "endpoints": _memory,
    "weights": _weights,
}


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("name", MADE)
def test_a_file_is_private(name: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    root.chmod(0o700)
    MADE[name](root)
    assert any(path.is_file() for path in root.rglob("*"))
    assert others_may(root) == {}


@pytest.mark.usefixtures("umask")
async def test_the_history_is_private_while_it_is_open_and_after(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with opened(folder) as archive:
        await Talk(archive).say("secret")
        await archive.save_draft("", "a draft")
        assert {"history.db", "history.db-wal", "history.db-shm"} <= {path.name for path in folder.iterdir()}
        assert others_may(folder.parent) == {}
    assert others_may(folder.parent) == {}


def test_a_file_that_was_open_to_others_is_shut_and_one_that_is_no_file_is_left(tmp_path: Path) -> None:
    file = tmp_path / "recording"
    file.touch(0o644)
    file.chmod(0o666)
    with open(file, "w", opener=open_private) as stream:
        stream.write("x")
    assert others_may(tmp_path) == {}
    mode = Path(os.devnull).stat().st_mode
    with open(os.devnull, "w", opener=open_private):
        assert Path(os.devnull).stat().st_mode == mode


def test_folders_that_are_there_keep_their_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    (tmp_path / "file").touch(0o600)
    with pytest.raises(NotADirectoryError):
        make_folder(tmp_path / "file" / "c")
    descriptor, path = make_temporary(tmp_path, "x-", ".part")
    os.close(descriptor)
    assert path.name.startswith("x-")


@pytest.mark.parametrize("mask", ["000", "022"])
async def test_all_that_the_program_leaves_is_private(mask: str, home: Path, tmp_path: Path) -> None:
    written = tmp_path / "written"
    written.mkdir(mode=0o700)
    home.chmod(0o700)
    files = ("--log", str(written / "log"), "--record", str(written / "recording"))
    async with asyncio.timeout(60), ChatServer() as server:
        server.say("Hello")
        server.say("Hello")
        hosts = ("--base-url", server.base_url, "--base-url", f"{server.base_url}/")
        commands = (
            ("pipe", "Hi", "--provider", "openai", "--model", "m", *hosts, *files),
            ("history", "export", "--all", "-o", str(written / "all.json")),
            ("history", "export", "--all", "--format", "html", "-o", f"{written}/pages/"),
            ("config", "init"),
        )
        for command in commands:
            shell = ("sh", "-c", f'umask {mask}; exec "$@"', "sh", *PROGRAM, *command)
            process = await asyncio.create_subprocess_exec(*shell, stderr=asyncio.subprocess.PIPE, stdout=-1)
            _, said = await process.communicate()
            assert process.returncode == 0, said
    assert {"log", "recording", "all.json", "pages"} <= {path.name for path in written.iterdir()}
    names = {path.name for path in home.rglob("*")}
    assert {"history.db", "config.toml", "endpoints.json"} <= names
    assert others_may(written) == {}
    assert others_may(home) == {}
    assert sqlite3.connect(data_dir() / "history.db").execute("PRAGMA quick_check").fetchone() == ("ok",)
