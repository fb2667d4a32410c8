"""What is said when the disk or another program is in the way, and that nothing shown is lost by it."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.store.keeping import Talk, opened
from tests.terminal import ROOT
from tui_stream.core.models import MessageStatus
from tui_stream.errors import StoreError
from tui_stream.store import open_store
from tui_stream.store.archive import SqliteArchive
from tui_stream.store.faults import explained


async def limited(archive: SqliteArchive, pages: int) -> None:
    """Lets the database grow by so many pages at most."""

    def job() -> None:
        connection = archive._journal.connection()
        have = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {have + pages}")

    await archive._write(job)


async def test_a_full_disk_is_said_and_what_is_owed_is_written_once_there_is_room(talk: Talk) -> None:
    await talk.say("before")
    answer = await talk.answer()
    await talk.grow(answer, "kept ")
    await limited(talk.archive, 2)
    with pytest.raises(StoreError, match="disk is full") as caught:
        await talk.grow(answer, "x" * 50_000)
    assert "Make some room" in caught.value.hint
    with pytest.raises(StoreError, match="disk is full"):
        await talk.finish(answer)
    with pytest.raises(StoreError, match="disk is full"):
        await talk.say("another question")
    assert await talk.texts() == ["before", "kept "]
    await limited(talk.archive, 1_000_000)
    await talk.say("and one more")
    assert await talk.texts() == ["before", "kept " + "x" * 50_000, "another question", "and one more"]
    assert (await talk.loaded()).messages[1].status is MessageStatus.COMPLETE
    assert len(await talk.archive.search("question")) == 1


async def test_what_is_owed_is_written_when_the_program_ends(folder: Path) -> None:
    async with opened(folder) as archive:
        talk = Talk(archive)
        await talk.say("before")
        await limited(archive, 1)
        with pytest.raises(StoreError):
            await talk.say("x" * 50_000)
        await limited(archive, 1_000_000)
    async with opened(folder) as archive:
        assert [len(message.text) for message in (await archive.load(talk.id)).messages] == [6, 50_000]


async def test_what_can_never_be_written_is_in_nobodys_way(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    await talk.say("before")

    def refuse(*_: object, **__: object) -> None:
        raise sqlite3.IntegrityError("no")

    with monkeypatch.context() as patched:
        patched.setattr("tui_stream.store.writing.put", refuse)
        with pytest.raises(StoreError, match="failed: no"):
            await talk.say("impossible")
    await talk.say("after")
    assert (await talk.texts())[-1] == "after"


async def test_a_database_that_turns_read_only_is_said_to_be(talk: Talk) -> None:
    await talk.say("before")

    def job() -> None:
        talk.archive._journal.connection().execute("PRAGMA query_only = ON")

    await talk.archive._write(job)
    with pytest.raises(StoreError, match="read-only") as caught:
        await talk.say("refused")
    assert "may write to" in caught.value.hint
    assert await talk.texts() == ["before"]


AS_NOBODY = """
import asyncio, os, sys
from pathlib import Path
import tui_stream.core.archive, tui_stream.store.archive
from tui_stream.errors import StoreError
from tui_stream.store import open_store
if os.getuid() == 0:
    os.setgid(65534), os.setuid(65534)
async def main():
    try:
        await open_store(Path(sys.argv[1]))
    except StoreError as error:
        print(error.message)
asyncio.run(main())
"""


def refused(folder: Path) -> str:
    """What a person without any rights is told."""
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(folder)], capture_output=True, text=True, check=True, timeout=60, cwd=ROOT
    )
    return done.stdout.strip()


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that anybody may get to; pytest shuts its own whenever it starts."""
    with tempfile.TemporaryDirectory() as outer:
        folder = Path(outer) / "data" / "tui-stream"
        folder.mkdir(parents=True)
        for one in (Path(outer), folder.parent, folder):
            one.chmod(0o755)
        yield folder


async def test_a_folder_that_cannot_be_written_is_said_to_be(reachable: Path) -> None:
    reachable.chmod(0o555)
    try:
        assert refused(reachable) == f"The history in {reachable}/history.db cannot be used: permission denied."
        assert (
            refused(reachable / "new")
            == f"The history in {reachable}/new/history.db cannot be used: permission denied."
        )
    finally:
        reachable.chmod(0o700)


AS_READER = """
import asyncio, os, sys
from pathlib import Path
import tui_stream.core.archive, tui_stream.store.archive, tui_stream.store.unwritable
from tui_stream.core.models import Conversation, Message, Role
from tui_stream.errors import StoreError
from tui_stream.store import open_store
if os.getuid() == 0:
    os.setgid(65534), os.setuid(65534)
async def main():
    store = await open_store(Path(sys.argv[1]))
    archive = store.archive
    print(store.notices, archive.writable)
    (one,) = await archive.conversations()
    print([message.text for message in (await archive.load(one.id)).messages], await archive.latest() == one.id)
    print(len(await archive.search("question")), await archive.prompts(), await archive.draft("here"))
    await archive.save_draft("here", "typed")
    print(await archive.draft("here"))
    for write in (archive.add(Conversation(), Message(Role.USER, "x")), archive.rename(one.id, "y"), archive.purge()):
        try:
            await write
        except StoreError as error:
            print(error.message, error.hint)
    sys.stdin.readline()
    print([message.text for message in (await archive.load(one.id)).messages])
    try:
        await archive.aclose()
    except StoreError as error:
        print(error.message)
asyncio.run(main())
"""


def reader(folder: Path) -> subprocess.Popen[str]:
    """A program that may only read; it looks once more when it is sent a line."""
    command = [sys.executable, "-u", "-c", AS_READER, str(folder)]
    where = {**os.environ, "TMPDIR": "/tmp"}  # where anybody may write
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=where)


def lock_up(folder: Path, how: str) -> str:
    """Lets nobody but root write, and others read; why they cannot write."""
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    folder.chmod(0o777 if how == "the file" else 0o555)
    return "permission denied"


@pytest.mark.parametrize("how", ["the folder", "the file", "with a journal"])
async def test_what_cannot_be_written_can_be_read(reachable: Path, how: str) -> None:
    async with opened(reachable) as archive:
        talk = Talk(archive)
        await talk.say("A question")
        await archive.save_draft("here", "unsent")
        if how == "with a journal":
            left = {path.name: path.read_bytes() for path in reachable.glob("history.db*")}
    if how == "with a journal":
        for name in ("history.db", "history.db-wal"):
            (reachable / name).write_bytes(left[name])
        assert left["history.db-wal"]
    why = lock_up(reachable, how)
    process = reader(reachable)
    try:
        said, _ = process.communicate("\n", timeout=60)
    finally:
        reachable.chmod(0o700)
    cannot = f"The history in {reachable}/history.db cannot be written: {why}."
    refusal = f"{cannot} Make {reachable} a folder that you may write to."
    assert said.splitlines() == [
        "() False",
        "['A question'] True",
        "1 ['A question'] unsent",
        "typed",
        *[refusal] * 3,
        "['A question']",
        cannot,
    ]
    assert process.returncode == 0


async def test_what_another_one_writes_meanwhile_is_read_too(reachable: Path) -> None:
    async with opened(reachable) as archive:
        talk = Talk(archive)
        await talk.say("A question")
        lock_up(reachable, "the folder")
        process = reader(reachable)
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(7)]
        assert lines[1] == "['A question'] True\n"
        await talk.say("And another one")
        said, _ = process.communicate("\n", timeout=60)
        assert said.splitlines()[0] == "['A question', 'And another one']"


@pytest.mark.parametrize("name", ["file/history", "file"])
async def test_a_folder_that_cannot_be_made_is_said_to_be(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be used") as caught:
        await open_store(tmp_path / name)
    assert "may write to" in caught.value.hint
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.parametrize("how", ["the database", "all files", "the folder"])
async def test_a_history_that_is_deleted_while_the_program_runs_is_begun_again(
    talk: Talk, folder: Path, how: str
) -> None:
    root = await talk.say("root")
    await talk.finish(await talk.answer("left", after=root))
    answer = await talk.answer(after=root)
    await talk.grow(answer, "so ")
    other = Talk(talk.archive)
    await other.say("somebody wanted this gone")
    await talk.texts()
    if how == "the folder":
        shutil.rmtree(folder)
    else:
        for path in folder.glob("history.db" if how == "the database" else "history.db*"):
            path.unlink()
    await talk.grow(answer, "far")
    assert await talk.texts() == ["root", "so far"]
    await talk.finish(answer)
    await talk.say("on")
    assert await talk.texts() == ["root", "so far", "on"]
    assert [message.text for message in (await talk.loaded()).others] == ["left"]
    assert await talk.archive.search("somebody") == []
    assert [one.id for one in await talk.archive.conversations()] == [talk.id]
    (notice,) = talk.archive.take_notices()
    assert "taken away while the program ran" in notice
    assert talk.archive.take_notices() == ()
    async with opened(folder) as archive:
        assert len((await archive.load(talk.id)).tree) == 4


async def test_two_programs_survive_that_their_history_is_deleted(folder: Path) -> None:
    async with opened(folder) as one, opened(folder) as other:
        talk, twin = Talk(one), Talk(other)
        await talk.say("mine")
        await twin.say("yours")
        (folder / "history.db").unlink()
        await talk.say("mine again")
        await twin.say("yours again")
        await talk.say("mine once more")
        assert await twin.texts() == ["yours", "yours again"]
    async with opened(folder) as archive:
        assert [m.text for m in (await archive.load(talk.id)).messages] == ["mine", "mine again", "mine once more"]
        assert [m.text for m in (await archive.load(twin.id)).messages] == ["yours", "yours again"]


async def test_reading_where_nothing_is_left_finds_nothing(talk: Talk, folder: Path) -> None:
    await talk.say("root")
    assert len(await talk.archive.conversations()) == 1
    (folder / "history.db").unlink()
    assert await talk.archive.conversations() == []
    with pytest.raises(StoreError, match="no conversation"):
        await talk.loaded()


async def test_a_lock_that_somebody_keeps_for_ever_is_said(folder: Path) -> None:
    async with opened(folder, patience=0.1) as archive:
        talk = Talk(archive)
        await talk.say("before")
        with closing(sqlite3.connect(folder / "history.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="Another program keeps the history") as caught:
                await talk.say("waits")
            assert "locked" in caught.value.message
            assert "written as soon as" in caught.value.hint
            assert await talk.texts() == ["before"], "reading goes on meanwhile"
            with pytest.raises(StoreError, match="locked"):
                await open_store(folder, patience=0.1)
        await talk.say("after")
        assert await talk.texts() == ["before", "waits", "after"]


HOLD = """
import fcntl, sys
with open(sys.argv[1]) as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""


def locking(path: Path) -> subprocess.Popen[str]:
    """A program that holds a lock until its input ends."""
    command = [sys.executable, "-c", HOLD, str(path)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


async def test_a_program_that_never_gets_done_opening_is_said(folder: Path) -> None:
    async with opened(folder):
        pass
    holder = locking(folder / "opening")
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match="another program is opening it"):
            await open_store(folder, patience=0.1)
        holder.communicate("")
    async with opened(folder) as archive:
        assert await archive.conversations() == []


def of_sqlite(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("technical words")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (lambda: OSError(errno.ENOSPC, "No space left on device"), "The disk is full"),
        (lambda: PermissionError(errno.EACCES, "Permission denied"), "permission denied"),
        (lambda: OSError(errno.EROFS, "Read-only file system"), "read-only file system"),
        (lambda: of_sqlite(sqlite3.SQLITE_FULL), "The disk is full"),
        (lambda: of_sqlite(sqlite3.SQLITE_IOERR_WRITE), "The disk does not read or write"),
        (lambda: of_sqlite(sqlite3.SQLITE_CANTOPEN), "cannot be opened"),
        (lambda: of_sqlite(sqlite3.SQLITE_READONLY_DBMOVED), "read-only"),
        (lambda: of_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT), "Another program keeps"),
        (lambda: of_sqlite(sqlite3.SQLITE_CORRUPT_INDEX), "damaged"),
        (lambda: of_sqlite(sqlite3.SQLITE_NOTADB), "damaged"),
        (lambda: sqlite3.OperationalError("no such module: fts5"), "no such module: fts5"),
    ],
)
def test_every_fault_has_a_sentence_and_a_hint(error: Callable[[], OSError | sqlite3.Error], said: str) -> None:
    told = explained(error(), Path("/data/history.db"))
    assert said in told.message
    assert told.message.endswith(".")
    assert told.hint.endswith(".")
    assert "/data" in told.message
