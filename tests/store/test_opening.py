"""Versions, permissions, and histories that are damaged or not ours."""

from __future__ import annotations

import gzip
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.store.keeping import Clock, Talk, alike, full_message, opened, rows
from tests.terminal import ROOT
from tui_stream.core.models import Estimate, MessageStatus, Usage
from tui_stream.errors import StoreError
from tui_stream.store import files, migrations, open_store
from tui_stream.store.archive import SqliteArchive
from tui_stream.store.opening import Opening, open_database
from tui_stream.store.schema import APPLICATION_ID, STEPS

# -- who may look -----------------------------------------------------------------------------------


@pytest.fixture(params=[0o000, 0o022, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir() if path.is_file()}


@pytest.mark.usefixtures("umask")
async def test_nobody_else_may_look_whatever_the_umask(tmp_path: Path) -> None:
    folder = tmp_path / "history"
    async with opened(folder) as archive:
        await Talk(archive).say("secret")
        assert {"history.db", "history.db-wal", "history.db-shm"} <= set(modes(folder))
        assert set(modes(folder).values()) == {0o600}
        assert set(modes(folder / "open").values()) == {0o600}
        assert {one.stat().st_mode & 0o777 for one in (folder, folder / "open")} == {0o700}


async def test_what_was_open_to_others_is_shut(folder: Path) -> None:
    async with opened(folder) as archive:
        await Talk(archive).say("secret")
    folder.chmod(0o755)
    (folder / "history.db").chmod(0o644)
    async with opened(folder):
        assert folder.stat().st_mode & 0o777 == 0o700
        assert set(modes(folder).values()) == {0o600}


@pytest.mark.parametrize("mask", [0o777, 0o277, 0o000])
async def test_the_folders_that_it_is_in_are_of_use_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        files.make_folder(tmp_path / "local" / "share" / "history")
    finally:
        os.umask(before)
    for one in ("local", "local/share", "local/share/history"):
        assert (tmp_path / one).stat().st_mode & 0o777 == 0o700


# -- versions ---------------------------------------------------------------------------------------


def older(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE talks (id TEXT PRIMARY KEY, name TEXT)")
    connection.execute("CREATE TABLE lines (talk TEXT REFERENCES talks (id), line TEXT)")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def renamed(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE talks RENAME COLUMN name TO title")


def stamped(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE talks ADD COLUMN stamp INTEGER NOT NULL DEFAULT 7")


def broken(connection: sqlite3.Connection) -> None:
    stamped(connection)
    connection.execute("INSERT INTO lines VALUES ('nobody', 'dangling')")


def day() -> datetime:
    return datetime(2026, 3, 4, tzinfo=UTC)


def made(path: Path, version: int) -> sqlite3.Connection:
    """A database of an older version, with a row in it that still is in the journal."""
    files.make_file(path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    migrations.migrate(connection, path, (older, renamed, stamped)[:version], day)
    connection.execute(
        "INSERT INTO talks VALUES ('a', 'first', 7)" if version > 2 else "INSERT INTO talks VALUES ('a', 'first')"
    )
    return connection


@pytest.mark.parametrize("version", [1, 2])
def test_every_older_version_is_brought_up_to_date_and_kept_as_a_copy(tmp_path: Path, version: int) -> None:
    path = tmp_path / "history.db"
    with closing(made(path, version)) as connection:
        copy = migrations.migrate(connection, path, (older, renamed, stamped), day)
        assert connection.execute("SELECT id, title, stamp FROM talks").fetchall() == [("a", "first", 7)]
        assert migrations.version_of(connection) == 3
        assert connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1
        assert migrations.migrate(connection, path, (older, renamed, stamped), day) is None
    assert copy == tmp_path / f"history-v{version}-2026-03-04.db"
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert migrations.version_of(connection) == version
        assert connection.execute("SELECT * FROM talks").fetchall() == [("a", "first")]


def test_a_copy_never_overwrites_another_one(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    (tmp_path / "history-v1-2026-03-04.db").write_text("mine")
    with closing(made(path, 1)) as connection:
        copy = migrations.migrate(connection, path, (older, renamed), day)
    assert copy == tmp_path / "history-v1-2026-03-04-2.db"
    assert (tmp_path / "history-v1-2026-03-04.db").read_text() == "mine"


def test_a_step_that_fails_leaves_the_version_before_it(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with closing(made(path, 1)) as connection:
        with pytest.raises(sqlite3.IntegrityError, match=r"step 3 .* lines"):
            migrations.migrate(connection, path, (older, renamed, broken), day)
        assert migrations.version_of(connection) == 2
        assert connection.execute("SELECT id, title FROM talks").fetchall() == [("a", "first")]
        assert "stamp" not in [row[1] for row in connection.execute("PRAGMA table_info(talks)")]


VERSIONS = {1: Path(__file__).parent / "version_1.db.gz"}
"""Histories as the program wrote them when the version was the present one."""


def written(folder: Path, version: int) -> Path:
    """A real history of an older version."""
    folder.mkdir(parents=True)
    path = folder / "history.db"
    path.write_bytes(gzip.decompress(VERSIONS[version].read_bytes()))
    return path


def contents(path: Path, tables: dict[str, list[str]]) -> dict[str, list[tuple[object, ...]]]:
    """All rows of these tables, as far as these columns go."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: connection.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY {columns[0]}").fetchall()  # noqa: S608 # of ours
            for table, columns in tables.items()
        }


def columns(path: Path) -> dict[str, list[str]]:
    """The tables that a person filled, and their columns."""
    with closing(sqlite3.connect(path)) as connection:
        names = ("conversations", "messages", "bodies", "pieces", "drafts")
        return {name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")] for name in names}


def objects(path: Path) -> set[tuple[str, str, str]]:
    """Tables, indexes and views with their columns, whatever the order in which they were made."""
    with closing(sqlite3.connect(path)) as connection:
        listed = connection.execute("SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'").fetchall()
        return {
            (kind, name, str(sorted(row[1:] for row in connection.execute(f"PRAGMA table_xinfo({name})"))))
            for kind, name in listed
        }


@pytest.mark.parametrize("version", range(1, len(STEPS)))
def test_every_row_of_every_older_history_is_there_in_the_present_one(tmp_path: Path, version: int) -> None:
    path = written(tmp_path / "old", version)
    had = columns(path)
    before = contents(path, had)
    assert all(before.values()), "there is something in every table"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        copy = migrations.migrate(connection, path, STEPS, day)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert contents(path, had) == before
    assert copy is not None
    assert contents(copy, had) == before
    fresh = tmp_path / "new.db"
    with closing(sqlite3.connect(fresh, isolation_level=None)) as connection:
        migrations.migrate(connection, fresh, STEPS, day)
    assert objects(path) == objects(fresh)


async def test_a_history_of_version_1_is_used_as_before_and_counted(folder: Path) -> None:
    written(folder, 1)
    archive, notices = await reopened(folder)
    copy = folder / "history-v1-2026-03-04.db"
    assert f"The history was brought up to date; the old one is kept as {copy}." in notices
    assert {one.title for one in await archive.conversations()} == {"Lighthouses", "Free", "Broken off"}
    (lights,) = [one for one in await archive.conversations() if one.title == "Lighthouses"]
    loaded = await archive.load(lights.id)
    assert [message.text for message in loaded.messages][2:] == ["And the keeper?", "On the rock in the sea"]
    full = replace(full_message(), id="a" * 32, parent_id=loaded.messages[0].id)
    same = {"created_at": full.created_at, "finished_at": full.finished_at, "tool_calls": full.tool_calls}
    assert alike(replace(loaded.messages[1], **same), full)  # type: ignore[arg-type] # fields of a message
    assert await archive.draft(lights.id) == "unsent"
    assert len(await archive.search("keeper")) == 1
    assert {one.model: (one.requests, one.dollars, one.local) for one in await archive.spent()} == {
        "gpt": (2, Decimal("0.0200000750"), 0),
        "llama3": (1, Decimal(0), 1),
    }
    talk = Talk(archive)
    await talk.say("new words")
    guess = Estimate(1, 20, 0, 30, 0, 5, 7)
    made = await talk.answer("new answer", provider="openai", model="gpt", usage=Usage(6, 8), estimate=guess)
    await talk.finish(made)
    assert (await talk.loaded()).messages[1].estimate == guess
    assert len(await archive.samples("openai", "gpt", 9)) == 1
    await archive.aclose()


async def test_what_can_be_read_of_a_damaged_history_of_version_1_is_taken_over(folder: Path) -> None:
    path = written(folder, 1)
    spoiled(folder, "facts")
    archive, notices = await reopened(folder)
    assert any("10 messages in 4 conversations" in notice for notice in notices), notices
    assert {one.title for one in await archive.conversations()} == {"Lighthouses", "Free", "Broken off"}
    assert len(await archive.search("keeper")) == 1
    await archive.aclose()
    assert path.exists()


async def test_the_present_history_goes_through_a_later_step(folder: Path) -> None:
    async with opened(folder) as archive:
        talk = Talk(archive)
        await talk.say("kept")

    def later(connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE conversations ADD COLUMN mood TEXT")

    newer = open_database(Opening(folder, Clock(), 5, (*STEPS, later)))
    newer.close()
    copy = folder / f"history-v{len(STEPS)}-2026-03-04.db"
    assert newer.notices == (f"The history was brought up to date; the old one is kept as {copy}.",)
    assert rows(folder, "SELECT mood FROM conversations") == [(None,)]
    before = (folder / "history.db").read_bytes()
    with pytest.raises(StoreError, match=r"newer version .*format 3; this one knows 2"):
        await open_store(folder)
    assert (folder / "history.db").read_bytes() == before
    assert len(list(folder.glob("history*.db"))) == 2


async def test_the_database_of_another_program_is_left_alone(folder: Path) -> None:
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / "history.db")) as connection:
        connection.execute("CREATE TABLE bookmarks (x)")
    before = (folder / "history.db").read_bytes()
    with pytest.raises(StoreError, match="another program"):
        await open_store(folder)
    assert (folder / "history.db").read_bytes() == before


async def test_an_empty_file_becomes_a_history(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "history.db").touch()
    async with opened(folder) as archive:
        assert await archive.conversations() == []


async def test_the_index_is_made_anew_where_other_rules_made_it(folder: Path) -> None:
    async with opened(folder) as archive:
        await Talk(archive).say("findable")
    with closing(sqlite3.connect(folder / "history.db")) as connection:
        connection.execute("INSERT INTO found (found) VALUES ('delete-all')")
        connection.commit()
    async with opened(folder) as archive:
        assert await archive.search("findable") == []
    with closing(sqlite3.connect(folder / "history.db")) as connection:
        connection.execute("UPDATE facts SET value = 'older' WHERE name = 'index'")
        connection.commit()
    async with opened(folder) as archive:
        assert len(await archive.search("findable")) == 1


# -- damage -----------------------------------------------------------------------------------------


async def filled(folder: Path, count: int = 60) -> list[str]:
    """A history of several conversations; their ids."""
    async with opened(folder) as archive:
        ids = []
        for number in range(count):
            talk = Talk(archive)
            ids.append(talk.id)
            await talk.say(f"question {number} " + "padding " * 40)
            answer = await talk.answer(f"answer {number} " + "padding " * 40)
            if number:
                await talk.finish(answer)
        await archive.save_draft("here", "unsent")
    return ids


async def reopened(folder: Path) -> tuple[SqliteArchive, tuple[str, ...]]:
    store = await open_store(folder, clock=Clock())
    return store.archive, store.notices


async def test_a_file_that_is_no_database_is_put_aside(folder: Path) -> None:
    await filled(folder, 1)
    (folder / "history.db").write_bytes(b"not a database at all" * 400)
    archive, notices = await reopened(folder)
    aside = folder / "history-damaged-2026-03-04.db"
    assert aside.read_bytes().startswith(b"not a database")
    assert aside.stat().st_mode & 0o777 == 0o600
    assert notices == (
        f"The history was damaged; it is kept as {aside}. Nothing of it could be read; a new one was started.",
    )
    talk = Talk(archive)
    await talk.say("goes on")
    assert await talk.texts() == ["goes on"]
    await archive.aclose()


async def test_what_can_be_read_of_a_damaged_history_is_taken_over(folder: Path) -> None:
    ids = await filled(folder)
    path = folder / "history.db"
    whole = bytearray(path.read_bytes())
    pages = len(whole) // 4096
    for page in range(pages // 2, pages // 2 + 3):
        whole[page * 4096 : (page + 1) * 4096] = os.urandom(4096)
    path.write_bytes(whole)
    (folder / "history.suspect").touch()
    archive, notices = await reopened(folder)
    assert f"it is kept as {folder / 'history-damaged-2026-03-04.db'}" in notices[0]
    assert not (folder / "history.suspect").exists()
    listed = {one.id for one in await archive.conversations()}
    assert len(listed & set(ids)) >= 30
    texts = 0
    for one in listed:
        loaded = await archive.load(one)
        texts += sum(message.text.startswith(("question", "answer")) for message in loaded.messages)
        assert all(message.status is not MessageStatus.STREAMING for message in loaded.messages)
    assert texts >= 60
    assert await archive.search("question")
    assert await archive.draft("here") == "unsent"
    await archive.aclose()


def spoiled(folder: Path, table: str) -> None:
    """Damages the root page of a table."""
    path = folder / "history.db"
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    whole = bytearray(path.read_bytes())
    whole[(root - 1) * 4096 : root * 4096] = b"\xff" * 4096
    path.write_bytes(whole)


async def test_damage_met_in_use_is_repaired_at_once(folder: Path) -> None:
    async with opened(folder) as archive:
        talk = Talk(archive)
        await talk.say("question")
    spoiled(folder, "bodies")
    archive, notices = await reopened(folder)
    assert notices == ()
    (message,) = (await archive.load(talk.id)).messages
    (notice,) = archive.take_notices()
    assert notice.startswith("The history was damaged; it is kept as ")
    assert notice.endswith("1 message in 1 conversation. Of these, 1 text is missing.")
    assert message.error == "the text was lost when the history was damaged"
    assert message.notes == [message.error], "what a person said says so too"
    again = Talk(archive)
    await again.say("goes on")
    assert await again.texts() == ["goes on"]
    await archive.aclose()
    assert not (folder / "history.suspect").exists()


async def test_damage_met_in_use_is_left_alone_while_another_program_has_it_open(folder: Path) -> None:
    async with opened(folder) as archive:
        talk = Talk(archive)
        await talk.say("question")
    spoiled(folder, "bodies")
    async with opened(folder):
        archive, _ = await reopened(folder)
        for _ in range(2):
            with pytest.raises(StoreError, match="another program has it open"):
                await archive.load(talk.id)
        assert [one.id for one in await archive.conversations()] == [talk.id]
        await archive.aclose()
    assert not list(folder.glob("history-damaged*"))
    archive, notices = await reopened(folder)
    assert "The history was damaged" in notices[0], "the next start looks through it"
    await archive.aclose()


async def test_what_is_missing_of_a_damaged_history_is_counted(folder: Path) -> None:
    async with opened(folder) as archive:
        talk = Talk(archive)
        await talk.say("question")
        await talk.finish(await talk.answer("answer"))
        await talk.say("more")
    with closing(sqlite3.connect(folder / "history.db")) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM messages WHERE place = 1")
        connection.execute("DELETE FROM bodies WHERE text = 'answer'")
        connection.commit()
    spoiled(folder, "facts")
    (folder / "history.suspect").touch()
    archive, (notice,) = await reopened(folder)
    assert notice.endswith("2 messages in 1 conversation. At least 1 message is missing, and of the others 1 text.")
    answer, more = (await archive.load(talk.id)).messages
    assert (answer.status, more.text, more.notes) == (MessageStatus.CUT_OFF, "more", [])
    await archive.aclose()


# -- the index --------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", ["(SELECT max(id) FROM found_data)", "10", "1"])
async def test_a_damaged_index_is_made_anew_and_nothing_is_said(folder: Path, block: str) -> None:
    async with opened(folder) as archive:
        talk = Talk(archive)
        await talk.say("hello world")
        await talk.finish(await talk.answer("an answer"))
    with closing(sqlite3.connect(folder / "history.db")) as connection:
        connection.execute(f"UPDATE found_data SET block = x'00ff00ff' WHERE id = {block}")  # noqa: S608 # of ours
        connection.commit()
    archive, notices = await reopened(folder)
    assert notices == ()
    talk.archive = archive
    await talk.finish(await talk.answer("another answer"))
    assert [hit.excerpt for hit in await archive.search("hello")] == ["hello world"]
    assert len(await archive.search("answer")) == 2
    assert archive.take_notices() == ()
    await archive.aclose()


async def test_a_search_mends_a_damaged_index(folder: Path) -> None:
    async with opened(folder) as archive:
        await Talk(archive).say("hello world")
        connection = sqlite3.connect(folder / "history.db")
        connection.execute("UPDATE found_data SET block = x'00ff00ff' WHERE id = (SELECT max(id) FROM found_data)")
        connection.commit()
        connection.close()
        assert len(await archive.search("hello")) == 1
        assert archive.take_notices() == ()


async def test_a_suspect_history_gets_a_new_index(folder: Path) -> None:
    async with opened(folder) as archive:
        await Talk(archive).say("findable")
    with closing(sqlite3.connect(folder / "history.db")) as connection:
        connection.execute("INSERT INTO found (found) VALUES ('delete-all')")
        connection.commit()
    (folder / "history.suspect").touch()
    async with opened(folder) as archive:
        assert len(await archive.search("findable")) == 1
    assert not (folder / "history.suspect").exists()


async def test_a_damaged_history_is_not_taken_from_a_program_that_has_it_open(folder: Path) -> None:
    path = folder / "history.db"
    async with opened(folder):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        whole = path.read_bytes()
        path.write_bytes(b"\xff" * 100 + whole[100:])
        with pytest.raises(StoreError, match="another program has it open"):
            await open_store(folder)
        assert path.exists()
        path.write_bytes(whole)
    assert not list(folder.glob("history-damaged*"))


async def test_the_journal_goes_with_a_damaged_database(folder: Path) -> None:
    await filled(folder, 1)
    for name in files.COMPANIONS:
        (folder / f"history.db{name}").write_bytes(b"beside it")
    (folder / "history.db").write_bytes(b"no database" * 1000)
    aside = files.set_aside(folder / "history.db", day())
    assert not list(folder.glob("history.db*"))
    assert (folder / f"{aside.name}-wal").read_bytes() == b"beside it"


def test_importing_the_store_loads_no_sql() -> None:
    program = "import sys, tui_stream.store; print('sqlite3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "False\n"
