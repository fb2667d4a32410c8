from __future__ import annotations

import io
from pathlib import Path

import pytest

from tui_stream.errors import UsageError
from tui_stream.prompts.gathered import STDIN, Parts, gather
from tui_stream.prompts.templates import read


@pytest.mark.parametrize(
    ("argument", "piped", "prompt"),
    [
        ("sum up", b"text", "sum up\n\ntext"),
        ("sum up", b"", "sum up"),
        ("", b"\xef\xbb\xbftext\n", "text\n"),
        ("", b"some words and \xff", "some words and \ufffd"),
    ],
)
def test_prompts_from_argument_and_pipe(argument: str, piped: bytes, prompt: str) -> None:
    assert gather(Parts(argument), io.BytesIO(piped)).text == prompt


def test_no_prompt_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="There is no prompt"):
        gather(Parts(), io.BytesIO(b" \n"))
    with pytest.raises(UsageError, match="There is no prompt"):
        gather(Parts(), None)


def test_files_follow_under_their_names(tmp_path: Path) -> None:
    first, second = tmp_path / "a.py", tmp_path / "b.csv"
    first.write_text("x = 1\n")
    second.write_text("1,2")
    found = gather(Parts("explain", [first, second]), io.BytesIO(b"piped")).text
    assert found == f"explain\n\npiped\n\n{first}:\n\n```\nx = 1\n```\n\n{second}:\n\n```\n1,2\n```"


def test_without_another_prompt_the_first_file_is_one(tmp_path: Path) -> None:
    first, second = tmp_path / "prompt.md", tmp_path / "b.csv"
    first.write_text("Add up:")
    second.write_text("1,2")
    assert gather(Parts("", [first, second]), None).text == f"Add up:\n\n{second}:\n\n```\n1,2\n```"


def test_a_template_is_filled_with_all_that_was_typed_and_piped(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("x")
    template = read("t", "Say {{input}} in {{lang}}.", "t.md")
    found = gather(Parts("hello", [file], template, {"lang": "French {{input}}"}), io.BytesIO(b"world"))
    assert found.text == f"Say hello\n\nworld in French {{{{input}}}}.\n\n{file}:\n\n```\nx\n```"


def test_what_is_to_be_told() -> None:
    notes = gather(Parts("x" * 400_000), io.BytesIO(b"some words and \xff")).notes
    assert [note.split(" ")[0] for note in notes] == ["stdin", "The"]


def test_a_terminal_is_not_waited_for_where_there_is_a_prompt(tmp_path: Path) -> None:
    assert Parts("Hi").suffices
    assert Parts(files=[tmp_path]).suffices
    assert Parts(template=read("t", "Tell a joke.", "t.md")).suffices
    assert not Parts(template=read("t", "Sum up {{input}}", "t.md")).suffices
    assert not Parts().suffices
    assert not Parts("Hi", [STDIN]).suffices


def test_what_is_piped_in_can_be_one_of_the_files(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("x")
    found = gather(Parts("compare", [STDIN, file]), io.BytesIO(b"piped ```"))
    assert found.text == f"compare\n\nstdin:\n\n```\npiped ```\n```\n\n{file}:\n\n```\nx\n```"
    assert gather(Parts("", [STDIN, file]), io.BytesIO(b"piped")).text == f"piped\n\n{file}:\n\n```\nx\n```"
    assert gather(Parts("", [file, STDIN]), io.BytesIO(b"piped")).text == "x\n\nstdin:\n\n```\npiped\n```"
    noted = gather(Parts("Hi", [STDIN]), io.BytesIO(b"some words and \xff")).notes
    assert [note.split(" ")[0] for note in noted] == ["stdin"]


def test_stdin_is_named_once() -> None:
    with pytest.raises(UsageError, match="stdin is named twice"):
        gather(Parts("Hi", [STDIN, STDIN]), io.BytesIO(b"piped"))
