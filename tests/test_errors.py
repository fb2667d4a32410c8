from __future__ import annotations

import inspect
import re

import pytest

from tui_stream import errors
from tui_stream.errors import TuiStreamError


def drawn() -> dict[str, tuple[str, int]]:
    """The tree in the docstring: for each class its parent and its exit code."""
    found: dict[str, tuple[str, int]] = {}
    above: dict[int, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r"(?P<indent> {4}[│├└─ ]*)(?P<name>[A-Z]\w+)\s+(?P<code>\d+)", line):
            column = len(match["indent"])
            parent = above.get(column - 4, "Exception")
            above[column] = match["name"]
            found[match["name"]] = (parent, int(match["code"]))
    return found


def written() -> dict[str, tuple[str, int]]:
    """The classes of the module in the same form."""
    return {
        name: (cls.__base__.__name__, cls.exit_code)
        for name, cls in vars(errors).items()
        if inspect.isclass(cls) and issubclass(cls, TuiStreamError) and cls.__base__ is not None
    }


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    assert len(drawn()) > 15
    assert drawn() == written()


@pytest.mark.parametrize("name", sorted(written()))
def test_every_error_reads_as_sentence_and_hint(name: str) -> None:
    cls: type[TuiStreamError] = getattr(errors, name)
    assert cls.__doc__
    error = cls("It broke.", hint="Mend it.")
    assert (error.message, error.hint, str(error)) == ("It broke.", "Mend it.", "It broke. Mend it.")
    assert str(cls("It broke.")) == "It broke."


def test_what_may_be_tried_again() -> None:
    retryable = {name for name in written() if getattr(errors, name).retryable}
    assert retryable == {"RateLimitError", "ConnectionFailedError", "TimedOutError", "ServerError"}
    assert errors.RateLimitError("x", retry_after=2.5).retry_after == 2.5
    assert errors.ProviderError("x").retry_after is None
