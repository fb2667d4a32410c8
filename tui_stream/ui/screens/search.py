"""Searches everything that was ever said, while somebody types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from tui_stream.core.models import Role
from tui_stream.core.sanitize import clean, clean_line
from tui_stream.ui.screens.lookup import LookupScreen
from tui_stream.ui.widgets.row_list import Row, RowList, fitted

if TYPE_CHECKING:
    from tui_stream.core.archive import Archive, Hit
    from tui_stream.ui.history import History

_MOST = 100  # hits that are listed
_TITLE = 200  # characters of a title that are looked at
_LEAD = 12  # cells that stay in sight before the first match
_HINT = "Words that were said, in any order"
_WHO = {Role.USER: "you", Role.SYSTEM: "system"}


@dataclass(frozen=True, slots=True)
class Landing:
    """Where somebody wants to go.

    Attributes:
        words: what is marked there.
    """

    conversation_id: str
    message_id: str
    words: tuple[str, ...]


class HitList(RowList):
    """Messages that were found: title and day, and below them the words in what stands around them."""

    def __init__(self, history: History) -> None:
        super().__init__(id="lookup-results")
        self._days = history.days
        self.hits: Sequence[Hit] = ()

    def draw(self, row: Row, width: int) -> Content:
        """The conversation, or the excerpt."""
        if row.item is None or row.item >= len(self.hits):
            return Content()
        hit = self.hits[row.item]
        return _excerpt(hit, width) if row.part else self._head(hit, width)

    def _head(self, hit: Hit, width: int) -> Content:
        who = _WHO.get(hit.role, "answer")
        end = Content.styled(f"  {who} · {self._days.moment(hit.created_at)}", "$foreground-muted")
        title = fitted(clean_line(hit.title, _TITLE) or "Untitled", width - end.cell_length, "bold")
        return Content.assemble(title, end)


def _excerpt(hit: Hit, width: int) -> Content:
    """The excerpt with what was found in it marked, cut so that the first match is in sight."""
    pieces: list[tuple[str, str]] = []
    at = 0
    for start, end in sorted(hit.spans):
        first = max(start, at)
        if first < end:
            pieces += [(hit.excerpt[at:first], ""), (hit.excerpt[first:end], "$text-warning on $warning-muted bold")]
            at = end
    pieces.append((hit.excerpt[at:], ""))
    shown = [Content.styled(_flat(text), style) for text, style in pieces]
    whole = Content("").join(shown)
    lead, first_match = shown[0], shown[1].cell_length if len(shown) > 1 else 0
    if whole.cell_length > width - 2 and lead.cell_length + first_match > width - 2:
        kept = max(_LEAD, 0)
        whole = Content.assemble("…", Content(lead.plain[max(0, len(lead.plain) - kept) :]), *shown[1:])
    return Content.assemble("  ", whole.truncate(max(0, width - 2), ellipsis=True))


def _flat(text: str) -> str:
    """Clean text on one line, blanks at its ends included."""
    return clean(text).replace("\n", " ").replace("\t", " ")


class SearchScreen(LookupScreen["Hit", Landing | None]):
    """Answers with the message to go to."""

    def __init__(self, archive: Archive, history: History, text: str = "") -> None:
        self._hits = HitList(history)
        self._archive = archive
        super().__init__(self._hits, text=text, hint=_HINT, parts=2)

    @property
    def text(self) -> str:
        """What was looked for."""
        return self._field.value

    async def look(self, text: str) -> Sequence[Hit]:
        """Messages with these words."""
        return await self._archive.search(text, limit=_MOST) if text.strip() else ()

    def note(self, text: str) -> str:
        """How many there are, and what the keys do."""
        if not text.strip():
            return "Enter goes to the message, Esc back to where you were."
        count = len(self.found)
        if not count:
            return "Nothing found. All words have to stand in one message; the last may be a beginning."
        return f"{count if count < _MOST else f'the newest {count}'} found. Enter goes there, Esc back."

    def show(self, found: Sequence[Hit]) -> None:
        """Lists the hits."""
        self._hits.hits = found

    def take(self, found: Hit) -> None:
        """Goes to the message; its words are marked as they stand there, and as they were typed."""
        marked = [found.excerpt[start:end] for start, end in found.spans]
        words = tuple(dict.fromkeys([*marked, *self.text.split()]))
        self.dismiss(Landing(found.conversation_id, found.message_id, words))
