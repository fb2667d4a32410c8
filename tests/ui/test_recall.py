from __future__ import annotations

import pytest

from tui_stream.errors import StoreError
from tui_stream.ui.recall import Recall


class Prompts:
    """A page at a time, and how often it was asked."""

    def __init__(self, *prompts: str) -> None:
        self.prompts = list(prompts)
        self.asked: list[int] = []
        self.fails = False

    async def __call__(self, limit: int, offset: int) -> list[str]:
        self.asked.append(offset)
        if self.fails:
            raise StoreError("The disk is gone.")
        return self.prompts[offset : offset + limit]


async def loaded(*prompts: str) -> Recall:
    recall = Recall(Prompts(*prompts))
    await recall.load()
    return recall


async def test_the_newest_comes_first_and_what_was_typed_comes_back() -> None:
    recall = await loaded("second", "first")
    assert recall.step(older=True, text="typed") == "second"
    assert recall.step(older=True, text="second") == "first"
    assert recall.step(older=True, text="first") is None
    assert recall.step(older=False, text="first") == "second"
    assert recall.step(older=False, text="second") == "typed"
    assert recall.step(older=False, text="typed") is None


async def test_what_is_changed_on_the_way_stays_until_something_is_sent() -> None:
    recall = await loaded("second", "first")
    recall.step(older=True, text="typed")
    recall.step(older=True, text="second, changed")
    assert recall.step(older=False, text="first, changed") == "second, changed"
    assert recall.step(older=True, text="second, changed") == "first, changed"
    recall.sent("first, changed")
    assert recall.step(older=True, text="") == "first, changed"
    assert recall.step(older=True, text="first, changed") == "second"
    assert recall.step(older=True, text="second") == "first"


async def test_what_is_sent_again_is_listed_once() -> None:
    recall = await loaded("second", "first")
    recall.sent("first")
    assert recall.step(older=True, text="") == "first"
    assert recall.step(older=True, text="first") == "second"
    assert recall.step(older=True, text="second") is None


async def test_without_an_archive_what_was_sent_is_recalled() -> None:
    recall = Recall()
    await recall.load()
    assert not recall.runs_out
    recall.sent("one")
    assert recall.step(older=True, text="") == "one"


async def test_pages_follow_each_other_before_they_run_out() -> None:
    given = Prompts(*(f"prompt {number}" for number in range(250)))
    recall = Recall(given)
    await recall.load()
    assert given.asked == [0]
    text = ""
    seen = []
    while True:
        stepped = recall.step(older=True, text=text)
        if stepped is None:
            break
        text = stepped
        seen.append(text)
        if recall.runs_out:
            await recall.load()
    assert seen == given.prompts
    assert given.asked == [0, 100, 200]


async def test_a_failure_changes_nothing() -> None:
    given = Prompts("one")
    recall = Recall(given)
    given.fails = True
    with pytest.raises(StoreError):
        await recall.load()
    assert recall.runs_out
    given.fails = False
    await recall.load()
    assert recall.step(older=True, text="") == "one"


async def test_a_picked_prompt_keeps_what_was_typed_one_step_away() -> None:
    recall = await loaded("third", "second", "first")
    recall.pick("first", "typed")
    assert recall.step(older=True, text="first") == "third"
    assert recall.step(older=False, text="third") == "first"
    assert recall.step(older=False, text="first") == "typed"


async def test_picking_on_the_way_keeps_what_was_typed_at_first() -> None:
    recall = await loaded("second", "first")
    recall.step(older=True, text="typed")
    recall.pick("first", "second")
    assert recall.step(older=False, text="first") == "typed"
    recall.step(older=True, text="typed")
    recall.pick("second", "first, changed")
    assert recall.step(older=False, text="second") == "first, changed"
