from __future__ import annotations

import codecs
import io
import locale
from pathlib import Path

import pytest

from tui_stream.errors import UsageError
from tui_stream.prompts import texts
from tui_stream.prompts.texts import File, decoded, read_file, read_stream, size_note


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        ("naïve 日本\n".encode(), "naïve 日本\n"),
        (codecs.BOM_UTF8 + b"a", "a"),
        (codecs.BOM_UTF16_LE + "né".encode("utf-16-le"), "né"),
        (codecs.BOM_UTF16_BE + "né".encode("utf-16-be"), "né"),
        (b"\x1b[31mred\x1b[0m\r\n", "\x1b[31mred\x1b[0m\r\n"),
    ],
)
def test_text_is_read_as_it_is_encoded(data: bytes, text: str) -> None:
    assert decoded(data, "x") == texts.Text(text)


def test_what_cannot_be_read_is_replaced_and_told() -> None:
    found = decoded(b"a good deal of text, and \xff", "notes.txt")
    assert found.text.endswith("and \ufffd")
    assert found.note.startswith("notes.txt is not all UTF-8")


def test_the_locale_says_how_old_files_are_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locale, "getencoding", lambda: "ISO-8859-1")
    assert decoded("déjà vu".encode("latin-1"), "x") == texts.Text("déjà vu")


@pytest.mark.parametrize(
    "data", [b"a\0b", b"\x89PNG\r\n\x1a\nabc", b"%PDF-1.7 text", b"PK\x03\x04text", b"\x1f\x8btext"]
)
def test_binary_files_are_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match=r"a.bin is a binary file, not text. A picture"):
        decoded(data, "a.bin")


@pytest.mark.parametrize(
    "data", [b"GIF89a\xff\xff\xff,", b"RIFF\xf1\xf2\xf3\xf4WAVEfmt ", b"RIFF\xf1\xf2\xf3\xf4WEBPVP8 "]
)
@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1"])
def test_binary_files_that_begin_with_letters_are_refused(
    data: bytes, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locale, "getencoding", lambda: encoding)
    with pytest.raises(UsageError, match=r"a.bin is a binary file, not text. A picture"):
        decoded(data, "a.bin")


@pytest.mark.parametrize(
    "text",
    ["RIFF is what? Explain.", "RIFF!\n\n WAVE", "GIF89a header bytes: naïve", "GIF8", "%PDF- begins what?", "PK"],
)
def test_text_may_begin_with_the_letters_of_binary_files(text: str) -> None:
    assert decoded(text.encode(), "x") == texts.Text(text)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"say \xff", "say \ufffd"),
        (b"say caf\xe9", "say caf\ufffd"),
        (b"d\xe9j\xe0", "d\ufffdj\ufffd"),
        (b"RIFF or \xff?", "RIFF or \ufffd?"),
    ],
)
def test_a_short_text_may_have_a_few_bytes_that_cannot_be_read(data: bytes, text: str) -> None:
    found = decoded(data, "stdin")
    assert found.text == text
    assert found.note == "stdin is not all UTF-8: what could not be read is sent as \ufffd."


@pytest.mark.parametrize("data", [b"\xff", b"a\xff\xfd", bytes(range(0xC0, 0xD0)) + b"all of it"])
def test_a_short_text_has_to_be_more_than_that(data: bytes) -> None:
    with pytest.raises(UsageError, match="neither UTF-8 nor"):
        decoded(data, "a.txt")


def test_what_is_mostly_unreadable_is_refused() -> None:
    with pytest.raises(UsageError, match="neither UTF-8 nor"):
        decoded("Всё хорошо".encode("koi8-r"), "a.txt")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path, said in ((tmp_path, "Is a directory"), (tmp_path / "none\x1b", "none cannot be read: No such file")):
        with pytest.raises(UsageError, match=said):
            read_file(path)


def test_too_much_is_refused_before_it_fills_the_memory() -> None:
    class Endless(io.RawIOBase):
        taken = 0

        def read(self, size: int = -1) -> bytes:
            self.taken += size
            return b"y" * size

    endless = Endless()
    with pytest.raises(UsageError, match="stdin has more than"):
        read_stream(endless, "stdin")  # type: ignore[arg-type] # it reads bytes
    assert endless.taken < texts.MOST_BYTES + 4_000_000


def test_a_fence_around_a_file_does_not_occur_in_it() -> None:
    assert File("a.py", "x = 1").block == "a.py:\n\n```\nx = 1\n```"
    assert File("a.md", "````\nx\n````\n").block == "a.md:\n\n`````\n````\nx\n````\n`````"


def test_only_large_prompts_are_told_of() -> None:
    assert size_note("x" * 399_999) == ""
    assert size_note("é" * 400_000) == "The prompt is large: 800.0 kB, about 100,000 tokens."
