"""What runs of the program keep, and how the next ones go on with it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.servers import ChatServer
from tests.store.keeping import Talk, opened, rows
from tests.terminal import ROOT
from tests.test_cli import run
from tui_stream.config import Settings
from tui_stream.core.models import Conversation, Message, MessageStatus, Role
from tui_stream.errors import StoreError, UsageError
from tui_stream.keeping import Keeping, OpenHistory
from tui_stream.paths import data_dir


async def ask(server: ChatServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the pipe against a server."""
    at = ("--provider", "openai", "--base-url", server.base_url, "--model", server.model)
    return await asyncio.to_thread(run, "pipe", *arguments, *at)


def sent(server: ChatServer, number: int) -> list[tuple[str, str]]:
    """The messages of a request."""
    asked: Any = [request for request in server.requests if request.method == "POST"][number].json()
    return [(message["role"], message["content"]) for message in asked["messages"]]


def conversations() -> list[tuple[object, ...]]:
    """The ids in the history, the one that was begun first before the others."""
    return rows(data_dir(), "SELECT id FROM conversations ORDER BY key")


FIRST = [("user", "First question"), ("assistant", "First answer"), ("user", "And then?")]


async def test_continue_sends_what_was_said_before() -> None:
    async with ChatServer() as server:
        server.say("First ", "answer")
        server.say("Then this")
        server.say("Something new")
        assert (await ask(server, "First question")).returncode == 0
        done = await ask(server, "And then?", "-c")
        assert (done.returncode, done.stdout, done.stderr) == (0, "Then this", "")
        assert (await ask(server, "Anew")).returncode == 0
        assert [sent(server, number) for number in range(3)] == [FIRST[:1], FIRST, [("user", "Anew")]]
    assert len(conversations()) == 2


async def test_resume_goes_on_with_the_one_that_is_named() -> None:
    async with ChatServer() as server:
        for text in ("First answer", "Another answer", "Then this", "More"):
            server.say(text)
        await ask(server, "First question")
        await ask(server, "Another question")
        (first,), _ = conversations()
        done = await ask(server, "And then?", "--resume", str(first)[:10])
        assert (done.returncode, done.stdout, done.stderr) == (0, "Then this", "")
        await ask(server, "Still?", "--continue")
        assert sent(server, 2) == FIRST
        assert sent(server, 3) == [*FIRST, ("assistant", "Then this"), ("user", "Still?")]
    assert len(conversations()) == 2


async def test_what_is_kept_says_how_it_was_answered() -> None:
    async with ChatServer() as server:
        server.say("An answer", usage=(11, 5))
        await ask(server, "A question", "-o", "temperature=0.5")
    async with opened(data_dir()) as archive:
        (overview,) = await archive.conversations()
        question, answer = (await archive.load(overview.id)).messages
    assert (overview.title, overview.messages, overview.model) == ("A question", 2, "told-so")
    assert (question.role, question.text) == (Role.USER, "A question")
    assert (answer.text, answer.status, answer.provider) == ("An answer", MessageStatus.COMPLETE, "openai")
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (11, 5)
    assert answer.parameters["temperature"] == 0.5
    assert answer.finished_at is not None


async def test_no_store_keeps_nothing(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text("history = false\n")
    async with ChatServer() as server:
        for _ in range(2):
            server.say("Gone")
        assert (await ask(server, "Secret", "--no-store")).stdout == "Gone"
        assert (await ask(server, "Secret", "--config", str(settings))).stdout == "Gone"
    assert not data_dir().exists()


@pytest.mark.parametrize("flags", [["-c"], ["--resume", "abc"]])
def test_there_is_nothing_to_go_on_with_where_nothing_is_kept(flags: list[str]) -> None:
    done = run("pipe", "Hi", "--no-store", *flags, "--provider", "openai")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no history is kept" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not data_dir().exists()


def test_continue_and_resume_contradict_each_other() -> None:
    for command in ("pipe", "chat"):
        done = run(command, "Hi", "-c", "--resume", "abc")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "tui-stream: --continue and --resume name two conversations. Give one of them.\n"


def test_an_unknown_id_is_told_before_anything_is_asked() -> None:
    done = run("pipe", "Hi", "--resume", "abc", "--provider", "openai")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "tui-stream: No conversation's id begins with 'abc'. See tui-stream history list.\n"
    done = run("pipe", "Hi", "--continue", "--provider", "openai")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "tui-stream: There is no conversation yet to go on with. Leave --continue out.\n"


async def test_a_folder_that_cannot_be_had_is_told_once_and_the_answer_comes() -> None:
    data_dir().parent.mkdir(parents=True)
    data_dir().write_text("a file where the folder should be")
    async with ChatServer() as server:
        server.say(*(f"{number} " for number in range(200)))
        done = await ask(server, "Count")
    assert (done.returncode, done.stdout) == (0, "".join(f"{number} " for number in range(200)))
    assert done.stderr.count("\n") == 1
    assert re.match(r"The history in .* cannot be used: .*; this conversation is not being kept\.\n", done.stderr)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
async def test_a_folder_that_is_read_only_is_told_once_and_the_answer_comes() -> None:
    data_dir().parent.mkdir(parents=True)
    data_dir().parent.chmod(0o500)
    async with ChatServer() as server:
        server.say("An answer")
        done = await ask(server, "A question")
    data_dir().parent.chmod(0o700)
    assert (done.returncode, done.stdout) == (0, "An answer")
    assert done.stderr.count("\n") == 1


WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []


@pytest.mark.skipif(bool(WITHOUT_RIGHTS) and shutil.which("setpriv") is None, reason="root may write anywhere")
async def test_a_history_that_can_only_be_read_is_read_and_gone_on_with() -> None:
    async with opened(data_dir()) as archive:
        talk = Talk(archive)
        await talk.say("First question")
        await talk.finish(await talk.answer("First answer"))
    for folder in (data_dir(), data_dir() / "open"):
        folder.chmod(0o500)

    async def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*WITHOUT_RIGHTS, sys.executable, "-m", "tui_stream", *arguments]
        stdin = subprocess.DEVNULL
        return await asyncio.to_thread(
            subprocess.run, command, stdin=stdin, capture_output=True, text=True, timeout=60, cwd=ROOT
        )

    listed = await ran("history", "list")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert listed.stdout.endswith("\tFirst question\n")
    for command in (["search", "answer"], ["show", talk.id], ["export", "--all"]):
        done = await ran("history", *command)
        assert (done.returncode, done.stderr) == (0, "")
        assert "First" in done.stdout
    done = await ran("history", "delete", talk.id, "--yes")
    assert done.returncode == 1
    assert re.fullmatch(r"tui-stream: The history in \S+ cannot be written: permission denied\. Make .*\n", done.stderr)
    async with ChatServer() as server:
        server.say("Then this")
        at = ("--provider", "openai", "--base-url", server.base_url, "--model", server.model)
        done = await ran("pipe", "And then?", "-c", *at)
        assert (done.returncode, done.stdout) == (0, "Then this")
        assert sent(server, 0) == FIRST
    assert done.stderr.count("\n") == 1
    assert "this conversation is not being kept" in done.stderr
    for folder in (data_dir(), data_dir() / "open"):
        folder.chmod(0o700)


async def test_a_damaged_history_is_put_aside_and_told_and_the_answer_comes() -> None:
    data_dir().mkdir(parents=True)
    (data_dir() / "history.db").write_bytes(b"no database " * 1000)
    async with ChatServer() as server:
        server.say("An answer")
        done = await ask(server, "A question")
    assert (done.returncode, done.stdout) == (0, "An answer")
    assert "The history was damaged; it is kept as" in done.stderr
    assert len(conversations()) == 1


async def test_an_answer_that_a_dead_program_left_is_gone_on_with() -> None:
    async with opened(data_dir()) as archive:
        talk = Talk(archive)
        await talk.say("First question")
        await talk.finish(await talk.answer("First answer"))
        await talk.say("Unanswered")
        broken = await talk.answer("Half an ans")
    async with ChatServer() as server:
        server.say("Then this")
        done = await ask(server, "And then?", "-c")
        assert (done.returncode, done.stdout) == (0, "Then this")
        said = sent(server, 0)
    assert said[:2] == FIRST[:2]
    assert said[-1] == ("user", "And then?")
    assert rows(data_dir(), "SELECT status FROM messages WHERE id = ?", broken.id) == [("interrupted",)]


# -- within this process ---------------------------------------------------------------------------


def conversation(text: str) -> Conversation:
    message = Message(Role.USER, text)
    made = Conversation(messages=[message])
    made.tree.add(message.id, None)
    return made


def test_nothing_is_loaded_before_it_is_needed() -> None:
    code = (
        "import sys\nfrom tui_stream.config import Settings\nfrom tui_stream.keeping import Keeping\n"
        "with Keeping(Settings()) as kept:\n    assert kept.archive is not None\n"
        "sys.exit(str({'sqlite3', 'tui_stream.store.archive'} & set(sys.modules) or ''))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr.strip() == ""
    assert not data_dir().exists()


def test_a_run_goes_on_with_the_latest_or_the_named_one() -> None:
    first, second = conversation("First"), conversation("Second")
    with OpenHistory() as history:
        for each in (first, second):
            assert history.wait(history.archive.import_conversation(each))
    with Keeping(Settings(), latest=True) as kept:
        assert kept.start == second.id
        found = asyncio.run(kept.conversation())
        assert found is not None
        assert [message.text for message in found.messages] == ["Second"]
    with Keeping(Settings(), resume=first.id[:12]) as kept:
        assert kept.start == first.id
    with Keeping(Settings()) as kept:
        assert kept.start == ""
        assert asyncio.run(kept.conversation()) is None


def test_settings_can_keep_nothing() -> None:
    with Keeping(Settings(history=False)) as kept:
        assert kept.archive is None
        assert "history = false" in kept.reason
        assert asyncio.run(kept.conversation()) is None
    with pytest.raises(UsageError, match="no history is kept"), Keeping(Settings(history=False), latest=True):
        raise AssertionError("it went on")


def test_a_start_that_fails_leaves_nothing_open() -> None:
    kept = Keeping(Settings(), resume="nope")
    with pytest.raises(StoreError, match="begins with 'nope'"), kept:
        raise AssertionError("it went on")
    assert kept.archive is not None
    with pytest.raises(StoreError, match="closed"):
        asyncio.run(kept.archive.save_draft("here", "text"))


def test_what_a_command_opened_is_closed_whatever_happens() -> None:
    history = OpenHistory()

    def fail() -> None:
        with history:
            history.wait(history.archive.save_draft("here", "text"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with pytest.raises(StoreError, match="closed"):
        asyncio.run(history.archive.save_draft("here", "more"))
    with OpenHistory() as history:
        assert history.wait(history.archive.draft("here")) == "text"
        assert history.notices == ()


def test_a_history_that_cannot_be_opened_leaves_nothing_behind() -> None:
    data_dir().parent.mkdir(parents=True)
    data_dir().write_text("a file")
    with pytest.raises(StoreError, match="cannot be used"), OpenHistory():
        raise AssertionError("it went on")
