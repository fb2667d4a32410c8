"""The column of entries: only what is looked at is laid out, and places outlive layouts."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ui.column_helpers import PARAGRAPHS, column, exchange, looks, shown
from tui_stream.core.models import Message, Role
from tui_stream.ui.answer import AnswerEntry
from tui_stream.ui.column import Column
from tui_stream.ui.entries import PromptEntry
from tui_stream.ui.entry import Entry

CODE = (
    "Look:\n\n```python\n" + "\n".join(f"line_{number} = {number}" for number in range(400)) + "\n```\n\nThat was it.\n"
)


def laid_out(made: Column) -> int:
    """How many entries hold lines."""
    return sum(entry._looks is not None for entry in made.entries)


def test_nothing_is_laid_out_before_somebody_looks() -> None:
    made = column(500)
    assert not laid_out(made)
    assert made.height > 5000


def test_only_what_is_looked_at_is_laid_out() -> None:
    made = column(500)
    made.settle(4000, 4040)
    assert 0 < laid_out(made) < 20


def test_what_was_looked_at_long_ago_forgets_its_lines_but_not_its_height() -> None:
    made = column(500)
    tops = []
    for first in range(0, made.height, 40):
        made.settle(first, first + 40)
        tops.append(made.top(3))
    assert laid_out(made) <= 40
    assert len(set(tops)) == 1


def test_an_answer_that_streams_keeps_its_lines() -> None:
    made = column(0)
    live = AnswerEntry("live")
    made.insert(0, [live])
    made.arrange(60, looks())
    made.changed(live, live.append("Some text that is still growing"))
    made.insert(0, [entry for number in range(200) for entry in exchange(number)])
    for first in range(0, made.height - 100, 40):
        made.settle(first, first + 40)
    assert live.source == "Some text that is still growing"
    assert "growing" in shown(made)[-1]


def test_lines_are_the_same_whether_read_whole_or_scrolled_through() -> None:
    scrolled, whole = column(30), column(30)
    first = 0
    while first < scrolled.height:
        scrolled.settle(first, first + 17)
        first += 17
    whole.settle(0, 1 << 30)
    assert shown(scrolled) == shown(whole)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1 << 30))
def test_what_stands_in_view_stands_there_after_a_resize_and_back(seed: int) -> None:
    chance = random.Random(seed)
    made = column(20)
    made.settle(0, 1 << 30)
    line = chance.randrange(made.height)
    before = shown(made)[line]
    place = made.place_at(line)
    assert place is not None
    made.arrange(chance.randint(20, 140), looks())
    index = made.index_of(place.entry)
    moved = made.line_of(place)
    assert made.top(index) <= moved < made.top(index + 1)
    again = made.place_at(moved)
    assert again is not None
    assert again.entry is place.entry
    made.arrange(60, looks())
    made.settle(0, 1 << 30)
    assert shown(made)[made.line_of(place)] == before


def test_a_long_answer_of_an_earlier_time_is_laid_out_in_pieces() -> None:
    made = column(1, answer=PARAGRAPHS * 200)
    made.settle(0, 40)
    answer = made.entries[1]
    assert not answer.settled
    assert made.unsettled(0, 40)
    steps = 0
    while made.unsettled(0, 40):
        made.settle_some(0, 40)
        steps += 1
    assert steps > 5
    whole = column(1, answer=PARAGRAPHS * 200)
    whole.settle_all(1)
    assert shown(made) == shown(whole)


def test_an_answer_that_forgot_its_lines_shows_them_again() -> None:
    made = column(1, answer=CODE)
    made.settle_all(1)
    before = shown(made)
    assert made.entries[1].release()
    assert shown(made) == before
    assert made.height == len(before)


def test_the_source_of_lines_is_the_markdown_that_they_show() -> None:
    made = column(2, answer="Some **bold** words.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    made.settle(0, 1 << 30)
    lines = shown(made)
    bold = next(number for number, line in enumerate(lines) if "bold" in line)
    assert made.source(bold, bold + 1) == "Some **bold** words."
    two = next(number for number, line in enumerate(lines) if "two" in line)
    assert made.source(two, two + 1) == "- two"
    everything = made.source(0, made.height)
    assert everything.count("Some **bold** words.") == 2
    assert everything.startswith("Question 0?")


def test_a_selection_that_begins_in_one_message_and_ends_in_another_has_both() -> None:
    made = column(2)
    made.settle(0, 1 << 30)
    lines = shown(made)
    first = next(number for number, line in enumerate(lines) if "Paragraph 5" in line)
    last = next(number for number, line in enumerate(lines) if "Question 1" in line)
    assert made.source(first, last + 1).split("\n\n") == [PARAGRAPHS.split("\n\n")[5], "Question 1?"]


# Prompts


def test_a_long_prompt_is_folded_and_unfolds() -> None:
    prompt = PromptEntry("\n".join(f"row {number}" for number in range(100)))
    made = Column()
    made.insert(0, [prompt])
    made.arrange(60, looks())
    made.settle(0, 100)
    assert made.height < 20
    assert "88 more lines" in shown(made)[-1]
    assert prompt.fold() == 0
    made.changed(prompt)
    assert "row 99" in shown(made)[-1]
    assert prompt.source_of(10, 12) == "row 8\nrow 9"


def test_a_short_prompt_does_not_fold() -> None:
    assert PromptEntry("short").fold() is None


@pytest.mark.parametrize("width", [1, 2, 3, 10])
def test_the_narrowest_columns_lose_nothing(width: int) -> None:
    made = column(1, width=width)
    made.settle(0, 1 << 30)
    text = "".join("".join(shown(made)).split())
    assert "Paragraph" in text.replace("▌", "") or width < 3


# Answers


def answer(text: str, *, width: int = 40) -> tuple[Column, AnswerEntry]:
    """A finished answer in a column of its own."""
    entry = AnswerEntry.of(Message(Role.ASSISTANT, text, model="m"))
    made = Column()
    made.insert(0, [entry])
    made.arrange(width, looks())
    made.settle_all(0)
    return made, entry


def test_an_answer_folds_to_its_first_lines() -> None:
    made, entry = answer(CODE)
    height = made.height
    assert entry.fold() == 0
    made.changed(entry)
    assert made.height < 10
    assert "more lines" in shown(made)[-1]
    entry.fold()
    made.changed(entry)
    assert made.height == height


def test_an_answer_folded_while_it_streams_counts_what_is_hidden() -> None:
    entry = AnswerEntry("m")
    made = Column()
    made.insert(0, [entry])
    made.arrange(60, looks())
    for number in range(10):
        made.changed(entry, entry.append(f"line {number}\n\n"))
    entry.fold()
    for number in range(10, 20):
        made.changed(entry, entry.append(f"line {number}\n\n"))
    assert "line 19" not in "".join(shown(made))
    assert "36 more lines" in shown(made)[-1]


def test_wide_code_is_scrolled_sideways_or_wrapped_by_block() -> None:
    made, entry = answer("```\n" + "x" * 60 + "END\n```\n")
    wrapped = made.height
    line = next(number for number, row in enumerate(shown(made)) if "xxx" in row)
    assert entry.scroll(line, 8) is None
    assert entry.set_wide(line) is not None
    made.changed(entry)
    assert made.height == wrapped - 1
    assert "END" not in "".join(shown(made))
    assert entry.scroll(line, 1000) is not None
    assert "END" in "".join(shown(made))
    assert not entry.release(), "how a person arranged a block is not forgotten"


def test_links_headings_and_code_can_be_jumped_to() -> None:
    text = "# One\n\nSee [here](https://a.example/) and https://b.example/x.\n\n```\ncode\n```\n\n## Two\n\n[here](https://a.example/)\n"
    made, entry = answer(text, width=100)
    rows = shown(made)
    assert [rows[stop.line].strip() for stop in entry.stops("heading")] == ["One", "Two"]
    assert [rows[stop.line].split()[0] for stop in entry.stops("code")] == ["text"]
    targets = [stop.target for stop in entry.stops("link")]
    assert targets == ["https://a.example/", "https://b.example/x", "https://a.example/"]
    for stop in entry.stops("link"):
        assert rows[stop.line][stop.start : stop.end].startswith(("here", "https://b"))


def test_memory_of_an_answer_out_of_sight_is_its_message() -> None:
    entry = AnswerEntry.of(Message(Role.ASSISTANT, PARAGRAPHS, model="m"))
    assert not hasattr(entry, "__dict__")
    made = Column()
    entries: list[Entry] = [entry]
    made.insert(0, entries)
    made.arrange(60, looks())
    made.settle_all(0)
    assert laid_out(made) == 1
    assert entry.release()
    assert laid_out(made) == 0
    assert entry.message is not None
    assert entry.source is entry.message.text
