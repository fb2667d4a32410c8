"""An answer in the transcript: the model's name, its thoughts, what it says while it says it, and how that ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING

from tui_stream.core import figures
from tui_stream.core.models import Message
from tui_stream.core.sanitize import clean_line
from tui_stream.ui.entry import Entry, Line, Spot, Stop, StopKind
from tui_stream.ui.looks import Looks
from tui_stream.ui.notes import WordCount, ending_note

if TYPE_CHECKING:
    from tui_stream.markdown import BlockInfo, WideMode
    from tui_stream.ui.answer_view import AnswerView

BODY, FOOT = 2, 3  # parts of the view, as it numbers them
THINKING_LINE = 2  # the line of the entry that says how much was thought
_WIDE = frozenset({"fence", "code", "table", "html", "math"})
_SHORT = 4000  # characters up to which one is laid out at once too
_FOLDED = 3  # lines of a folded answer's body


class AnswerEntry(Entry):
    """What the model says: its name, its thoughts, its answer, and how that ended.

    While it streams it lives in its view. Once it is over it keeps no more than its message, and a view is
    made when somebody looks at it; of a long one, only what they look at is laid out at once.
    """

    __slots__ = (
        "_arranged",
        "_began",
        "_fed",
        "_message",
        "_shows_thoughts",
        "_view",
        "_wide",
        "_words",
        "folded",
        "model",
    )

    def __init__(self, model: str, *, keep_thinking: bool = False, wide: WideMode = "wrap") -> None:
        super().__init__()
        self.model = model
        self.folded = False
        self._wide: WideMode = wide
        self._message: Message | None = None
        self._view: AnswerView | None = None
        self._shows_thoughts = _Thoughts.KEPT if keep_thinking else _Thoughts.OPEN
        self._began = False
        self._arranged = False
        self._fed = 0
        self._words: WordCount | None = None

    @classmethod
    def of(cls, message: Message, *, keep_thinking: bool = False, wide: WideMode = "wrap") -> AnswerEntry:
        """An answer that was over before it is shown."""
        entry = cls(message.model, keep_thinking=keep_thinking, wide=wide)
        entry._message = message
        if not keep_thinking:
            entry._shows_thoughts = _Thoughts.FOLDED
        return entry

    # -- what it holds ------------------------------------------------------------------------------

    @property
    def source(self) -> str:
        """The answer's Markdown."""
        if self._message is not None:
            return self._message.text
        return self._view.body.text if self._view is not None else ""

    @property
    def searched(self) -> Iterator[str]:
        """Text, thoughts, the model's name and how it ended."""
        yield self.source
        yield self.model
        if self._message is not None:
            yield self._message.reasoning
            yield ending_note(self._message)
        elif self._view is not None and self._view.thoughts is not None:
            yield self._view.thoughts.text

    @property
    def message(self) -> Message | None:
        """The message, once it is over."""
        return self._message

    @property
    def view(self) -> AnswerView:
        """All its lines, made now where there are none."""
        self._make_view()
        self.settle()
        return self._make_view()

    def source_of(self, first: int, last: int) -> str:
        """The Markdown that the lines [first, last) show."""
        return self.view.source_of(first, last)

    def block_at(self, line: int) -> BlockInfo | None:
        """The block of the answer that a line of the entry shows."""
        return self._make_view().block_at(line)

    def code_at(self, line: int) -> str:
        """The code of the block whose label, its first line, stands on this line of the entry; else nothing."""
        view = self._make_view()
        block = view.block_at(line)
        return block.code if block is not None and view.part_at(line)[1] == block.first_line else ""

    def code(self, number: int | None = None) -> str:
        """The code of a numbered block, of the last one so far where no number is given; nothing if there is none."""
        blocks = self.view.body.blocks
        if number is None:
            return next((block.code for block in reversed(blocks) if block.code), "")
        return next((block.code for block in blocks if block.number == number), "")

    def spot(self, line: int) -> Spot:
        """What stands on a line."""
        return self._make_view().spot(line)

    def line_of(self, spot: Spot) -> int:
        """Where that stands now."""
        return self._make_view().line_of(spot)

    def stops(self, kind: StopKind) -> Sequence[Stop]:
        """What one can jump to in the answer."""
        return self.view.stops(kind)

    # -- what changes it: each returns the first line that changed ------------------------------------

    def append(self, text: str) -> int:
        """Adds to the answer; thoughts fold when it begins."""
        view = self._make_view()
        folding = self.folds_next
        self._began = True
        self._fed += len(text)
        first = view.body.append(text)
        if folding:
            self._shows_thoughts = _Thoughts.FOLDED
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
        if fresh and self._began and self._shows_thoughts is _Thoughts.OPEN:
            self._shows_thoughts = _Thoughts.FOLDED
        view.think().append(text)
        if fresh and self._looks is not None:
            view.style(self._width, self._looks)
        self._words = self._words or WordCount()
        self._words.add(text)
        self._make_head(view)
        return 0 if fresh else THINKING_LINE

    def toggle_thinking(self) -> int:
        """Folds or unfolds what the model thought."""
        folded = self._shows_thoughts is _Thoughts.FOLDED
        self._shows_thoughts = _Thoughts.KEPT if folded else _Thoughts.FOLDED
        self._changed()
        return 0

    def fold(self) -> int | None:
        """Folds the answer to a few lines, or unfolds it."""
        if self._make_view().body.height <= _FOLDED + 1:
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

    def name_model(self, model: str) -> int:
        """The provider said which model answers."""
        self.model = model
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
        self._make_foot(view)
        return min(view.top(BODY) + first, view.top(FOOT))

    def _changed(self) -> None:
        """Its own parts changed; heights known from before mean nothing now."""
        self._measured = 0
        if self._view is not None:
            self._make_head(self._view)
            self._make_foot(self._view)

    # -- how it looks -------------------------------------------------------------------------------

    @property
    def height(self) -> int:
        """All its lines and an empty one, some of them perhaps estimated."""
        return self._make_view().height

    def lines(self, first: int, last: int) -> list[Line]:
        """The lines [first, last)."""
        return self._make_view().lines(first, last, self._looks) if self._looks is not None else []

    def estimate(self, width: int) -> int:
        """About how many lines; few where it is folded."""
        return _FOLDED + 3 if self.folded else super().estimate(width)

    @property
    def settled(self) -> bool:
        """Whether all of it is laid out."""
        return self._view is not None and self._view.settled

    def settle(self, characters: int | None = None) -> None:
        """Lays out some of what is left."""
        view = self._make_view()
        view.settle(characters)
        if self.folded:
            self._make_foot(view)

    @property
    def folds_next(self) -> bool:
        """Whether thoughts will be folded by the first piece of the answer."""
        thoughts = self._view is not None and self._view.thoughts is not None
        return thoughts and not self._began and self._shows_thoughts is _Thoughts.OPEN

    @property
    def _at_rest(self) -> bool:
        return self._message is not None and not self._arranged

    def _forget(self) -> None:
        self._view = None
        self._fed = 0
        self._words = None

    def _make_view(self) -> AnswerView:
        """The view, with all that there is in it."""
        if self._view is None:
            from tui_stream.ui.answer_view import AnswerView

            self._view = view = AnswerView(self._wide)
            if self._message is not None:
                self._load(view, self._message)
        return self._view

    def _load(self, view: AnswerView, message: Message) -> None:
        if message.reasoning:
            view.think().append(message.reasoning)
            view.think().finish()
            self._words = WordCount()
            self._words.add(message.reasoning)
        view.body.append(message.text, lazy=len(message.text) > _SHORT)
        view.body.finish()

    def _restyle(self, width: int, looks: Looks) -> None:
        view = self._make_view()
        view.style(width, looks)
        self._make_head(view)
        self._make_foot(view)

    def _make_head(self, view: AnswerView) -> None:
        view.show_thoughts = self._shows_thoughts is not _Thoughts.FOLDED
        if self._looks is not None:
            name = clean_line(figures.model_text(self.model), 80) or "Answer"
            view.make_head(name, None if self._words is None else self._words.count, self._looks)

    def _make_foot(self, view: AnswerView) -> None:
        view.most = _FOLDED if self.folded else None
        if self._looks is not None:
            view.make_foot(self._message, self._looks)


class _Thoughts(Enum):
    """How thoughts are shown: unfolded until the answer begins, folded, or unfolded for good."""

    OPEN = auto()
    FOLDED = auto()
    KEPT = auto()
