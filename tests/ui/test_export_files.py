"""Saved conversations: what a message leaves open or half done, and disks that do not do as they should."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.markdown.texts import ANY_TEXT
from tui_stream.core.models import FinishReason, Message, MessageStatus, Role, ToolCall
from tui_stream.errors import StoreError
from tui_stream.ui.export import as_markdown, as_text, exists, write


def answer(text: str = "", **more: object) -> Message:
    message = Message(Role.ASSISTANT, text, model="m")
    for name, value in more.items():
        setattr(message, name, value)
    return message


def headings(markdown: str) -> list[str]:
    """The headings that stand in no other block."""
    tokens = MarkdownIt("commonmark").parse(markdown)
    return [tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open" and not token.level]


# -- documents --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "```py\nx = 1",
        "````\n```\n",
        "~~~",
        "<!-- so",
        "<pre>\n\nx",
        "<?php",
        "<![CDATA[ x",
        "<!DOCTYPE",
        "- ```\n  x",
        "> ```\n> x",
        "```\nx\n```",
        "    ```\n",
        "`` ` <",
    ],
)
def test_a_block_that_is_left_open_swallows_nothing(text: str) -> None:
    written = as_markdown([answer(text, reasoning=text), Message(Role.USER, text), answer("end")], "A title")
    assert headings(written) == ["A title", "m", "You", "m"]
    assert text.rstrip() in written


@given(st.lists(ANY_TEXT, min_size=1, max_size=4))
def test_no_message_swallows_the_next(texts: list[str]) -> None:
    written = as_markdown([answer(text) for text in texts] + [Message(Role.USER, "end")])
    assert headings(written)[-1] == "You"
    assert written.endswith("## You\n\nend\n")


def test_names_and_notes_are_no_markup() -> None:
    written = as_markdown([answer(model="a_b*c`<d>", status=MessageStatus.FAILED, error="no *such* [thing]")], "# `t`")
    assert r"## a\_b\*c\`\<d>" in written
    assert r"*no \*such\* \[thing]*" in written.replace(r"\]", "]")
    assert written.startswith("# \\# \\`t\\`\n")


@pytest.mark.parametrize(
    ("message", "note"),
    [
        (answer("x", status=MessageStatus.CANCELLED), "Stopped."),
        (answer(status=MessageStatus.CANCELLED), "Stopped before the answer began."),
        (answer("x", status=MessageStatus.FAILED, error="It broke."), "It broke."),
        (answer("x", status=MessageStatus.FAILED), "This answer failed."),
        (answer("x", status=MessageStatus.CUT_OFF), "This answer was cut off."),
        (answer(status=MessageStatus.STREAMING), "This answer was still arriving."),
        (Message(Role.USER, "x", status=MessageStatus.QUEUED), "This was waiting to be sent."),
        (answer("x", finish_reason=FinishReason.LENGTH), "Cut off: the answer reached its length limit."),
        (answer("x", tool_calls=[ToolCall("1", "look", '{"a": 1}')]), 'Tool call: look({"a": 1})'),
        (answer(""), "The model answered with nothing."),
    ],
)
def test_how_a_message_stands_is_said_in_words(message: Message, note: str) -> None:
    assert as_text([message]).endswith(f"\nNote: {note}\n")
    assert as_markdown([message]).endswith(f"\n\n*{note}*\n")


def test_what_is_plain_has_no_note() -> None:
    assert as_text([Message(Role.SYSTEM, "Be kind."), Message(Role.USER, "# Hi\n  *x*"), answer("**Yes.**")]) == (
        "System prompt:\nBe kind.\n\nYou:\n# Hi\n  *x*\n\nm:\nYes.\n"
    )


def test_lines_end_alike_and_a_first_indent_stays() -> None:
    assert as_markdown([Message(Role.USER, "\r\n \n    code\r\n\rx \n\n")]) == "## You\n\n    code\n\nx\n"


@given(st.text(), st.text(), st.text(), st.text())
def test_no_control_character_gets_out(text: str, reasoning: str, model: str, error: str) -> None:
    messages = [
        answer(text, reasoning=reasoning, model=model, error=error, status=MessageStatus.FAILED),
        Message(Role.USER, text, model=model),
    ]
    for written in (as_markdown(messages, error), as_text(messages)):
        assert all(char in "\t\n" or not (ord(char) < 32 or 0x7F <= ord(char) < 0xA0) for char in written)
        written.encode()


# -- files ------------------------------------------------------------------------------------------


def test_nothing_is_replaced_that_came_in_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.md"
    sync = os.fsync

    def come_in_between(number: int) -> None:
        file.write_text("theirs")
        sync(number)

    monkeypatch.setattr(os, "fsync", come_in_between)
    with pytest.raises(StoreError, match="exists already"):
        write(file, "ours")
    assert file.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "Free some space"),
        (errno.EDQUOT, "Free some space"),
        (errno.EROFS, "Choose another folder"),
        (errno.EACCES, "permission denied. Choose another folder"),
        (errno.EIO, "input/output error"),
    ],
)
def test_a_disk_that_fails_leaves_all_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str, there: bool
) -> None:
    file = tmp_path / "a.md"
    if there:
        file.write_text("old")

    def fail(_number: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match=words) as caught:
        write(file, "new", replace=True)
    assert isinstance(caught.value.__cause__, OSError)
    assert [each.read_text() for each in tmp_path.iterdir()] == ["old"] * there


def test_a_new_name_whose_file_cannot_be_put_there_stays_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: Path, _target: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(StoreError):
        write(tmp_path / "a.md", "new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_folder_that_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="permission denied"):
        write(tmp_path / "a.md", "new")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target.md", tmp_path / "link.md"
    target.write_text("old")
    target.chmod(0o644)
    link.symlink_to(target)
    assert exists(link)
    assert write(link, "new ✓ \ud800", replace=True) == link
    assert link.is_symlink()
    assert target.read_bytes() == "new ✓ \ufffd".encode()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_link_to_nothing_counts_as_a_file(tmp_path: Path) -> None:
    link = tmp_path / "link.md"
    link.symlink_to(tmp_path / "target.md")
    assert exists(link)
    with pytest.raises(StoreError, match="exists already"):
        write(link, "x")
    write(link, "x", replace=True)
    assert (tmp_path / "target.md").read_text() == "x"


def test_what_is_no_ordinary_file_is_left_alone(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/null")):
        with pytest.raises(StoreError, match="not an ordinary file"):
            exists(path)
        with pytest.raises(StoreError, match="not an ordinary file"):
            write(path, "x", replace=True)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_whether_a_file_exists(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    assert not exists(file)
    file.touch()
    assert exists(file)
    for path, words in [
        (tmp_path, "is a directory"),
        (tmp_path / "none" / "a", "folder does not exist"),
        (file / "a", "folder does not exist"),
        (Path("~nobody-of-this-name/a"), "home"),
    ]:
        with pytest.raises(StoreError, match=words):
            exists(path)
