from __future__ import annotations

from tests.memory_archive import MemoryArchive
from tui_stream.errors import StoreError
from tui_stream.ui.drafts import NEW, Drafts, edit_place


class Told:
    """What was said about failures."""

    def __init__(self) -> None:
        self.errors: list[StoreError] = []

    def __call__(self, error: StoreError) -> None:
        self.errors.append(error)


async def test_only_what_changed_is_written() -> None:
    archive = MemoryArchive()
    drafts = Drafts(archive, Told())
    drafts.note(NEW, "half a")
    drafts.note(NEW, "half a thought")
    drafts.note("c1", "another")
    await drafts.save()
    assert archive.drafts == {NEW: "half a thought", "c1": "another"}
    archive.calls.clear()
    drafts.note(NEW, "half a thought")
    await drafts.save()
    assert archive.calls == []
    drafts.note(NEW, "")
    await drafts.save()
    assert archive.drafts == {"c1": "another"}


async def test_it_comes_back() -> None:
    archive = MemoryArchive(drafts={"c1": "kept"})
    drafts = Drafts(archive, Told())
    await drafts.load("c1")
    await drafts.load("c2")
    assert (drafts.text("c1"), drafts.text("c2")) == ("kept", "")
    drafts.note("c1", "kept")
    await drafts.save()
    assert archive.calls == ["unsent", "unsent"]
    drafts.note("c1", "changed")
    await drafts.load("c1")
    assert drafts.text("c1") == "changed"


async def test_wordings_of_earlier_prompts_have_places_of_their_own() -> None:
    archive = MemoryArchive(drafts={"c1": "kept", "c1/m1": "one", "c2/m1": "other"})
    drafts = Drafts(archive, Told())
    await drafts.load("c1")
    drafts.note(edit_place("c1", "m2"), "two")
    assert (drafts.text("c1"), drafts.edits("c1"), drafts.edits("c2")) == ("kept", {"m1": "one", "m2": "two"}, {})
    drafts.note(edit_place("c1", "m1"), "")
    await drafts.save()
    assert drafts.edits("c1") == {"m2": "two"}
    assert archive.drafts == {"c1": "kept", "c1/m2": "two", "c2/m1": "other"}


async def test_a_failure_is_told_once_and_what_stood_there_is_written_later() -> None:
    archive, told = MemoryArchive(failure=StoreError("The disk is full.")), Told()
    drafts = Drafts(archive, told)
    drafts.note(NEW, "a thought")
    await drafts.save()
    await drafts.save()
    assert [str(error) for error in told.errors] == ["The disk is full."]
    archive.failure = None
    await drafts.save()
    assert archive.drafts == {NEW: "a thought"}
    archive.failure = StoreError("The disk is full again.")
    drafts.note(NEW, "another")
    await drafts.save()
    assert len(told.errors) == 2


async def test_without_an_archive_drafts_of_other_conversations_stay_in_memory() -> None:
    drafts = Drafts(None, Told())
    drafts.note("c1", "a thought")
    await drafts.save()
    await drafts.load("c1")
    assert drafts.text("c1") == "a thought"
