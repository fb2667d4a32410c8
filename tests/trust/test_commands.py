"""Every payload into what commands print on a terminal, and into the files that people show there afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.scripted import body, sse, whole
from tests.servers import ChatServer
from tests.terminal import Terminal
from tests.trust.payloads import ALL, HOSTILE, word
from tests.trust.program import program
from tests.trust.vocabulary import marks, strays_in_file, strays_in_lines, strays_in_scrollback
from tests.ui.conversations import conversation
from tui_stream import paths
from tui_stream.store import open_store

KEY = {"OPENAI_API_KEY": "sk-trust-000000", "TERM": "xterm-256color"}
TEXT = "".join(f"{text}\n" for text in ALL.values())
COLUMNS, ROWS = 400, 50
MOST_MARKS = 8


async def output_of(*arguments: str, code: int | None = 0) -> str:
    """What a command writes, line by line, to a terminal that is both its stdout and its stderr."""
    output = await _written(*arguments, code=code)
    assert not strays_in_lines(output)
    return output.decode()


async def rendered_by(*arguments: str, piped: Path | None = None) -> str:
    """What a terminal shows that a command renders Markdown on, the scroll-back first."""
    output = await _written(*arguments, piped=piped)
    assert not strays_in_scrollback(output)
    assert b"good\revil" not in output
    terminal = Emulator(COLUMNS, ROWS)
    terminal.write(output.decode())
    assert not terminal.modes
    assert terminal.pen == ("", "")
    return "\n".join(terminal.text())


async def _written(*arguments: str, code: int | None = 0, piped: Path | None = None) -> bytes:
    command = program(*arguments)
    if piped is not None:
        command = ["sh", "-c", 'exec "$@" < "$0"', str(piped), *command]
    async with Terminal(command, columns=COLUMNS, rows=ROWS, environment=KEY) as terminal:
        ended = await terminal.ended()
        with pytest.raises(AssertionError, match="before the end"):
            await terminal.until("never written")
        output = bytes(terminal.output)
    assert code is None or ended == code, output[-1000:]
    return output


def has_all(output: str, *but: str) -> bool:
    missing = [name for name in ALL if word(name) not in output and name not in but]
    assert not missing
    return True


async def served(*flags: str, rendered: bool) -> str:
    """What a pipe shows of an answer that has every payload in its text, and in the tools that it asks for."""
    server = ChatServer()
    letters = b"".join(server.chunk({"content": letter}) for letter in TEXT)
    calls = [
        {"index": number, "id": "x", "type": "function", "function": {"name": text, "arguments": text}}
        for number, text in enumerate(ALL.values())
    ]
    server.then(body(letters, server.chunk({"tool_calls": calls}), server.chunk({}, "tool_calls"), sse("[DONE]")))
    async with server:
        where = ["--provider", "openai", "--base-url", server.base_url, "--model", "m"]
        show = rendered_by if rendered else output_of
        return await show("pipe", *where, *flags, "Hi")


@pytest.mark.parametrize("rendered", [True, False])
async def test_an_answer_in_a_pipe(rendered: bool) -> None:
    shown = await served(*([] if rendered else ["--raw"]), rendered=rendered)
    answer, _, called = shown.partition("The model asks for a tool")
    assert has_all(answer)
    assert has_all(called)
    assert not rendered or marks(answer) <= MOST_MARKS


@pytest.mark.parametrize(
    "shape", ["{}", "    {}", "```\n{}\n```", "- {}", "> {}", "# {}", "|a|\n|-|\n|{}|", "[a {} b](x)"]
)
async def test_rendered_markdown(shape: str, tmp_path: Path) -> None:
    file = tmp_path / "all.md"
    texts = [text.replace("|", "") for text in ALL.values()]
    file.write_text("\n\n".join(shape.format(text) for text in texts), "utf-8", newline="")
    shown = await rendered_by("render", piped=file)  # with its zeros, the file by its name would be a binary one
    assert has_all(shown)
    assert marks(shown) <= MOST_MARKS


async def test_what_is_wrong_with_what_is_to_be_rendered(tmp_path: Path) -> None:
    for name in ("osc52_write", "csi_clear", "c1_csi", "bidi_override"):
        await output_of("render", str(tmp_path / ALL[name].replace("/", "")), code=2)
        await output_of("render", "--theme", ALL[name], str(tmp_path), code=2)


@pytest.mark.parametrize("status", [400, 401, 404, 418, 429, 500])
async def test_errors_in_a_pipe(status: int, tmp_path: Path) -> None:
    """A message is shown up to its 240th character, so that the payloads are spread over several calls."""
    config = tmp_path / "config.toml"
    config.write_text("[retry]\nattempts = 1\n")
    server = ChatServer()
    async with server:
        where = ["--provider", "openai", "--base-url", server.base_url, "--model", "m", "--config", str(config)]
        for name in list(ALL)[status % 13 :: 13]:
            error = {"message": ALL[name], "type": ALL[name], "code": ALL[name]}
            server.on("/v1/chat/completions", whole({"error": error}, status))
            assert word(name) in await output_of("pipe", *where, "Hi", code=None)


async def test_models_and_doctor() -> None:
    server = ChatServer()
    listed = [{"id": text, "object": "model", "owned_by": text} for text in ALL.values()]
    server.on("/v1/models", whole({"object": "list", "data": listed}))
    async with server:
        where = ["--provider", "openai", "--base-url", server.base_url]
        assert has_all(await output_of("models", *where), "marks", "thai_marks")
        assert word(min(ALL, key=lambda name: ALL[name])) in await output_of("doctor", *where)
        said = await output_of("models", *where, "--model", f"no{HOSTILE['osc52_write']}", code=9)
        assert word("osc52_write") in said


def toml(text: str) -> str:
    """A string as TOML writes it, everything escaped."""
    return '"' + "".join(f"\\U{ord(letter):08x}" for letter in text) + '"'


async def test_settings(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    values = ALL
    lines = [f"system = {toml(TEXT)}", "[options]", *(f"{name} = {toml(text)}" for name, text in values.items())]
    file.write_text("\n".join(lines))
    assert has_all(await output_of("config", "show", "--config", str(file)))
    file.write_text("".join(f"{toml(text)} = 1\n" for text in values.values()))
    await output_of("config", "check", str(file), code=2)
    await output_of("config", "check", str(tmp_path / HOSTILE["osc0_title"].replace("/", "")), code=None)


@pytest.mark.parametrize("command", ["models", "pipe", "history", "config", "render"])
async def test_what_is_wrong_with_flags(command: str) -> None:
    for name in ("osc52_write", "csi_clear", "c1_csi", "bidi_override", "markup_close", "markup_click"):
        await output_of(command, f"--{ALL[name]}", code=2)
        await output_of(command, "--provider", ALL[name], code=None)


async def _keep_hostile() -> None:
    archive = (await open_store(paths.data_dir())).archive
    try:
        for number, (name, text) in enumerate(ALL.items()):
            made = conversation(f"first {text}", f"findme {text}", title=text, id=f"{number:04d}{name}")
            await archive.import_conversation(made)
    finally:
        await archive.aclose()


async def test_the_history(home: Path, tmp_path: Path) -> None:
    del home
    await _keep_hostile()
    listed = await output_of("history", "list", "--archived", code=None) + await output_of("history", "list")
    assert word("csi_clear") in listed
    assert word("osc52_write") in await output_of("history", "search", "findme")
    for number, name in enumerate(ALL):
        if number % 6 == 0:
            assert word(name) in await output_of("history", "show", f"{number:04d}")
    for form in ("json", "markdown", "html"):
        assert has_all(await output_of("history", "export", "--all", "--format", form))
        file = tmp_path / f"out.{form}"
        await output_of("history", "export", "--all", "--format", form, "--output", str(file))
        assert has_all(text := file.read_text("utf-8"))
        assert not strays_in_file(text)


async def test_the_log_and_the_recording(tmp_path: Path) -> None:
    log, recording, config = tmp_path / "log", tmp_path / "recording", tmp_path / "config.toml"
    config.write_text("log_text = true\n")
    server = ChatServer()
    server.then(whole({"error": {"message": HOSTILE["csi_clear"]}}, 500))
    server.say(TEXT)
    async with server:
        where = ["--provider", "openai", "--base-url", server.base_url, "--model", "m", "--config", str(config)]
        await output_of("pipe", "--raw", *where, "--log", str(log), "--record", str(recording), TEXT.replace("\0", ""))
    assert has_all(log.read_text("utf-8"))
    assert not strays_in_file(log.read_text("utf-8"))
    assert not strays_in_file(recording.read_text("utf-8"))
