"""The cost of an append does not depend on what came before: counted in calls, which do not vary like
time does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from tests.benchmarks.engine import SHAPES, batches
from tui_stream.markdown import LiveMarkdown


def calls(live: LiveMarkdown, pieces: list[str]) -> int:
    """How many functions are called to append the pieces and read the end of the text."""
    count = 0

    def tick(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(tick)
    try:
        for piece in pieces:
            first = live.append(piece)
            height = live.height
            live.lines(max(first, height - 40), height)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_cost_is_flat(shape: Callable[[], Iterator[str]]) -> None:
    pieces = list(batches(shape, 12_000))
    live = LiveMarkdown(100)
    for piece in pieces[:40]:
        live.append(piece)
    early = calls(live, pieces[40:80])
    for piece in pieces[80:-40]:
        live.append(piece)
    assert calls(live, pieces[-40:]) <= 1.3 * early


PATHOLOGICAL = {
    "quotes in one line": ">" * 5_000 + " a",
    "list in one line": "- " * 2_000 + "a",
    "deep list": "".join("  " * depth + "- a\n" for depth in range(100)),
    "backticks": "`" * 100_000,
    "stars": "*a " * 5_000,
    "brackets": "[" * 20_000,
    "table of 400 by 20": "|" + "h|" * 20 + "\n|" + "-|" * 20 + "\n" + ("|" + "cell|" * 20 + "\n") * 400,
    "paragraphs": "Some short paragraph.\n\n" * 3_000,
    "definitions": "".join(f"[l{n}]: /u{n}\n" for n in range(2_000)),
    "late definitions": "".join(f"[l{n}]\n\n" for n in range(500)) + "".join(f"[l{n}]: /u\n\n" for n in range(500)),
    "combining marks": "a" + "\u0301" * 20_000,
    "blank lines in code": "    a\n" + "\n" * 10_000,
    "long cell": "| a |\n|---|\n| " + "word " * 4_000,
    "long definition": "[a]: " + "b" * 20_000,
    "open comment": "```c\n/*" + " a\n" * 5_000,
    "nested formula": "$$\n" + "\\frac{" * 2_000,
}


@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_pathological_text_is_laid_out_like_at_once(name: str) -> None:
    text = PATHOLOGICAL[name]
    live, whole = LiveMarkdown(80), LiveMarkdown(80)
    for start in range(0, len(text), 500):
        live.append(text[start : start + 500])
    whole.append(text)
    live.finish()
    whole.finish()
    assert live.lines(0, live.height) == whole.lines(0, whole.height)
