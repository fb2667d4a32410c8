"""Every payload into every place of the chat that shows foreign text; what counts are the bytes for the terminal."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.scripted import Exchange, body, sse, whole
from tests.servers import ChatServer, OllamaServer
from tests.terminal import ROOT, Terminal
from tests.trust.endings import Ended
from tests.trust.payloads import ALL, HOSTILE, word
from tests.trust.program import DEFENCES, NO_WAY_OUT, WHOLE, program
from tests.trust.vocabulary import marks, strays, strays_in_file
from tests.ui.conversations import conversation
from tui_stream import paths
from tui_stream.core.models import Conversation
from tui_stream.store import open_store

COLUMNS, ROWS = 160, 240
SHORT = ("zqmarkupclose", "zqcsiposition", "zqbell")
QUIT, ESC = "\x11", "\x1b"
_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


@asynccontextmanager
async def chatting(server: ChatServer, defence: str, *more: str, folder: Path = ROOT) -> AsyncGenerator[Terminal, None]:
    """A chat with a server, begun in a folder; afterwards looks at all that it wrote."""
    async with server:
        where = ["--provider", "openai", "--base-url", server.base_url, *more]
        command = ["sh", "-c", 'cd "$0" && exec "$@"', str(folder), *program("chat", *where, defence=defence)]
        environment = {"OPENAI_API_KEY": "x", "PYTHONPATH": str(ROOT)}
        async with Ended(command, columns=COLUMNS, rows=ROWS, environment=environment) as terminal:
            await terminal.until("ready")
            yield terminal
            terminal.type(QUIT)
            assert await terminal.ended() == 0
            await terminal.all_read()
            output = bytes(terminal.output)
    assert not strays(output, columns=COLUMNS, rows=ROWS)
    if defence != NO_WAY_OUT:
        assert marks(_SEQUENCE.sub("", output.decode())) <= 8


async def shown(terminal: Terminal, words: Iterable[str], *, start: int = 0) -> None:
    """Waits until all of these words were written."""
    for wanted in words:
        await terminal.until(wanted, start=start)


def words(payloads: Mapping[str, str] = ALL) -> list[str]:
    return [word(name) for name in payloads]


def items(payloads: Mapping[str, str] = ALL) -> str:
    """A list with a payload in each item."""
    return "".join(f"- {text}\n" for text in payloads.values())


def letters(server: ChatServer, field: str, text: str) -> bytes:
    """A piece of an answer for each character, so that every sequence is torn apart at every place."""
    return b"".join(server.chunk({field: letter}) for letter in text)


@pytest.mark.parametrize("defence", DEFENCES)
async def test_answers_and_thoughts(defence: str) -> None:
    server = ChatServer()
    answer = letters(server, "reasoning_content", items()) + letters(server, "content", items())
    repaired = server.chunk({"content": "SURROGATE"}).replace(b"SURROGATE", rb"a\ud800b zqsurrogate")
    end = server.chunk({}, "stop") + sse("[DONE]")
    server.then_answer(body(answer, repaired, end))
    async with chatting(server, defence, "--model", "m") as terminal:
        terminal.type("Hi\r")
        await shown(terminal, [*words(), "zqsurrogate", "done"])
        before = len(terminal.output)
        terminal.type("\x14")  # the thoughts are unfolded
        await shown(terminal, words(), start=before)


@pytest.mark.parametrize("defence", DEFENCES)
async def test_code_tables_headings_and_links(defence: str) -> None:
    server = ChatServer()
    text = "".join(
        f"# {payload}\n\n| a | {payload} |\n|---|---|\n| b | *{payload}* |\n\n"
        f"[{payload}](https://example.org/{payload})\n\n~~~{payload}\n{payload}\n~~~\n\n"
        for payload in ALL.values()
    )
    server.say(*text.splitlines(keepends=True))
    async with chatting(server, defence, "--model", "m") as terminal:
        terminal.type("Hi\r")
        await shown(terminal, ["done", words()[-1]])
        terminal.type("\t")
        for _ in range(40):
            terminal.type("\x1b[5~")
        await shown(terminal, words()[:1])


def lines(count: int) -> list[str]:
    """All payloads, so many in a line."""
    texts = list(ALL.values())
    return [" ".join(texts[at : at + count]) for at in range(0, len(texts), count)]


@pytest.mark.parametrize("defence", DEFENCES)
async def test_tool_calls(defence: str) -> None:
    server = ChatServer()
    calls = [
        {"index": number, "id": text, "type": "function", "function": {"name": text, "arguments": text}}
        for number, text in enumerate(ALL.values())
    ]
    server.then_answer(body(server.chunk({"tool_calls": calls}), server.chunk({}, "tool_calls"), sse("[DONE]")))
    async with chatting(server, defence, "--model", "m") as terminal:
        terminal.type("Hi\r")
        await shown(terminal, ["Tool call", *words()])


@pytest.mark.parametrize("defence", DEFENCES)
@pytest.mark.parametrize("where", ["refused", "in the stream"])
async def test_errors(defence: str, where: str) -> None:
    server = ChatServer()
    for text in lines(6):
        error = {"error": {"message": text, "type": text, "code": text}}
        early, late = whole(error, 400), body(server.chunk({"content": "x"}), sse(error))
        server.then_answer(early if where == "refused" else late)
    async with chatting(server, defence, "--model", "m") as terminal:
        for number, _ in enumerate(lines(6)):
            before = len(terminal.output)
            terminal.type("Hi\r")
            await shown(terminal, ["Hi", words()[number * 6]], start=before)


async def _hostile_head(exchange: Exchange) -> None:
    """A refusal whose status line, headers and page are hostile."""
    text = "\x1b]0;canary\x07\x9b2J".encode("latin-1")
    lines = [b"HTTP/1.1 418 " + text.replace(b"\x07", b""), b"Content-Type: text/html", b"Retry-After: " + text[4:8]]
    await exchange.send(b"\r\n".join([*lines, b"Connection: close", b"", b"<title>" + text + b"zqpage</title>"]))
    exchange.close()


@pytest.mark.parametrize("defence", DEFENCES)
async def test_models_and_hostile_heads(defence: str) -> None:
    server = ChatServer()
    listed = [{"id": text, "object": "model"} for text in ALL.values()]
    server.on("/v1/models", whole({"object": "list", "data": listed}))
    server.on("/v1/chat/completions", _hostile_head)
    async with chatting(server, defence) as terminal:
        terminal.type("Hi\r")
        await terminal.until("418")
        terminal.type("\t")
        await terminal.until("Prompt")
        terminal.type("R")
        await shown(
            terminal, [wanted for wanted in words() if not wanted.endswith("marks")], start=len(terminal.output)
        )


@pytest.mark.parametrize("defence", DEFENCES)
async def test_what_is_typed_pasted_and_recalled(defence: str) -> None:
    server = ChatServer()
    for _ in ALL:
        server.say("done")
    async with chatting(server, defence, "--model", "m") as terminal:
        for name, text in ALL.items():
            before = len(terminal.output)
            terminal.type(f"\x1b[200~{text}\x1b[201~")
            await shown(terminal, [word(name)], start=before)
            terminal.type("\x15\x0b")
            terminal.type(f"\x1b[200~line\n{text}\x1b[201~\r")
            await shown(terminal, [word(name)], start=before)


async def keep(*conversations: Conversation) -> None:
    """Puts conversations into the database as they are."""
    archive = (await open_store(paths.data_dir())).archive
    try:
        for each in conversations:
            await archive.import_conversation(each)
    finally:
        await archive.aclose()


@pytest.mark.parametrize("defence", DEFENCES)
async def test_the_history_of_others(defence: str, home: Path) -> None:
    """What another program has put into the database, uncleaned."""
    del home
    texts = enumerate(ALL.items())
    await keep(
        *(
            conversation(f"first {text}", f"findme {text}", title=text, id=f"{at:04d}{name}")
            for at, (name, text) in texts
        )
    )
    server = ChatServer()
    async with chatting(server, defence, "--model", "m", "--continue") as terminal:
        await shown(terminal, ["findme"])
        terminal.type("\x02")  # the list of conversations
        await shown(terminal, SHORT)
        terminal.type(ESC)
        terminal.type("\x10")  # search
        await terminal.until("Words that were said")
        before = len(terminal.output)
        terminal.type("findme")
        await shown(terminal, SHORT, start=before)
        terminal.type("\x1b[B" * 5 + "\r")
        await terminal.until("first", start=before)
        terminal.type("\x1br")  # earlier prompts


def link_safe(text: str) -> str:
    """A payload as a part of a link's target."""
    return quote(text, safe=":/;?=[]@$")


@pytest.mark.parametrize("defence", [WHOLE, NO_WAY_OUT])
async def test_hostile_links_are_not_opened_and_others_are_named_first(defence: str) -> None:
    server = ChatServer()
    names = [name for name in [*ALL][::4] if name in HOSTILE and "marks" not in name]
    targets = [f"https://example.org/{link_safe(ALL[name])}" for name in names]
    last = f"https://example.org/{link_safe(ALL['markup_close'])}"
    texts = [*zip(names, targets, strict=True), ("the last one", last)]
    server.say("".join(f"[{label}]({target})\n\n" for label, target in texts))
    async with chatting(server, defence, "--model", "m") as terminal:
        terminal.type("Hi\r")
        await shown(terminal, ["done", "the last one"])
        terminal.type("\t\x1b[H")
        await terminal.until("Prompt")
        for _ in names:
            before = len(terminal.output)
            terminal.type("l\r")
            await terminal.until("Not opened", start=before)
        assert b"Open this link?" not in terminal.output
        before = len(terminal.output)
        terminal.type("l\r")
        await shown(terminal, ["Open this link?", "zqmarkupclose"], start=before)


@pytest.mark.parametrize("defence", DEFENCES)
async def test_a_model_that_is_not_there(defence: str) -> None:
    server = OllamaServer()
    server.on("/api/chat", whole({"error": f"model '{lines(6)[0]}' not found"}, 404))
    async with server:
        name = "".join(ALL[key] for key in ("markup_click", "markup_close", "bidi_override", "c1_csi", "osc52_write"))
        where = ["--provider", "ollama", "--base-url", server.url, "--model", name]
        async with Terminal(program("chat", *where, defence=defence), columns=COLUMNS, rows=ROWS) as terminal:
            await terminal.until("ready")
            terminal.type("Hi\r")
            await shown(terminal, ["Hi", "zqmarkupclose"])
            terminal.type(QUIT)
            assert await terminal.ended() == 0
    assert not strays(bytes(terminal.output), columns=COLUMNS, rows=ROWS)


@pytest.mark.parametrize("defence", DEFENCES)
async def test_names_of_files_and_what_is_said_of_them(defence: str, home: Path) -> None:
    await keep(conversation("first", "findme", title=lines(6)[0], id="one"))
    async with chatting(ChatServer(), defence, "--model", "m", "--continue", folder=home) as terminal:
        await shown(terminal, ["findme"])
        terminal.type("\x13")  # save
        await terminal.until("Save the conversation as")
        terminal.type("\r")
        await terminal.until("Saved as")
    (saved,) = home.glob("*.md")
    assert not strays_in_file(saved.name + saved.read_text("utf-8"))


async def test_what_is_copied_is_clean_and_goes_to_the_clipboard_only_when_asked() -> None:
    server = ChatServer()
    server.say(items())
    async with server:
        command = program("chat", "--provider", "openai", "--base-url", server.base_url, "--model", "m")
        async with Terminal(command, columns=COLUMNS, rows=ROWS, environment={"OPENAI_API_KEY": "x"}) as terminal:
            await terminal.until("ready")
            terminal.type("Hi\r")
            await shown(terminal, ["done", words()[-1]])
            assert b"\x1b]" not in re.sub(rb"\x1b\]22;[a-z-]*\x07", b"", terminal.output)
            terminal.type("\x19")
            await terminal.until("is on the clipboard")
            terminal.type(QUIT)
            assert await terminal.ended() == 0
    (copied,) = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", terminal.output)
    text = base64.b64decode(copied).decode()
    assert not strays_in_file(text)
    assert not [name for name in ALL if word(name) not in text]
