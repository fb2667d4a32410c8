"""An answer laid out: its head, its thoughts, its body and its foot, one under the other.

It exists apart from the answer itself so that answers out of sight need not have one.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style

from tui_stream.core import figures
from tui_stream.core.facts import facts
from tui_stream.core.models import Cost, Message, MessageStatus
from tui_stream.core.sanitize import clean_line
from tui_stream.markdown import BlockInfo, LiveMarkdown, WideMode
from tui_stream.ui.entry import FOLD, FOLD_FACTS, INDENT, Line, Spot, Stop, StopKind, fold_mark, wrapped
from tui_stream.ui.looks import Looks
from tui_stream.ui.notes import ending_note

HEAD, THOUGHTS, BODY, FOOT = range(4)
"""The parts, from the first to the last."""
_LAZY = 20_000  # characters above which a change of the width is laid out little by little


class AnswerView:
    """The lines of an answer.

    Attributes:
        head: the lines above everything else.
        foot: the lines below.
        body: the answer, rendered.
        thoughts: what the model thought, None where it did not.
        show_thoughts: whether they are unfolded.
        most: the most lines of the body that are shown, None for all.
    """

    __slots__ = ("_width", "body", "foot", "head", "most", "show_thoughts", "thoughts")

    def __init__(self, wide: WideMode) -> None:
        self.body = LiveMarkdown(80, wide=wide)
        self.thoughts: LiveMarkdown | None = None
        self.head: list[Line] = []
        self.foot: list[Line] = []
        self.show_thoughts = True
        self.most: int | None = None
        self._width = 80

    def think(self) -> LiveMarkdown:
        """Where thoughts go; made when there are any."""
        if self.thoughts is None:
            self.thoughts = LiveMarkdown(80)
        return self.thoughts

    def style(self, width: int, looks: Looks) -> None:
        """Lays out for a width and a theme; what is long, only where it is looked at."""
        _style(self.body, width - INDENT, looks)
        if self.thoughts is not None:
            _style(self.thoughts, width - 2 * INDENT, looks, thoughts=True)
        self._width = width

    def make_head(self, title: tuple[str, str], notes: Sequence[str], words: int | None, looks: Looks) -> None:
        """Writes who answers, how that came about, and where there are thoughts how many words they have.

        Args:
            title: who answers, and which version of the answer it is.
            notes: how that came about.
            words: how many words were thought; None where nothing was.
            looks: the styles.
        """
        name, version = title
        self.head = [[], [Segment("  "), Segment(name, looks.answer_label)]]
        self.head[1] += [Segment(version, looks.quiet)] if version else []
        for note in notes:
            self.head += [[Segment("  "), *row] for row in wrapped(note, looks.warning, self._width - INDENT)]
        if words is None:
            return
        mark = "▾" if self.show_thoughts else "▸"
        style = looks.quiet + Style(italic=True, meta=FOLD)
        self.head.append([Segment("  "), Segment(f"{mark} Thinking · {words} words", style)])
        if not self.show_thoughts:
            self.head.append([])

    def make_foot(self, message: Message | None, offers: str, looks: Looks) -> None:
        """Writes how many lines are folded away, how an answer that is over ended, and what can be done about it."""
        self.foot = []
        hidden = self.body.height - self.most if self.most is not None else 0
        if hidden > 0:
            self.foot.append([Segment("  "), fold_mark(hidden, 0, looks)])
        note = ending_note(message) if message is not None else ""
        if message is None or not note:
            return
        style = looks.error if message.status is MessageStatus.FAILED else looks.warning
        rows = wrapped(note, style, self._width - INDENT)
        gap: list[Line] = [[]] if message.text else []
        rows += wrapped(offers, looks.quiet, self._width - INDENT) if offers else []
        self.foot += [*gap, *([Segment("  "), *row] for row in rows)]

    def add_handle(self, message: Message, looks: Looks, *, unfolded: bool) -> None:
        """Writes behind the name what the answer cost; a click there folds or unfolds its figures."""
        if message.cost is None and message.usage is None:
            return
        cost = figures.cost_text(message.cost or Cost())
        handle = Segment(f"  {'▿' if unfolded else '▹'} {cost}", looks.quiet + Style(meta=FOLD_FACTS))
        room = self._width - sum(segment.cell_length for segment in self.head[1])
        self.head[1] += [handle] if handle.cell_length <= room else []

    def add_facts(self, message: Message, looks: Looks) -> None:
        """Writes the figures of an answer that is over below everything else."""
        told = facts(message)
        names = max(len(name) for name, _ in told) + 2
        if self.body.height:
            self.foot.append([])
        for name, text in told:
            room = max(1, self._width - INDENT - names)
            for number, row in enumerate(wrapped(clean_line(text), looks.quiet, room)):
                label = Segment(f"  {'' if number else name:<{names}}", looks.quiet + Style(bold=True))
                self.foot.append([label, *row])

    @property
    def settled(self) -> bool:
        """Whether no height is an estimate."""
        return self.body.settled and (self.thoughts is None or self.thoughts.settled)

    def settle(self, characters: int | None) -> None:
        """Lays out some of what is left."""
        if self.thoughts is None or self.thoughts.settle(characters):
            self.body.settle(characters)

    # -- geometry -----------------------------------------------------------------------------------

    @property
    def heights(self) -> tuple[int, int, int, int]:
        """Lines of each part."""
        thoughts = self.thoughts.height + 1 if self.thoughts is not None and self.show_thoughts else 0
        body = self.body.height if self.most is None else min(self.most, self.body.height)
        return len(self.head), thoughts, body, len(self.foot)

    @property
    def height(self) -> int:
        """All lines."""
        return sum(self.heights)

    def top(self, part: int) -> int:
        """The first line of a part."""
        return sum(self.heights[:part])

    def part_at(self, line: int) -> tuple[int, int]:
        """The part that a line is in, and the line in it."""
        for part, height in enumerate(self.heights):
            if line < height or part == FOOT:
                break
            line -= height
        return part, line

    def lines(self, first: int, last: int, looks: Looks) -> list[Line]:
        """The lines [first, last)."""
        found: list[Line] = []
        top = 0
        for part, height in enumerate(self.heights):
            if top < last and first < top + height:
                found += self._part_lines(part, max(0, first - top), min(height, last - top), looks)
            top += height
        return found

    def _part_lines(self, part: int, first: int, last: int, looks: Looks) -> list[Line]:
        if part == HEAD:
            return self.head[first:last]
        if part == FOOT:
            return self.foot[first:last]
        if part == BODY:
            return [[Segment("  "), *line] for line in self.body.lines(first, last)]
        if self.thoughts is None:
            return []
        bar = Segment("  │ ", looks.quiet)
        lines: list[Line] = [[bar, *line] for line in self.thoughts.lines(first, last)]
        return lines if last <= self.thoughts.height else [*lines, []]

    # -- places -------------------------------------------------------------------------------------

    def _text(self, part: int) -> LiveMarkdown | None:
        return self.body if part == BODY else self.thoughts if part == THOUGHTS else None

    def spot(self, line: int) -> Spot:
        """What stands on a line."""
        part, within = self.part_at(line)
        text = self._text(part)
        if text is None or within >= text.height:
            return Spot(part, within)
        offset = text.source_range(within, within + 1)[0]
        block = text.block_at(within)
        share = (within - text.line_of(offset)) / max(1, block.line_count) if block is not None else 0.0
        return Spot(part, offset, share)

    def line_of(self, spot: Spot) -> int:
        """Where that stands now."""
        part, offset, share = spot
        text = self._text(part)
        height = self.heights[part]
        if not height:
            return max(0, self.top(part) - 1)
        within = offset
        if text is not None:
            within = text.line_of(offset)
            block = text.block_at(within)
            within += round(share * block.line_count) if block is not None else 0
        return self.top(part) + max(0, min(within, height - 1))

    def source_of(self, first: int, last: int) -> str:
        """The Markdown that lines show: the body's, and the thoughts' where nothing of the body is among them."""
        for part in (BODY, THOUGHTS):
            text, top = self._text(part), self.top(part)
            low, high = max(first, top) - top, min(last - top, self.heights[part])
            if text is not None and low < high:
                start, end = text.source_range(low, min(high, text.height))
                return text.text[start:end].strip("\n")
        return ""

    def block_at(self, line: int) -> BlockInfo | None:
        """The block of the body that a line shows."""
        part, within = self.part_at(line)
        return self.body.block_at(within) if part == BODY else None

    def stops(self, kind: StopKind) -> Sequence[Stop]:
        """What one can jump to in the body."""
        top, height = self.top(BODY), self.heights[BODY]
        if kind == "link":
            return _links(self.body, top, height)
        wanted = _is_heading if kind == "heading" else _is_code
        return [
            Stop(top + block.first_line) for block in self.body.blocks if wanted(block) and block.first_line < height
        ]


def _links(text: LiveMarkdown, top: int, height: int) -> list[Stop]:
    """Each link, by its piece on the first line that it stands on."""
    found: list[Stop] = []
    before = ""
    for number, line in enumerate(text.lines(0, height), top):
        position = INDENT
        for segment in line:
            end = position + len(segment.text)
            target = str(segment.style.meta.get("link", "")) if segment.style is not None else ""
            if target and target != before:
                found.append(Stop(number, position, end, target))
            elif target and (found[-1].line, found[-1].end) == (number, position):
                found[-1] = found[-1]._replace(end=end)
            if target or segment.text.strip():
                before = target
            position = end
    return found


def _is_heading(block: BlockInfo) -> bool:
    return bool(block.level)


def _is_code(block: BlockInfo) -> bool:
    return block.kind in {"fence", "code"}


def _style(text: LiveMarkdown, width: int, looks: Looks, *, thoughts: bool = False) -> None:
    text.resize(max(1, width), lazy=len(text.text) > _LAZY)
    text.set_theme(looks.thoughts if thoughts else looks.markdown)
