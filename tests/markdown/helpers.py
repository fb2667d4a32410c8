"""What several tests of the renderer need."""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment

from tui_stream.markdown import LiveMarkdown, WideMode

Lines = list[list[Segment]]


def rendered(pieces: Iterable[str], width: int = 60, *, finish: bool = True, wide: WideMode = "wrap") -> LiveMarkdown:
    """A text appended piece by piece."""
    live = LiveMarkdown(width, wide=wide)
    for piece in pieces:
        live.append(piece)
    if finish:
        live.finish()
    return live


def plain(text: str, width: int = 60, *, finish: bool = True) -> list[str]:
    """The lines of a text appended at once."""
    live = rendered([text], width, finish=finish)
    return live.plain(0, live.height)


def all_lines(live: LiveMarkdown) -> Lines:
    """All laid out lines."""
    return live.lines(0, live.height)


def styled(live: LiveMarkdown, text: str) -> Segment:
    """The first segment whose text contains `text`."""
    return next(segment for line in all_lines(live) for segment in line if text in segment.text)


def link_of(segment: Segment) -> str | None:
    """The link target that a segment carries."""
    target = segment.style.meta.get("link") if segment.style else None
    return target if isinstance(target, str) else None


def is_label(line: list[Segment]) -> bool:
    """Whether a line is the label of a code block."""
    return any("code" in segment.style.meta for segment in line if segment.style)
