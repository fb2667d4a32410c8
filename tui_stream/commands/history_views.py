"""Conversations, what a search found, and branches, as lines: for a person at a terminal, for a pipe, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from tui_stream.commands.printing import Screen, cropped, fitted, one_line
from tui_stream.core.models import Conversation, Message, Role, utc_now
from tui_stream.core.sanitize import clean, clean_line

if TYPE_CHECKING:
    from tui_stream.core.archive import Hit, Overview
    from tui_stream.exchange import Options

SHORTEST = 8
"""Characters of an id that are shown at least."""
_LEAST_MODEL, _MOST_MODEL, _LEAST_TITLE = 8, 24, 20  # cells
_SPEAKERS = {Role.USER: "you", Role.ASSISTANT: "answer", Role.SYSTEM: "system"}
_UNTITLED = "(nothing yet)"


def short_ids(ids: Iterable[str]) -> dict[str, str]:
    """For each id a beginning that no other one has, or the id itself where it is the beginning of another one."""
    ordered = sorted(set(ids))
    lengths = dict.fromkeys(ordered, SHORTEST)
    for one, other in pairwise(ordered):
        needed = _alike(one, other) + 1
        lengths[one] = max(lengths[one], needed)
        lengths[other] = max(lengths[other], needed)
    return {one: one[: lengths[one]] for one in ordered}


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def title_of(overview: Overview) -> str:
    """A title for a list, one line."""
    return one_line(overview.title) or _UNTITLED


# -- lists -----------------------------------------------------------------------------------------


def list_lines(overviews: Sequence[Overview], short: Mapping[str, str], screen: Screen) -> Iterator[str]:
    """Lines for a terminal, none of them wider: marks, id, when it was used, messages, model, title.

    Args:
        overviews: what is listed.
        short: the ids as they are shown.
        screen: the terminal.
    """
    names = [short.get(each.id, each.id) for each in overviews]
    counts = [str(each.messages) for each in overviews]
    models = [one_line(each.model) for each in overviews]
    width = max(map(len, names), default=0), max(map(len, counts), default=0)
    left = screen.columns - sum(width) - len("*! 2026-01-01 00:00      ")
    model_width = min(_MOST_MODEL, _widest(models), left - _LEAST_TITLE)
    if model_width < min(_LEAST_MODEL, _widest(models)):
        model_width = 0
    for overview, name, count, model in zip(overviews, names, counts, models, strict=True):
        line = f"{_marks(overview)} {name:<{width[0]}}  {local(overview.updated_at)}  {count:>{width[1]}}  "
        line += f"{fitted(model, model_width)}  " if model_width else ""
        yield cropped(line + title_of(overview), screen.columns)


def _marks(overview: Overview) -> str:
    return ("*" if overview.pinned else " ") + ("!" if overview.interrupted else " ")


def _widest(texts: Iterable[str]) -> int:
    from rich.cells import cell_len

    return max(map(cell_len, texts), default=0)


def local(moment: datetime) -> str:
    """A moment where the person is, to the minute."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def list_row(overview: Overview) -> str:
    """A line for other programs: id, moment, messages, marks, model and title, parted by tabs."""
    marks = ",".join(name for name in ("pinned", "archived", "interrupted") if getattr(overview, name))
    columns = (overview.id, _to_the_second(overview.updated_at), str(overview.messages), marks)
    return "\t".join([*map(one_line, columns), one_line(overview.model), one_line(overview.title)])


def _to_the_second(moment: datetime) -> str:
    """A moment for programs, in UTC as in JSON."""
    return _utc(moment.replace(microsecond=0))


def list_object(overview: Overview) -> dict[str, object]:
    """A conversation as JSON; amounts and moments as in exports."""
    cost = overview.cost
    return {
        "id": overview.id,
        "title": overview.title,
        "created_at": _utc(overview.created_at),
        "updated_at": _utc(overview.updated_at),
        "pinned": overview.pinned,
        "archived": overview.archived,
        "interrupted": overview.interrupted,
        "messages": overview.messages,
        "model": overview.model,
        "cost": cost
        and {
            "amount": None if cost.amount is None else f"{cost.amount:f}",
            "source": cost.source.value,
            "local": cost.local,
        },
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


# -- searches --------------------------------------------------------------------------------------


def hit_lines(hits: Sequence[Hit], short: Mapping[str, str], screen: Screen) -> Iterator[str]:
    """Lines for a terminal, none of them wider: id, day, who said it, and the words where they were said."""
    names = [short.get(each.conversation_id, each.conversation_id) for each in hits]
    width = max(map(len, names), default=0)
    for hit, name in zip(hits, names, strict=True):
        line = f"{name:<{width}}  {hit.created_at.astimezone():%Y-%m-%d}  {_SPEAKERS[hit.role]:<6}  "
        left = screen.columns - len(line)
        yield line + _excerpt(hit, left, screen) if left > 0 else cropped(line, screen.columns)


def _excerpt(hit: Hit, width: int, screen: Screen) -> str:
    """The excerpt with what was found marked, around the first of it where there is not room for all."""
    from rich.cells import cell_len

    parts = [(_plain(text), marked) for text, marked in _parts(hit)]
    before = next((text for text, marked in parts[:1] if not marked), "")
    if cell_len("".join(text for text, _ in parts)) > width and cell_len(before) > width // 3:
        parts[0] = (_end(before, width // 3), False)
    fitting, shown, at = cropped("".join(text for text, _ in parts), width), "", 0
    for text, marked in parts:
        piece = fitting[at : at + len(text)]
        shown += screen.marked(piece) if marked else piece
        at += len(text)
    return shown


def _plain(text: str) -> str:
    """A part of a line without control characters; spaces at its ends stay."""
    return clean(text).replace("\t", " ").replace("\n", " ")


def _end(text: str, width: int) -> str:
    """The end of a line, in at most ``width`` cells, with an ellipsis before it."""
    from rich.cells import cell_len

    while text and cell_len(text) >= max(width, 1):
        text = text[1:]
    return f"…{text}"


def _parts(hit: Hit) -> Iterator[tuple[str, bool]]:
    """The excerpt in parts, and whether each was looked for."""
    at = 0
    for start, end in hit.spans:
        yield hit.excerpt[at:start], False
        yield hit.excerpt[start:end], True
        at = end
    yield hit.excerpt[at:], False


def hit_row(hit: Hit) -> str:
    """A line for other programs: conversation, moment, role, message and excerpt, parted by tabs."""
    columns = (hit.conversation_id, _to_the_second(hit.created_at), hit.role.value, hit.message_id, hit.excerpt)
    return "\t".join(map(one_line, columns))


def hit_object(hit: Hit) -> dict[str, object]:
    """What was found as JSON; spans are places in the excerpt, [start, end) in code points."""
    return {
        "conversation_id": hit.conversation_id,
        "message_id": hit.message_id,
        "title": hit.title,
        "role": hit.role.value,
        "created_at": _utc(hit.created_at),
        "excerpt": hit.excerpt,
        "spans": [list(span) for span in hit.spans],
    }


# -- branches --------------------------------------------------------------------------------------


def branches(conversation: Conversation, options: Options) -> Iterator[str]:
    """All messages of a conversation as blocks of Markdown, branch by branch.

    Where a message does not follow the one above it, a line says which one it follows.
    """
    from tui_stream.exchange.markdown import escaped, front_matter, message_blocks
    from tui_stream.exchange.shape import in_order, versions
    from tui_stream.exchange.words import title_of as heading
    from tui_stream.exchange.words import version_text

    tree, above = conversation.tree, None
    loaded = {message.id: message for message in (*conversation.messages, *conversation.others)}
    shown = {message.id for message in conversation.messages}
    yield front_matter([conversation], utc_now()).rstrip("\n")
    yield f"# {escaped(heading(conversation.title, conversation.messages))}"
    for message_id in in_order(tree):
        parent = tree.parent(message_id)
        if parent != above:
            yield f"---\n\n*{escaped(_behind(None if parent is None else loaded[parent]))}*"
        version = version_text(*versions(tree, message_id))
        version += ", shown" if version and message_id in shown else ""
        yield from message_blocks(loaded[message_id], options, version)
        above = message_id


def _behind(message: Message | None) -> str:
    if message is None:
        return "Another beginning:"
    speaker = "you said" if message.role is Role.USER else "it was answered"
    return f"Another branch, after {speaker}: “{clean_line(message.text, 60)}”"
