"""Conversations as one HTML page that needs nothing else and does nothing: to read, print and hand on.

Everything in it is foreign text. No script, no picture and no font is loaded, by the page's own policy too, and links
lead to plain web and mail addresses only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from html import escape
from typing import Final, TextIO

from tui_stream.core.models import Conversation, Message
from tui_stream.core.sanitize import clean
from tui_stream.exchange import words
from tui_stream.exchange.html_markdown import render
from tui_stream.exchange.html_style import style_sheet
from tui_stream.exchange.shape import versions
from tui_stream.exchange.words import Options

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""The page's Content-Security-Policy."""


def write_html(conversations: Iterable[Conversation], file: TextIO, now: datetime, options: Options) -> int:
    """Writes one page with the shown path of each conversation.

    Args:
        conversations: taken one at a time.
        file: open for text; gets no control character but tabs and newlines.
        now: the moment of the export, with its zone.
        options: what stands in it.

    Returns:
        how many conversations it holds.
    """
    count = 0
    for conversation in conversations:
        title = words.title_of(conversation.title, conversation.messages)
        if not count:
            file.write(_head(title, now))
        file.write(f'<section>\n<h1 dir="auto">{escape(title)}</h1>\n{_about(conversation)}')
        for message in conversation.messages:
            file.writelines(_article(message, _version(conversation, message), options))
        file.write("</section>\n")
        count += 1
    if not count:
        file.write(_head("No conversations", now))
    file.write("</body>\n</html>\n")
    return count


def _head(title: str, now: datetime) -> str:
    return f"""\
<!DOCTYPE html>
<html lang="und">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="tui-stream">
<meta name="date" content="{words.machine_moment(now)}">
<title>{escape(title)}</title>
<style>
{style_sheet()}</style>
</head>
<body>
"""


def _about(conversation: Conversation) -> str:
    said = [_time(conversation.created_at)]
    said += [f"<bdi>{escape(model)}</bdi>" for model in words.models_of(conversation.messages)]
    return f'<p class="about">{" · ".join(said)}</p>\n'


def _time(moment: datetime) -> str:
    return f'<time datetime="{words.machine_moment(moment)}">{words.moment_text(moment)}</time>'


def _version(conversation: Conversation, message: Message) -> str:
    if message.id not in conversation.tree:
        return ""
    return words.version_text(*versions(conversation.tree, message.id))


def _article(message: Message, version: str, options: Options) -> Iterator[str]:
    when = _time(message.created_at) if options.times else ""
    yield f'<article class="{message.role.value}">\n'
    yield f"<header><h2><bdi>{escape(words.speaker(message))}</bdi></h2>{when}</header>\n"
    if options.reasoning and message.reasoning.strip():
        yield f'<details><summary>Thinking</summary>\n<div class="text">\n{render(message.reasoning)}</div></details>\n'
    if message.text.strip():
        yield f'<div class="text">\n{render(message.text)}</div>\n'
    figures = words.figures_text(message) if options.figures else ""
    for note in (*words.notes(message), version, figures):
        if note:
            yield f'<p class="note" dir="auto">{escape(clean(note))}</p>\n'
    yield "</article>\n"
