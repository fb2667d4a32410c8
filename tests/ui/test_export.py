"""Saving a conversation: what is written, and that it is written whole, or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.memory_archive import MemoryArchive
from tests.ui.conversations import conversation, keep, with_history
from tests.ui.harness import chat, running
from tui_stream.core.events import ReasoningDelta, StreamEnd, TextDelta
from tui_stream.core.models import Conversation, FinishReason, Message, MessageStatus, Role
from tui_stream.errors import StoreError
from tui_stream.exchange import read_any
from tui_stream.ui.export import as_markdown, as_text, write

STOP = StreamEnd(FinishReason.STOP)
MESSAGES = [
    Message(Role.USER, "What *is* it?"),
    Message(
        Role.ASSISTANT,
        "# Title\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
        reasoning="Hm.\nWell.",
        model="m-1",
        status=MessageStatus.CANCELLED,
    ),
]


def test_markdown_is_what_the_model_wrote_under_who_wrote_it() -> None:
    expected = (
        "## You\n\nWhat *is* it?\n\n## m-1\n\n> Thinking:\n>\n> Hm.\n> Well.\n\n"
        "# Title\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n*Stopped.*\n"
    )
    assert as_markdown(MESSAGES) == expected


def test_text_for_screen_readers_says_everything_in_words() -> None:
    text = as_text(MESSAGES)
    assert text.startswith("You:\nWhat *is* it?\n\nm-1:\nThoughts:\nHm. Well.\nEnd of thoughts.\n")
    assert "Heading level 1: Title" in text
    assert "a: 1; b: 2" in text
    assert text.endswith("Stopped.\n")
    assert "|" not in text
    assert "#" not in text


def test_no_control_character_gets_out() -> None:
    messages = [Message(Role.ASSISTANT, "a\x1b]52;c;x\x07b", model="\x1b[31mred", reasoning="\x9b1m")]
    for text in (as_markdown(messages), as_text(messages)):
        assert not [character for character in text if ord(character) < 32 and character != "\n"]
        assert "\x9b" not in text


def test_a_file_is_for_its_owner_and_is_not_replaced_unasked(tmp_path: Path) -> None:
    file = tmp_path / "chat.md"
    assert write(file, "one") == file
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(StoreError, match="exists already"):
        write(file, "two")
    write(file, "two", replace=True)
    assert file.read_text() == "two"
    assert [each.name for each in tmp_path.iterdir()] == ["chat.md"]


def test_the_home_folder_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert write(Path("~/chat.txt"), "x") == tmp_path / "chat.txt"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none/chat.md", "folder does not exist"),
        (".", "is a directory"),
        ("x" * 300, "name too long"),
        ("a\0b", "null"),
    ],
)
def test_what_cannot_be_written_is_said_in_words(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(StoreError, match=reason):
        write(tmp_path / name, "x", replace=True)
    assert not list(tmp_path.iterdir())


async def test_a_conversation_is_saved_by_key(tmp_path: Path) -> None:
    async with running(chat([ReasoningDelta("Hm."), TextDelta("**Yes.**"), STOP])) as screen:
        await screen.pilot.press("ctrl+s")
        await screen.shows("nothing to save")
        await screen.type("Hi")
        await screen.shows("done")
        await screen.pilot.press("ctrl+s")
        await screen.shows("Save the conversation as", "chat-")
        screen.app.screen.query_one("Input").value = str(tmp_path / "a.md")  # type: ignore[attr-defined]  # it is an input
        await screen.pilot.press("enter")
        await screen.until((tmp_path / "a.md").exists)
        assert "**Yes.**" in (tmp_path / "a.md").read_text()
        await screen.shows("Saved as Markdown to")


async def test_the_end_of_the_name_says_what_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    archive = MemoryArchive()
    given, _ = with_history([TextDelta("No."), STOP], archive=archive, start="long")
    texts = [part for number in range(80) for part in (f"Question {number}?", f"Answer {number}.")]
    await keep(archive, conversation(*texts, id="long", title="A long one"))
    async with running(given) as screen:
        await screen.shows("Answer 79.")
        await screen.pilot.press("tab", "G", "r")
        await screen.shows("No.", "2/2", "done")
        shown = screen.app.get_default_screen().pane.shown
        loaded = len(shown.messages)
        assert loaded < len(texts)
        for name, kind in (("a.json", "JSON"), ("a.html", "HTML"), ("a.txt", "plain text"), ("a.log", "Markdown")):
            await screen.pilot.press("ctrl+s")
            await screen.shows("Save the conversation as")
            screen.app.screen.query_one("Input").value = name  # type: ignore[attr-defined]  # it is an input
            await screen.pilot.press("enter")
            await screen.shows(f"Saved as {kind} to {name}.")
        assert len(shown.messages) == loaded
    read = next(iter(read_any(tmp_path / "a.json")))
    assert isinstance(read, Conversation)
    assert [message.text for message in read.messages] == [*texts[:-1], "No."]
    assert [message.text for message in read.others] == [texts[-1]]
    assert (tmp_path / "a.html").read_text().startswith("<!DOCTYPE html>")
    assert "Question 0?" in (tmp_path / "a.html").read_text()
    assert (tmp_path / "a.txt").read_text().startswith("You:\nQuestion 0?")
    assert (tmp_path / "a.log").read_text().startswith("#")


async def test_a_file_that_exists_is_replaced_at_the_second_enter_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("a.txt")
    file.write_text("old")
    async with running(chat([TextDelta("**Yes.**"), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("done")
        await screen.pilot.press("ctrl+s")
        await screen.shows("Save the conversation as")
        screen.app.screen.query_one("Input").value = str(file)  # type: ignore[attr-defined]  # it is an input
        await screen.pilot.press("enter")
        await screen.shows("Enter once more replaces it")
        assert file.read_text() == "old"
        await screen.pilot.press("enter")
        await screen.until(lambda: "Yes." in file.read_text())
        assert "**" not in file.read_text()


async def test_escape_saves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(chat([TextDelta("Yes."), STOP])) as screen:
        await screen.type("Hi")
        await screen.shows("done")
        await screen.pilot.press("ctrl+s")
        await screen.shows("Save the conversation as")
        await screen.pilot.press("escape")
        await screen.until(lambda: "Save the conversation" not in screen.text)
        assert not list(tmp_path.iterdir())
