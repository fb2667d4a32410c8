"""The block structure of a text as nested tuples, from our parser and from markdown-it-py, to compare
the two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tui_stream.markdown.blocks import BlockParser
from tui_stream.markdown.nodes import Container, ContainerKind, Kind, Leaf
from tui_stream.markdown.rows import split_row

Tree = list[Any]


def reference_parser() -> MarkdownIt:
    """markdown-it-py set up like our parser."""
    return MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])


def reference_tree(text: str) -> Tree:
    """The structure according to markdown-it-py."""
    return _nest(reference_parser().parse(text))


def _nest(tokens: Sequence[Token]) -> Tree:
    root: Tree = []
    stack: list[Tree] = [root]
    for token in tokens:
        if token.type in ("thead_open", "thead_close", "tbody_open", "tbody_close", "tr_open", "tr_close"):
            continue
        if token.nesting == 1:
            node: Tree = [_opening(token)]
            stack[-1].append(node)
            stack.append(node)
        elif token.nesting == -1:
            stack.pop()
        else:
            stack[-1].append(_content(token))
    return root


def _opening(token: Token) -> tuple[Any, ...]:
    name = token.type.removesuffix("_open")
    if name == "heading":
        return (name, int(token.tag[1:]))
    if name == "ordered_list":
        return (name, int(token.attrGet("start") if token.attrGet("start") is not None else 1))  # type: ignore[arg-type]
    return (name,)


def _content(token: Token) -> tuple[Any, ...]:
    if token.type == "fence":
        return ("fence", token.info.strip(), token.content)
    if token.type == "inline":
        return ("inline", token.content)
    if token.type == "hr":
        return ("hr",)
    return (token.type, token.content.rstrip("\n") if token.type == "html_block" else token.content)


def comparable(node: Any) -> Any:
    """A structure without the white space at the edges of lines that the two sides treat in their own way."""
    if isinstance(node, list):
        return [comparable(child) for child in node]
    if node[0] == "inline":
        return ("inline", "\n".join(line.strip() for line in node[1].split("\n")))
    if node[0] in ("fence", "code_block"):
        return (*node[:-1], node[-1].rstrip("\n "))
    return node


def our_leaves(pieces: Sequence[str]) -> list[Leaf]:
    """The leaves after the pieces were appended one by one."""
    parser = BlockParser()
    for piece in pieces:
        parser.append(piece)
    parser.finish()
    return parser.assembly.leaves


def our_tree(pieces: Sequence[str]) -> Tree:
    """The structure according to our parser."""
    root: Tree = []
    nodes: dict[Container, Tree] = {}
    lists: dict[int, Tree] = {}
    for leaf in our_leaves(pieces):
        parent = root
        for container in leaf.container.chain() if leaf.container else ():
            if container not in nodes:
                nodes[container] = _container(container, parent, lists)
            parent = nodes[container]
        parent.extend(_leaf(leaf))
    return root


def _container(container: Container, parent: Tree, lists: dict[int, Tree]) -> Tree:
    node: Tree = [(str(container.kind),)]
    if container.kind is ContainerKind.ITEM and container.group is not None:
        node = [("list_item",)]
        group = container.group
        if id(group) not in lists:
            lists[id(group)] = [("ordered_list", group.start) if group.ordered else ("bullet_list",)]
            parent.append(lists[id(group)])
        parent = lists[id(group)]
    elif container.kind is ContainerKind.QUOTE:
        node = [("blockquote",)]
    parent.append(node)
    return node


def _leaf(leaf: Leaf) -> Tree:  # noqa: PLR0911 - one for each kind
    match leaf.kind:
        case Kind.PARAGRAPH:
            return [[("paragraph",), ("inline", leaf.source.rstrip(" \t"))]]
        case Kind.HEADING:
            return [[("heading", leaf.level), ("inline", leaf.source.rstrip(" \t"))]]
        case Kind.FENCE:
            return [("fence", leaf.info, "".join(line + "\n" for line in leaf.final))]
        case Kind.CODE:
            return [("code_block", "\n".join(leaf.final).rstrip("\n ") + "\n")]
        case Kind.HTML:
            return [("html_block", "\n".join(leaf.final).rstrip("\n"))]
        case Kind.TABLE:
            return [_table(leaf)]
        case Kind.RULE:
            return [("hr",)]
        case Kind.MATH:
            return [("math", "\n".join(leaf.final))]
        case _:
            return []


def _table(leaf: Leaf) -> Tree:
    node: Tree = [("table",)]
    for number, line in enumerate(leaf.final):
        cells = split_row(line)
        cells = (cells + [""] * len(leaf.aligns))[: len(leaf.aligns)]
        node.extend([("td" if number else "th",), ("inline", cell)] for cell in cells)
    return node
