"""Conversations as files: Markdown to go on with elsewhere, and plain text that a screen reader reads well.

It exists apart from the screens because all of it is pure or plain file work: nothing here knows a widget.
Keys and settings are no part of messages and so of no file.
"""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui_stream.core import figures
from tui_stream.core.models import Message, MessageStatus, Role
from tui_stream.core.sanitize import clean, clean_line, repair
from tui_stream.errors import StoreError
from tui_stream.ui.notes import ending_note

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_SPECIAL: Final = re.compile(r"[\\`*_\[\]<&~$#]")
_EMPTY_LINES: Final = re.compile(r"\A(?:[ \t]*\n)+")
_MAY_STAY_OPEN: Final = re.compile(r"```|~~~|<")
_HTML_ENDS: Final = {"<!--": "-->", "<?": "?>", "<![CDATA[": "]]>", "<!": ">", "<": "</pre>"}
"""By how an HTML block begins that blank lines do not end, what ends it (CommonMark 0.31, 4.6)."""
_UNDER_WAY: Final = {
    MessageStatus.STREAMING: "This answer was still arriving.",
    MessageStatus.QUEUED: "This was waiting to be sent.",
}
_BROKEN_OFF: Final = {
    MessageStatus.FAILED: "This answer failed.",
    MessageStatus.CUT_OFF: "This answer was cut off.",
}
_MOST_NOTED: Final = 2000  # characters of one line of a note
_PRIVATE: Final = 0o600


# -- Markdown ---------------------------------------------------------------------------------------


def as_markdown(messages: Sequence[Message], title: str = "") -> str:
    """A conversation as one Markdown document: a heading for each message, thoughts as a quote.

    What was said stands there as it came, but that a block which a message leaves open (a fence, where the
    answer was cut off) is closed, so that it does not swallow what follows.
    """
    parts = [f"# {_escaped(line)}"] if (line := clean_line(title)) else []
    for message in messages:
        parts.append(f"## {_escaped(_speaker(message))}")
        if thoughts := _tidy(message.reasoning):
            parts.append(_quoted(f"Thinking:\n\n{thoughts}"))
        if text := _tidy(message.text):
            parts.append(_closed(text))
        parts += [f"*{_escaped(note)}*" for note in _notes(message)]
    return "\n\n".join(parts) + "\n"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _closed(markdown: str) -> str:
    """Markdown that a heading can follow; lists and quotes end by themselves."""
    if not _MAY_STAY_OPEN.search(markdown):
        return markdown
    last = _block_parser().parse(f"{markdown}\n\n# end\n")[-1]
    if last.type == "fence":
        return f"{markdown}\n{last.markup}"
    if last.type == "html_block":
        return (
            f"{markdown}\n{next(end for start, end in _HTML_ENDS.items() if last.content.lstrip().startswith(start))}"
        )
    return markdown


@lru_cache(maxsize=1)
def _block_parser() -> MarkdownIt:
    """CommonMark's blocks, what is within them left alone. It keeps nothing between calls."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").disable(["inline", "text_join"])


# -- plain text -------------------------------------------------------------------------------------


def as_text(messages: Sequence[Message]) -> str:
    """A conversation as text to listen to: who speaks, then what they say, nothing drawn and nothing in columns.

    What the person typed stays as it was typed; answers and thoughts are read as Markdown.
    """
    from tui_stream.markdown.linear import linear

    parts: list[str] = []
    for message in messages:
        said = [f"{_speaker(message)}:"]
        if thoughts := _tidy(message.reasoning):
            said += ["Thoughts:", linear(thoughts), "End of thoughts."]
        if text := _tidy(message.text):
            said.append(linear(text) if message.role is Role.ASSISTANT else text)
        said += [f"Note: {note}" for note in _notes(message)]
        parts.append("\n".join(said))
    return clean("\n\n".join(parts) + "\n")


# -- both -------------------------------------------------------------------------------------------


def _speaker(message: Message) -> str:
    match message.role:
        case Role.USER:
            return "You"
        case Role.SYSTEM:
            return "System prompt"
    return clean_line(figures.model_text(message.model), 80) or "Answer"


def _tidy(text: str) -> str:
    """Text without control characters and without empty lines at its ends."""
    return _EMPTY_LINES.sub("", clean(text.replace("\r\n", "\n").replace("\r", "\n"))).rstrip()


def _notes(message: Message) -> list[str]:
    """How a message stands, in words; nothing where there is nothing to say."""
    if message.status in _UNDER_WAY:
        return [_UNDER_WAY[message.status]]
    if message.role is not Role.ASSISTANT:
        return []
    notes = [clean_line(note, _MOST_NOTED) for note in ending_note(message).split("\n") if note.strip()]
    return notes or [_BROKEN_OFF[message.status]] if message.status in _BROKEN_OFF else notes


# -- files ------------------------------------------------------------------------------------------


def exists(path: Path) -> bool:
    """Whether there is a file of this name, which writing would replace. Looks at the disk.

    Args:
        path: a ``~`` at its beginning is the home folder.

    Raises:
        StoreError: nothing can be written there: the folder is missing, or it is no ordinary file.
    """
    try:
        return _exists(path.expanduser())
    except (OSError, RuntimeError, ValueError) as error:
        raise _failure(path, error) from error


def write(path: Path, text: str, *, replace: bool = False) -> Path:
    """Writes a file for its owner only, whole or not at all; blocks.

    Args:
        path: where to; a ``~`` at its beginning is the home folder. The file that a symbolic link leads to is
            written, not the link.
        text: what to write, as UTF-8.
        replace: replace a file that exists.

    Returns:
        the path with ``~`` replaced.

    Raises:
        StoreError: it exists, or cannot be written; the message says why.
    """
    try:
        target = path.expanduser()
        taken = _exists(target)
        if taken and not replace:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        final = target.resolve() if taken else target
        _write_whole(final, repair(text), new=not (taken and _exists(final)))
    except (OSError, RuntimeError, ValueError) as error:
        raise _failure(path, error) from error
    return target


def _exists(path: Path) -> bool:
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "Not an ordinary file")
    return os.path.lexists(path)


def _write_whole(path: Path, text: str, *, new: bool) -> None:
    """Puts a file in place when all of it is on the disk; a new one takes the place of no other."""
    handle, name = tempfile.mkstemp(prefix=".tui-stream-", suffix=".part", dir=path.parent)
    made, claimed, done = Path(name), False, False
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if new:
            path.touch(mode=_PRIVATE, exist_ok=False)
            claimed = True
        made.replace(path)
        done = True
    finally:
        for left in () if done else (made, path) if claimed else (made,):
            with suppress(OSError):
                left.unlink()


def _failure(path: Path, error: OSError | RuntimeError | ValueError) -> StoreError:
    """What went wrong, in a sentence, and what to do about it."""
    shown = clean_line(str(path), 200)
    if isinstance(error, FileExistsError):
        return StoreError(f"{shown} exists already.", hint="Choose another name.")
    if not isinstance(error, OSError):
        return StoreError(f"{shown} cannot be written: {clean_line(str(error), 100)}.", hint="Choose another name.")
    hint = "Choose another name."
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return StoreError(f"{shown} cannot be written: the folder does not exist.", hint="Make it first.")
        case errno.ENOSPC | errno.EDQUOT:
            hint = "Free some space, or choose another folder."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            hint = "Choose another folder."
    reason = error.strerror or "unknown trouble"
    return StoreError(f"{shown} cannot be written: {reason[0].lower()}{reason[1:]}.", hint=hint)
