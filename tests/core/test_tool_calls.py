from __future__ import annotations

import pytest

from tui_stream.core.events import ToolCallDelta
from tui_stream.core.marks import MOST_MARKS
from tui_stream.core.models import ToolCall
from tui_stream.core.sanitize import clean
from tui_stream.core.tool_calls import MOST_TOOL_CALLS, ToolCalls


def test_pieces_of_several_calls_are_put_behind_one_another() -> None:
    found: list[ToolCall] = []
    calls = ToolCalls(found, clean)
    for piece in ("{", '"a"', ": 1}"):
        calls.add(ToolCallDelta(0, id="one", name="f" if piece == "{" else "", arguments=piece))
        calls.add(ToolCallDelta(1, id="two", name="g" if piece == "{" else "", arguments=piece.upper()))
    calls.join()
    calls.add(ToolCallDelta(0, arguments=" \x1b]!"))
    calls.join()
    assert found == [ToolCall("one", "f", '{"a": 1} ]!'), ToolCall("two", "g", '{"A": 1}')]


def test_calls_come_behind_those_that_were_there() -> None:
    found = [ToolCall("zero", "e", "{}")]
    calls = ToolCalls(found, clean)
    calls.add(ToolCallDelta(0, id="one", name="f", arguments="{}"))
    calls.join()
    assert [call.id for call in found] == ["zero", "one"]


@pytest.mark.parametrize("index", [-1, MOST_TOOL_CALLS, 10**12])
def test_calls_beyond_the_most_are_passed_over_and_counted(index: int) -> None:
    found: list[ToolCall] = []
    calls = ToolCalls(found, clean)
    calls.add(ToolCallDelta(index, name="f", arguments="x" * 99))
    calls.join()
    assert not found
    assert calls.size == 100
    calls.add(ToolCallDelta(MOST_TOOL_CALLS - 1, arguments="x"))
    calls.join()
    assert len(found) == MOST_TOOL_CALLS
    assert calls.size == 101


def test_the_pieces_of_a_batch_are_put_behind_long_arguments_at_once() -> None:
    cleaned: list[str] = []

    def cleaner(text: str, before: str = "", /) -> str:
        del before
        cleaned.append(text)
        return text

    calls = ToolCalls([], cleaner)
    for _ in range(1000):
        calls.add(ToolCallDelta(0, arguments="x"))
    calls.join()
    calls.join()
    assert cleaned == ["x" * 1000]


def test_marks_on_one_cell_are_counted_over_the_pieces_of_arguments() -> None:
    found: list[ToolCall] = []
    calls = ToolCalls(found, clean)
    for _ in range(5):
        calls.add(ToolCallDelta(0, arguments="\u0301" * 5))
        calls.join()
    assert found[0].arguments == "\u0301" * MOST_MARKS
