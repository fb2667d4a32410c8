from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.store.keeping import Clock, Talk, names, opened, several
from tui_stream.core.models import Conversation, Cost, MessageStatus, Role, Source
from tui_stream.store.archive import SqliteArchive


async def test_the_list_says_what_a_conversation_is(talk: Talk) -> None:
    await talk.say("\n\n# Baking bread\nHow?")
    answer = await talk.answer("Knead", model="first")
    answer.cost = Cost(Decimal("0.5"), Source.REPORTED)
    await talk.finish(answer)
    await talk.say("And then?")
    await talk.answer("Bake", model="second")
    (overview,) = await talk.archive.conversations()
    assert (overview.id, overview.title, overview.messages, overview.model) == (talk.id, "Baking bread", 4, "second")
    assert overview.cost == Cost(Decimal("0.5"), Source.REPORTED)
    assert overview.created_at == talk.conversation.created_at
    assert not overview.interrupted


async def test_those_used_last_come_first_and_the_pinned_before_them(archive: SqliteArchive) -> None:
    one, two, three = await several(archive, "one", "two", "three")
    assert await names(archive) == ["three", "two", "one"]
    await one.say("again")
    assert await names(archive) == ["one", "three", "two"]
    assert await archive.latest() == one.id
    await archive.pin(two.id, True)
    assert await names(archive) == ["two", "one", "three"]
    assert [await names(archive, limit=1, offset=number) for number in range(4)] == [["two"], ["one"], ["three"], []]
    await archive.pin(two.id, False)
    await archive.archive(three.id, True)
    assert await names(archive) == ["one", "two"]
    assert await names(archive, archived=True) == ["three"]


async def test_a_clock_that_jumps_back_changes_no_order(archive: SqliteArchive, clock: Clock) -> None:
    await several(archive, "one", "two")
    clock.now -= timedelta(days=400)
    three, *_ = await several(archive, "three")
    assert await names(archive) == ["three", "two", "one"]
    first = await three.say("first answer", Role.ASSISTANT, created_at=clock())
    clock.now -= timedelta(days=400)
    second = await three.say("second answer", Role.ASSISTANT, after=three.conversation.messages[0], created_at=clock())
    loaded = await three.loaded()
    assert loaded.tree.siblings(first.id) == (first.id, second.id)
    assert [hit.message_id for hit in await archive.search("answer")] == [second.id, first.id]
    prompt = await three.say("a prompt from long ago", created_at=clock())
    assert (await archive.prompts())[0] == prompt.text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bak", ["Baking BREAD, twice"]),
        ("brea bak", ["Baking BREAD, twice"]),
        ("TWICE", ["Baking BREAD, twice"]),
        ("ead", []),
        ("creme", ["Crème brûlée"]),
        ("应用", ["手机应用"]),
        ("机", ["手机应用"]),
        ("%", ["100% sure_thing"]),
        ("sure_th", ["100% sure_thing"]),
        ("_", ["100% sure_thing"]),
        ("bread 100", []),
        ("' OR 1=1", []),
        (" ", ["100% sure_thing", "手机应用", "Crème brûlée", "Baking BREAD, twice"]),
    ],
)
async def test_titles_are_found_by_the_beginnings_of_their_words(
    archive: SqliteArchive, text: str, found: list[str]
) -> None:
    await several(archive, "Baking BREAD, twice", "Crème brûlée", "手机应用", "100% sure_thing")
    assert await names(archive, text) == found


async def test_a_title_goes_before_the_first_line(talk: Talk) -> None:
    await talk.say("The first line")
    await talk.archive.rename(talk.id, "A better name")
    assert await names(talk.archive, "bett") == ["A better name"]
    assert await names(talk.archive, "first") == []
    assert (await talk.loaded()).title == "A better name"
    await talk.archive.rename(talk.id, "")
    assert await names(talk.archive, "first") == ["The first line"]


async def test_the_first_line_follows_what_is_removed(talk: Talk) -> None:
    first = await talk.say("First")
    await talk.say("Second")
    await talk.archive.remove(talk.conversation, [first.id])
    assert await names(talk.archive) == ["Second"]
    await talk.archive.put_back(talk.id, [first.id])
    assert await names(talk.archive) == ["First"]


async def test_a_conversation_without_messages_is_in_no_list(archive: SqliteArchive) -> None:
    await archive.open(Conversation())
    assert await archive.conversations() == []
    assert await archive.latest() is None


async def test_opening_again_changes_nothing(talk: Talk) -> None:
    await talk.say("Hello")
    await talk.archive.rename(talk.id, "Renamed elsewhere")
    await talk.archive.open(talk.conversation)
    assert await names(talk.archive) == ["Renamed elsewhere"]


async def test_an_interrupted_answer_is_seen_in_the_list(folder: Path) -> None:
    async with opened(folder) as archive:
        talk = Talk(archive)
        await talk.say("q")
        await talk.finish(await talk.answer("a"), MessageStatus.INTERRUPTED)
        assert [one.interrupted for one in await archive.conversations()] == [True]
        await talk.finish(await talk.answer("b"))
        assert [one.interrupted for one in await archive.conversations()] == [False]
