"""Columns of entries without an app."""

from __future__ import annotations

from rich.style import Style
from textual.theme import BUILTIN_THEMES

from tui_stream.core.models import Message, Role
from tui_stream.ui.answer import AnswerEntry
from tui_stream.ui.column import Column
from tui_stream.ui.entries import PromptEntry
from tui_stream.ui.entry import Entry
from tui_stream.ui.looks import COMPONENTS, Looks, make_looks

PARAGRAPHS = "\n\n".join(
    f"Paragraph {number} says what there is to say about it, at some length." for number in range(6)
)


def looks() -> Looks:
    """Plain styles."""
    return make_looks(Style(), {name: Style() for name in COMPONENTS}, BUILTIN_THEMES["textual-dark"])


def exchange(number: int, answer: str = PARAGRAPHS) -> list[Entry]:
    """A prompt and its answer, both over."""
    message = Message(Role.ASSISTANT, answer, model=f"model-{number}")
    return [PromptEntry(f"Question {number}?"), AnswerEntry.of(message)]


def column(exchanges: int, *, width: int = 60, answer: str = PARAGRAPHS) -> Column:
    """So many exchanges, counted for a width."""
    made = Column()
    made.insert(0, [entry for number in range(exchanges) for entry in exchange(number, answer)])
    made.arrange(width, looks())
    return made


def shown(made: Column, first: int = 0, last: int | None = None) -> list[str]:
    """What stands on the lines."""
    lines = made.lines(first, made.height if last is None else last)
    return ["".join(segment.text for segment in line).rstrip() for line in lines]
