"""What the ``history`` commands share: the history opened for them, and how a person names conversations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui_stream import paths
from tui_stream.commands.printing import say
from tui_stream.core.sanitize import clean_line, repair
from tui_stream.errors import StoreError, UsageError

if TYPE_CHECKING:
    from tui_stream.core.archive import Overview
    from tui_stream.keeping import OpenHistory

_PAGE = 500  # conversations that are read at once
_BEGINNING = "The beginning of an id, as much of it as no other one has."


def database() -> Path:
    """Where the history is, whether or not there is one."""
    from tui_stream.store.opening import NAME

    return paths.data_dir() / NAME


@contextmanager
def opened(*, quiet: bool = False) -> Iterator[OpenHistory]:
    """The history; what is to be told of it is said on stderr.

    Raises:
        StoreError: it cannot be opened.
    """
    from tui_stream.keeping import OpenHistory

    with OpenHistory() as history:
        for notice in () if quiet else history.notices:
            say(notice)
        yield history


def found(
    history: OpenHistory, text: str = "", *, archived: bool = False, deleted: bool = False, limit: int = 0
) -> Iterator[Overview]:
    """Conversations with these words in their titles, the pinned first, then those used last.

    Args:
        history: where from.
        text: words or beginnings of words.
        archived: the archived ones instead of the others.
        deleted: those that can be brought back.
        limit: how many at most; 0 for all.

    Raises:
        StoreError: the history cannot be read.
    """
    seen: set[str] = set()
    offset = 0
    while True:
        most = min(_PAGE, limit - offset) if limit else _PAGE
        call = history.archive.conversations(text, archived=archived, deleted=deleted, limit=most, offset=offset)
        page = history.wait(call) if most else []
        yield from (one for one in page if one.id not in seen)
        seen.update(one.id for one in page)
        offset += len(page)
        if len(page) < _PAGE:
            return


def everything(history: OpenHistory) -> list[Overview]:
    """All conversations that are not deleted.

    Raises:
        StoreError: the history cannot be read.
    """
    return [*found(history), *found(history, archived=True)]


def resolved(history: OpenHistory, beginnings: Iterable[str], *, deleted: bool = False) -> list[str]:
    """The ids that are meant, each once, of conversations that are deleted or of those that are not.

    Raises:
        UnknownIdError: none is, or it is not clear which.
        StoreError: the history cannot be read.
        UsageError: one that is given is empty.
    """
    beginnings = list(beginnings)
    if not all(beginnings):
        raise UsageError("An id is empty.", hint="Give the beginning of one; see history list.")
    each = (history.wait(history.archive.resolve(repair(beginning), deleted=deleted)) for beginning in beginnings)
    return list(dict.fromkeys(each))


def overviews(history: OpenHistory, ids: Sequence[str]) -> list[Overview]:
    """These conversations as lists show them.

    Raises:
        StoreError: the history cannot be read, or there is no such conversation.
    """
    known = {one.id: one for one in everything(history)}
    return [known[one] if one in known else _empty(history, one) for one in ids]


def _empty(history: OpenHistory, conversation_id: str) -> Overview:
    """A conversation that no list shows, since there is nothing in it."""
    from tui_stream.core.archive import Overview

    bare = history.wait(history.archive.load(conversation_id))
    return Overview(bare.id, bare.title, bare.created_at, bare.updated_at)


def counted(number: int, what: str) -> str:
    """``1 conversation``, ``2 conversations``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def beginnings(incomplete: str) -> list[tuple[str, str]]:
    """Ids that begin so, with their titles, for the shell's completion; none where the history cannot be read."""
    if not database().exists():
        return []
    try:
        with opened(quiet=True) as history:
            return [(one.id, clean_line(one.title, 60)) for one in everything(history) if one.id.startswith(incomplete)]
    except StoreError:
        return []


IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help=_BEGINNING, autocompletion=beginnings, show_default=False)
]
IdsArgument = Annotated[
    list[str], typer.Argument(metavar="ID", help=_BEGINNING, autocompletion=beginnings, show_default=False)
]
SomeIdsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID", help=_BEGINNING, autocompletion=beginnings, show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, as described above.")]
