"""What a JSON Schema refers to: all of it has to be in the schema, since nothing is fetched.

Which places hold schemas, and what an address is relative to, differs from draft to draft; the library that answers
are checked with knows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tui_stream.core.sanitize import clean_line
from tui_stream.errors import UsageError

_KEYWORDS: Final = ("$ref", "$dynamicRef", "$recursiveRef")
_HINT: Final = "Put what it refers to into its $defs."


def check_references(document: Mapping[str, Any], check: Callable[[Any], None]) -> None:
    """Looks up every place that a schema refers to.

    Args:
        document: a schema that is valid by itself.
        check: raises an error for what is no valid schema; it is given what stands where no schema has to stand.

    Raises:
        UsageError: such a place is not in the schema.
    """
    from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped] # the package has no types
    from referencing.jsonschema import DRAFT202012, specification_with

    # The registry has the drafts' own schemas, and fetches nothing.
    kind = specification_with(str(document.get("$schema", "")), default=DRAFT202012)
    root = kind.create_resource(document)
    left: list[tuple[Any, Any]] = [(REGISTRY.resolver_with_root(root), root)]
    targets: list[Any] = []
    seen: set[int] = set()
    while left or targets:
        if not left:
            found = targets.pop()
            if id(found.contents) not in seen:
                check(found.contents)
                left.append((found.resolver, kind.create_resource(found.contents)))
            continue
        resolver, one = left.pop()
        if id(one.contents) not in seen:
            seen.add(id(one.contents))
            left += [(_within(resolver, inner), inner) for inner in one.subresources()]
            targets += [_found(resolver, named) for named in _named(one.contents)]


def _named(schema: Any) -> list[str]:
    """What a schema refers to by itself, and not in its parts."""
    if not isinstance(schema, Mapping):
        return []
    return [schema[keyword] for keyword in _KEYWORDS if isinstance(schema.get(keyword), str)]


def _within(resolver: Any, inner: Any) -> Any:
    try:
        return resolver.in_subresource(inner)
    except ValueError as error:
        raise UsageError(f"The schema has an $id that is no address: {clean_line(str(inner.id()))}.") from error


def _found(resolver: Any, named: str) -> Any:
    from referencing.exceptions import InvalidAnchor, NoSuchAnchor, PointerToNowhere, Unresolvable

    shown = clean_line(named)
    missing = f"The schema refers to {shown}, which is not in it."
    try:
        return resolver.lookup(named)
    except (InvalidAnchor, NoSuchAnchor, PointerToNowhere) as error:
        raise UsageError(missing, hint=_HINT) from error
    except Unresolvable as error:
        raise UsageError(f"The schema refers to another document: {shown}.", hint=_HINT) from error
    except (ValueError, TypeError, AttributeError) as error:  # of a path through what is neither an object nor a list
        raise UsageError(missing, hint=_HINT) from error
