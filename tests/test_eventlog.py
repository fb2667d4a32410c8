from __future__ import annotations

import logging
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_stream.config import Settings
from tui_stream.core.eventlog import EventLog
from tui_stream.core.models import FinishReason
from tui_stream.errors import ConfigError, OfflineError
from tui_stream.eventlog import LONGEST, LONGEST_TEXT, FileLog, open_log

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_900, timezone(timedelta(hours=2)))
TIME = "2026-01-02T03:04:05.678+02:00"


@contextmanager
def logging_to(path: Path, *, texts: bool = False, size: int = 1_000_000, backups: int = 2) -> Iterator[FileLog]:
    log = FileLog(path, texts=texts, size=size, backups=backups, clock=lambda: MOMENT)
    try:
        yield log
    finally:
        log.close()


def line(tmp_path: Path, fields: Mapping[str, object], *, texts: bool = False, event: str = "e") -> str:
    """What an event is written as, behind its time."""
    path = tmp_path / "line.log"
    path.unlink(missing_ok=True)
    with logging_to(path, texts=texts) as log:
        log.write(event, **fields)
    (found,) = path.read_text(encoding="utf-8").split("\n")[:-1]
    time, _, rest = found.partition(" ")
    assert time == TIME
    return rest


@dataclass
class Holder:
    text: str


@pytest.mark.parametrize(
    ("fields", "written"),
    [
        ({}, "e"),
        ({"a": 1, "b": "x"}, "e a=1 b=x"),
        ({"a": None, "b": True, "c": False}, "e a=none b=true c=false"),
        ({"a": 0.123456789, "b": 1e-9, "c": 3.0}, "e a=0.123457 b=1e-09 c=3"),
        ({"a": "two words"}, 'e a="two words"'),
        ({"a": ""}, 'e a=""'),
        ({"a": 'say "hi" \\'}, 'e a="say \\"hi\\" \\\\"'),
        ({"a": "x=y"}, 'e a="x=y"'),
        ({"a": "1\n2\r\t3"}, 'e a="1\\n2\\r\\t3"'),
        ({"a": "\x1b[31m\x07\u202e\U000e0041\udcff"}, 'e a="\\u001b[31m\\u0007\\u202e\\U000e0041\\udcff"'),
        ({"a": "\u2028"}, 'e a="\\u2028"'),
        ({"a": "grün"}, "e a=grün"),
        ({"a": FinishReason.STOP}, "e a=stop"),
        ({"a": Path("/a b")}, 'e a="/a b"'),
        ({"a": OfflineError("Offline: no.")}, 'e a="OfflineError: Offline: no."'),
        ({"a": Holder("my words")}, "e a=<Holder>"),
        ({"a": ["my words"], "b": {"text": "my words"}, "c": b"my words"}, "e a=<list> b=<dict> c=<bytes>"),
    ],
)
def test_a_line_for_an_event(tmp_path: Path, fields: dict[str, object], written: str) -> None:
    assert line(tmp_path, fields) == written


def test_an_event_of_two_words(tmp_path: Path) -> None:
    assert line(tmp_path, {}, event="first token") == '"first token"'


@pytest.mark.parametrize(
    "value",
    [
        "sk-abcdefghijklmnop",
        "the key sk-proj-a1b2c3d4e5 is wrong",
        "Authorization: Bearer hush.hush.hush",
        "ghp_0123456789abcdefhush",
        "http://me:hush@host/v1?key=hush#hush",
        "see https://hush@host:8080/v1?a=hush, then go on",
        "ws://a:b@hush@host/",
    ],
)
@pytest.mark.parametrize("field", ["error", "text"])
def test_no_key_stands_in_it(tmp_path: Path, field: str, value: str) -> None:
    written = line(tmp_path, {field: value}, texts=True)
    assert not re.search(r"hush|abcdefgh|a1b2c3|01234", written)
    assert "[key]" in written or "host" in written


@pytest.mark.parametrize("name", ["key", "api_key", "token", "authorization", "password"])
def test_what_is_named_like_a_key_is_none_of_its_business(tmp_path: Path, name: str) -> None:
    assert line(tmp_path, {name: "hush"}) == f"e {name}=[key]"
    assert line(tmp_path, {name: 12}) == f"e {name}=12"


def test_addresses_keep_what_is_no_secret(tmp_path: Path) -> None:
    assert line(tmp_path, {"url": "http://me:x@host:80/v1/a?b=c#d"}) == "e url=http://host:80/v1/a"
    assert line(tmp_path, {"url": "http://host/v1"}) == "e url=http://host/v1"


def test_the_text_of_messages_only_where_it_is_asked_for(tmp_path: Path) -> None:
    assert line(tmp_path, {"id": 3, "text": "Hello there"}) == "e id=3 characters=11"
    assert line(tmp_path, {"id": 3, "text": "Hello there"}, texts=True) == 'e id=3 text="Hello there"'


def test_long_values_are_cut(tmp_path: Path) -> None:
    assert line(tmp_path, {"a": "x" * (LONGEST + 1)}) == f"e a={'x' * LONGEST}…"
    assert line(tmp_path, {"a": "x" * LONGEST}) == f"e a={'x' * LONGEST}"
    assert line(tmp_path, {"text": "x" * (LONGEST_TEXT * 3)}, texts=True) == f"e text={'x' * LONGEST_TEXT}…"


@given(st.text(), st.text(min_size=1))
def test_whatever_is_written_is_one_line_of_printable_text(
    tmp_path_factory: pytest.TempPathFactory, value: str, event: str
) -> None:
    written = line(tmp_path_factory.getbasetemp(), {"a": value, "text": value}, texts=True, event=event)
    assert written.isprintable()


# The file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folders" / "e.log"
    with logging_to(path) as log:
        log.write("e")
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    path.chmod(0o644)
    with logging_to(path) as log:
        log.write("e")
    assert mode(path) == 0o600
    assert path.read_text() == f"{TIME} e\n" * 2


def test_full_files_are_put_aside_and_the_oldest_goes(tmp_path: Path) -> None:
    path = tmp_path / "e.log"
    with logging_to(path, size=200, backups=2) as log:
        for number in range(40):
            log.write("e", number=number)
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ["e.log", "e.log.1", "e.log.2"]
    kept = "".join((tmp_path / name).read_text() for name in reversed(names))
    numbers = [int(number) for number in re.findall(r"number=(\d+)", kept)]
    assert numbers == list(range(numbers[0], 40))
    assert 0 < numbers[0] < 40
    assert all(file.stat().st_size <= 200 and mode(file) == 0o600 for file in tmp_path.iterdir())


def test_what_comes_after_the_end_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "e.log"
    with logging_to(path) as log:
        log.write("before")
    log.write("after")
    log.close()
    assert path.read_text() == f"{TIME} before\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's device that is always full")
def test_a_full_disk_breaks_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with logging_to(Path("/dev/full")) as log:
        for number in range(1000):
            log.write("e", number=number, filler="x" * 100)
    assert capfd.readouterr() == ("", "")


def test_a_folder_that_disappears_breaks_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "sub" / "e.log"
    with logging_to(path, size=100) as log:
        log.write("e")
        path.unlink()
        path.parent.rmdir()
        for _ in range(20):
            log.write("e", filler="x" * 20)
        path.parent.mkdir()
        log.write("back")
    assert path.read_text().endswith(f"{TIME} back\n")
    assert capfd.readouterr() == ("", "")


def test_nobody_listens_at_a_named_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(ConfigError, match="cannot be written"):
        open_log(Settings(log=path))


def test_the_rest_of_the_process_knows_nothing_of_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    before = set(logging.root.manager.loggerDict)
    with logging_to(tmp_path / "a.log") as first, logging_to(tmp_path / "b.log") as second:
        first.write("one")
        second.write("two")
    assert not caplog.records
    assert set(logging.root.manager.loggerDict) == before
    assert (tmp_path / "a.log").read_text() == f"{TIME} one\n"


# Opening it


def test_no_log_unless_it_is_asked_for() -> None:
    assert open_log(Settings()) is None


def test_it_begins_with_a_line_about_the_program(tmp_path: Path, home: Path) -> None:
    (home / "logs").mkdir()
    log = open_log(Settings(log=Path("~/logs/e.log"), offline=True))
    assert log is not None
    as_protocol: EventLog = log
    as_protocol.write("turn", text="my words")
    log.close()
    del tmp_path
    first, second = (home / "logs" / "e.log").read_text().splitlines()
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d start version=\S+ python=3\.\S+ system=\S+ "
        rf"process={os.getpid()} offline=true",
        first,
    )
    assert second.endswith(" turn characters=8")


def test_text_where_the_settings_ask_for_it(tmp_path: Path) -> None:
    log = open_log(Settings(log=tmp_path / "e.log", log_text=True))
    assert log is not None
    log.write("turn", text="my words")
    log.close()
    assert (tmp_path / "e.log").read_text().endswith(' turn text="my words"\n')


@pytest.mark.parametrize(
    ("name", "reason"),
    [("", "Is a directory"), ("file/e.log", "Not a directory|File exists"), ("a\0b", "no file can have")],
)
def test_a_file_that_cannot_be_written(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=reason) as raised:
        open_log(Settings(log=tmp_path / name))
    assert "--log" in raised.value.hint
    assert raised.value.message.isprintable()
