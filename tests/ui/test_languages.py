"""Languages are noticed before their fence is drawn."""

from __future__ import annotations

import pytest

from tui_stream.ui.languages import Languages

TEXT = "Look:\n\n```python\nx\n```\n\n> - ~~~ C++\n> ~~~\n\n```python\n```\n1. ```sh title\n\nand `inline` ```no\n"


def test_each_language_is_new_once() -> None:
    languages = Languages()
    assert languages.new_in(TEXT) == ["python", "c++", "sh"]
    assert languages.new_in(TEXT) == []


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20])
def test_a_name_may_come_in_pieces(size: int) -> None:
    languages = Languages()
    found: list[str] = []
    for start in range(0, len(TEXT), size):
        found += languages.new_in(TEXT[start : start + size])
    assert {"python", "c++", "sh"} <= set(found)
    assert "no" not in found


def test_an_endless_line_is_not_remembered() -> None:
    languages = Languages()
    for _ in range(1000):
        languages.new_in("~" * 100)
    assert len(languages._line) <= 200
