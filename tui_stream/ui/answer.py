"""An answer in the transcript: the model's name, its thoughts, what it says while it says it, and how that ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui_stream.core.models import Message
from tui_stream.ui.answer_lines import FOLDED, AnswerLines, Thoughts
from tui_stream.ui.notes import Offers, WordCount, offers

if TYPE_CHECKING:
    from tui_stream.markdown import WideMode

BODY, FOOT = 2, 3  # parts of the view, as it numbers them
THINKING_LINE = 2  # the line of the entry that says how much was thought, or one above it
_NAME_LINE = 1  # the line of the entry with the name of who answers
_WIDE = frozenset({"fence", "code", "table", "html", "math"})


class AnswerEntry(AnswerLines):
    """What the model says: its name, its thoughts, its answer, and how that ended."""

    __slots__ = ()

    @classmethod
    def of(cls, message: Message, *, keep_thinking: bool = False, wide: WideMode = "wrap") -> AnswerEntry:
        """An answer that was over before it is shown."""
        entry = cls(message.model, keep_thinking=keep_thinking, wide=wide, message_id=message.id)
        entry._message = message
        entry._notes = message.notes
        if not keep_thinking:
            entry._shows_thoughts = Thoughts.FOLDED
        return entry

    # -- what changes it: each returns the first line that changed ------------------------------------

    def append(self, text: str) -> int:
        """Adds to the answer; thoughts fold when it begins."""
        view = self._make_view()
        folding = self.folds_next
        self._began = True
        self._fed += len(text)
        first = view.body.append(text)
        if folding:
            self._shows_thoughts = Thoughts.FOLDED
            self._make_head(view)
            return 0
        if self.folded:
            self._make_foot(view)
            return view.top(BODY)
        return view.top(BODY) + first

    def append_thinking(self, text: str) -> int:
        """Adds to what the model thinks."""
        view = self._make_view()
        fresh = view.thoughts is None
        if fresh and self._began and self._shows_thoughts is Thoughts.OPEN:
            self._shows_thoughts = Thoughts.FOLDED
        view.think().append(text)
        if fresh and self._looks is not None:
            view.style(self._width, self._looks)
        self._words = self._words or WordCount()
        self._words.add(text)
        self._make_head(view)
        return 0 if fresh else THINKING_LINE

    def toggle_thinking(self) -> int:
        """Folds or unfolds what the model thought."""
        folded = self._shows_thoughts is Thoughts.FOLDED
        self._shows_thoughts = Thoughts.KEPT if folded else Thoughts.FOLDED
        self._changed()
        return 0

    def toggle_facts(self) -> int | None:
        """Folds or unfolds the figures of an answer that is over; the first line that changed."""
        if self._message is None:
            return None
        self._shows_facts = not self._shows_facts
        self._changed()
        return _NAME_LINE

    @property
    def facts_line(self) -> int | None:
        """The last line of the figures, where they are unfolded."""
        return self.height - 1 if self._shows_facts and self._message is not None else None

    def fold(self) -> int | None:
        """Folds the answer to a few lines, or unfolds it."""
        if self._make_view().body.height <= FOLDED + 1:
            return None
        self.folded = not self.folded
        self._changed()
        return 0

    def set_wide(self, line: int) -> int | None:
        """Wraps the code or table at a line, or lets it run past the edge; the first line that changed."""
        view = self._make_view()
        block = view.block_at(line)
        if block is None or block.kind not in _WIDE:
            return None
        self._arranged = True
        mode: WideMode = "scroll" if block.wide == "wrap" else "wrap"
        return view.top(BODY) + view.body.set_block_wide(view.part_at(line)[1], mode)

    def scroll(self, line: int, cells: int) -> tuple[int, int] | None:
        """Moves the code or table at a line sideways; its lines [first, last), None where nothing moved."""
        view = self._make_view()
        block = view.block_at(line)
        if block is None:
            return None
        within = view.part_at(line)[1]
        before = block.offset
        if view.body.scroll_block(within, before + cells) == before:
            return None
        self._arranged = True
        first = view.top(BODY) + block.first_line
        return first, first + block.line_count

    def name_model(self, model: str, notes: Sequence[str] = ()) -> int:
        """It became known which model answers, and how that came about."""
        self.model, self._notes = model, tuple(notes)
        self._make_head(self._make_view())
        return 0

    def finish(self, message: Message) -> int:
        """The answer is over: says how, where that is not plain to see."""
        view = self._make_view()
        first = view.body.append(message.text[self._fed :])
        self._fed = len(message.text)
        first = min(first, view.body.finish(), view.body.height)
        if view.thoughts is not None:
            view.thoughts.finish()
        self._message = message
        self.offers, self.offering = offers(message), True
        self._make_foot(view)
        return min(view.top(BODY) + first, view.top(FOOT))

    def tell_cost(self) -> int:
        """Says behind the name what it cost, once it is over."""
        self._make_head(self._make_view())
        return _NAME_LINE

    def reopen(self) -> int:
        """More of the answer comes: it streams again, behind the text that it has."""
        message, looks, width = self._message, self._looks, self._width
        self._view, self._message, self.offers, self._arranged = None, None, Offers(), False
        view = self._make_view()
        if message is not None:
            self._fill(view, message)
            self._fed, self._began = len(message.text), bool(message.text)
        if looks is not None:
            self._restyle(width, looks)
        return 0

    def offer(self) -> int:
        """Offers what can be done about it, if it broke off some time ago."""
        return self._offer(offers(self._message) if self._message is not None else Offers())

    def keep(self) -> int:
        """It stays as it is: what can be done about it is not said any more."""
        return self._offer(self.offers, told=False)

    def withdraw(self) -> int:
        """Nothing can be done about it any more."""
        return self._offer(Offers())

    def _offer(self, what: Offers, *, told: bool = True) -> int:
        self.offers, self.offering = what, told
        view = self._make_view()
        self._make_foot(view)
        return view.top(FOOT)
