"""Hands a front end what it needs: the settings that hold, and a way to open a session."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, TextIO

from tui_stream.core import encodings
from tui_stream.errors import UsageError
from tui_stream.flags import AUTOMATIC

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tui_stream.config import Settings
    from tui_stream.core.eventlog import EventLog
    from tui_stream.core.session import OpenedSession
    from tui_stream.flags import Asked
    from tui_stream.keeping import Keeping


def settings_for(asked: Asked) -> Settings:
    """The settings that hold with these flags.

    Raises:
        ConfigError: the file, the environment or a flag holds something that is not valid.
        UsageError: a flag cannot be read.
    """
    from tui_stream.config.given import Overrides
    from tui_stream.config.load import load

    flags = Overrides(
        provider=asked.provider,
        model=_encodable(asked.model),
        base_urls=_all_encodable(asked.base_url),
        fallback=_all_encodable(asked.fallback),
        offline=asked.offline,
        no_store=asked.no_store,
        budget=_encodable(asked.budget),
        over_budget=asked.over_budget,
        system=_encodable(asked.system),
        options=_all_encodable(asked.option),
        record=asked.record,
        speed=asked.speed,
        log=asked.log,
    )
    return load(file=asked.config, environ=os.environ, flags=flags)


def _encodable(text: str | None) -> str | None:
    """A flag's text without what the locale could not decode, so that it can be sent."""
    return None if text is None else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _all_encodable(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(_encodable(text) or "" for text in texts)


def run(asked: Asked) -> int:
    """Runs the chat or the pipe; returns the exit code.

    Raises:
        TuiStreamError: what a person should be told in a sentence.
    """
    settings = settings_for(asked)
    command = asked.command
    if command == AUTOMATIC:
        command = "chat" if _is_terminal(sys.stdin) and _is_terminal(sys.stdout) else "pipe"
    from tui_stream.keeping import Keeping

    with Keeping(settings, latest=asked.latest, resume=asked.resume) as kept:
        front = chat if command == "chat" else pipe
        return front(settings, asked.prompt, kept)


def _is_terminal(stream: IO[str] | None) -> bool:
    """Whether a standard stream is a terminal; one that was closed is None."""
    return stream is not None and stream.isatty()


def chat(settings: Settings, prompt: str, kept: Keeping) -> int:
    """Opens the chat.

    Raises:
        UsageError: there is no terminal that could show it.
    """
    streams = (sys.stdin, sys.stdout, sys.stderr)  # Textual draws on stderr
    if not all(_is_terminal(stream) for stream in streams) or os.environ.get("TERM") == "dumb":
        raise UsageError(
            "The chat needs a terminal, and this is none that can show it.",
            hint='Use the pipe: tui-stream pipe "Name three fruits."',
        )
    if not encodings.reads_utf8(sys.stdout):
        raise UsageError(
            f"The chat needs a terminal that reads UTF-8; the locale says that this one reads {sys.stdout.encoding}.",
            hint="If it does: export LC_ALL=C.UTF-8",
        )
    for name in [name for name in os.environ if name.startswith("TEXTUAL")]:
        del os.environ[name]  # a log that others may read, another driver: for those who develop Textual
    from tui_stream.ui import app as ui
    from tui_stream.ui.history import History

    with _log(settings) as log:
        return ui.start(
            lambda: _open(settings, log, kept),
            ui=settings.ui,
            history=History(kept.archive, kept.reason, start=kept.start),
            stall_notice=settings.timeouts.stall_notice,
            first_prompt=prompt,
        )


@contextmanager
def _log(settings: Settings) -> Iterator[EventLog | None]:
    """The log that the settings ask for, open for as long as the context is.

    Raises:
        ConfigError: it cannot be written.
    """
    if settings.log is None:  # as nearly always: nothing is loaded for it
        yield None
        return
    from tui_stream.eventlog import open_log

    log = open_log(settings)
    try:
        yield log
    finally:
        if log is not None:
            log.close()


async def _open(settings: Settings, log: EventLog | None, kept: Keeping) -> OpenedSession:
    """A session, out of modules that are loaded after the first frame and in a thread."""
    import asyncio
    import importlib

    compose = await asyncio.to_thread(importlib.import_module, "tui_stream.compose")
    frame = 1 / settings.ui.frame_rate
    opened: OpenedSession = await compose.open_session(settings, frame=frame, log=log, archive=kept.archive)
    return opened


def pipe(settings: Settings, prompt: str, kept: Keeping) -> int:
    """Asks once; the answer goes to stdout."""
    from tui_stream import compose
    from tui_stream import pipe as front_end
    from tui_stream.core.sanitize import clean, repair

    stdin, stdout, stderr = _standard_streams()
    if stdout is None:
        raise UsageError("There is no stdout to write the answer to.", hint="Do not close it.")
    notes = front_end.Notes(stderr)
    piped = io.BytesIO() if stdin is None else stdin.buffer
    text = front_end.read_prompt(prompt, piped, interactive=_is_terminal(stdin), notes=notes)
    cleaner = clean if _is_terminal(stdout) else repair

    async def open_it() -> OpenedSession:
        conversation = await kept.conversation()
        return await compose.open_session(
            settings, frame=0.0, cleaner=cleaner, log=log, archive=kept.archive, conversation=conversation
        )

    with _log(settings) as log:
        return front_end.main(
            open_it,
            text,
            output=front_end.FileOutput(stdout.fileno(), encodings.written(stdout)),
            notes=notes,
        )


def _standard_streams() -> tuple[TextIO | None, TextIO | None, TextIO | None]:
    """The three standard streams; None for one that was closed before the program began."""
    return sys.stdin, sys.stdout, sys.stderr
