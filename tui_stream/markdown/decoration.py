"""What stands to the left of a block: quote bars, bullets, numbers and indentation.

It exists apart from the blocks because all kinds of block are decorated alike, and because a line must
stay readable however deeply it is nested.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from rich.segment import Segment
from rich.style import Style

from tui_stream.markdown.cells import width_of
from tui_stream.markdown.nodes import Container, ContainerKind, Leaf
from tui_stream.markdown.themes import MarkdownTheme

MIN_CONTENT: Final = 16
"""Cells that decoration leaves to the text, in terminals wide enough; in others it leaves most of the
width."""
_BULLETS: Final = "•◦▪"
_SUPERSCRIPT: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Prefix(NamedTuple):
    """Segments in front of a leaf's first line and of its others; both are equally wide."""

    first: tuple[Segment, ...]
    rest: tuple[Segment, ...]
    width: int


class Decorator:
    """Makes prefixes for one width and theme."""

    def __init__(self, width: int, theme: MarkdownTheme) -> None:
        self._room = max(0, width - min(MIN_CONTENT, width * 3 // 5 + 1))
        self._theme = theme
        self._plain: dict[Container | None, Prefix] = {None: Prefix((), (), 0)}
        self._segments: dict[tuple[str, Style], Segment] = {}
        self._prefixes: dict[tuple[Segment, ...], Prefix] = {}
        self._marked: dict[tuple[tuple[Segment, ...], tuple[Segment, ...]], Prefix] = {}
        """Equal ones are shared: a list of thousands of items has few prefixes."""

    def prefix(self, leaf: Leaf, task: str = "") -> Prefix:
        """The prefix of a leaf; `task` is " " or "x" if it is an open or finished task."""
        plain = self.plain(leaf.container)
        if not leaf.markers:
            return plain
        first = list(self.plain(leaf.markers[0].parent).rest)
        first.extend(
            self._marker(container, task if container is leaf.markers[-1] else "")
            for container in leaf.markers
            if self._fits(container)
        )
        key = tuple(first), plain.rest
        return self._marked.get(key) or self._marked.setdefault(key, Prefix(*key, plain.width))

    def plain(self, container: Container | None) -> Prefix:
        """What stands before a line in a container that begins nothing."""
        found = self._plain.get(container)
        if found is None and container is not None:
            found = self.plain(container.parent)
            if self._fits(container):
                own = self._indent(container)
                key = (*found.rest, own)
                width = found.width + width_of(own.text)
                found = self._prefixes.get(key) or self._prefixes.setdefault(key, Prefix(key, key, width))
            self._plain[container] = found
        return found or Prefix((), (), 0)

    def base_style(self, container: Container | None) -> Style:
        """The style of text in a container."""
        while container is not None:
            if container.kind is ContainerKind.QUOTE:
                return self._theme.text + self._theme.quote
            container = container.parent
        return self._theme.text

    def _fits(self, container: Container) -> bool:
        return self.plain(container.parent).width + width_of(marker_text(container)) <= self._room

    def _indent(self, container: Container) -> Segment:
        if container.kind is ContainerKind.QUOTE:
            return self._segment(marker_text(container), self._theme.quote_bar)
        return self._segment(" " * width_of(marker_text(container)), self._theme.text)

    def _marker(self, container: Container, task: str) -> Segment:
        text = marker_text(container)
        theme = self._theme
        if container.kind is ContainerKind.QUOTE:
            return self._segment(text, theme.quote_bar)
        if container.kind is ContainerKind.FOOTNOTE:
            return self._segment(text, theme.footnote)
        if task:
            box = "☑ " if task == "x" else "☐ "
            return self._segment(box.ljust(len(text)), theme.task_done if task == "x" else theme.task_open)
        return self._segment(text, theme.bullet)

    def _segment(self, text: str, style: Style) -> Segment:
        return self._segments.get((text, style)) or self._segments.setdefault((text, style), Segment(text, style))


def marker_text(container: Container) -> str:
    """The marker of a container with the space after it."""
    if container.kind is ContainerKind.QUOTE:
        return "▎ "
    if container.kind is ContainerKind.FOOTNOTE:
        label = container.label
        return label.translate(_SUPERSCRIPT) + " " if label.isascii() and label.isdigit() else f"[{label}] "
    group = container.group
    if group is not None and group.ordered:
        return f"{container.number}{group.delimiter}".rjust(3) + " "
    return _BULLETS[_item_depth(container) % len(_BULLETS)] + " "


def _item_depth(container: Container) -> int:
    depth, parent = 0, container.parent
    while parent is not None:
        depth += parent.kind is ContainerKind.ITEM
        parent = parent.parent
    return depth
