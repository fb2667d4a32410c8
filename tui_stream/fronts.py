"""Hands a front end what it needs: the settings that hold, and a way to open a session."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tui_stream.errors import UsageError
from tui_stream.flags import AUTOMATIC

if TYPE_CHECKING:
    from tui_stream.config import Settings
    from tui_stream.core.session import OpenedSession
    from tui_stream.flags import Asked


def settings_for(asked: Asked) -> Settings:
    """The settings that hold with these flags.

    Raises:
        ConfigError: the file, the environment or a flag holds something that is not valid.
        UsageError: a flag cannot be read.
    """
    from tui_stream.config.load import Overrides, load

    flags = Overrides(
        provider=asked.provider,
        model=asked.model,
        base_url=asked.base_url,
        system=asked.system,
        options=tuple(asked.option),
        record=asked.record,
        speed=asked.speed,
    )
    return load(file=asked.config, environ=os.environ, flags=flags)


def run(asked: Asked) -> int:
    """Runs the chat or the pipe; returns the exit code.

    Raises:
        TuiStreamError: what a person should be told in a sentence.
    """
    settings = settings_for(asked)
    command = asked.command
    if command == AUTOMATIC:
        command = "chat" if sys.stdin.isatty() and sys.stdout.isatty() else "pipe"
    return chat(settings, asked.prompt) if command == "chat" else pipe(settings, asked.prompt)


def chat(settings: Settings, prompt: str) -> int:
    """Opens the chat.

    Raises:
        UsageError: there is no terminal that could show it.
    """
    streams = (sys.stdin, sys.stdout, sys.stderr)  # Textual draws on stderr
    if not all(stream.isatty() for stream in streams) or os.environ.get("TERM") == "dumb":
        raise UsageError(
            "The chat needs a terminal, and this is none that can show it.",
            hint='Use the pipe: tui-stream pipe "Name three fruits."',
        )
    from tui_stream.ui import app as ui

    return ui.start(
        lambda: _open(settings),
        ui=settings.ui,
        stall_notice=settings.timeouts.stall_notice,
        first_prompt=prompt,
    )


async def _open(settings: Settings) -> OpenedSession:
    """A session, out of modules that are loaded after the first frame and in a thread."""
    import asyncio
    import importlib

    compose = await asyncio.to_thread(importlib.import_module, "tui_stream.compose")
    opened: OpenedSession = await compose.open_session(settings, frame=1 / settings.ui.frame_rate)
    return opened


def pipe(settings: Settings, prompt: str) -> int:
    """Asks once; the answer goes to stdout."""
    from tui_stream import compose
    from tui_stream import pipe as front_end
    from tui_stream.core.sanitize import clean, repair

    text = front_end.read_prompt(prompt, sys.stdin.buffer, interactive=sys.stdin.isatty())
    cleaner = clean if sys.stdout.isatty() else repair
    return front_end.main(
        lambda: compose.open_session(settings, frame=0.0, cleaner=cleaner),
        text,
        output=front_end.FileOutput(sys.stdout.fileno()),
        notes=front_end.Notes(sys.stderr),
    )
