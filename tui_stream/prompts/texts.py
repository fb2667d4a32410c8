"""Text out of files and pipes, in whatever encoding it is; what is no text is refused."""

from __future__ import annotations

import codecs
import locale
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from tui_stream.core.figures import size_text
from tui_stream.core.sanitize import clean_line
from tui_stream.errors import UsageError

MOST_BYTES: Final = 64 * 1024 * 1024
"""What one source may have: more than any model takes, and less than what would fill the memory."""
LARGE: Final = 400_000
"""Characters from which a person is told how long the prompt is: about a hundred thousand tokens."""

_PIECE: Final = 1 << 20
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_BINARY: Final = re.compile(rb"\x89PNG\r\n|\xff\xd8\xff|%PDF-\d\.\d|PK\x03\x04|\x1f\x8b|\x7fELF")
"""How files begin that are surely not text: pictures, documents, archives, programs."""
_LETTERS: Final = re.compile(rb"GIF8[79]a|RIFF....(?:AVI |WAVE|WEBP)", re.DOTALL)
"""How others begin; a text may begin with these letters too, so they count only where the rest cannot be read."""
_STRANGE: Final = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]")
"""What text hardly ever has; an escape character stands in what was written for a terminal."""
_MOST_STRANGE: Final = 0.1
"""The share of it in what is still taken for text."""
_FEW: Final = 8
"""So many are taken for text in any case, if there is as much beside them: of a short text they are a large share."""
_FENCE: Final = re.compile(r"^ {0,3}(`{3,})", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Text:
    """What was read.

    Attributes:
        note: what is to be told of it, a sentence, or nothing.
    """

    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A text file.

    Attributes:
        name: as the person wrote it, in a line.
    """

    name: str
    text: str
    note: str = ""

    @property
    def block(self) -> str:
        """The text under its name, between fences that do not occur in it."""
        longest = max((len(fence) for fence in _FENCE.findall(self.text)), default=2)
        fence = "`" * (longest + 1)
        end = "" if self.text.endswith("\n") else "\n"
        return f"{self.name}:\n\n{fence}\n{self.text}{end}{fence}"


def read_file(path: Path, hint: str = "Name a text file with --file.") -> File:
    """A text file.

    Args:
        path: which one.
        hint: what to do where it cannot be read.

    Raises:
        UsageError: there is none, it cannot be read, or it is no text.
    """
    name = clean_line(str(path))
    try:
        with path.open("rb") as stream:
            found = read_stream(stream, name)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}.", hint=hint) from error
    return File(name, found.text, found.note)


def read_stream(stream: IO[bytes], name: str) -> Text:
    """All of a file or pipe.

    Raises:
        UsageError: it is too long, or no text.
        OSError: it cannot be read.
    """
    data = bytearray()  # grows where it is, while pieces would have to be copied into one in the end
    # A buffered `read` goes on behind the end of what is typed, until that is ended a second time; `read1` does not.
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    while piece := read(_PIECE):
        data += piece
        if len(data) > MOST_BYTES:
            raise UsageError(f"{name} has more than {size_text(MOST_BYTES)}.", hint="No model takes that much.")
    return decoded(data, name)


def decoded(data: bytes | bytearray, name: str) -> Text:
    """Bytes as text: as their byte order mark says, as UTF-8, or as the locale has it.

    What is in none of these is taken as UTF-8 with U+FFFD in place of what cannot be read, and that is told.

    Raises:
        UsageError: it is no text at all.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return Text(data[len(mark) :].decode(encoding, "replace"))
    binary = UsageError(f"{name} is a binary file, not text.", hint="A picture is given with --image.")
    if is_binary(data):
        raise binary
    for encoding in ("utf-8", *_of_locale()):
        try:
            return Text(data.decode(encoding))
        except UnicodeDecodeError:
            if _LETTERS.match(data):
                raise binary from None
    text = data.decode("utf-8", "replace")
    if _is_strange(text):
        hint = "If it is text, convert it first, with iconv. A picture is given with --image."
        raise UsageError(f"{name} cannot be read as text: it is neither UTF-8 nor what the locale says.", hint=hint)
    return Text(text, f"{name} is not all UTF-8: what could not be read is sent as {chr(0xFFFD)}.")


def is_binary(data: bytes | bytearray) -> bool:
    """Whether this, or what begins like this, is surely no text in UTF-8."""
    return b"\0" in data or _BINARY.match(data) is not None


def _is_strange(text: str) -> bool:
    strange = len(_STRANGE.findall(text))
    return strange > max(_MOST_STRANGE * len(text), min(_FEW, len(text) / 2))


def _of_locale() -> tuple[str, ...]:
    """The locale's encoding, where it is one that says more than ASCII and UTF-8 do."""
    name = codecs.lookup(locale.getencoding()).name
    return () if name in {"utf-8", "ascii"} else (name,)


def size_note(text: str) -> str:
    """What is to be told of a prompt that is very long; nothing of any other."""
    if len(text) < LARGE:
        return ""
    size = size_text(len(text.encode("utf-8", "replace")))
    return f"The prompt is large: {size}, about {round(len(text) / 4000) * 1000:,} tokens."
