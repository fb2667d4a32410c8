"""The conversation on the screen as a file: Markdown to go on with elsewhere, text that a screen reader reads well.

It exists apart from the screens because all of it is pure or plain file work: nothing here knows a widget.
Keys and settings are no part of messages and so of no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tui_stream.core.models import Conversation, Message, Role
from tui_stream.core.sanitize import clean, repair
from tui_stream.errors import StoreError
from tui_stream.exchange.files import created, exists
from tui_stream.exchange.markdown import tidy, transcript
from tui_stream.exchange.words import notes, speaker
from tui_stream.exchange.writing import Format
from tui_stream.exchange.writing import write as write_as

__all__ = ["as_markdown", "as_text", "exists", "save", "write"]

_WHOLE = {".json": Format.JSON, ".html": Format.HTML, ".htm": Format.HTML}


def as_markdown(messages: Sequence[Message], title: str = "") -> str:
    """A conversation as one Markdown document: a heading for each message, thoughts as a quote.

    What was said stands there as it came, but that a block which a message leaves open (a fence, where the
    answer was cut off) is closed, so that it does not swallow what follows.
    """
    return transcript(messages, title)


def as_text(messages: Sequence[Message]) -> str:
    """A conversation as text to listen to: who speaks, then what they say, nothing drawn and nothing in columns.

    What the person typed stays as it was typed; answers and thoughts are read as Markdown.
    """
    from tui_stream.markdown.linear import linear

    parts: list[str] = []
    for message in messages:
        said = [f"{speaker(message)}:"]
        if thoughts := tidy(message.reasoning):
            said += ["Thoughts:", linear(thoughts), "End of thoughts."]
        if text := tidy(message.text):
            said.append(linear(text) if message.role is Role.ASSISTANT else text)
        said += [f"Note: {note}" for note in notes(message)]
        parts.append("\n".join(said))
    return clean("\n\n".join(parts) + "\n")


def save(path: Path, conversation: Conversation, *, replace: bool = False) -> tuple[str, Path]:
    """Writes a conversation as the end of the name has it: .json holds all of it, anything unknown is Markdown; blocks.

    Args:
        path: where to; see `write`.
        conversation: with all of its messages loaded.
        replace: replace a file that exists.

    Returns:
        what was written, in words, and where.

    Raises:
        StoreError: the file exists, or cannot be written, or messages of the conversation are not there any more.
    """
    suffix = path.suffix.lower()
    wanted = _WHOLE.get(suffix)
    if wanted is None:
        text = suffix == ".txt"
        made = as_text(conversation.messages) if text else as_markdown(conversation.messages)
        return "plain text" if text else "Markdown", write(path, made, replace=replace)
    try:
        with created(path, replace=replace) as file:
            write_as([conversation], file, wanted)
    except ValueError as error:
        raise StoreError(
            "The conversation cannot be saved whole: messages of it are gone from the history.",
            hint="Save it as .md, which holds what is shown.",
        ) from error
    return wanted.value.upper(), path.expanduser()


def write(path: Path, text: str, *, replace: bool = False) -> Path:
    """Writes a file for its owner only, whole or not at all; blocks.

    Args:
        path: where to; a ``~`` at its beginning is the home folder. The file that a symbolic link leads to is
            written, not the link.
        text: what to write, as UTF-8.
        replace: replace a file that exists.

    Returns:
        the path with ``~`` replaced.

    Raises:
        StoreError: it exists, or cannot be written; the message says why.
    """
    with created(path, replace=replace) as file:
        file.write(repair(text))
    return path.expanduser()
