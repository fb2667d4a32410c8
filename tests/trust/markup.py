"""Finds, in source code, the calls by which Textual or Rich would read foreign text as markup, and so run its actions.

What a widget is given to show must be `Content`, a constant without a bracket, or come with ``markup=False``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

_SHOWING = frozenset({"Static", "Label"})
"""Widgets that show a text as it is where they are told so."""
_PLAIN = frozenset({"Input", "TextArea"})
"""Widgets that show what is typed into them; the placeholder of a text area is markup, that of an input is not."""
_LABELLED = frozenset({"Button"})
_KNOWN = _SHOWING | _PLAIN | _LABELLED
"""Widgets of Textual's that may be used; each other one has to be looked at first."""
_TEXTS = frozenset({"border_title", "border_subtitle", "tooltip", "placeholder", "label"})
_NEVER = frozenset(
    {"from_markup", "render_markup", "open_url", "Markdown", "panic", "deliver_text", "deliver_binary", "Text"}
)
_MODULES = frozenset({"webbrowser", "rich.markup", "rich.text", "rich.markdown", "rich.prompt", "textual.markup"})
_CONSOLES = frozenset({"rich", "rich.console"})


def faults(source: str, *, shows: bool = True) -> list[str]:
    """Every place where foreign text could become markup, an action or a program: its line and what it is.

    Args:
        source: of a module.
        shows: it has to do with widgets.
    """
    tree = ast.parse(source)
    found = _faults(tree) if shows else _away_from_screens(tree)
    return [f"{node.lineno}: {what}" for node, what in found]


def _away_from_screens(tree: ast.Module) -> Iterator[tuple[ast.stmt | ast.expr, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom | ast.Import):
            yield from _imported(node)
        elif isinstance(node, ast.Call) and _name(node.func) in {"from_markup", "open_url"}:
            yield node, f"{_name(node.func)} is never to be called"


def _faults(tree: ast.Module) -> Iterator[tuple[ast.stmt | ast.expr, str]]:
    fields = {id(part) for part in ast.walk(tree) if _is_field(part) for part in ast.walk(part)}
    for node in ast.walk(tree):
        if id(node) in fields and isinstance(node, ast.Call) and _name(node.func) == "__init__":
            continue
        if isinstance(node, ast.ClassDef):
            yield from _in_class(node)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            yield from _imported(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            yield from _assigned(node)
        elif isinstance(node, ast.Call):
            yield from _called(node)


def _called(call: ast.Call) -> Iterator[tuple[ast.expr, str]]:
    name, given = _name(call.func), {word.arg: word.value for word in call.keywords}
    if name in _NEVER and ast.unparse(call.func) != f"super().{name}":
        yield call, f"{name} is never to be called"
    if name == "notify" and not _is_false(given.get("markup")):
        yield call, "notify without markup=False"
    if name in _SHOWING and not _is_false(given.get("markup")):
        yield call, f"{name} without markup=False"
    if name in _LABELLED and not all(map(_safe, call.args[:1])):
        yield call, f"{name} with a text that may be markup"
    if name == "run_action" and not (call.args and isinstance(call.args[0], ast.Attribute | ast.Constant)):
        yield call, "run_action with a text that was made"
    if name == "Style" and "link" in given:
        yield call, "a hyperlink of the terminal's"
    for word in _TEXTS & given.keys():
        if name in _KNOWN - {"Input"} | {"__init__", "Widget"} and not _safe(given[word]):
            yield call, f"{word}= with a text that may be markup"
    if _is_true(given.get("markup")):
        yield call, "markup=True"


def _assigned(node: ast.Assign | ast.AnnAssign) -> Iterator[tuple[ast.stmt, str]]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        if isinstance(target, ast.Attribute) and target.attr in _TEXTS and not _safe(node.value):
            yield node, f".{target.attr} with a text that may be markup"


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[ast.stmt, str]]:
    if isinstance(node, ast.Import):
        modules = {alias.name for alias in node.names}
    else:
        modules = {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    for module in sorted(modules & _MODULES):
        yield node, f"imports {module}"
    if isinstance(node, ast.ImportFrom):
        for alias in node.names:
            if node.module == "textual.widgets" and alias.name not in _KNOWN:
                yield node, f"a widget that nobody has looked at: {alias.name}"
            if node.module in _CONSOLES and alias.name == "print":
                yield node, "print of Rich's"


def _in_class(node: ast.ClassDef) -> Iterator[tuple[ast.stmt | ast.expr, str]]:
    bases = {_name(base) for base in node.bases}
    for part in ast.walk(node):
        if isinstance(part, ast.FunctionDef) and part.name == "render" and part.returns is not None:
            if ast.unparse(part.returns).strip("'\"") in {"str", "RenderableType", "RenderResult", "VisualType"}:
                yield part, "render() may return markup"
        elif bases & _SHOWING and isinstance(part, ast.Call) and _name(part.func) == "__init__":
            told = {word.arg: word.value for word in part.keywords}
            yield from () if _is_false(told.get("markup")) else [(part, "a kind of Static without markup=False")]


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _safe(node: ast.expr | None) -> bool:
    """Whether no part of this can be foreign text that is read as markup."""
    if node is None or (isinstance(node, ast.Constant) and (node.value is None or "[" not in str(node.value))):
        return True
    if isinstance(node, ast.IfExp):
        return _safe(node.body) and _safe(node.orelse)
    return isinstance(node, ast.Call) and ast.unparse(node.func) in {"Content", "Content.styled", "Content.assemble"}


def _is_field(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef) and "Input" in map(_name, node.bases)


def _is_false(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True
