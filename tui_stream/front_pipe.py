"""Makes a pipe out of what the command line says: the prompt, the pictures, where the answer goes and in which form."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from contextlib import aclosing
from typing import IO, TYPE_CHECKING, TextIO

from tui_stream import pipe as front_end
from tui_stream.errors import TuiStreamError, UsageError
from tui_stream.prompts.gathered import Parts, gather

if TYPE_CHECKING:
    from tui_stream.config import Settings
    from tui_stream.core.eventlog import EventLog
    from tui_stream.core.session import OpenedSession
    from tui_stream.flags import Asked
    from tui_stream.keeping import Keeping
    from tui_stream.prompts.schemas import Schema
    from tui_stream.prompts.templates import Template
    from tui_stream.scrollback.output import LiveOutput


_NEWEST = 8  # messages among which the last answer surely is


def use_template(asked: Asked) -> Template:
    """The template that was asked for; what it says holds where no flag says otherwise.

    Raises:
        UsageError: there is none of this name, or a variable has no value.
        ConfigError: something in it is not valid.
    """
    from tui_stream import paths
    from tui_stream.prompts import templates

    template = templates.load(paths.templates_dir(), asked.template or "")
    system = template.filled_system(templates.parse_values(asked.param))
    if asked.model is None and asked.provider in {None, template.provider}:
        asked.model = template.model or None
    asked.provider = asked.provider or template.provider or None
    asked.system = asked.system if asked.system is not None else system or None
    options = [f"{name}={json.dumps(value, default=str)}" for name, value in template.options.items()]
    asked.option = [*options, *asked.option]
    return template


def print_schema() -> int:
    """Prints the JSON Schema of the events.

    Raises:
        TuiStreamError: it cannot be written.
    """
    from tui_stream.piping.events import schema_text

    _, stdout, _ = _standard_streams()
    try:
        front_end.FileOutput(_open(stdout).fileno()).write(schema_text())
    except BrokenPipeError:
        return front_end.EXIT_READER_GONE
    except OSError as error:
        raise front_end.unwritable(error) from error
    return 0


def pipe(settings: Settings, asked: Asked, kept: Keeping, *, template: Template | None, log: EventLog | None) -> int:
    """Asks; the answer goes to stdout: rendered if that is a terminal, unless it is to be raw.

    Raises:
        TuiStreamError: what a person should be told in a sentence.
    """
    from tui_stream import compose
    from tui_stream.core.encodings import written
    from tui_stream.core.sanitize import clean, repair

    stdin, stdout, stderr = _standard_streams()
    stdout = _open(stdout)
    if asked.param and template is None:
        raise UsageError("-p gives a value to a template, and none is named.", hint="Name one with -t.")
    schema = _schema(asked)
    notes = front_end.Notes(stderr)
    text = _prompt(asked, template, stdin, notes)
    terminal = stdout.isatty()
    encoding = written(stdout)
    output: front_end.Output = front_end.FileOutput(stdout.fileno(), encoding)
    if terminal and encoding == "utf-8" and not asked.raw and not asked.json:
        output = _rendered(stdout.fileno()) or output
    cleaner = clean if terminal and not asked.json else repair

    async def open_it() -> OpenedSession:
        opened = await compose.open_session(
            settings,
            frame=0.0,
            cleaner=cleaner,
            log=log,
            archive=kept.archive,
            conversation=await kept.conversation(),
            schema=None if schema is None else schema.document,
        )
        if _is_guessed(settings):
            await _settle_model(opened)
        await opened.session.instruct(asked.system or "")
        return opened

    asking = _asking(asked, schema, output)
    code = front_end.main(open_it, text, output=output, notes=notes, asking=asking, descriptor=stdout.fileno())
    if not code and settings.history and settings.provider and settings.model:
        from tui_stream.models_seen import ModelsSeen

        ModelsSeen().add(settings.provider, [settings.model])  # for completion in a shell
    return code


def follow(settings: Settings, asked: Asked, kept: Keeping) -> bool:
    """Has the model go on that answered last in the conversation, where no other is named; whether that is so.

    Raises:
        UsageError: it was asked on this machine, and its name would now be asked for elsewhere.
        StoreError: the conversation cannot be read.
    """
    if kept.archive is None or not kept.start or asked.provider or asked.model or asked.base_url:
        return False
    from tui_stream.config import PROVIDER_NAMES
    from tui_stream.core.models import Role

    conversation = asyncio.run(kept.archive.load(kept.start, tail=_NEWEST))
    answers = [message for message in conversation.messages if message.role is Role.ASSISTANT and message.asked]
    if not answers or (answer := answers[-1]).provider not in PROVIDER_NAMES or answer.provider == "replay":
        return False
    if answer.cost is not None and answer.cost.local and _is_official(settings, answer.provider):
        raise UsageError(
            f"{answer.asked} was asked on this machine before, and no address of it is in the settings.",
            hint="Say where it is with --base-url, or who is to go on with --provider and --model.",
        )
    asked.provider, asked.model = answer.provider, answer.asked
    return True


def _is_official(settings: Settings, provider: str) -> bool:
    from urllib.parse import urlsplit

    from tui_stream.config.addresses import addresses

    return any(urlsplit(one).hostname == "api.openai.com" for one in addresses(settings, provider))


def _is_guessed(settings: Settings) -> bool:
    """Whether nobody named a model for somebody else's server that speaks as OpenAI's do."""
    if settings.model or settings.provider not in {"openai", "openai-responses"}:
        return False
    return not _is_official(settings, settings.provider)


async def _settle_model(opened: OpenedSession) -> None:
    """Has the provider take a model that the server lists, as the chat does."""
    try:
        async with aclosing(opened.session.provider.prepare()) as steps:
            async for _ in steps:
                pass
    except (TuiStreamError, asyncio.CancelledError):
        await opened.session.aclose()
        raise


def _schema(asked: Asked) -> Schema | None:
    if asked.schema is None:
        return None
    from tui_stream.prompts import schemas

    return schemas.load(asked.schema)


def _prompt(asked: Asked, template: Template | None, stdin: TextIO | None, notes: front_end.Notes) -> str:
    """The prompt; on a terminal nothing is read where there is one already."""
    values = {}
    if asked.param:
        from tui_stream.prompts.templates import parse_values

        values = parse_values(asked.param)
    parts = Parts(asked.prompt, asked.file, template, values)
    piped: IO[bytes] | None = io.BytesIO() if stdin is None else stdin.buffer
    if stdin is not None and stdin.isatty():
        if parts.suffices:
            piped = None
        else:
            notes.say("Type the prompt, then Ctrl+D.")
    gathered = gather(parts, piped)
    for note in gathered.notes:
        notes.say(note)
    return gathered.text


def _asking(asked: Asked, schema: Schema | None, output: front_end.Output) -> front_end.Asking:
    events = None
    if asked.json:
        from tui_stream.piping.events import Events

        events = Events(output, whole=asked.no_stream)
    images = []
    if asked.image:
        from tui_stream.prompts.pictures import read_picture

        images = [read_picture(file) for file in asked.image]
    return front_end.Asking(
        images=images,
        answers=asked.answers or 1,
        whole=asked.no_stream,
        checked=None if schema is None else schema.checked,
        reasoning=asked.reasoning,
        stats=asked.stats,
        events=events,
    )


def _rendered(descriptor: int) -> LiveOutput | None:
    """Shows the answer rendered on a terminal; None where the terminal cannot move its cursor."""
    from tui_stream.scrollback.setting import is_capable

    if not is_capable(os.environ):
        return None
    from tui_stream.scrollback.output import LiveOutput
    from tui_stream.scrollback.setting import printer_for
    from tui_stream.scrollback.terminal import Terminal

    terminal = Terminal(descriptor)
    return LiveOutput(terminal, lambda size: printer_for(size, os.environ))


def _open(stdout: TextIO | None) -> TextIO:
    if stdout is None:
        raise UsageError("There is no stdout to write the answer to.", hint="Do not close it.")
    return stdout


def _standard_streams() -> tuple[TextIO | None, TextIO | None, TextIO | None]:
    """The three standard streams; None for one that was closed before the program began."""
    return sys.stdin, sys.stdout, sys.stderr
