"""An answer in the transcript: the model's name, its thoughts, what it says while it says it, and how that ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style

from tui_stream.core import figures
from tui_stream.core.models import FinishReason, Message, MessageStatus
from tui_stream.core.sanitize import clean_line
from tui_stream.ui.entries import INDENT, Entry, Line, wrapped
from tui_stream.ui.looks import Looks

if TYPE_CHECKING:
    from tui_stream.markdown import LiveMarkdown

FOLD = {"fold": True}
"""Marks the segments that fold something when clicked."""

_REASONS = {
    FinishReason.LENGTH: "Cut off: the answer reached its length limit.",
    FinishReason.CONTENT_FILTER: "Cut off by the provider's content filter.",
    FinishReason.TOOL_CALLS: "The model asks for tools; they are shown, not run.",
}


class AnswerEntry(Entry):
    """What the model says: its name, its thoughts, its answer, and how that ended."""

    def __init__(self, model: str, *, keep_thinking: bool = False) -> None:
        from tui_stream.markdown import LiveMarkdown

        super().__init__()
        self.model = model
        self._keep_thinking = keep_thinking
        self._body = LiveMarkdown(80)
        self._thoughts: LiveMarkdown | None = None
        self._folded = False
        self._touched = False
        self._note = ""
        self._failed = False
        self._began = False
        self._shown = 0
        self._words = _WordCount()
        self._head: list[Line] = []
        self._foot: list[Line] = []

    @property
    def source(self) -> str:
        """The answer's Markdown."""
        return self._body.text

    @property
    def body(self) -> LiveMarkdown:
        """The answer, rendered."""
        return self._body

    def code_at(self, line: int) -> str:
        """The code of the block whose label, its first line, stands on this line of the entry; else nothing."""
        within = line - len(self._head) - self._shown_thoughts
        block = self._body.block_at(within) if 0 <= within < self._body.height else None
        return block.code if block is not None and block.first_line == within else ""

    @property
    def newest_code(self) -> str:
        """The code of the last block of code so far, nothing where there is none."""
        return next((block.code for block in reversed(self._body.blocks) if block.code), "")

    @property
    def height(self) -> int:
        """All its lines and an empty one."""
        return len(self._head) + self._shown_thoughts + self._body.height + len(self._foot)

    @property
    def _shown_thoughts(self) -> int:
        if self._thoughts is None or self._folded:
            return 0
        return self._thoughts.height + 1

    # What changes it: each returns the first line that changed.

    def append(self, text: str) -> int:
        """Adds to the answer; thoughts fold when it begins."""
        folding = not self._began and self._thoughts is not None
        self._began = True
        self._shown += len(text)
        first = self._body.append(text)
        if not folding:
            return len(self._head) + self._shown_thoughts + first
        self._folded = self._folded or not (self._touched or self._keep_thinking)
        return self._changed_all()

    def append_thinking(self, text: str) -> int:
        """Adds to what the model thinks."""
        if self._thoughts is None:
            self._thoughts = type(self._body)(80)
            self._folded = self._began and not self._keep_thinking
            self._style_parts()
        first = self._thoughts.append(text)
        self._words.add(text)
        self._make_head()
        return 0 if self._folded else min(len(self._head) - 1, len(self._head) + first)

    def toggle_thinking(self) -> int:
        """Folds or unfolds what the model thought."""
        self._touched = True
        self._folded = not self._folded
        return self._changed_all()

    def name_model(self, model: str) -> int:
        """The provider said which model answers."""
        self.model = model
        self._make_head()
        return 0

    def finish(self, message: Message) -> int:
        """The answer is over: says how, where that is not plain to see."""
        self._body.append(message.text[self._shown :])
        first = min(self._body.finish(), self._body.height)
        self._note = _note(message)
        self._failed = message.status is MessageStatus.FAILED
        self._make_foot()
        return len(self._head) + self._shown_thoughts + first

    def _changed_all(self) -> int:
        self._make_head()
        return 0

    # How it looks

    def lines(self, first: int, last: int) -> list[Line]:
        """The lines [first, last)."""
        found: list[Line] = []
        top = 0
        for height, get in self._parts():
            if top < last and first < top + height:
                found += get(max(0, first - top), min(height, last - top))
            top += height
        return found

    def _parts(self) -> list[tuple[int, Callable[[int, int], list[Line]]]]:
        head, foot = self._head, self._foot
        return [
            (len(head), lambda first, last: head[first:last]),
            (self._shown_thoughts, self._thought_lines),
            (self._body.height, self._body_lines),
            (len(foot), lambda first, last: foot[first:last]),
        ]

    def _body_lines(self, first: int, last: int) -> list[Line]:
        return [[Segment("  "), *line] for line in self._body.lines(first, last)]

    def _thought_lines(self, first: int, last: int) -> list[Line]:
        if self._thoughts is None or self._looks is None:
            return []
        bar = Segment("  │ ", self._looks.quiet)
        lines = [[bar, *line] for line in self._thoughts.lines(first, last)]
        return lines if last <= self._thoughts.height else [*lines, []]

    def _restyle(self, width: int, looks: Looks) -> None:
        del width, looks
        self._style_parts()
        self._make_head()
        self._make_foot()

    def _style_parts(self) -> None:
        if self._looks is None:
            return
        self._body.resize(max(1, self._width - INDENT))
        self._body.set_theme(self._looks.markdown)
        if self._thoughts is not None:
            self._thoughts.resize(max(1, self._width - 2 * INDENT))
            self._thoughts.set_theme(self._looks.thoughts)

    def _make_head(self) -> None:
        looks = self._looks
        if looks is None:
            return
        name = Segment(clean_line(figures.model_text(self.model), 80) or "Answer", looks.answer_label)
        self._head = [[], [Segment("  "), name]]
        if self._thoughts is not None:
            mark = "▸" if self._folded else "▾"
            style = looks.quiet + Style(italic=True, meta=FOLD)
            self._head.append([Segment("  "), Segment(f"{mark} Thinking · {self._words.count} words", style)])
            if self._folded:
                self._head.append([])

    def _make_foot(self) -> None:
        looks = self._looks
        if looks is None or not self._note:
            self._foot = []
            return
        style = looks.error if self._failed else looks.warning
        rows = wrapped(self._note, style, self._width - INDENT)
        gap: list[Line] = [[]] if self._body.text else []
        self._foot = [*gap, *([Segment("  "), *row] for row in rows)]


class _WordCount:
    """Counts words in text that arrives in pieces."""

    def __init__(self) -> None:
        self.count = 0
        self._within = False

    def add(self, text: str) -> None:
        """A piece; a word may go on from the one before."""
        if not text:
            return
        self.count += len(text.split()) - (self._within and not text[0].isspace())
        self._within = not text[-1].isspace()


def _note(message: Message) -> str:
    """How an answer ended, in words; nothing where it simply ended."""
    calls = [f"Tool call: {call.name}({call.arguments})" for call in message.tool_calls]
    return "\n".join([*calls, *_ending(message)])


def _ending(message: Message) -> list[str]:
    match message.status:
        case MessageStatus.CANCELLED:
            return ["Stopped." if message.text or message.reasoning else "Stopped before the answer began."]
        case MessageStatus.FAILED | MessageStatus.CUT_OFF:
            return [message.error]
    reason = _REASONS.get(message.finish_reason) if message.finish_reason else None
    if reason:
        return [reason]
    empty = message.empty and not message.tool_calls
    return ["The model answered with nothing."] if empty else []
