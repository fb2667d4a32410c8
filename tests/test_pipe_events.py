"""What the pipe says of an answer as events, and what it does where a budget stops one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.piped import PERSON, ask, events, history
from tests.scripted import Step, body, close, sse, stall, whole
from tests.servers import ChatServer
from tui_stream.piping.events import schema_text


def test_the_events_as_a_schema() -> None:
    for command in (["pipe", "--json-schema"], ["--json-schema"]):
        done = subprocess.run(
            [sys.executable, "-m", "tui_stream", *command], capture_output=True, timeout=60, check=True
        )
        assert json.loads(done.stdout) == json.loads(schema_text())
        assert done.stderr == b""
    with Path("/dev/full").open("wb") as full:
        failed = subprocess.run(
            [sys.executable, "-m", "tui_stream", "--json-schema"], stdout=full, timeout=60, check=False
        )
    assert failed.returncode == 1


async def test_events_of_an_answer() -> None:
    async with ChatServer() as server:
        server.then(
            body(
                server.chunk({"reasoning_content": "Hm"}),
                server.chunk({"content": "naïve\u202e"}),
                server.chunk({}, "stop"),
                server.usage(7, 3),
                sse("[DONE]"),
            )
        )
        done = await ask(server, "--json", "Hi")
    found = events(done)
    assert (done.returncode, done.stderr) == (0, b"")
    assert [one["event"] for one in found] == ["start", "reasoning", "text", "usage", "end"]
    assert {one["answer"] for one in found} == {1}
    start, thought, text, usage, end = found
    assert (start["version"], start["provider"], start["model"]) == (2, "openai", "m")
    assert (thought["text"], text["text"]) == ("Hm", "naïve\u202e")
    assert (usage["input_tokens"], usage["output_tokens"], usage["source"], usage["local"]) == (7, 3, "reported", True)
    assert (usage["cost"], usage["cost_source"]) == (None, "local")
    assert (end["code"], end["finish_reason"], end["model"], end["attempts"]) == (0, "stop", "told-so", 1)


@pytest.mark.parametrize(("step", "code"), [(None, 0), (close, 5)])
async def test_events_of_an_answer_in_one_piece(step: Step | None, code: int) -> None:
    async with ChatServer() as server:
        thinks = [server.chunk({"reasoning_content": text}) for text in ("so", "so")]
        says = [server.chunk({"content": text}) for text in ("Hel", "lo")]
        end: list[Step | bytes] = [server.chunk({}, "stop"), sse("[DONE]")] if step is None else [step]
        server.then(body(*thinks, *says, *end))
        done = await ask(server, "--json", "--no-stream", "Hi")
    found = events(done)
    assert done.returncode == code
    assert [one["text"] for one in found if one["event"] in {"reasoning", "text"}] == ["soso", "Hello"]
    assert [one["event"] for one in found if one["event"] not in {"error", "note"}] == [
        "start",
        "reasoning",
        "text",
        "usage",
        "end",
    ]


async def test_events_of_a_retry_and_several_answers(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[retry]\nbase_delay = 0.01\n")
    async with ChatServer() as server:
        server.then(whole({"error": {"message": "Busy."}}, 503))
        server.say("one")
        server.say("two", finish="content_filter")
        done = await ask(server, "--json", "-n", "2", "--config", str(config), "Hi")
    assert done.returncode == 7
    kinds = [(one["answer"], one["event"]) for one in events(done)]
    assert kinds == [
        *((1, kind) for kind in ("start", "retry", "text", "usage", "end")),
        *((2, kind) for kind in ("start", "text", "usage", "end")),
    ]


async def test_events_of_an_answer_that_breaks_off() -> None:
    async with ChatServer() as server:
        server.then(body(server.chunk({"content": "half"}), close))
        done = await ask(server, "--json", "Hi")
    found = events(done)
    assert [one["event"] for one in found] == ["start", "text", "error", "usage", "end"]
    assert (done.returncode, found[2]["code"], found[-1]["code"], found[-1]["finish_reason"]) == (5, 5, 5, None)
    assert done.stderr.startswith(b"tui-stream: ")


async def test_events_of_an_answer_that_is_not_valid() -> None:
    async with ChatServer() as server:
        server.say("words")
        done = await ask(server, "--json", "--schema", PERSON, "Hi")
    found = events(done)
    assert [one["event"] for one in found] == ["start", "text", "error", "usage", "end"]
    assert (done.returncode, found[2]["code"], found[-1]["code"]) == (13, 13, 13)


async def test_a_budget_stops_an_answer_and_its_text_is_kept() -> None:
    async with ChatServer() as server:
        server.then(body(server.chunk({"content": "word " * 40}), stall))
        done = await ask(server, "--budget", "20t", "Hi")
    assert (done.returncode, done.stdout) == (8, b"word " * 40)
    assert done.stderr.startswith(b"tui-stream: The answer was stopped: ")
    assert done.stderr.endswith(b"or go past it for this once (--over-budget).\n")
    (listed,) = await history("list", "--json")
    assert not listed["interrupted"]


async def test_over_a_budget_the_answer_comes_whole() -> None:
    async with ChatServer() as server:
        server.say("word " * 40)
        done = await ask(server, "--budget", "20t", "--over-budget", "Hi")
    assert (done.returncode, done.stdout) == (0, b"word " * 40)


async def test_a_prompt_beyond_its_budget_is_not_sent() -> None:
    async with ChatServer() as server:
        done = await ask(server, "--json", "--budget", "20t", "word " * 100)
        assert not server.requests
    (error,) = events(done)
    assert (done.returncode, error["event"], error["code"]) == (8, "error", 8)
    assert error["answer"] == 1
    assert error["hint"].endswith("(--over-budget).")


@pytest.mark.parametrize("flags", [["--no-stream"], ["--schema", PERSON]])
async def test_what_had_come_of_a_whole_answer_is_written_where_a_budget_stops_it(flags: list[str]) -> None:
    async with ChatServer() as server:
        server.then(body(server.chunk({"content": "word " * 400}), stall))
        done = await ask(server, "--budget", "120t", *flags, "Hi")
    assert (done.returncode, done.stdout.rstrip()) == (8, (b"word " * 400).rstrip())
    assert (b"Stopped: what had come of the answer is written unchecked." in done.stderr) is ("--schema" in flags)


async def test_events_of_an_answer_that_a_budget_stops() -> None:
    async with ChatServer() as server:
        server.then(body(server.chunk({"content": "word " * 40}), stall))
        done = await ask(server, "--json", "--budget", "20t", "Hi")
    found = events(done)
    assert [one["event"] for one in found] == ["start", "text", "error", "usage", "end"]
    assert (done.returncode, found[2]["code"], found[-1]["code"], found[-1]["finish_reason"]) == (8, 8, 8, "budget")
    assert (found[3]["source"], found[3]["cost_source"]) == ("estimated", "local")
    assert done.stderr.startswith(b"tui-stream: The answer was stopped")


async def test_several_answers_keep_a_budget_together() -> None:
    async with ChatServer() as server:
        server.say("word " * 20, usage=(7, 25))
        server.then(body(server.chunk({"content": "more " * 60}), stall))
        done = await ask(server, "--json", "-n", "3", "--budget", "60t", "Hi")
        assert len(server.requests) == 2, "nothing is left for the third"
    found = events(done)
    assert [(one["answer"], one["event"]) for one in found] == [
        *((1, kind) for kind in ("start", "text", "usage", "end")),
        *((2, kind) for kind in ("start", "text", "error", "usage", "end")),
        (3, "error"),
    ]
    assert [one["code"] for one in found if "code" in one] == [0, 8, 8, 8]
    assert (done.returncode, "nothing was sent" in found[-1]["message"]) == (8, True)


async def test_events_of_an_error_before_any_answer() -> None:
    async with ChatServer() as server:
        server.then(whole({"error": {"message": "No."}}, 401))
        done = await ask(server, "--json", "Hi")
    assert done.returncode == 3
    assert "error" in [one["event"] for one in events(done)]


async def test_events_where_one_of_several_answers_fails() -> None:
    async with ChatServer() as server:
        server.say("one")
        server.then(whole({"error": {"message": "No."}}, 400))
        server.say("three")
        done = await ask(server, "--json", "-n", "3", "Hi")
    found = [(one["answer"], one["event"]) for one in events(done)]
    assert [kind for number, kind in found if number == 1] == ["start", "text", "usage", "end"]
    assert (2, "error") in found
    assert [kind for number, kind in found if number == 3] == ["start", "text", "usage", "end"]
    assert done.returncode == 1
    assert b"Answer 2 failed: " in done.stderr
