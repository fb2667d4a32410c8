"""The pipe's flags, from the command line to the request and back to stdout."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.piped import PERSON, PNG, ask, history, sent
from tests.scripted import Step, body, close, sse, whole
from tests.servers import ChatServer
from tui_stream import paths
from tui_stream.models_seen import ModelsSeen


async def test_files_pictures_and_limits_are_sent(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(PNG)
    (tmp_path / "a.csv").write_text("1,2\n")
    async with ChatServer() as server:
        server.say("ok")
        flags = ["-f", str(tmp_path / "a.csv"), "--image", str(tmp_path / "cat.png"), "--max-tokens", "7", "Add"]
        done = await ask(server, *flags, stdin=b"piped")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"ok", b"")
    text, picture = sent(server)["messages"][0]["content"]
    assert text["text"] == f"Add\n\npiped\n\n{tmp_path}/a.csv:\n\n```\n1,2\n```"
    assert picture == {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgoxMjM="}}
    assert sent(server)["max_tokens"] == 7


async def test_what_is_piped_in_is_sent_as_a_file() -> None:
    async with ChatServer() as server:
        server.say("ok")
        done = await ask(server, "-f", "-", "Add", stdin=b"1,2")
        assert (done.returncode, done.stdout, done.stderr) == (0, b"ok", b"")
        assert sent(server)["messages"][0]["content"] == "Add\n\nstdin:\n\n```\n1,2\n```"
        done = await ask(server, "-f", "-", "-f", "-", stdin=b"1,2")
    assert (done.returncode, done.stderr) == (
        2,
        b"tui-stream: stdin is named twice, and can be read once. Give -f - once.\n",
    )


async def test_a_picture_is_named_in_the_history(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(PNG)
    async with ChatServer() as server:
        server.say("ok")
        await ask(server, "--image", str(tmp_path / "cat.png"), "What is it?")
        server.say("so")
        await ask(server, "-c", "And now?")
    assert sent(server)["messages"][0] == {"role": "user", "content": "What is it?"}
    assert "Sent with a picture: cat.png" in json.dumps(await history("export", "--all", "--format", "json"))


async def test_a_template(home: Path) -> None:
    del home
    folder = paths.templates_dir()
    folder.mkdir(parents=True)
    head = '+++\nsystem = "In {{lang}}."\nmodel = "theirs"\noptions = { temperature = 0.5, top_p = 1 }\n+++\n'
    (folder / "say.md").write_text(f"{head}Say {{{{input}}}} in {{{{lang}}}}")
    async with ChatServer() as server:
        server.say("ok")
        server.then(whole({"data": []}))
        server.say("ok")
        await ask(server, "-t", "say", "-p", "lang=French", "-o", "top_p=0.1", stdin=b"this")
        first = sent(server)
        at = ("--provider", "openai", "--base-url", server.base_url)
        command = [sys.executable, "-m", "tui_stream", *at, "-t", "say", "-p", "lang=Dutch", "-s", "S", "x"]
        await asyncio.to_thread(subprocess.run, command, stdin=subprocess.DEVNULL, timeout=60, check=True)
    assert (first["model"], first["temperature"], first["top_p"]) == ("m", 0.5, 0.1)
    assert [one["content"] for one in first["messages"]] == ["In French.", "Say this in French"]
    assert sent(server)["messages"][0]["content"] == "S"


async def test_a_form_is_sent_and_the_answer_checked() -> None:
    async with ChatServer() as server:
        server.say('```json\n{"na', 'me": "A"}\n```')
        done = await ask(server, "--schema", PERSON, "Hi")
        assert (done.returncode, done.stdout, done.stderr) == (0, b'{"name": "A"}', b"")
        form = sent(server)["response_format"]["json_schema"]
        assert (form["schema"], form["strict"]) == (json.loads(PERSON), False)
        server.say('{"age": 3}')
        done = await ask(server, "--schema", PERSON, "Hi")
        assert (done.returncode, done.stdout) == (13, b'{"age": 3}')
        assert b"The answer is not valid: $: 'name' is a required property." in done.stderr


async def test_a_server_that_refuses_the_form_is_asked_in_words() -> None:
    async with ChatServer() as server:
        server.then(whole({"error": {"message": "Unknown parameter: 'response_format'."}}, 400))
        server.say('{"name": "A"}')
        done = await ask(server, "--schema", PERSON, "Hi")
    assert (done.returncode, done.stdout) == (0, b'{"name": "A"}')
    assert "response_format" not in sent(server)
    assert sent(server)["messages"][0]["content"].endswith(PERSON)


@pytest.mark.parametrize(
    ("flags", "stdin", "said"),
    [
        (["--schema", "{"], b"Hi", "The schema is not JSON"),
        (["-f", "none.txt"], b"Hi", "none.txt cannot be read: No such file"),
        (["-f", sys.executable], b"Hi", "is a binary file, not text"),
        ([], PNG, "stdin is a binary file, not text"),
        (["--image", __file__], b"Hi", "test_pipe_flags.py is no picture"),
        (["-t", "none"], b"Hi", "There is no template 'none'"),
        (["-p", "a=b"], b"Hi", "none is named"),
        (["-n", "0"], b"Hi", "greater than or equal to 1"),
        (["--timeout", "0"], b"Hi", "greater than or equal to 0.001"),
        ([], b"", "There is no prompt"),
    ],
)
async def test_what_is_wrong_is_said_before_anything_is_sent(flags: list[str], stdin: bytes, said: str) -> None:
    async with ChatServer() as server:
        done = await ask(server, *flags, stdin=stdin)
        assert not server.requests
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in re.sub(r"[\s│]+", " ", done.stderr.decode())


def test_the_chat_knows_none_of_them() -> None:
    command = [sys.executable, "-m", "tui_stream", "chat", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "No such option" in done.stderr


async def test_text_that_cannot_be_read_is_told_of_and_sent() -> None:
    async with ChatServer() as server:
        server.say("ok")
        done = await ask(server, stdin=b"some words, then \xff")
        assert (done.returncode, done.stdout) == (0, b"ok")
        assert b"stdin is not all UTF-8" in done.stderr
        assert sent(server)["messages"][0]["content"] == "some words, then \ufffd"


@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8", "de_DE.ISO-8859-1"])
async def test_any_locale(locale: str) -> None:
    narrow = {"LC_ALL": locale, "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    async with ChatServer() as server:
        server.say("naïve 日本")
        done = await ask(server, "é", stdin="ü 語".encode(), environment=narrow)
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, "naïve 日本", b"")
    assert sent(server)["messages"][0]["content"] == "é\n\nü 語"


async def test_a_huge_prompt_is_sent_with_a_warning() -> None:
    async with ChatServer() as server:
        server.say("ok")
        done = await ask(server, stdin=b"0123456789" * 500_000)
        assert (done.returncode, done.stdout) == (0, b"ok")
        assert done.stderr.decode() == "The prompt is large: 5.0 MB, about 1,250,000 tokens.\n"
        assert len(sent(server)["messages"][0]["content"]) == 5_000_000


async def test_several_answers() -> None:
    async with ChatServer() as server:
        for text in ("one", "two", "three"):
            server.say(text, finish="length" if text == "two" else "stop")
        done = await ask(server, "-n", "3", "Hi")
        assert (done.returncode, done.stdout) == (6, b"one\n\n---\n\ntwo\n\n---\n\nthree")
        assert [one["messages"] for one in (sent(server, number) for number in range(3))] == [
            [{"role": "user", "content": "Hi"}]
        ] * 3
    listed = await history("list", "--json")
    assert [one["messages"] for one in listed] == [4]


async def test_in_one_piece_or_not_at_all() -> None:
    async with ChatServer() as server:
        server.say("one ", "piece")
        assert (await ask(server, "--no-stream", "Hi")).stdout == b"one piece"
        server.then(body(server.chunk({"content": "half"}), close))
        done = await ask(server, "--no-stream", "Hi")
        assert (done.returncode, done.stdout) == (5, b"")


async def test_somebody_elses_server_is_asked_for_a_model_that_it_has() -> None:
    async with ChatServer() as server:
        server.then(whole({"data": [{"id": "theirs", "object": "model"}]}))
        server.say("ok")
        command = [sys.executable, "-m", "tui_stream", "pipe", "--provider", "openai", "--base-url", server.base_url]
        done = await asyncio.to_thread(
            subprocess.run, [*command, "Hi"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"ok", b"")
    assert sent(server)["model"] == "theirs"


async def test_a_time_limit() -> None:
    async with ChatServer() as server:

        async def never(exchange: Any) -> None:
            await exchange.gone.wait()

        server.say("begun", never)
        done = await ask(server, "--timeout", "4", "Hi")
    assert (done.returncode, done.stdout) == (5, b"begun")
    assert b"took longer than 4 s" in done.stderr
    assert b"raise timeouts.total in the settings, or --timeout where it was given." in done.stderr


async def test_thoughts_and_figures_go_to_stderr() -> None:
    async with ChatServer() as server:
        thought: list[Step | bytes] = [server.chunk({"reasoning_content": piece}) for piece in ("Hm", ", so")]
        server.then(
            body(
                *thought, server.chunk({"content": "Yes"}), server.chunk({}, "stop"), server.usage(7, 3), sse("[DONE]")
            )
        )
        done = await ask(server, "--reasoning", "--stats", "Hi")
    assert done.stdout == b"Yes"
    first, second = done.stderr.decode().splitlines()
    assert first == "Hm, so"
    assert re.fullmatch(r"m · 7 in / 3 out · local · first token .* s · .* s.*", second.replace("told-so", "m"))


@pytest.mark.parametrize(
    ("flags", "kept"), [([], 1), (["--no-store"], 0), (["--json"], 1), (["--json", "--no-store"], 0)]
)
async def test_every_run_is_kept_unless_it_is_not_to_be(flags: list[str], kept: int) -> None:
    async with ChatServer() as server:
        server.say("one")
        await ask(server, *flags, "Hi")
    listed = await history("list", "--json")
    assert len(listed) == kept


async def test_a_system_prompt_is_kept_and_holds_until_there_is_another() -> None:
    async with ChatServer() as server:
        for word in ("one", "two", "three", "four"):
            server.say(word)
        await ask(server, "-s", "Be brief.", "A")
        await ask(server, "-c", "B")
        await ask(server, "-c", "-s", "Be long.", "C")
        await ask(server, "-c", "-s", "Be long.", "D")
        asked = [[(one["role"], one["content"]) for one in sent(server, number)["messages"]] for number in range(4)]
    said = [("user", "A"), ("assistant", "one"), ("user", "B"), ("assistant", "two"), ("user", "C")]
    assert asked[0] == [("system", "Be brief."), *said[:1]]
    assert asked[1] == [("system", "Be brief."), *said[:3]]
    assert asked[2] == [("system", "Be long."), *said]
    assert asked[3] == [("system", "Be long."), *said, ("assistant", "three"), ("user", "D")]
    [exported] = (await history("export", "--all", "--format", "json"))["conversations"]
    assert [one["text"] for one in exported["messages"] if one["role"] == "system"] == ["Be brief.", "Be long."]


async def test_no_system_prompt_for_once(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('system = "Always."\n')
    async with ChatServer() as server:
        server.say("one")
        server.say("two")
        await ask(server, "--config", str(config), "A")
        await ask(server, "--config", str(config), "-s", "", "B")
        assert [one["role"] for one in sent(server, 0)["messages"]] == ["system", "user"]
        assert [one["role"] for one in sent(server, 1)["messages"]] == ["user"]


async def test_the_model_that_answered_last_goes_on(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    async with ChatServer() as server:
        config.write_text(f'model = "usual"\n[providers.openai]\nbase_url = "{server.base_url}"\n')
        for word in ("one", "two", "three"):
            server.say(word)
        command = [sys.executable, "-m", "tui_stream", "pipe", "--config", str(config)]
        for flags in (["-m", "other", "A"], ["-c", "B"], ["-c", "-m", "third", "C"]):
            provider = ["--provider", "openai"] if "-m" in flags else []
            done = await asyncio.to_thread(
                subprocess.run, [*command, *provider, *flags], stdin=subprocess.DEVNULL, capture_output=True, timeout=60
            )
            assert done.returncode == 0, done.stderr
        assert [sent(server, number)["model"] for number in range(3)] == ["other", "other", "third"]


async def test_what_was_asked_on_this_machine_is_not_sent_elsewhere_by_itself() -> None:
    async with ChatServer() as server:
        server.say("one")
        await ask(server, "A")
    command = [sys.executable, "-m", "tui_stream", "pipe", "-c", "B"]
    done = await asyncio.to_thread(
        subprocess.run,
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        env={**os.environ, "OPENAI_API_KEY": "sk-x"},
    )
    assert done.returncode == 2
    assert b"m was asked on this machine before" in done.stderr


@pytest.mark.parametrize(("flags", "names"), [([], ["m"]), (["--no-store"], [])])
async def test_a_model_that_answered_can_be_completed(flags: list[str], names: list[str]) -> None:
    async with ChatServer() as server:
        server.say("ok")
        await ask(server, *flags, "Hi")
    assert ModelsSeen().names("openai") == names
