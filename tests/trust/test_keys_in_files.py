"""What the program writes and prints holds no key: log, recording, history, export, settings, errors."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.faults.server import Behaviour, Line, Misbehaving
from tests.faults.wires import WIRES, Wire
from tests.trust.canaries import ENVIRONMENT, IN_HEADER, REPEATS, address, found_in, found_under

PROGRAM = (sys.executable, "-X", "dev", "-m", "tui_stream")


async def healthy(line: Line) -> None:
    await line.open()
    await line.say("Hel", "lo")
    await line.end()


CASES = (
    ("openai", "healthy"),
    ("websocket", "healthy"),
    ("ai-sdk-ui", "in the stream"),
    ("ollama", "in garbage"),
    ("websocket", "401 in JSON"),
    ("sse", "redirect"),
)
BEHAVIOURS = {**REPEATS, "healthy": healthy}


def settings_file(folder: Path, wire: Wire) -> Path:
    """Settings in which a header is, that nobody but its server should see; and a log that tells everything."""
    file = folder / "settings" / "config.toml"
    file.parent.mkdir()
    table = "" if wire.provider == "ollama" else f'[providers.{wire.provider}]\napi_key_env = "TEST_KEY"\n'
    table += "" if wire.provider == "ollama" else f'headers = {{ X-Tenant = "{IN_HEADER}" }}\n'
    head = f'log_text = true\noffline = true\nprovider = "{wire.provider}"\nmodel = "told-so"\n[retry]\nattempts = 1\n'
    file.write_text(head + table)
    return file


async def run(*arguments: str, environ: dict[str, str]) -> tuple[int | None, str]:
    """Runs the program; what it wrote to both streams."""
    process = await asyncio.create_subprocess_exec(
        *PROGRAM,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **environ},
    )
    written, _ = await process.communicate()
    return process.returncode, written.decode()


@pytest.mark.parametrize(("name", "behaviour"), CASES, ids=[f"{wire}-{name}" for wire, name in CASES])
async def test_nothing_that_is_written_holds_a_secret(name: str, behaviour: str, home: Path, tmp_path: Path) -> None:
    wire = WIRES[name]
    config = str(settings_file(tmp_path, wire))
    written = tmp_path / "written"
    written.mkdir()
    at = ("--config", config)
    flags = (*at, "--log", str(written / "log"), "--record", str(written / "recording"))
    answers: Behaviour = BEHAVIOURS[behaviour]  # type: ignore[assignment] # or an answer, which is taken too
    async with asyncio.timeout(100), Misbehaving(wire, answers) as server:
        environ = {**ENVIRONMENT, "TUI_STREAM_BASE_URL": address(server.base_url), "TUI_STREAM_PROVIDER": wire.provider}
        code, said = await run("pipe", *flags, "Hi", environ=environ)
        assert server.asked == 1
        assert (code == 0) is (behaviour == "healthy"), said
        export = ("history", "export", "--all", "-o", str(written / "all.json"))
        commands = (export, ("config", "show", *at), ("config", "check", *at), ("models", *at), ("doctor", *at))
        told = await asyncio.gather(*(run(*command, environ=environ) for command in commands))
        said += "".join(text for _, text in told)
    assert "Hello" in said or behaviour != "healthy"
    assert {path.name for path in written.iterdir()} == {"log", "recording", "all.json"}
    assert list(home.rglob("history.db"))
    assert found_in(said) == []
    assert found_under(written) == []
    assert found_under(home) == []
