"""Markdown as plain text for screen readers and braille displays.

It exists because what is laid out for the eye (frames, columns, bars at the left, wrapped lines) is noise
or is lost when it is read aloud line by line: here each line says what it is. The blocks and the inline
markup are those of the renderer's own parser.
"""

from __future__ import annotations

from tui_stream.markdown.blocks import BlockParser
from tui_stream.markdown.cleaning import Cleaner
from tui_stream.markdown.code_view import language_of
from tui_stream.markdown.formula_words import spoken_formula
from tui_stream.markdown.linear_inline import SpokenInline
from tui_stream.markdown.nodes import TASK_BOX, Container, ContainerKind, Kind, Leaf, task_mark
from tui_stream.markdown.rows import split_row
from tui_stream.markdown.spacing import lead_lines


def linear(markdown: str) -> str:
    """A complete Markdown text as lines that can be listened to; the last has no newline.

    Paragraphs, list items and table rows are one line each, however long. What encloses several blocks
    ("Quote", "Code", "Table", "Formula", "HTML") says where it ends; items within items say their level.
    """
    parser = BlockParser()
    parser.append(Cleaner().clean(markdown))
    parser.finish()
    writer = _Writer(SpokenInline(parser.assembly.definitions))
    for leaf in parser.assembly.leaves:
        writer.add(leaf)
    return writer.text()


class _Writer:
    """The lines so far, and the containers that the last block lies in."""

    def __init__(self, inline: SpokenInline) -> None:
        self._inline = inline
        self._lines: list[str] = []
        self._open: list[Container] = []
        self._before: Leaf | None = None

    def text(self) -> str:
        """All lines, with the end of what is still open."""
        self._close([])
        return "\n".join(self._lines)

    def add(self, leaf: Leaf) -> None:
        """Say one block."""
        if leaf.kind is Kind.DEFINITION:
            return
        chain = leaf.container.chain() if leaf.container else []
        self._close(chain)
        self._lines += [""] * lead_lines(self._before, leaf)
        self._before = leaf
        self._open = chain
        first, *others = self._block(leaf)
        *intros, last = self._intros(leaf)
        self._lines += [intro for intro in intros if intro]
        if leaf.kind in (Kind.PARAGRAPH, Kind.EMPTY):
            self._lines.append(f"{last} {first}" if last else first)
        else:
            self._lines += [last, first] if last else [first]
        self._lines += others

    def _close(self, chain: list[Container]) -> None:
        """Say the end of the quotes that a block in `chain` does not lie in."""
        quotes = [container for container in self._open if container.kind is ContainerKind.QUOTE]
        for level in range(len(quotes), 0, -1):
            if quotes[level - 1] not in chain:
                self._lines.append(f"End of quote level {level}" if level > 1 else "End of quote")

    # What stands in front of a block

    def _intros(self, leaf: Leaf) -> list[str]:
        """What says where a block lies: a line for each container that begins, the last may be empty."""
        if leaf.markers:
            task = task_mark(leaf, leaf.source) if leaf.kind is Kind.PARAGRAPH else ""
            return [_intro(container, task if container is leaf.markers[-1] else "") for container in leaf.markers]
        container = leaf.container
        if container is None or container.kind is ContainerKind.QUOTE or leaf.kind is not Kind.PARAGRAPH:
            return [""]
        return [_intro(container, continued=True)]

    # The block itself

    def _block(self, leaf: Leaf) -> list[str]:  # noqa: PLR0911 - one for each kind
        """The lines of a block; there is at least one."""
        match leaf.kind:
            case Kind.PARAGRAPH:
                return self._paragraph(leaf)
            case Kind.HEADING:
                return [f"Heading level {leaf.level}: {self._inline.line(leaf.source)}".rstrip()]
            case Kind.FENCE | Kind.CODE | Kind.HTML:
                return _verbatim(leaf)
            case Kind.TABLE:
                return self._table(leaf)
            case Kind.MATH:
                return _formula(leaf)
            case Kind.RULE:
                return ["Separator"]
            case _:
                return ["empty"]

    def _paragraph(self, leaf: Leaf) -> list[str]:
        text = leaf.source.replace("\t", " ")
        return self._inline.paragraph(text[TASK_BOX:] if task_mark(leaf, text) else text).split("\n")

    def _table(self, leaf: Leaf) -> list[str]:
        header, *rows = ([self._inline.line(cell) for cell in split_row(line)] for line in leaf.final)
        names = [name or f"Column {number}" for number, name in enumerate(header, 1)]
        lines = [f"Table, {_count(len(rows), 'row')}, {_count(len(names), 'column')}: {'; '.join(names)}"]
        for row in rows:
            cells = [*row, *[""] * len(names)][: len(names)]
            lines.append("; ".join(f"{name}: {cell or 'empty'}" for name, cell in zip(names, cells, strict=True)))
        return [*lines, "End of table"]


def _intro(container: Container, task: str = "", *, continued: bool = False) -> str:
    """What says that a container begins, or goes on after another block."""
    level = sum(other.kind is container.kind for other in container.chain())
    end = " continued:" if continued else ":"
    if container.kind is ContainerKind.FOOTNOTE:
        return f"Footnote {container.label}{end}"
    if container.kind is ContainerKind.QUOTE:
        return f"Quote level {level}:" if level > 1 else "Quote:"
    noun = "task" if task else "item"
    state = {"": "", "x": ", done", " ": ", to do"}[task]
    if container.group is None or not container.group.ordered:
        return (f"Level {level} {noun}" if level > 1 else noun.capitalize()) + state + end
    if continued:
        return f"Level {level} item {container.number}{end}" if level > 1 else f"Item {container.number}{end}"
    number = f"Level {level}, {container.number}." if level > 1 else f"{container.number}."
    return f"{number} Task{state}:" if task else number


def _verbatim(leaf: Leaf) -> list[str]:
    """Code or HTML as it is, between lines that say so."""
    lines = "\n".join(leaf.final).rstrip("\n").split("\n") if leaf.kind is not Kind.FENCE else leaf.final
    name = "HTML" if leaf.kind is Kind.HTML else "Code"
    language = language_of(leaf) if leaf.kind is Kind.FENCE else ""
    return [f"{name}, {language}:" if language else f"{name}:", *lines, f"End of {name if name == 'HTML' else 'code'}"]


def _formula(leaf: Leaf) -> list[str]:
    lines = spoken_formula("\n".join(leaf.final))
    return [f"Formula: {lines[0]}"] if len(lines) == 1 else ["Formula:", *lines, "End of formula"]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
