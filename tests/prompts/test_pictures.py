from __future__ import annotations

from pathlib import Path

import pytest

from tui_stream.core.images import Image
from tui_stream.errors import UsageError
from tui_stream.prompts import pictures
from tui_stream.prompts.pictures import read_picture


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n123", "image/png"),
        (b"\xff\xd8\xff123", "image/jpeg"),
        (b"GIF89a123", "image/gif"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
    ],
)
def test_what_a_picture_is_its_bytes_say(data: bytes, kind: str, tmp_path: Path) -> None:
    file = tmp_path / "picture.txt"
    file.write_bytes(data)
    assert read_picture(file) == Image("picture.txt", kind, data)


def test_an_address_of_a_picture() -> None:
    assert Image("a", "image/png", b"abc").url == "data:image/png;base64,YWJj"


def test_anything_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(b"RIFF\0\0\0\0WAVE")
    with pytest.raises(UsageError, match=r"a.png is no picture\. PNG, JPEG"):
        read_picture(file)
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_picture(tmp_path / "none.png")
    monkeypatch.setattr(pictures, "MOST_BYTES", 5)
    with pytest.raises(UsageError, match="has more than 5 B"):
        read_picture(file)
