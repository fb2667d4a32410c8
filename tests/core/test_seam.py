from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_stream.core.seam import Seam

BEFORE = "The three fruits are apple, ba"


def joined(before: str, *pieces: str) -> str:
    seam = Seam(before)
    return "".join([*(seam.feed(piece) for piece in pieces), seam.flush()])


def test_a_continuation_passes_through() -> None:
    assert joined(BEFORE, "nana", " and cherry.") == "nana and cherry."


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_a_repetition_of_the_whole_text_is_taken_off(size: int) -> None:
    said = BEFORE + "nana and cherry."
    pieces = [said[start : start + size] for start in range(0, len(said), size)]
    assert joined(BEFORE, *pieces) == "nana and cherry."


def test_another_answer_from_the_beginning_is_all_kept() -> None:
    assert joined(BEFORE, "The three ", "best fruits") == "The three best fruits"


def test_a_repetition_that_stops_early_is_kept() -> None:
    assert joined(BEFORE, "The three") == "The three"


def test_the_same_words_again_behind_the_seam_are_kept() -> None:
    assert joined("ha", "ha", "ha") == "haha", "a short text may well be repeated"
    assert joined(BEFORE, BEFORE, BEFORE) == BEFORE, "only one repetition is taken off"


@given(st.text(max_size=60), st.lists(st.text(max_size=9)))
def test_nothing_but_the_text_before_is_ever_lost(before: str, pieces: list[str]) -> None:
    said = "".join(pieces)
    assert joined(before, *pieces) in {said, said.lstrip().removeprefix(before.lstrip())}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("0" * 20, "0" * 30),
        ("ha " * 10, "ha " * 12),
        ("ha " * 10 + "h", "a " + "ha " * 12),
        ("All work and no play.\n", "All work and no play.\n" * 4),
        ("All work and no play.\n" * 2, "All work and no play.\n" * 3),
    ],
)
def test_a_text_that_repeats_itself_may_go_on_repeating(before: str, after: str) -> None:
    assert joined(before, *after) == after


def test_lines_that_begin_alike_are_no_repetition() -> None:
    before = "- apples are red\n- apples are sweet\n- apples are r"
    assert joined(before, before + "ound") == "ound", "said again from the start"
    assert joined(before, "ound\n- apples") == "ound\n- apples"


@pytest.mark.parametrize("lead", ["", "\n\n"])
def test_white_space_before_the_text_does_not_count(lead: str) -> None:
    assert joined(f"\n\n{BEFORE}", lead, BEFORE, "nana") == "nana"
    assert joined(BEFORE, "\n\n", "Then") == "\n\nThen"
