"""Files are told by what is in them; what is damaged, locked away or of no known kind is refused in words."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.exchange.conversations import NOW, straight
from tui_stream.core.models import Message, Role
from tui_stream.errors import StoreError
from tui_stream.exchange import Format, created, exists, read_any, reading, write


def ours() -> str:
    file = io.StringIO()
    write([straight(Message(Role.USER, "Why?"))], file, Format.JSON, now=NOW)
    return file.getvalue()


def archive(
    path: Path, data: str = "", name: str = "conversations.json", *, method: int = zipfile.ZIP_DEFLATED
) -> Path:
    with zipfile.ZipFile(path, "w", method) as made:
        made.writestr(name, data or ours())
    return path


def test_ours_in_an_archive_is_read_too(tmp_path: Path) -> None:
    (made,) = read_any(archive(tmp_path / "a.zip"))
    assert made.messages[0].text == "Why?"


@pytest.mark.parametrize("data", ["[]", " [ ]\n", '{"format": "tui-stream", "version": 1, "conversations": []}'])
def test_a_file_without_conversations_has_none(tmp_path: Path, data: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(data)
    assert list(read_any(file)) == []


@pytest.mark.parametrize(
    "data", ["{}", "[1]", '[{"a": 1}]', '{"format": "other", "version": 1}', '{"conversations": [{}]}']
)
def test_what_is_not_known_is_refused_and_told_what_is(tmp_path: Path, data: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(data)
    with pytest.raises(StoreError, match=r"a\.json is no file of conversations .* Known are"):
        list(read_any(file))


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89PNG\r\n", b"\x00" * 50, b"# Markdown"])
def test_what_is_no_json_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(data)
    with pytest.raises(StoreError, match="not valid JSON"):
        list(read_any(file))


def test_a_file_that_is_not_there_or_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read: no such file"):
        list(read_any(tmp_path / "none\x1b[2J.json"))
    with pytest.raises(StoreError, match="is a folder"):
        list(read_any(tmp_path))


def test_a_file_that_breaks_off_gives_what_it_has_and_then_says_so(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(ours().replace("]}", "]},", 1).rsplit("]}", 1)[0] + '{"id": "x')
    read = read_any(file)
    assert next(read).messages[0].text == "Why?"
    with pytest.raises(StoreError, match="breaks off or is not valid JSON, near byte"):
        next(read)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[80] ^= 0xFF
    path.write_bytes(data)


def lock(path: Path) -> None:
    """Marks the member as encrypted, at both places where that stands."""
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)


@pytest.mark.parametrize("harm", [cut, flip, lock])
def test_an_archive_that_is_damaged_or_locked_is_refused(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    file = archive(tmp_path / "a.zip")
    harm(file)
    with pytest.raises(StoreError, match=r"a\.zip.* cannot be unpacked"):
        list(read_any(file))


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"holds no conversations\.json"):
        list(read_any(archive(tmp_path / "a.zip", name="shared_conversations.json")))


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_MOST_IN_ZIP", 1 << 20)
    file = archive(tmp_path / "a.zip", "[" + " " * (1 << 22) + "]")
    assert file.stat().st_size < 1 << 16
    with pytest.raises(StoreError, match="holds more than"):
        list(read_any(file))


def test_conversations_come_one_at_a_time(tmp_path: Path) -> None:
    value = json.loads(ours())
    value["conversations"].append({"id": "broken"})
    file = tmp_path / "a.json"
    file.write_text(json.dumps(value))
    read = read_any(file)
    assert next(read).messages
    with pytest.raises(StoreError, match=r"conversations\[1\]: object missing"):
        next(read)


@pytest.mark.parametrize("wanted", Format)
def test_what_is_written_is_a_private_file_that_replaces_none(tmp_path: Path, wanted: Format) -> None:
    path = tmp_path / f"a{wanted.suffix}"
    with created(path) as file:
        assert write([straight(Message(Role.USER, "Why?"))], file, wanted, now=NOW) == 1
    assert exists(path)
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    with pytest.raises(StoreError, match="exists already"), created(path) as file:
        file.write("other")
    assert path.read_bytes() == before
    with created(path, replace=True) as file:
        file.write("other")
    assert path.read_text() == "other"
    assert list(tmp_path.iterdir()) == [path]


def begin(path: Path, *, replace: bool = False) -> None:
    """Writes half of a file, then something goes wrong."""
    with created(path, replace=replace) as file:
        file.write("half")
        raise ValueError("in the middle")


def test_what_was_not_finished_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with pytest.raises(ValueError, match="in the middle"):
        begin(path)
    assert list(tmp_path.iterdir()) == []
    path.write_text("old")
    with pytest.raises(ValueError, match="in the middle"):
        begin(path, replace=True)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_came_in_between_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with pytest.raises(StoreError, match="exists already"), created(path):
        path.write_text("theirs")
    assert path.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_followed(tmp_path: Path) -> None:
    there, link = tmp_path / "there.md", tmp_path / "link.md"
    there.write_text("old")
    link.symlink_to(there)
    with created(link, replace=True) as file:
        file.write("new")
    assert there.read_text() == "new"
    assert link.is_symlink()


@pytest.mark.parametrize(
    ("name", "said"), [("none/a", "folder does not exist"), (".", "is a directory"), ("a\0", "null")]
)
def test_what_cannot_be_written_is_said(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(StoreError, match=said), created(tmp_path / name, replace=True) as file:
        file.write("x")
