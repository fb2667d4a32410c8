"""A program is killed at any moment, and two write at once; nothing that was safe is lost."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.store.keeping import Talk, opened, rows
from tests.terminal import ROOT
from tui_stream.core.models import MessageStatus


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.store.writer", str(folder), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def killed_after(folder: Path, lines: int) -> list[list[str]]:
    """What a program said was safe until it was killed, at some moment after so many lines."""
    with started(folder, "stream") as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        said += process.stdout.readlines()
    assert process.returncode == -9
    return [line.split() for line in said if line.endswith("\n")]


@pytest.mark.parametrize("seed", range(10))
async def test_a_killed_program_loses_nothing_that_was_written(folder: Path, seed: int) -> None:
    said = killed_after(folder, random.Random(seed).randint(2, 120))
    assert said[0][0] == "conversation"
    async with opened(folder) as archive:
        loaded = await archive.load(said[0][1])
        kept = {message.id: message for message in loaded.messages}
        finished = {one for kind, one, *_ in said if kind == "finished"}
        for kind, one, length in (line for line in said[1:]):
            assert len(kept[one].text) >= int(length), f"{kind} {one}"
        for message in loaded.messages:
            if message.role == "user":
                assert message.text.startswith("prompt ")
            else:
                assert message.text == whole(message.text)
                assert message.id not in finished or message.status is MessageStatus.COMPLETE
                assert message.status in {MessageStatus.COMPLETE, MessageStatus.INTERRUPTED}
        interrupted = [one for one in loaded.messages if one.status is MessageStatus.INTERRUPTED]
        assert [one.error for one in interrupted] == [
            f"interrupted after {len(one.text)} characters" for one in interrupted
        ]
        assert [one.id for one in interrupted] in ([], [loaded.messages[-1].id])
    assert rows(folder, "PRAGMA integrity_check") == [("ok",)]
    assert rows(folder, "SELECT count(*) FROM pieces") == [(0,)]
    assert list((folder / "open").iterdir()) == []


def whole(text: str) -> str:
    """The text that an answer of this length has."""
    number = text.rpartition(" of ")[2].rstrip(", ")
    pieces = (f"piece {piece} of {number}, " for piece in range(20))
    return "".join(pieces)[: len(text)]


async def test_two_programs_that_write_at_once_lose_nothing(folder: Path) -> None:
    async with opened(folder) as archive:
        talk = Talk(archive)
        root = await talk.say("the question")
        programs = [started(folder, "append", talk.id, "25") for _ in range(2)]
        for program in programs:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
        said = [program.communicate("go\n", timeout=60)[0].split() for program in programs]
        assert [program.returncode for program in programs] == [0, 0]
        loaded = await talk.loaded()
        assert sorted(loaded.tree.children(root.id)) == sorted(said[0] + said[1])
        for ids in said:
            assert len(ids) == 25
            assert [one for one in loaded.tree.children(root.id) if one in ids] == ids, "in the order of each"
            texts = [message.text for message in await archive.messages(talk.id, ids)]
            assert texts == [f"{number} more" for number in range(25)]
        assert {message.status for message in loaded.others} == {MessageStatus.COMPLETE}
