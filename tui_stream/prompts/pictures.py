"""Pictures that go with a prompt."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tui_stream.core.figures import size_text
from tui_stream.core.images import Image
from tui_stream.core.sanitize import clean_line
from tui_stream.errors import UsageError

MOST_BYTES: Final = 20 * 1024 * 1024
"""What one may have: no provider takes larger ones."""


def read_picture(path: Path) -> Image:
    """A picture; what it is, its first bytes say and not its name.

    Raises:
        UsageError: it cannot be read, is too large, or is no picture that models take.
    """
    name = clean_line(path.name)
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"{clean_line(str(path))} cannot be read: {error.strerror}.", hint="Name a picture."
        ) from error
    if len(data) > MOST_BYTES:
        raise UsageError(f"{name} has more than {size_text(MOST_BYTES)}.", hint="Make it smaller.")
    kind = _kind(data)
    if kind is None:
        raise UsageError(f"{name} is no picture.", hint="PNG, JPEG, GIF and WebP can be sent.")
    return Image(name, kind, data)


def _kind(data: bytes) -> str | None:
    """The media type. Sources: the signatures in the PNG, JFIF, GIF and RIFF specifications."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    return None
