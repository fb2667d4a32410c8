"""Finding: in what was never looked at, in what grows, and step by step."""

from __future__ import annotations

import pytest

from tests.ui.column_helpers import column, looks, shown
from tui_stream.core.models import Message, MessageStatus, Role
from tui_stream.ui.answer import AnswerEntry
from tui_stream.ui.column import Column
from tui_stream.ui.finder import Finder
from tui_stream.ui.search import Query


def found(made: Column, text: str, *, nearest: int = 0) -> Finder:
    """A search that has come to its end."""
    finder = Finder(made, Query(text), nearest)
    while finder.searching:
        finder.work()
    return finder


def marked(made: Column, finder: Finder) -> list[str]:
    """The texts that are marked, from the first line to the last."""
    texts = []
    styles = looks()
    for number, row in enumerate(shown(made)):
        texts += [row[start:end] for start, end, _ in finder.marks(number, styles)]
    return texts


def test_everything_is_found_and_marked() -> None:
    made = column(5)
    finder = found(made, "paragraph 3")
    assert finder.count == 5
    assert marked(made, finder) == ["Paragraph 3"] * 5


def test_a_match_that_is_wrapped_over_lines_is_one_match() -> None:
    made = column(1, width=24, answer="some words that go on and on until the needle here and there")
    finder = found(made, "until the needle here")
    assert finder.count == 1
    assert " ".join(" ".join(marked(made, finder)).split()) == "until the needle here"
    assert len(marked(made, finder)) > 1


def test_a_long_answer_is_searched_to_its_end() -> None:
    text = "\n\n".join(f"line {number}" for number in range(3000))
    made = column(1, answer=text)
    assert found(made, "line 2999").count == 1
    assert found(made, "line").count == 3000


def test_steps_go_round_in_both_directions() -> None:
    made = column(3)
    finder = found(made, "Paragraph 1")
    positions = []
    for by in (1, 1, 1, 1, -1, -1):
        assert finder.step(by) is not None
        positions.append(finder.position)
    assert positions == [1, 2, 3, 1, 3, 2]


def test_nothing_found_is_nowhere() -> None:
    finder = found(column(3), "absent")
    assert (finder.count, finder.position, finder.step(1), finder.nearest(0)) == (0, None, None, None)


@pytest.mark.parametrize("line", [0, 30, 60])
def test_the_nearest_match_is_at_the_line_or_below_else_the_last_above(line: int) -> None:
    made = column(6)
    made.settle(0, 1 << 30)
    finder = found(made, "Paragraph 5")
    lines = [number for number, row in enumerate(shown(made)) if "Paragraph 5" in row]
    match = finder.nearest(line)
    assert match is not None
    below = [number for number in lines if number >= line]
    assert made.top(made.index_of(match.entry)) + match.line == (below[0] if below else lines[-1])


def test_what_streams_in_is_found_and_costs_no_second_look_at_the_rest() -> None:
    made = Column()
    answer = AnswerEntry("m")
    made.insert(0, [answer])
    made.arrange(50, looks())
    finder = found(made, "needle")
    text = "needle in a haystack\n\n" * 20 + "a nee" + "dle that came in pieces\n\nand needle needle"
    for start in range(0, len(text), 7):
        line = answer.append(text[start : start + 7])
        made.changed(answer, line)
        finder.entry_changed(answer, line)
    assert finder.count == 23
    assert marked(made, finder) == ["needle"] * 23


def test_a_new_layout_is_searched_again() -> None:
    made = column(4)
    finder = found(made, "Paragraph 2")
    made.arrange(20, looks())
    finder.again(0)
    while finder.searching:
        finder.work()
    assert finder.count == 4
    assert "".join(marked(made, finder)).replace(" ", "") == "Paragraph2" * 4


def test_what_is_gone_is_not_found() -> None:
    made = column(2)
    finder = found(made, "Paragraph 2")
    finder.step(1)
    first = made.entries[1]
    made.remove([first])
    finder.forget([first])
    assert finder.count == 1
    assert finder.current is None


def test_folded_thoughts_are_found_once_they_are_unfolded_and_notes_always() -> None:
    message = Message(Role.ASSISTANT, "text", reasoning="a needle", model="m", status=MessageStatus.CANCELLED)
    answer = AnswerEntry.of(message)
    made = Column()
    made.insert(0, [answer])
    made.arrange(50, looks())
    assert found(made, "needle").count == 0
    assert found(made, "stopped").count == 1
    answer.toggle_thinking()
    made.changed(answer)
    assert found(made, "needle").count == 1
