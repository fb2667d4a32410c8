"""Does things where the cursor of the conversation stands: a selection, copies, folds, and wide blocks.

It exists so that everything the mouse can do to the transcript can be done without one.
"""

from __future__ import annotations

from tui_stream.ui.answer import AnswerEntry
from tui_stream.ui.cursor import Cursor
from tui_stream.ui.entry import Entry

_NUMBERS = 1_000_000  # code blocks that can be told apart


class Browser(Cursor):
    """Selects, copies, folds and unfolds at the cursor."""

    # -- selecting and copying ----------------------------------------------------------------------

    def toggle_selection(self) -> None:
        """Begins a selection at the cursor's line, or ends it."""
        if self._anchor is None:
            self._anchor = self._column.place_at(self.line)
            self._put(self.line)
        else:
            self.dismiss()

    def dismiss(self) -> bool:
        """Selects nothing any more; whether anything was selected."""
        selected = self._transcript.text_selection is not None or self._anchor is not None
        self._anchor = None
        self._number = 0
        self._transcript.screen.clear_selection()
        return selected

    def digit(self, digit: int) -> None:
        """Types a digit of the number of a code block."""
        self._number = min(_NUMBERS, self._number * 10 + digit)

    def copy(self, *, message: bool = False) -> tuple[str, str]:
        """What is to be copied, as Markdown, and what that is in words.

        The code block whose number was typed; else what is selected; else the block, or the message, at the cursor.
        """
        number, self._number = self._number, 0
        entry = self.entry
        if number:
            answer = self._answer_near(entry)
            return (answer.code(number) if answer is not None else ""), f"Code block {number}"
        if entry is None:
            return "", ""
        if self._transcript.text_selection is not None:
            return self._transcript.selected_source, "The selection, as Markdown,"
        if message or not isinstance(entry, AnswerEntry):
            return entry.source, "The message"
        line = self.line - self._column.top(self._column.index_of(entry))
        block = entry.block_at(line)
        if block is None:
            return entry.source, "The message"
        return (block.code, "The code") if block.code else (entry.source_of(line, line + 1), "The block")

    def _answer_near(self, entry: Entry | None) -> AnswerEntry | None:
        """The entry, if it is an answer, else the answer to it, else the one above."""
        entries = self._column.entries
        if entry is None:
            return None
        index = self._column.index_of(entry)
        near = [*entries[index : index + 2], *reversed(entries[:index])]
        return next((each for each in near if isinstance(each, AnswerEntry)), None)

    def enter(self) -> tuple[str, str] | None:
        """What Enter does at the cursor: unfolds, or names a link to open or code to copy."""
        entry = self.entry
        if self._link is not None:
            return "link", self._link[1].target
        if entry is None:
            return None
        line = self.line - self._column.top(self._column.index_of(entry))
        for segment in next(iter(entry.lines(line, line + 1)), []):
            if segment.style is not None and "fold" in segment.style.meta:
                self.unfold(entry, segment.style.meta["fold"])
                return None
        code = entry.code_at(line) if isinstance(entry, AnswerEntry) else ""
        return ("code", code) if code else None

    # -- folding and wide blocks --------------------------------------------------------------------

    def fold(self, entry: Entry | None = None, *, thoughts: bool = False) -> None:
        """Folds or unfolds an entry or its thoughts; the one at the cursor where none is given."""
        entry = entry or self.entry
        if entry is None:
            return
        changed = entry.fold() if not thoughts else None
        if thoughts and isinstance(entry, AnswerEntry):
            changed = entry.toggle_thinking()
        if changed is not None:
            self._transcript.rearrange(entry, changed)

    def unfold(self, entry: Entry, what: object) -> None:
        """Folds or unfolds what the mark of a segment names."""
        if what == "facts":
            self.toggle_facts(entry)
        else:
            self.fold(entry, thoughts=what == "thoughts")

    def toggle_facts(self, entry: Entry | None = None) -> bool:
        """Folds or unfolds the figures of an answer, and goes to where they stand; whether there is such an answer."""
        answer = entry or self._answer_near(self.entry)
        changed = answer.toggle_facts() if isinstance(answer, AnswerEntry) else None
        if changed is None or not isinstance(answer, AnswerEntry):
            return False
        self._transcript.rearrange(answer, changed)
        if (last := answer.facts_line) is not None:
            self.reveal(answer, last)
        return True

    def toggle_wide(self) -> None:
        """Wraps the code or the table at the cursor, or lets it run past the edge."""
        entry = self.entry
        if isinstance(entry, AnswerEntry):
            changed = entry.set_wide(self.line - self._column.top(self._column.index_of(entry)))
            if changed is not None:
                self._transcript.rearrange(entry, changed)

    def sideways(self, cells: int, line: int | None = None) -> None:
        """Moves wide code or a wide table sideways, at the cursor or at a line."""
        line = self.line if line is None else line
        if not self._column.entries or line >= self._transcript.line_count:
            return
        index = self._column.index_at(line)
        entry, top = self._column.entries[index], self._column.top(index)
        moved = entry.scroll(line - top, cells) if isinstance(entry, AnswerEntry) else None
        if moved is not None:
            self._transcript.redraw(*range(top + moved[0], top + moved[1]))
