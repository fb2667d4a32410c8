"""Hands a front end what it needs: the settings that hold, and a way to open a session."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

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
        together=(asked.answers or 1) > 1,
        over_budget=asked.over_budget,
        system="" if asked.command == "pipe" and asked.system else asked.system,  # the pipe keeps it as a message
        options=_all_encodable(asked.option),
        record=asked.record,
        speed=asked.speed,
        max_tokens=asked.max_tokens,
        timeout=asked.timeout,
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
    asked.prompt, asked.param = _encodable(asked.prompt) or "", list(_all_encodable(asked.param))
    asked.system = _encodable(asked.system)
    if asked.json_schema:
        from tui_stream.front_pipe import print_schema

        return print_schema()
    if asked.command == AUTOMATIC:
        talks = _is_terminal(sys.stdin) and _is_terminal(sys.stdout) and not asked.is_for_pipe
        asked.command = "chat" if talks else "pipe"
    template = None
    if asked.template is not None:
        from tui_stream.front_pipe import use_template

        template = use_template(asked)
    settings = settings_for(asked)
    from tui_stream.keeping import Keeping

    with Keeping(settings, latest=asked.latest, resume=asked.resume) as kept:
        if asked.command == "chat":
            return chat(settings, asked.prompt, kept)
        from tui_stream.front_pipe import follow, pipe

        if follow(settings, asked, kept):
            settings = settings_for(asked)
        with _log(settings) as log:
            return pipe(settings, asked, kept, template=template, log=log)


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
