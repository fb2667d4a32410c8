"""The ``history`` commands that look at the history, and those that delete."""

from __future__ import annotations

import asyncio
import io
import os
import re
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from rich.cells import cell_len

from tests.commands.histories import HARM, PROGRAM, Run, branched, keep, kept, moment, talk
from tests.store.keeping import Talk
from tests.terminal import Terminal
from tui_stream.commands import history_access
from tui_stream.errors import StoreError, TuiStreamError, UsageError
from tui_stream.paths import data_dir
from tui_stream.store import open_store
from tui_stream.store.archive import SqliteArchive

# -- list ------------------------------------------------------------------------------------------


def test_an_empty_history_is_no_error(run: Run) -> None:
    listed = run("list")
    assert (listed.code, listed.stdout, listed.stderr) == (0, "", "There is no conversation yet.\n")
    assert run("list", "--json").json() == []
    assert run("search", "word", "--json").json() == []
    assert run("export", "--all").json()["conversations"] == []


def test_list_into_a_pipe_has_full_values_parted_by_tabs(run: Run) -> None:
    first, second = talk("One", day=1, pinned=True), talk("Two", day=2, title=f"A\ttab\nand {HARM}")
    away = talk("Away", archived=True)
    keep(first, second, away, talk("Three", day=3))
    listed = run("list").lines
    assert [line[0] for line in listed][:1] == [first.id]
    assert listed[0] == [first.id, f"{moment(1).astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z", "2", "pinned", "gpt-x", "One"]
    assert [line[5] for line in listed] == ["One", "Three", "A tab and [31mred evil"]
    assert [line[0] for line in run("list", "--archived").lines] == [away.id]
    assert [line[5] for line in run("list", "TAB", "and").lines] == ["A tab and [31mred evil"]
    assert [line[5] for line in run("list", "--limit", "2").lines] == ["One", "Three"]
    assert run("list", "nothing", "such").stderr == "No conversation is found.\n"


def test_list_as_json_loses_nothing_and_steers_nothing(run: Run) -> None:
    title = f"中文 {HARM} \ud800\U000e0041\x9b"
    made = talk("One", title=title, archived=True)
    keep(made)
    listed = run("list", "--archived", "--json")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", listed.stdout)
    assert "中文" in listed.stdout
    (found,) = listed.json()
    assert found == {
        "id": made.id,
        "title": title.replace("\ud800", "\ufffd"),
        "created_at": found["created_at"],
        "updated_at": found["updated_at"],
        "pinned": False,
        "archived": True,
        "interrupted": False,
        "messages": 2,
        "model": "gpt-x",
        "cost": {"amount": "0", "source": "reported", "local": False},
    }
    assert datetime.fromisoformat(found["updated_at"]) == moment(1)


def test_more_than_a_page_is_listed_once_each(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_access, "_PAGE", 3)
    made = [talk(str(number), day=number) for number in range(1, 9)]
    keep(*made)
    assert [line[0] for line in run("list").lines] == [each.id for each in reversed(made)]
    assert len(run("list", "--limit", "4").lines) == 4
    assert len(run("list", "--limit", "6").lines) == 6


async def test_lines_fit_the_terminal_and_ids_can_be_used() -> None:
    long = talk("x", day=2, title=f"{'very long 中文 title 👩‍👩‍👧 ' * 9}{HARM}", pinned=True)
    alike = [talk(f"Alike {end}", id=f"0123456789ab{end}") for end in "cd"]
    await asyncio.to_thread(keep, long, *alike)
    for columns in (15, 30, 44, 60, 100):
        async with Terminal([*PROGRAM, "list"], columns=columns) as terminal:
            assert await terminal.ended() == 0
            lines = bytes(terminal.output).decode().replace("\r", "").splitlines()
        assert len(lines) == 3
        assert all(cell_len(line) <= columns for line in lines)
        assert "\x1b" not in "".join(lines)
    assert re.match(rf"\*  {long.id[:8]} +2026-03-02 12:30  2  gpt-x  very long 中文 .*…", lines[0])
    assert {line.split()[0] for line in lines[1:]} == {"0123456789abc", "0123456789abd"}


async def test_a_terminal_is_shown_the_newest_and_told_of_the_rest() -> None:
    await asyncio.to_thread(keep, *(talk(str(number)) for number in range(51)))
    async with Terminal([*PROGRAM, "list"]) as terminal:
        await terminal.until("These are the first 50; --limit 0 lists all.")
        assert bytes(terminal.output).count(b"gpt-x") == 50
    async with Terminal([*PROGRAM, "list", "--limit", "0"]) as terminal:
        assert await terminal.ended() == 0
        assert bytes(terminal.output).count(b"gpt-x") == 51


# -- search ----------------------------------------------------------------------------------------


def test_search_finds_words_wherever_they_stand(run: Run) -> None:
    made = talk("Tell me of lighthouses", day=4)
    keep(made, talk("Something else"))
    found = run("search", "LIGHTHOUSE").lines
    assert [(line[0], line[2], line[3]) for line in found] == [
        (made.id, "assistant", made.messages[1].id),
        (made.id, "user", made.messages[0].id),
    ]
    assert found[1][4] == "Tell me of lighthouses"
    one = run("search", "tell", "lighthouses", "--json", "--limit", "1")
    (hit,) = one.json()
    assert [hit["excerpt"][start:end] for start, end in hit["spans"]] == ["Tell", "lighthouses"]
    assert (hit["conversation_id"], hit["title"], hit["role"]) == (made.id, "Tell me of lighthouses", "assistant")
    assert one.stderr == ""
    nothing = run("search", "nowhere")
    assert (nothing.code, nothing.stdout, nothing.stderr) == (0, "", "Nothing is found.\n")


@pytest.mark.parametrize(("variable", "marked"), [(None, True), ("1", False), ("", True)])
async def test_what_was_found_is_marked_unless_colours_are_unwanted(variable: str | None, marked: bool) -> None:
    await asyncio.to_thread(keep, talk(f"{'a 中文 word ' * 4}and a needle {HARM} {'more ' * 40}"))
    environment = {} if variable is None else {"NO_COLOR": variable}
    for columns in (20, 40, 70):
        async with Terminal([*PROGRAM, "search", "needle"], columns=columns, environment=environment) as terminal:
            assert await terminal.ended() == 0
            lines = bytes(terminal.output).decode().replace("\r", "").splitlines()
        assert len(lines) == 2
        for line in lines:
            plain = re.sub("\x1b\\[(1;33|0)m", "", line)
            assert "\x1b" not in plain
            assert cell_len(plain) <= columns
    assert all("needle" in line for line in lines)
    assert all(("\x1b[1;33mneedle\x1b[0m" in line) is marked for line in lines)


# -- show ------------------------------------------------------------------------------------------


def test_show_prints_the_shown_path_as_markdown(run: Run) -> None:
    made = branched()
    keep(made)
    shown = run("show", made.id[:5])
    assert shown.stdout.startswith('---\ntitle: "A title"\n')
    assert [line for line in shown.stdout.splitlines() if line and line[0] not in '-#*"tdeum'] == ["Question", "Second"]
    assert "First" not in shown.stdout
    assert "Version 2 of 2" in shown.stdout
    assert shown.stderr == ""


def test_show_can_show_all_branches_and_thoughts(run: Run) -> None:
    made = branched()
    keep(made)
    text = run("show", made.id, "--branches").stdout
    assert text.startswith('---\ntitle: "A title"\n')
    order = [
        "Question",
        "*Version 1 of 2, shown*",
        "First [31mred evil",
        "Go on",
        "after you said: “Question”",
        "Second",
    ]
    order += ["*Version 2 of 2, shown*", "*Another beginning:*", "Other *way*"]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert "thought" not in text
    assert "> thought" in run("show", made.id, "--branches", "--reasoning").stdout
    assert "> hmm" in [*run("show", _kept_talk(), "--reasoning").stdout.splitlines()]


def _kept_talk() -> str:
    made = talk()
    keep(made)
    return made.id


def test_show_as_json_is_what_export_writes(run: Run) -> None:
    made = branched()
    keep(made)
    shown, exported = run("show", made.id, "--json").json(), run("export", made.id).json()
    assert shown["conversations"] == exported["conversations"]
    assert (shown["format"], shown["version"]) == ("tui-stream", 1)
    assert len(shown["conversations"][0]["messages"]) == 5


def test_ids_that_are_none_or_several_are_told(run: Run) -> None:
    keep(talk(id="abc1"), talk(id="abc2"), talk(id="abc"))
    with pytest.raises(StoreError, match="begins with 'xyz'"):
        run("show", "xyz")
    with pytest.raises(UsageError, match="An id is empty"):
        run("show", "")
    with pytest.raises(StoreError, match="several conversations begin with 'ab'"):
        run("show", "ab")
    with pytest.raises(StoreError, match="begins with"):
        run("show", "\udcff")
    assert run("show", "abc", "--json").json()["conversations"][0]["id"] == "abc"


def test_path_says_where_it_is_and_makes_nothing(run: Run) -> None:
    said = run("path")
    assert said.stdout == f"{data_dir() / 'history.db'}\n"
    assert "There is none yet" in said.stderr
    assert not data_dir().exists()
    keep(talk())
    assert run("path").stderr == "It exists.\n"


# -- delete ----------------------------------------------------------------------------------------


def test_delete_says_how_to_bring_it_back(run: Run) -> None:
    one, two = talk("One"), talk("Two")
    keep(one, two)
    done = run("delete", "--yes", one.id[:10], one.id, two.id)
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f'Deleted. "tui-stream history restore {each.id}" brings it back, for a day.' for each in (one, two)
    ]
    assert run("list").stdout == ""
    assert {line[0] for line in run("list", "--deleted").lines} == {one.id, two.id}
    assert run("restore", one.id[:10]).stderr == f"{one.id} is back.\n"
    assert [line[0] for line in run("list").lines] == [one.id]
    assert [line[0] for line in run("list", "--deleted").lines] == [two.id]
    for wrong in ("nope", one.id):
        with pytest.raises(StoreError, match="No deleted conversation's id begins with"):
            run("restore", wrong)


def test_delete_does_nothing_where_one_id_is_wrong_or_nobody_can_be_asked(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = talk()
    keep(made)
    with pytest.raises(StoreError, match="begins with 'nope'"):
        run("delete", "--yes", made.id, "nope")
    for stdin in (io.StringIO("y\n"), None):
        monkeypatch.setattr(sys, "stdin", stdin)
        with pytest.raises(UsageError, match="nobody to ask") as caught:
            run("delete", made.id)
        assert "--yes" in caught.value.hint
    assert len(run("list").lines) == 1


@pytest.mark.parametrize(
    ("keys", "code"), [("n\r", 1), ("\r", 1), ("\x04", 1), ("y\r", 0), ("YES\r", 0), ("\x03", 130)]
)
async def test_delete_asks_on_a_terminal(keys: str, code: int) -> None:
    made = talk(title=f"Mine {HARM}")
    await asyncio.to_thread(keep, made)
    async with Terminal([*PROGRAM, "delete", made.id[:6]]) as terminal:
        await terminal.until("Delete 1 conversation? [y/N] ")
        terminal.type(keys) if keys != "\x03" else terminal.process.send_signal(signal.SIGINT)
        assert await terminal.ended() == code
        assert f"{made.id[:8]}  2 messages  Mine [31mred evil".encode() in terminal.output
        assert b"\x1b" not in terminal.output

    async def look(archive: SqliteArchive) -> None:
        assert bool(await archive.conversations()) is bool(code)

    await asyncio.to_thread(kept, look)


def test_what_was_deleted_long_ago_is_gone_with_the_next_deletion(run: Run) -> None:
    old, new = talk("Old"), talk("New")
    keep(old, new)
    run("delete", "--yes", old.id)
    with sqlite3.connect(data_dir() / "history.db") as connection:
        connection.execute("UPDATE conversations SET deleted_at = 1 WHERE id = ?", (old.id,))
    connection.close()
    run("delete", "--yes", new.id)
    with pytest.raises(StoreError, match="No deleted conversation's id begins with"):
        run("restore", old.id)
    assert run("restore", new.id).code == 0


# -- the history itself ----------------------------------------------------------------------------


def test_what_happened_to_the_history_is_told_on_stderr(run: Run) -> None:
    data_dir().mkdir(parents=True)
    (data_dir() / "history.db").write_bytes(b"no database " * 1000)
    listed = run("list", "--json")
    assert listed.json() == []
    assert "The history was damaged; it is kept as" in listed.stderr


def test_a_history_that_cannot_be_opened_is_one_sentence(run: Run) -> None:
    data_dir().parent.mkdir(parents=True)
    data_dir().write_text("a file")
    with pytest.raises(TuiStreamError, match="cannot be used") as caught:
        run("list")
    assert caught.value.exit_code == 1
    assert caught.value.hint


async def test_an_answer_that_streams_elsewhere_is_left_alone(capfd: pytest.CaptureFixture[str]) -> None:
    archive = (await open_store(data_dir())).archive
    other = Talk(archive)
    await other.say("Question")
    answer = await other.answer("Ans")
    done = await asyncio.to_thread(subprocess.run, [*PROGRAM, "show", other.id], capture_output=True, text=True)
    assert "This answer was still arriving." in done.stdout
    await other.grow(answer, "wer")
    await other.finish(answer)
    assert await other.texts() == ["Question", "Answer"]
    await archive.aclose()
    capfd.readouterr()


def test_the_shell_completes_ids() -> None:
    keep(talk("One", id="abc1"), talk("Two", id="abd2"))
    code = "import sys; sys.argv[0] = 'tui-stream'; from tui_stream.__main__ import main; main()"
    environment = {**os.environ, "_TUI_STREAM_COMPLETE": "complete_bash", "COMP_CWORD": "3"}
    asked = {"history show ab": ["abc1", "abd2"], "history delete abd": ["abd2"], "history export x": []}
    for words, wanted in {**asked, "pipe --resume abd": ["abd2"]}.items():
        environment["COMP_WORDS"] = f"tui-stream {words}"
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
        assert (done.returncode, sorted(done.stdout.split()), done.stderr) == (0, wanted, "")


def test_help_names_the_fields() -> None:
    done = subprocess.run([*PROGRAM, "list", "--help"], capture_output=True, text=True, timeout=60, check=False)
    for field in ("updated_at", "interrupted", "cost", "US dollars"):
        assert field in done.stdout
