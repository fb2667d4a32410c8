"""Conversations as Markdown, to go on with elsewhere: what was said stands there as it came, under who said it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Final, TextIO

from tui_stream.core.models import Conversation, Message
from tui_stream.core.sanitize import clean, clean_line
from tui_stream.exchange import words
from tui_stream.exchange.shape import versions
from tui_stream.exchange.words import Options

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_SPECIAL: Final = re.compile(r"[\\`*_\[\]<&~$#]")
_EMPTY_LINES: Final = re.compile(r"\A(?:[ \t]*\n)+")
_MAY_STAY_OPEN: Final = re.compile(r"```|~~~|<")
_HTML_ENDS: Final = {"<!--": "-->", "<?": "?>", "<![CDATA[": "]]>", "<!": ">", "<": "</pre>"}
"""By how an HTML block begins that blank lines do not end, what ends it (CommonMark 0.31, 4.6)."""


def write_markdown(conversations: Iterable[Conversation], file: TextIO, now: datetime, options: Options) -> int:
    """Writes one document: a title for each conversation and a heading for each message of its shown path.

    A front matter in YAML names the title, the date and the models, of several conversations only the date.

    Args:
        conversations: taken one at a time.
        file: open for text; gets no control character but tabs and newlines.
        now: the moment of the export, with its zone.
        options: what stands in it.

    Returns:
        how many conversations it holds.
    """
    remaining = iter(conversations)
    first = list(_taken(remaining, 2))
    file.write(front_matter(first, now))
    count = 0
    for conversation in chain(first, remaining):
        title = words.title_of(conversation.title, conversation.messages)
        blocks = chain([f"# {escaped(title)}"], _path(conversation, options))
        file.writelines(f"\n{block}\n" for block in blocks)
        count += 1
    return count


def _taken(source: Iterator[Conversation], most: int) -> Iterator[Conversation]:
    for _, conversation in zip(range(most), source, strict=False):
        yield conversation


def front_matter(first: Sequence[Conversation], now: datetime) -> str:
    """The head of a document in YAML: of one conversation what it is, of several only when they were exported."""
    if len(first) != 1:
        members: dict[str, object] = {"exported": words.machine_moment(now)}
    else:
        conversation = first[0]
        members = {
            "title": words.title_of(conversation.title, conversation.messages),
            "date": words.machine_moment(conversation.created_at),
            "updated": words.machine_moment(conversation.updated_at),
            "exported": words.machine_moment(now),
            "models": words.models_of(conversation.messages),
        }
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in members.items()]
    return "\n".join(["---", *lines, "---", ""])


def _path(conversation: Conversation, options: Options) -> Iterator[str]:
    for message in conversation.messages:
        version = versions(conversation.tree, message.id) if message.id in conversation.tree else (1, 1)
        yield from message_blocks(message, options, words.version_text(*version))


def transcript(messages: Sequence[Message], title: str = "", options: Options | None = None) -> str:
    """Messages as one document without front matter.

    Args:
        messages: in their order.
        title: stands above them if there is one.
        options: what stands in it; without them no times and no figures.
    """
    chosen = options or Options(times=False)
    parts = [f"# {escaped(line)}"] if (line := clean_line(title)) else []
    for message in messages:
        parts += message_blocks(message, chosen)
    return "\n\n".join(parts) + "\n"


def message_blocks(message: Message, options: Options, version: str = "") -> Iterator[str]:
    """A message's heading, thoughts, text and notes, to be set apart by blank lines.

    A block that the text leaves open (a fence, where the answer was cut off) is closed, so that it does not swallow
    what follows.
    """
    heading = words.speaker(message)
    if options.times:
        heading += f" · {words.moment_text(message.created_at)}"
    yield f"## {escaped(heading)}"
    if options.reasoning and (thoughts := tidy(message.reasoning)):
        yield _quoted(f"Thinking:\n\n{thoughts}")
    if text := tidy(message.text):
        yield _closed(text)
    figures = words.figures_text(message) if options.figures else ""
    for note in (*words.notes(message), version, figures):
        if note:
            yield f"*{escaped(note)}*"


def escaped(text: str) -> str:
    """One line that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def tidy(text: str) -> str:
    """Text without control characters and without empty lines at its ends."""
    return _EMPTY_LINES.sub("", clean(text.replace("\r\n", "\n").replace("\r", "\n"))).rstrip()


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _closed(markdown: str) -> str:
    """Markdown that a heading can follow; lists and quotes end by themselves."""
    if not _MAY_STAY_OPEN.search(markdown):
        return markdown
    last = _block_parser().parse(f"{markdown}\n\n# end\n")[-1]
    if last.type == "fence":
        return f"{markdown}\n{last.markup}"
    if last.type == "html_block":
        begun = last.content.lstrip()
        return f"{markdown}\n{next(end for start, end in _HTML_ENDS.items() if begun.startswith(start))}"
    return markdown


@lru_cache(maxsize=1)
def _block_parser() -> MarkdownIt:
    """CommonMark's blocks, what is within them left alone. It keeps nothing between calls."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").disable(["inline", "text_join"])
