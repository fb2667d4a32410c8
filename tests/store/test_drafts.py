"""Drafts of several programs that have the history open at once."""

from __future__ import annotations

from pathlib import Path

from tui_stream.core.models import Conversation, Message, Role
from tui_stream.store import open_store
from tui_stream.store.archive import SqliteArchive


async def opened(folder: Path) -> SqliteArchive:
    return (await open_store(folder)).archive


async def test_each_program_has_its_own_draft_and_what_one_leaves_is_found(folder: Path) -> None:
    one, other = await opened(folder), await opened(folder)
    await one.save_draft("new", "a long letter")
    await other.save_draft("new", "x")
    assert (await one.draft("new"), await other.draft("new")) == ("a long letter", "x")
    await other.save_draft("new", "")
    assert await other.draft("new") == ""
    await one.aclose()
    assert await other.draft("new") == "a long letter"
    await other.aclose()
    last = await opened(folder)
    assert await last.draft("new") == "a long letter"
    await last.save_draft("new", "")
    assert await last.draft("new") == ""
    await last.aclose()


async def test_what_several_left_is_joined_and_taken_once(folder: Path) -> None:
    for text in ("first", "second", "first"):
        left = await opened(folder)
        await left.save_draft("elsewhere", text)
        await left.aclose()
    one, other = await opened(folder), await opened(folder)
    await one.save_draft("elsewhere", "mine")
    assert await one.draft("elsewhere") == "first\n\nsecond\n\nmine"
    assert await other.draft("elsewhere") == ""
    await one.aclose()
    await other.aclose()


async def test_the_places_below_are_found_with_it_and_apart(folder: Path) -> None:
    archive = await opened(folder)
    await archive.save_draft("talk", "plain")
    await archive.save_draft("talk/m1", "edited")
    await archive.save_draft("talker", "another")
    assert await archive.unsent("talk") == {"talk": "plain", "talk/m1": "edited"}
    await archive.aclose()
    again = await opened(folder)
    assert await again.unsent("talk") == {"talk": "plain", "talk/m1": "edited"}
    await again.save_draft("talk/m1", "")
    assert await again.unsent("talk") == {"talk": "plain"}
    await again.aclose()


async def test_a_draft_without_an_owner_goes_to_the_first_that_looks(folder: Path) -> None:
    one = await opened(folder)
    await one._change(lambda connection, now: connection.execute("INSERT INTO drafts VALUES ('new', 'old', ?)", (now,)))
    other = await opened(folder)
    assert await other.draft("new") == "old"
    assert await one.draft("new") == ""
    await one.aclose()
    await other.aclose()


async def test_drafts_of_a_conversation_go_with_it(folder: Path) -> None:
    archive = await opened(folder)
    talk = Conversation()
    message = Message(Role.USER, "hi")
    talk.tree.add(message.id, None)
    await archive.open(talk)
    await archive.add(talk, message)
    await archive.save_draft(talk.id, "plain")
    await archive.save_draft(f"{talk.id}/{message.id}", "edited")
    await archive.delete(talk.id)
    await archive._change(
        lambda connection, _: connection.execute("UPDATE conversations SET deleted_at = 1, deleted_in = 0")
    )
    await archive.purge()
    assert await archive.unsent(talk.id) == {}
    await archive.aclose()
