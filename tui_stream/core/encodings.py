"""Which encoding a standard stream is read in: in one of 8 bits, the bytes of UTF-8 are control characters."""

from __future__ import annotations

import codecs
from typing import TextIO


def reads_utf8(stream: TextIO) -> bool:
    """Whether what reads a standard stream takes UTF-8, as far as anybody knows; others find control bytes in it.

    The locale "C", whose encoding is ASCII, stands where nobody has chosen one (https://peps.python.org/pep-0540/).
    """
    return codecs.lookup(stream.encoding or "utf-8").name in ("utf-8", "utf-8-sig", "ascii")


def written(stream: TextIO) -> str:
    """The encoding to write a standard stream in: a terminal's own, and else UTF-8, whatever the locale."""
    return stream.encoding if stream.isatty() and not reads_utf8(stream) else "utf-8"
