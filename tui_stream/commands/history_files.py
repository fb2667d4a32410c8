"""Takes conversations away as files, and brings them in."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from tui_stream.commands.history_views import SHORTEST
from tui_stream.commands.printing import one_line
from tui_stream.core.models import Conversation, MessageStatus, Role, interruption
from tui_stream.core.private_files import FOLDER_MODE
from tui_stream.core.sanitize import clean_line
from tui_stream.errors import StoreError, UsageError
from tui_stream.exchange import Format, created, exists, read_any, write

if TYPE_CHECKING:
    from tui_stream.core.archive import Overview
    from tui_stream.core.models import Message
    from tui_stream.keeping import OpenHistory

_MOST_NAME = 60  # bytes of a file's name that come from the title


# -- out -------------------------------------------------------------------------------------------


def format_of(wanted: str | None, output: Path | None) -> Format:
    """The format that was named, or the one that the file's name tells; without an end to it JSON, which loses nothing.

    Raises:
        UsageError: the name ends like nothing that can be written.
    """
    if wanted is not None:
        return Format(wanted)
    if output is None or not output.suffix:
        return Format.JSON
    form = Format.named(output)
    if form is None:
        raise UsageError(
            f"It is not clear what {clean_line(output.name, 200)} is to be.",
            hint="Name it .json, .md or .html, or give a --format.",
        )
    return form


def loaded(history: OpenHistory, chosen: Iterable[Overview]) -> Iterator[Conversation]:
    """The conversations, whole, one at a time.

    Raises:
        StoreError: one of them cannot be read.
    """
    return (history.wait(history.archive.load(each.id)) for each in chosen)


def into_file(history: OpenHistory, chosen: Sequence[Overview], file: Path, wanted: Format, *, force: bool) -> None:
    """Writes all conversations into one file, whole or not at all.

    Raises:
        StoreError: it exists, and ``force`` is not set; or it cannot be written, or the history not be read.
    """
    _free([file], force=force)
    with created(file, replace=force) as stream:
        write(loaded(history, chosen), stream, wanted)


def into_folder(history: OpenHistory, chosen: Sequence[Overview], folder: Path, wanted: Format, *, force: bool) -> None:
    """Writes a file for each conversation into a folder, which is made if need be.

    Raises:
        StoreError: one of the files exists, and ``force`` is not set, so that nothing is written; or one cannot be
            written, or the history not be read, and those before it are there.
    """
    _make(folder)
    files = [folder / name for name in file_names(chosen, wanted)]
    _free(files, force=force)
    for conversation, file in zip(loaded(history, chosen), files, strict=True):
        with created(file, replace=force) as stream:
            write([conversation], stream, wanted)


def _make(folder: Path) -> None:
    try:
        if not folder.is_dir():
            folder.mkdir(mode=FOLDER_MODE)
            folder.chmod(FOLDER_MODE)  # whatever the umask took away
    except OSError as error:
        shown = clean_line(str(folder), 200)
        raise StoreError(f"The folder {shown} cannot be made: {error.strerror}.", hint="Choose another one.") from error


def _free(files: Sequence[Path], *, force: bool) -> None:
    """Sees to it that nothing is replaced unasked."""
    taken = [file for file in files if exists(file) and not force]
    if taken:
        more = f", and {len(taken) - 1} more" if len(taken) > 1 else ""
        raise StoreError(f"{clean_line(str(taken[0]), 200)} exists already{more}.", hint="--force replaces it.")


def file_names(chosen: Iterable[Overview], wanted: Format) -> list[str]:
    """A name for each conversation, out of its day, its title and its id; no two of them alike, whatever the case."""
    names: dict[str, str] = {}
    for each in chosen:
        begin = f"{each.created_at.astimezone():%Y-%m-%d}{_slug(each.title)}"
        ends = chain((_slug(each.id[:SHORTEST]), _slug(each.id)), (f"{_slug(each.id)}-{number}" for number in count(2)))
        name = next(name for end in ends if (name := f"{begin}{end}{wanted.suffix}").casefold() not in names)
        names[name.casefold()] = name
    return list(names.values())


def _slug(text: str) -> str:
    """What of a text may stand in a file's name everywhere, a dash before it: letters, their marks, and digits."""
    kept = "".join(one if unicodedata.category(one)[0] in "LMN" else " " for one in unicodedata.normalize("NFC", text))
    short = "-".join(kept.split()).encode()[:_MOST_NAME].decode(errors="ignore").strip("-")
    return f"-{short}" if short else ""


# -- in --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class TakenIn:
    """What became of files that were brought in.

    Attributes:
        imported: how many conversations came in.
        present: how many were there already.
        deleted: the ids of those that are there, but deleted.
        passed_over: files and why a conversation in them was left out.
        failed: files and why they could not be read, or not to their end.
    """

    imported: int = 0
    present: int = 0
    deleted: list[str] = field(default_factory=list)
    passed_over: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)


def bring_in(
    history: OpenHistory,
    files: Sequence[Path],
    outcome: TakenIn,
    *,
    known: set[str],
    rehearse: bool,
    stopped: Callable[[], bool],
) -> None:
    """Brings the conversations in files in, each whole or not at all; goes on with the next file where one fails.

    Args:
        history: where to.
        files: of any kind that `read_any` knows.
        outcome: is kept up to date.
        known: the ids of the conversations in the history; grows.
        rehearse: change nothing.
        stopped: whether to end before the next conversation; is asked again and again.

    Raises:
        StoreError: the history cannot be written.
    """
    for file in files:
        name = clean_line(str(file), 200)
        for conversation in _readable(file, name, outcome):
            if stopped():
                return
            if not len(conversation.tree):
                title = one_line(conversation.title) or conversation.id
                outcome.passed_over.append((name, f"{title} has no messages."))
                continue
            settle(conversation)
            _take(history, conversation, outcome, known, rehearse=rehearse)


def _readable(file: Path, name: str, outcome: TakenIn) -> Iterator[Conversation]:
    """The conversations in a file, as far as it can be read."""
    try:
        yield from read_any(file, passed_over=lambda error: outcome.passed_over.append((name, str(error))))
    except StoreError as error:
        outcome.failed.append((name, str(error)))


def _take(
    history: OpenHistory, conversation: Conversation, outcome: TakenIn, known: set[str], *, rehearse: bool
) -> None:
    if conversation.id in known:
        outcome.present += 1
    elif rehearse or history.wait(history.archive.import_conversation(conversation)):
        known.add(conversation.id)
        outcome.imported += 1
    elif _stands(history, conversation.id):
        outcome.present += 1
    else:
        outcome.deleted.append(conversation.id)


def _stands(history: OpenHistory, conversation_id: str) -> bool:
    """Whether a conversation that is kept is not deleted."""
    try:
        return history.wait(history.archive.resolve(conversation_id)) == conversation_id
    except StoreError:
        return False


def settle(conversation: Conversation) -> None:
    """What was under way when the file was written is over: nobody goes on with it."""
    for message in (*conversation.messages, *conversation.others):
        if message.status is MessageStatus.STREAMING or _waits(message):
            message.status = MessageStatus.INTERRUPTED
            message.finished_at = message.finished_at or message.created_at
            message.error = interruption(message.text)


def _waits(message: Message) -> bool:
    return message.status is MessageStatus.QUEUED and message.role is Role.ASSISTANT
