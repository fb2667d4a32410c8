from __future__ import annotations

from datetime import timedelta

import pytest

from tests.memory_archive import MemoryArchive
from tests.ui.conversations import conversation, keep, some
from tui_stream.errors import StoreError
from tui_stream.ui.catalogue import PAGE, Catalogue, Deed, Kind


async def test_pages_follow_each_other_and_none_is_listed_twice() -> None:
    archive = MemoryArchive()
    await keep(
        archive, *(conversation("Hi", id=str(number), ago=timedelta(hours=number + 1)) for number in range(PAGE + 50))
    )
    catalogue = Catalogue(archive)
    await catalogue.find("", archived=False)
    assert len(catalogue.items) == PAGE
    assert not catalogue.complete
    await keep(archive, conversation("Another", id="new", ago=timedelta()))
    await catalogue.more()
    assert [item.id for item in catalogue.items] == [str(number) for number in range(PAGE + 50)]
    assert catalogue.complete


async def test_a_failure_leaves_everything_as_it_was() -> None:
    archive = MemoryArchive()
    await keep(archive, *some())
    catalogue = Catalogue(archive)
    await catalogue.find("", archived=False)
    before = catalogue.items
    archive.failure = StoreError("The disk is gone.")
    for work in (
        catalogue.find("bread", archived=True),
        catalogue.more(),
        catalogue.delete(before[0]),
    ):
        with pytest.raises(StoreError):
            await work
    archive.failure = None
    assert (catalogue.items, catalogue.text, catalogue.archived) == (before, "", False)
    assert await catalogue.undo() is None


async def test_what_cannot_be_taken_back_does_not_stand_in_the_way() -> None:
    archive = MemoryArchive()
    await keep(archive, *some())
    catalogue = Catalogue(archive)
    await catalogue.find("", archived=False)
    first, second = catalogue.items[:2]
    await catalogue.delete(first)
    await catalogue.archive(second)
    archive.failure = StoreError("The disk is gone.")
    with pytest.raises(StoreError):
        await catalogue.undo()
    archive.failure = None
    assert await catalogue.undo() == Deed(Kind.DELETED, first)
    assert archive.kept[first.id].deleted is None
    assert await catalogue.undo() == Deed(Kind.ARCHIVED, second)
    assert not archive.kept[second.id].conversation.archived


async def test_a_title_goes_back_to_what_it_was() -> None:
    archive = MemoryArchive()
    await keep(
        archive, conversation("Which fruits?", "Apples.", title="By hand", id="a"), conversation("Bread?", id="b")
    )
    catalogue = Catalogue(archive)
    await catalogue.find("", archived=False)
    for item in catalogue.items:
        await catalogue.rename(item, "By a model")
    await catalogue.undo()
    await catalogue.undo()
    assert [archive.kept[one].conversation.title for one in ("a", "b")] == ["By hand", ""]
    assert await catalogue.undo() is None
