"""Conversations taken away as files, and brought in."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import pytest

from tests.commands.histories import HARM, PROGRAM, Run, branched, keep, moment, talk
from tests.exchange.conversations import straight
from tests.store.keeping import rows
from tui_stream.core.models import Message, MessageStatus, Role
from tui_stream.errors import StoreError, UsageError
from tui_stream.exchange import Format, read_any, write
from tui_stream.paths import data_dir

# -- export ----------------------------------------------------------------------------------------


def test_export_goes_to_stdout_in_any_format(run: Run) -> None:
    first, second = talk("One", day=2), talk("Two", day=1, archived=True)
    keep(first, second)
    everything = run("export", "--all")
    assert [each["id"] for each in everything.json()["conversations"]] == [second.id, first.id], "the oldest first"
    assert everything.stderr == ""
    assert [each["id"] for each in run("export", first.id, second.id, first.id[:6]).json()["conversations"]] == [
        first.id,
        second.id,
    ]
    assert "# One" in run("export", first.id, "--format", "markdown", "-o", "-").stdout
    assert run("export", first.id, "--format", "html").stdout.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("arguments", [[], ["--all", "abc"]])
def test_export_wants_to_know_what(run: Run, arguments: list[str]) -> None:
    with pytest.raises(UsageError, match="not clear what to export"):
        run("export", *arguments)


def test_export_writes_a_file_whose_name_tells_the_format(run: Run, tmp_path: Path) -> None:
    made = talk("One")
    keep(made)
    forms = {
        "a.md": ("---\n", "Markdown"),
        "a.HTML": ("<!DOCTYPE", "HTML"),
        "a.json": ("{", "JSON"),
        "a": ("{", "JSON"),
    }
    for name, (begin, said) in forms.items():
        file = tmp_path / name
        done = run("export", "--all", "-o", str(file))
        assert (done.stdout, done.stderr) == ("", f"1 conversation exported to {file} as {said}.\n")
        assert file.read_text().startswith(begin)
        assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match=r"not clear what a\.unknown is to be"):
        run("export", "--all", "-o", str(tmp_path / "a.unknown"))
    assert not (tmp_path / "a.unknown").exists()
    assert run("export", "--all", "--format", "json", "-o", str(tmp_path / "b.md")).code == 0
    assert (tmp_path / "b.md").read_text().startswith("{")


def test_export_replaces_nothing_unasked(run: Run, tmp_path: Path) -> None:
    keep(talk("One"), talk("Two"))
    file, folder = tmp_path / "a.json", tmp_path / "folder"
    file.write_text("mine")
    with pytest.raises(StoreError, match=r"a\.json exists already\. --force replaces it\."):
        run("export", "--all", "-o", str(file))
    assert file.read_text() == "mine"
    run("export", "--all", "-o", str(file), "--force")
    assert len(json.loads(file.read_text())["conversations"]) == 2
    run("export", "--all", "-o", f"{folder}/")
    names = sorted(path.name for path in folder.iterdir())
    (folder / names[0]).unlink()
    with pytest.raises(StoreError, match=r"exists already\. --force"):
        run("export", "--all", "-o", str(folder))
    assert [path.name for path in folder.iterdir()] == names[1:], "nothing was written"
    run("export", "--all", "-o", str(folder), "--force")
    assert sorted(path.name for path in folder.iterdir()) == names


def test_export_makes_a_file_for_each_with_a_safe_name(run: Run, tmp_path: Path) -> None:
    titles = ["../../etc/passwd", f"CON: a*b?c {HARM}", "नमस्ते 中文 " * 20, "", "..", "Same", "same"]
    made = [talk("x", title=title, id=f"{number}bcdefghij") for number, title in enumerate(titles)]
    made += [talk("x", title="Alike", id=f"alikealike-{end}") for end in ("q", "Q", "r")]
    keep(*made)
    folder = tmp_path / "out"
    done = run("export", "--all", "--format", "markdown", "-o", f"{folder}/")
    assert done.stderr == f"{len(made)} conversations exported to {folder} as Markdown.\n"
    names = sorted(path.name for path in folder.iterdir())
    assert len({name.casefold() for name in names}) == len(made)
    assert folder.stat().st_mode & 0o777 == 0o700
    for name in names:
        assert re.fullmatch(r"2026-03-01-[^-].*[^-]\.md", name)
        assert {unicodedata.category(one)[0] for one in name.removesuffix(".md").replace("-", "")} <= set("LMN")
    assert all(len(name.encode()) < 150 for name in names)
    assert "2026-03-01-etc-passwd-0bcdefgh.md" in names
    assert not (tmp_path / "etc").exists()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_cannot_be_made_is_told(run: Run, tmp_path: Path) -> None:
    keep(talk())
    with pytest.raises(StoreError, match=r"The folder .*/none/out cannot be made: No such file or directory\."):
        run("export", "--all", "-o", f"{tmp_path}/none/out/")
    with pytest.raises(StoreError, match="the folder does not exist"):
        run("export", "--all", "-o", str(tmp_path / "none" / "out.json"))


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    keep(*(talk("long " * 20_000) for _ in range(5)))
    process = subprocess.Popen([*PROGRAM, "export", "--all"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stderr as errors:
        assert process.stdout.read(10)
        process.stdout.close()
        assert process.wait(timeout=30) == 141
        assert errors.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_output_that_cannot_be_written_is_told() -> None:
    keep(talk())
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, "list"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert (done.returncode, done.stderr) == (
        1,
        "tui-stream: The output cannot be written: no space is left. Free some.\n",
    )
    closed = ["sh", "-c", 'exec "$0" -m tui_stream history list >&-', sys.executable]
    done = subprocess.run(closed, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (2, "tui-stream: There is no stdout to write to. Do not close it.\n")


def test_output_is_utf_8_whatever_the_locale() -> None:
    keep(talk("中文"))
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run([*PROGRAM, "list"], capture_output=True, env=environment, timeout=60, check=False)
    assert done.stdout.decode().rstrip().endswith("\t中文")


# -- import ----------------------------------------------------------------------------------------


def test_what_was_exported_comes_in_again(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(branched("all there is"), talk("Two", pinned=True))
    file = tmp_path / "all.json"
    run("export", "--all", "-o", str(file))
    before = run("export", "--all").json()["conversations"]
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "elsewhere"))
    assert run("import", str(file), "--dry-run").stderr == "2 conversations would come in.\n"
    assert run("list").stdout == ""
    assert run("import", str(file)).stderr == "2 conversations came in.\n"
    assert run("export", "--all").json()["conversations"] == before
    again = run("import", str(file), str(file), "--json")
    assert again.stderr == "0 conversations came in, 4 there already.\n"
    assert again.json() == {
        "dry_run": False,
        "imported": 0,
        "present": 4,
        "deleted": [],
        "passed_over": [],
        "failed": [],
    }


def test_what_cannot_be_understood_is_passed_over_and_told(run: Run, tmp_path: Path) -> None:
    keep(talk("Good", id="good"))
    written = run("export", "--all").json()
    empty = {**written["conversations"][0], "id": "empty", "title": f"Empty {HARM}", "messages": []}
    other = {**written["conversations"][0], "id": "other"}
    written["conversations"] += [{"id": "bad"}, empty, other]
    file, broken = tmp_path / "some.json", tmp_path / "broken.json"
    file.write_text(json.dumps(written))
    broken.write_text(json.dumps(written)[:-20])
    done = run("import", str(tmp_path / "none.json"), str(file), str(broken), "--json")
    assert done.code == 1
    assert done.stderr.splitlines()[-1] == (
        "1 conversation came in, 2 there already, 4 passed over, 2 files not read to the end."
    )
    said = done.json()
    assert (said["imported"], said["present"]) == (1, 2)
    assert [each["file"] for each in said["failed"]] == [str(tmp_path / "none.json"), str(broken)]
    assert "conversations[1]" in said["passed_over"][0]["reason"]
    assert said["passed_over"][1]["reason"] == "Empty [31mred evil has no messages."
    assert len(done.stderr.splitlines()) == 1, "the reasons stand in the JSON"
    for reason in (each["reason"] for each in (*said["failed"], *said["passed_over"])):
        assert reason.count(str(tmp_path / "none.json")) <= 1
    assert "\x1b" not in done.stderr
    assert {line[0] for line in run("list").lines} == {"good", "other"}


def test_a_file_is_named_once_where_it_cannot_be_read(run: Run, tmp_path: Path) -> None:
    done = run("import", "/nope", str(tmp_path))
    assert done.code == 1
    assert done.stderr.splitlines() == [
        "/nope cannot be read: no such file or directory. Check its name and its permissions.",
        f"{tmp_path} is a folder. Choose a file in it.",
        "0 conversations came in, 2 files not read to the end.",
    ]


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00Z"])
def test_no_date_is_in_the_way_of_the_rest(
    run: Run, tmp_path: Path, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = {"id": "m", "role": "user", "created_at": when, "finished_at": when, "text": "hi there"}
    conversation = {"id": "odd", "created_at": when, "updated_at": when, "messages": [message]}
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"format": "tui-stream", "version": 1, "conversations": [conversation]}))
    assert run("import", str(file)).stderr == "1 conversation came in.\n"
    for zone in ("UTC", "America/Los_Angeles", "Pacific/Kiritimati"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        assert [line[0] for line in run("list").lines] == ["odd"]
        assert [line[0] for line in run("search", "hi").lines] == ["odd"]
        for form in ("json", "markdown", "html"):
            assert "hi there" in run("export", "odd", "--format", form).stdout
        run("export", "odd", "-o", f"{tmp_path}/{zone.replace('/', '-')}/")
        assert run("show", "odd", "--branches").code == 0
    monkeypatch.undo()
    time.tzset()


def test_what_was_under_way_comes_in_as_interrupted(run: Run, tmp_path: Path) -> None:
    made = straight(
        Message(Role.USER, "Hi", status=MessageStatus.QUEUED, created_at=moment(1)),
        Message(Role.ASSISTANT, "Hal", status=MessageStatus.STREAMING, created_at=moment(1)),
    )
    asked = straight(Message(Role.USER, "Hi"), Message(Role.ASSISTANT, "", status=MessageStatus.QUEUED))
    file = tmp_path / "a.json"
    with file.open("w") as stream:
        write([made, asked], stream, Format.JSON)
    assert [each.messages[1].status for each in read_any(file)] == [MessageStatus.STREAMING, MessageStatus.QUEUED]
    run("import", str(file))
    found = {each["id"]: each["messages"] for each in run("export", "--all").json()["conversations"]}
    first, second = found[made.id][1], found[asked.id][1]
    assert (first["status"], first["text"], first["error"]) == ("interrupted", "Hal", "interrupted after 3 characters")
    assert first["finished_at"] == first["created_at"]
    assert (second["status"], second["error"]) == ("interrupted", "interrupted after 0 characters")
    assert "status" not in found[asked.id][0]
    assert {each["interrupted"] for each in run("list", "--json").json()} == {True}


def test_what_was_deleted_is_not_taken_for_present(run: Run, tmp_path: Path) -> None:
    made = talk()
    keep(made)
    file = tmp_path / "a.json"
    run("export", "--all", "-o", str(file))
    run("delete", made.id, "--yes")
    done = run("import", str(file), "--json")
    assert done.json()["deleted"] == [made.id]
    assert f'"tui-stream history restore {made.id}" brings it back' in done.stderr
    assert run("list").stdout == ""


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT to one process")
def test_an_interrupt_keeps_what_came_in_and_counts_it(tmp_path: Path) -> None:
    file = tmp_path / "many.json"
    with file.open("w") as stream:
        write((talk(str(number)) for number in range(3000)), stream, Format.JSON)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job's child would ignore it
    process = subprocess.Popen([*PROGRAM, "import", str(file)], stderr=subprocess.PIPE, text=True)
    signal.signal(signal.SIGINT, before)
    while process.poll() is None and not _count():
        pass
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    said = re.fullmatch(r"Stopped: ([\d,]+) conversations? came in\.\n", errors)
    assert said is not None, errors
    assert int(said[1].replace(",", "")) == _count() < 3000


def _count() -> int:
    """Conversations that are in the history."""
    if not (data_dir() / "history.db").exists():
        return 0
    if not rows(data_dir(), "SELECT 1 FROM sqlite_schema WHERE name = 'conversations'"):
        return 0
    return len(rows(data_dir(), "SELECT 1 FROM conversations"))
