"""What a conversation is called: its first line, or what a model suggests."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_stream.core.models import ChatMessage, Conversation, Cost, Message, Role, Usage
from tui_stream.core.sanitize import clean, clean_line
from tui_stream.errors import ProtocolError

if TYPE_CHECKING:
    from tui_stream.core.errands import Errand

WIDEST = 60
"""Cells that a title fills at most."""

_MARKS = re.compile(r"(?:(?:#{1,6}|>|[-*+])\s+)+")
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})")
_LABEL = re.compile(r"(?i:(?:the )?(?:suggested )?title(?: is)?)\s*:\s*")
_QUOTES = "\"'`*_\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"
_LOOSE_ENDS = " ,;:.-\u2013\u2014"
_MOST_QUOTED = 1200
"""Characters of a message that are shown to the model; a title needs no more."""
_MOST_ANSWERED = 400
"""Characters after which a model that does not stop is stopped."""
_MOST_THOUGHT = 20_000

_ASKED = (
    "Name the conversation below with a title of three to seven words, in its own language. "
    "Answer with the title alone: no quotation marks, no full stop, no explanation."
)


def first_line(text: str) -> str:
    """What a text begins with, as a title: its first line that says something, without Markdown's marks before it.

    A line wider than `WIDEST` cells is cut behind a word and ends with "…". Empty for a text that says nothing.
    """
    for line in text.splitlines():
        if _FENCE.match(line):
            continue
        said = clean_line(line, limit=WIDEST * 8)
        said = said[found.end() :] if (found := _MARKS.match(said)) else said
        if any(character.isalnum() for character in said):
            return _cut(said)
    return _cut(clean_line(text, limit=WIDEST * 8))


def title_of(conversation: Conversation) -> str:
    """The conversation's title, or the first line of the first of its prompts that are loaded; empty without any."""
    if conversation.title:
        return conversation.title
    prompts = (message.text for message in conversation.messages if message.role is Role.USER)
    return first_line(next(prompts, ""))


def tidy_title(answer: str) -> str:
    """The title in what a model answered: one line, no quotes, no label before it, no full stop behind it."""
    line = next((line for line in answer.splitlines() if any(map(str.isalnum, line))), "")
    line = clean_line(line)
    line = line[found.end() :] if (found := _MARKS.match(line)) else line
    line = line.strip(_QUOTES + " ")
    line = line[found.end() :] if (found := _LABEL.match(line)) else line
    line = line.strip(_QUOTES + " ")
    if line.endswith(".") and not line.endswith(".."):
        line = line[:-1].rstrip()
    return _cut(line.strip(_QUOTES + " "))


@dataclass(frozen=True, slots=True)
class SuggestedTitle:
    """A title that a model made, and what asking for it took."""

    title: str
    usage: Usage
    cost: Cost


async def suggest_title(errand: Errand, exchange: Sequence[Message]) -> SuggestedTitle:
    """Asks a model for a title; a model that talks on is stopped.

    Args:
        errand: asks it, and counts that.
        exchange: the first prompt and its answer; only their beginnings are sent.

    Raises:
        TuiStreamError: it could not be asked, or named none.
    """
    messages = (ChatMessage(Role.USER, f"{_ASKED}\n\n{_quoted(exchange)}"),)
    said, thought = "", 0
    async with aclosing(errand.ask(messages)) as stream:
        async for pieces in stream:
            for reasoning, piece in pieces:
                said, thought = (said, thought + len(piece)) if reasoning else (said + piece, thought)
            if len(said) > _MOST_ANSWERED or thought > _MOST_THOUGHT:
                break
    title, receipt = tidy_title(said), errand.receipt
    if not title or receipt is None:
        raise ProtocolError("The model named no title.", hint="Ask again, or type one.")
    return SuggestedTitle(title, receipt.usage, receipt.cost)


def _quoted(exchange: Sequence[Message]) -> str:
    """The beginnings of the messages, each behind the name of who speaks."""
    return "\n\n".join(
        f"{message.role.value.capitalize()}: {clean(message.text)[:_MOST_QUOTED].strip()}"
        for message in exchange
        if not message.empty
    )


def _cut(line: str) -> str:
    """The line, or its beginning up to a word's end where it is wider than a title may be."""
    if _width(line) <= WIDEST:
        return line
    fitting = 0
    room = WIDEST - 1  # the ellipsis takes a cell
    for character in line:
        room -= _width(character)
        if room < 0:
            break
        fitting += 1
    kept = line[:fitting]
    if not line[fitting].isspace() and (space := kept.rfind(" ")) > WIDEST // 2:
        kept = kept[:space]
    return f"{kept.rstrip(_LOOSE_ENDS)}…"


def _width(text: str) -> int:
    """Cells that a terminal gives the text, as near as a title needs it."""
    if text.isascii():
        return len(text)
    return sum(_cell_width(character) for character in text)


def _cell_width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
