"""The lines of an answer, and what stands on them; how it grows is `tui_stream.ui.answer`'s business.

While an answer streams it lives in its view. Once it is over it keeps no more than its message, and a view is made
when somebody looks at it; of a long one, only what they look at is laid out at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING

from tui_stream.core import figures
from tui_stream.core.models import Message
from tui_stream.core.sanitize import clean_line
from tui_stream.ui.entry import Entry, Line, Spot, Stop, StopKind
from tui_stream.ui.keys import shown_keys
from tui_stream.ui.looks import Looks
from tui_stream.ui.notes import Offers, WordCount, ending_note

if TYPE_CHECKING:
    from tui_stream.markdown import BlockInfo, WideMode
    from tui_stream.ui.answer_view import AnswerView

_SHORT = 4000  # characters up to which one is laid out at once too
FOLDED = 3
"""Lines of a folded answer's body."""


class Thoughts(Enum):
    """How thoughts are shown: unfolded until the answer begins, folded, or unfolded for good."""

    OPEN = auto()
    FOLDED = auto()
    KEPT = auto()


class AnswerLines(Entry):
    """An answer as somebody looks at it.

    Attributes:
        model: the model's name.
        folded: only a few lines of it are shown.
        offers: what can be done about it.
        offering: whether that stands below it.
    """

    __slots__ = (
        "_arranged",
        "_began",
        "_fed",
        "_id",
        "_message",
        "_notes",
        "_shows_facts",
        "_shows_thoughts",
        "_view",
        "_wide",
        "_words",
        "folded",
        "model",
        "offering",
        "offers",
    )

    def __init__(
        self, model: str, *, keep_thinking: bool = False, wide: WideMode = "wrap", message_id: str = ""
    ) -> None:
        super().__init__()
        self.model = model
        self._id = message_id
        self.folded = False
        self.offers = Offers()
        self.offering = True
        self._notes: Sequence[str] = ()
        self._wide: WideMode = wide
        self._message: Message | None = None
        self._view: AnswerView | None = None
        self._shows_thoughts = Thoughts.KEPT if keep_thinking else Thoughts.OPEN
        self._shows_facts = False
        self._began = False
        self._arranged = False
        self._fed = 0
        self._words: WordCount | None = None

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
        yield from self._notes
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
    def message_id(self) -> str:
        """The message's id, known before it is over."""
        return self._id

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
        return FOLDED + 3 if self.folded else super().estimate(width)

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
        return thoughts and not self._began and self._shows_thoughts is Thoughts.OPEN

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
        self._fill(view, message)
        if view.thoughts is not None:
            view.thoughts.finish()
        view.body.finish()

    def _fill(self, view: AnswerView, message: Message) -> None:
        if message.reasoning:
            view.think().append(message.reasoning)
            self._words = WordCount()
            self._words.add(message.reasoning)
        view.body.append(message.text, lazy=len(message.text) > _SHORT)

    def _changed(self) -> None:
        """Its own parts changed; heights known from before mean nothing now."""
        self._measured = 0
        if self._view is not None:
            self._make_head(self._view)
            self._make_foot(self._view)

    def _restyle(self, width: int, looks: Looks) -> None:
        view = self._make_view()
        view.style(width, looks)
        self._make_head(view)
        self._make_foot(view)

    def _make_head(self, view: AnswerView) -> None:
        view.show_thoughts = self._shows_thoughts is not Thoughts.FOLDED
        if self._looks is not None:
            name = clean_line(figures.model_text(self.model), 80) or "Answer"
            words = None if self._words is None else self._words.count
            view.make_head((name, self._version_text), self._notes, words, self._looks)
            if self._message is not None:
                view.add_handle(self._message, self._looks, unfolded=self._shows_facts)

    def _remark(self, looks: Looks) -> None:
        del looks
        if self._view is not None:
            self._make_head(self._view)

    def _make_foot(self, view: AnswerView) -> None:
        view.most = FOLDED if self.folded else None
        if self._looks is not None:
            view.make_foot(self._message, self.offers.text(shown_keys()) if self.offering else "", self._looks)
            if self._message is not None and self._shows_facts:
                view.add_facts(self._message, self._looks)
