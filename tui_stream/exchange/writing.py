"""Writes conversations in whichever format is wanted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, TextIO

from tui_stream.core.models import Conversation, utc_now
from tui_stream.exchange.words import Options


class Format(StrEnum):
    """What a file of conversations can be.

    `JSON` holds everything and can be read again; the others are for people and hold the shown path of each
    conversation.
    """

    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"

    @classmethod
    def named(cls, path: Path) -> Format | None:
        """The format that the end of a file's name tells; None where it tells none of these."""
        return _SUFFIXES.get(path.suffix.lower())

    @property
    def said(self) -> str:
        """What people call it."""
        return "Markdown" if self is Format.MARKDOWN else self.name

    @property
    def suffix(self) -> str:
        """How names of such files end."""
        return ".md" if self is Format.MARKDOWN else f".{self.value}"


_SUFFIXES: Final = {
    ".json": Format.JSON,
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".html": Format.HTML,
    ".htm": Format.HTML,
}


def write(
    conversations: Iterable[Conversation],
    file: TextIO,
    wanted: Format,
    *,
    options: Options | None = None,
    now: datetime | None = None,
) -> int:
    """Writes conversations one after the other; how many it were.

    Args:
        conversations: taken one at a time; for JSON with all of their messages loaded, else with those of their paths.
        file: open for text in UTF-8; gets no control character but tabs and newlines.
        wanted: the format.
        options: what stands in documents for people.
        now: the moment of the export, the present one if it is not given.

    Raises:
        ValueError: messages of a conversation are not loaded, and JSON is wanted.
        OSError: the file cannot be written.
    """
    moment = now or utc_now()
    match wanted:
        case Format.JSON:
            from tui_stream.exchange.native import write_json

            return write_json(conversations, file, moment)
        case Format.MARKDOWN:
            from tui_stream.exchange.markdown import write_markdown

            return write_markdown(conversations, file, moment, options or Options())
        case Format.HTML:
            from tui_stream.exchange.html import write_html

            return write_html(conversations, file, moment, options or Options())
