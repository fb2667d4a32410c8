"""Puts a prompt together out of what was typed, piped in, named as files and asked for by a template."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from tui_stream.errors import UsageError
from tui_stream.prompts.texts import File, read_file, read_stream, size_note

if TYPE_CHECKING:
    from tui_stream.prompts.templates import Template

STDIN: Final = Path("-")
"""The file that stands for what is piped in, as for `cat`."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a prompt is to be made of.

    Attributes:
        argument: what stands on the command line.
        files: text files that go with it; `STDIN` may be one of them.
        template: is filled in with all that is typed and piped.
        values: of the template's variables.
    """

    argument: str = ""
    files: Sequence[Path] = ()
    template: Template | None = None
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def suffices(self) -> bool:
        """Whether there is a prompt without anything being typed on a terminal."""
        if STDIN in self.files:
            return False
        return bool(self.argument or self.files or (self.template is not None and not self.template.wants_input))


@dataclass(frozen=True, slots=True)
class Gathered:
    """A prompt.

    Attributes:
        notes: what is to be told: sentences.
    """

    text: str
    notes: tuple[str, ...] = ()


def gather(parts: Parts, stdin: IO[bytes] | None) -> Gathered:
    """The prompt: the argument, the piped text, then the files, each under its name.

    Where nothing else says what is to be done, the first file does: it is taken as it is. Where one of the files is
    `STDIN`, the piped text is that file, and stands nowhere else.

    Args:
        parts: what was asked for.
        stdin: what is piped in; None where nothing is to be read.

    Raises:
        UsageError: there is no prompt, a file is no text, stdin is named twice, or a variable of the template has no
            value.
    """
    if list(parts.files).count(STDIN) > 1:
        raise UsageError("stdin is named twice, and can be read once.", hint="Give -f - once.")
    files = [_piped(stdin or io.BytesIO()) if path == STDIN else read_file(path) for path in parts.files]
    piped = None if stdin is None or STDIN in parts.files else _piped(stdin)
    words = [text for text in (parts.argument, piped.text if piped else "") if text.strip()]
    notes = [file.note for file in (*files, *([piped] if piped else [])) if file.note]
    if parts.template is not None:
        words = [parts.template.filled("\n\n".join(words), parts.values)]
    elif files and not words:
        words.append(files.pop(0).text)
    text = "\n\n".join([*words, *(file.block for file in files)])
    if not text.strip():
        raise UsageError("There is no prompt.", hint='Give one: tui-stream pipe "Name three fruits."')
    if note := size_note(text):
        notes.append(note)
    return Gathered(text, tuple(notes))


def _piped(stdin: IO[bytes]) -> File:
    try:
        found = read_stream(stdin, "stdin")
    except OSError as error:
        raise UsageError(f"stdin cannot be read: {error.strerror}.", hint="Redirect it: < /dev/null") from error
    return File("stdin", found.text, found.note)
