from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from tests.store.keeping import Clock, Talk, alike, full_message, names, opened, rows, several
from tui_stream.core.archive import Archive
from tui_stream.core.models import Conversation, Cost, Message, Role, Source, utc_now
from tui_stream.core.tree import Tree
from tui_stream.errors import StoreError, UnknownIdError
from tui_stream.store import open_store
from tui_stream.store.archive import SqliteArchive


async def test_nothing_of_a_message_is_lost(folder: Path, clock: Clock) -> None:
    async with opened(folder, clock=clock) as archive:
        kept: Archive = archive
        talk = Talk(archive)
        await talk.say("Hello")
        message = full_message()
        message.parent_id = talk.conversation.tree.head
        await kept.add(talk.conversation, message)
    async with opened(folder, clock=clock) as archive:
        loaded = (await archive.load(talk.id)).messages
        assert alike(loaded[1], message)
        assert alike((await archive.messages(talk.id, [message.id]))[0], message)
        assert alike(loaded[0], talk.conversation.messages[0])


async def test_what_cannot_be_written_as_it_is_does_no_harm(talk: Talk) -> None:
    message = await talk.say("lone \ud800 surrogate")
    message.usage = full_message().usage
    assert message.usage is not None
    message.usage = type(message.usage)(input_tokens=10**30, output_tokens=3)
    message.parameters = {"odd": Path("/x")}
    await talk.archive.update(talk.conversation, message)
    (loaded,) = (await talk.loaded()).messages
    assert loaded.text == "lone \ufffd surrogate"
    assert loaded.usage is not None
    assert (loaded.usage.input_tokens, loaded.usage.output_tokens) == (None, 3)
    assert loaded.parameters == {"odd": "/x"}


async def test_figures_can_be_summed_by_day_and_model(talk: Talk, folder: Path) -> None:
    for number in range(3):
        answer = await talk.answer(model=f"m{number % 2}")
        answer.usage, answer.cost = full_message().usage, full_message().cost
        await talk.finish(answer)
    sql = (
        "SELECT date(created_at / 1000000, 'unixepoch') AS day, model, sum(input_tokens), sum(output_tokens), count(*)"
        " FROM messages GROUP BY day, model ORDER BY model"
    )
    assert [row[1:] for row in rows(folder, sql)] == [("m0", 2000, 40, 2), ("m1", 1000, 20, 1)]
    (overview,) = await talk.archive.conversations()
    assert overview.cost == Cost(Decimal("0.000000225"), Source.REPORTED)


# -- by id ------------------------------------------------------------------------------------------


async def test_a_conversation_is_found_by_the_beginning_of_its_id(archive: SqliteArchive) -> None:
    for name in ("abc1", "abd2", "abd"):
        await archive.import_conversation(Conversation(id=name, messages=[Message(Role.USER, name)]))
    assert await archive.resolve("abc") == "abc1"
    assert await archive.resolve("abd") == "abd"
    with pytest.raises(UnknownIdError, match=r"'ab': .*abc1"):
        await archive.resolve("ab")
    for prefix in ("x", "", "%", "ab_"):
        with pytest.raises(UnknownIdError, match="begins with"):
            await archive.resolve(prefix)
    await archive.delete("abc1")
    with pytest.raises(StoreError, match="begins with"):
        await archive.resolve("abc")


async def test_what_is_not_there_is_said_to_be_missing(archive: SqliteArchive) -> None:
    for call in (
        archive.load("nobody"),
        archive.messages("nobody", ["x"]),
        archive.rename("nobody", "x"),
        archive.pin("nobody", True),
        archive.archive("nobody", True),
        archive.delete("nobody"),
        archive.restore("nobody"),
        archive.choose(Conversation(id="nobody")),
        archive.remove(Conversation(id="nobody"), ["x"]),
        archive.put_back("nobody", ["x"]),
    ):
        with pytest.raises(StoreError, match="no conversation nobody"):
            await call


# -- deleting ---------------------------------------------------------------------------------------


async def test_deleting_is_undone(talk: Talk) -> None:
    await talk.say("A question")
    await talk.archive.delete(talk.id)
    assert await talk.archive.conversations() == []
    assert await talk.archive.search("question") == []
    assert await talk.archive.prompts() == []
    with pytest.raises(StoreError):
        await talk.loaded()
    assert await talk.archive.purge() == 0
    await talk.archive.restore(talk.id)
    assert await talk.texts() == ["A question"]
    assert len(await talk.archive.search("question")) == 1


async def test_what_was_deleted_a_day_ago_is_purged(talk: Talk, clock: Clock, folder: Path) -> None:
    other = Talk(talk.archive)
    gone = await other.say("secret words")
    await other.say("more")
    await talk.archive.save_draft(other.id, "secret draft")
    kept = await talk.say("kept")
    single = await talk.answer("secret answer", cost=Cost(Decimal(1), Source.REPORTED))
    await talk.finish(single)
    await talk.say("after it")
    await talk.archive.remove(talk.conversation, [single.id])
    await talk.archive.delete(other.id)
    clock.now += timedelta(hours=23)
    assert await talk.archive.purge() == 0
    clock.now += timedelta(hours=2)
    assert await talk.archive.purge() == 0, "a clock that was put right makes no day"
    async with opened(folder, clock=clock) as later:
        assert await later.purge() == 2
        assert await later.purge() == 0
    for call in (talk.archive.restore(other.id), talk.archive.load(other.id)):
        with pytest.raises(StoreError):
            await call
    await talk.archive.put_back(talk.id, [single.id])
    loaded = await talk.loaded()
    assert [message.text for message in loaded.messages] == ["kept", "after it"]
    assert loaded.messages[1].parent_id == kept.id
    assert loaded.unloaded == Cost(Decimal(1), Source.REPORTED), "what was spent stays spent"
    assert await talk.archive.draft(other.id) == ""
    assert rows(folder, "SELECT count(*) FROM messages WHERE id = ?", gone.id) == [(0,)]
    assert rows(folder, "SELECT count(*) FROM bodies WHERE text LIKE '%secret%'") == [(0,)]
    assert rows(folder, "SELECT count(*) FROM found WHERE found MATCH 'secret'") == [(0,)]


async def test_writing_to_a_deleted_conversation_brings_it_back(talk: Talk) -> None:
    await talk.say("One")
    await talk.archive.delete(talk.id)
    await talk.say("Two")
    assert await talk.texts() == ["One", "Two"]


# -- branches ---------------------------------------------------------------------------------------


async def test_hidden_branches_remember_what_was_chosen_in_them(folder: Path) -> None:
    async with opened(folder) as archive:
        talk = Talk(archive)
        root = await talk.say("root")
        left = await talk.say("left", after=root)
        chosen = await talk.say("left one", after=left)
        await talk.say("left two", after=left)
        talk.conversation.tree.choose(chosen.id)
        await archive.choose(talk.conversation)
        right = await talk.say("right", after=root)
    async with opened(folder) as archive:
        tree = (await archive.load(talk.id)).tree
        assert tree.head == right.id
        assert tree.leaf(left.id) == chosen.id


async def test_only_the_end_is_loaded(talk: Talk) -> None:
    for number in range(5):
        await talk.say(f"m{number}", Role.ASSISTANT, cost=Cost(Decimal(number), Source.REPORTED))
    for tail, texts, cost in ((2, ["m3", "m4"], 3), (0, [], 10), (9, ["m0", "m1", "m2", "m3", "m4"], 0)):
        loaded = await talk.loaded(tail=tail)
        assert [message.text for message in loaded.messages] == texts
        assert (loaded.unloaded, len(loaded.tree)) == (Cost(Decimal(cost), Source.REPORTED), 5)


async def test_messages_come_in_the_order_of_the_ids(talk: Talk) -> None:
    one, two, three = [await talk.say(text) for text in ("one", "two", "three")]
    await talk.archive.remove(talk.conversation, [two.id])
    found = await talk.archive.messages(talk.id, [three.id, "nobody", two.id, one.id])
    assert [(message.id, message.parent_id) for message in found] == [(three.id, one.id), (one.id, None)]


# -- importing --------------------------------------------------------------------------------------


async def test_a_whole_conversation_comes_in_with_its_branches(archive: SqliteArchive, clock: Clock) -> None:
    tree = Tree([("q", None), ("a", "q"), ("b", "q"), ("c", "a"), ("d", "a"), ("e", "b")], head="c")
    made = {one: Message(Role.USER, f"text {one}", id=one, parent_id=tree.parent(one)) for one in tree}
    path = tree.path(tree.head)
    conversation = Conversation("abc", "Brought", True, True, tree, [made[one] for one in path])
    conversation.others = [made[one] for one in made if one not in path]
    conversation.updated_at = clock.now - timedelta(days=900)
    await several(archive, "newer")
    assert await archive.import_conversation(conversation)
    assert not await archive.import_conversation(conversation)
    loaded = await archive.load("abc")
    for one in (None, *tree):
        assert loaded.tree.children(one) == tree.children(one)
    assert [message.id for message in loaded.messages] == ["q", "a", "c"]
    assert {message.id for message in loaded.others} == {"b", "d", "e"}
    assert all(alike(message, made[message.id]) for message in (*loaded.messages, *loaded.others))
    assert (loaded.title, loaded.pinned, loaded.archived) == ("Brought", True, True)
    assert (loaded.created_at, loaded.updated_at) == (conversation.created_at, conversation.updated_at)
    assert len(await archive.search("text")) == 6
    await archive.archive("abc", False)
    await archive.pin("abc", False)
    assert await names(archive) == ["newer", "Brought"], "it was used before the other one"


async def test_ids_of_messages_may_come_twice_in_different_conversations(archive: SqliteArchive) -> None:
    for number in range(2):
        message = Message(Role.USER, f"text {number}", id="client-created-root")
        assert await archive.import_conversation(Conversation(id=f"c{number}", messages=[message]))
    assert [(await archive.load(f"c{number}")).messages[0].text for number in range(2)] == ["text 0", "text 1"]


# -- what was typed ---------------------------------------------------------------------------------


async def test_a_draft_outlives_the_program(folder: Path) -> None:
    async with opened(folder) as archive:
        await archive.save_draft("here", "half a sent")
        await archive.save_draft("here", "half a sentence \ud800")
        await archive.save_draft("there", "gone")
        await archive.save_draft("there", "")
    async with opened(folder) as archive:
        assert [await archive.draft(place) for place in ("here", "there", "nowhere")] == [
            "half a sentence \ufffd",
            "",
            "",
        ]


async def test_prompts_come_once_and_the_newest_first(archive: SqliteArchive) -> None:
    await several(archive, "100% Sure", "a_b", "axb", "Über alles", "100% Sure", "a\\b")
    assert await archive.prompts() == ["a\\b", "100% Sure", "Über alles", "axb", "a_b"]
    assert await archive.prompts(limit=2, offset=1) == ["100% Sure", "Über alles"]
    assert await archive.prompts("a_B") == ["a_b"]
    assert await archive.prompts("%") == ["100% Sure"]
    assert await archive.prompts("\\") == ["a\\b"]
    assert await archive.prompts("über") == ["Über alles"]
    assert await archive.prompts("nobody") == []


async def test_only_what_was_asked_is_a_prompt(talk: Talk) -> None:
    prompt = await talk.say("asked")
    await talk.finish(await talk.answer("answered"))
    assert await talk.archive.prompts() == ["asked"]
    await talk.archive.remove(talk.conversation, [prompt.id])
    assert await talk.archive.prompts() == []


async def test_after_closing_calls_fail(folder: Path) -> None:
    async with opened(folder) as archive:
        pass
    for call in (
        archive.conversations(),
        archive.save_draft("x", "y"),
        archive.open(Conversation()),
        archive.search("x"),
    ):
        with pytest.raises(StoreError, match="closed"):
            await call


async def test_a_note_comes_before_an_answer_in_its_place(folder: Path) -> None:
    async with opened(folder) as archive:
        talk = Talk(archive)
        root = await talk.say("root")
        first = await talk.say("first", after=root)
        second = await talk.say("second", after=root)
        note = Message(Role.USER, "note", parent_id=root.id)
        talk.conversation.tree.insert(note.id, first.id)
        first.parent_id = note.id
        await archive.add(talk.conversation, note)
        await archive.update(talk.conversation, first)
        assert (await talk.loaded()).tree.siblings(note.id) == (note.id, second.id)
        assert (await talk.loaded()).tree.children(note.id) == (first.id,)
        talk.conversation.tree.remove(note.id)
        await archive.remove(talk.conversation, [note.id])
        expected = talk.conversation.tree.children(root.id)
        assert (await talk.loaded()).tree.children(root.id) == expected == (second.id, first.id)
        await archive.put_back(talk.id, [note.id])
        assert (await talk.loaded()).tree.path(first.id) == [root.id, note.id, first.id]


@pytest.mark.parametrize("value", [-(2**62), -62_135_600_000_000_000, 253_402_304_000_000_000, 2**62])
async def test_a_moment_that_is_none_is_in_nobodys_way(talk: Talk, folder: Path, value: int) -> None:
    await talk.say("question")
    with closing(sqlite3.connect(folder / "history.db")) as connection:
        connection.execute("UPDATE messages SET created_at = ?, finished_at = ?", (value, value))
        connection.execute("UPDATE conversations SET created_at = ?, updated_at = ?", (value, value))
        connection.commit()
    (listed,) = await talk.archive.conversations()
    loaded = await talk.loaded()
    (hit,) = await talk.archive.search("question")
    for moment in (listed.created_at, listed.updated_at, loaded.created_at, loaded.updated_at, hit.created_at):
        assert moment.year in {1, 9999}
        for hours in (-14, 14):
            assert moment.astimezone(timezone(timedelta(hours=hours))).year in {1, 9999}
    await talk.say("goes on")
    assert await talk.texts() == ["question", "goes on"]


@pytest.mark.parametrize(
    "spent",
    [
        Cost(Decimal("2.5"), Source.REPORTED),
        Cost(Decimal("0.0001"), Source.ESTIMATED),
        Cost(None, Source.ESTIMATED),
        Cost(Decimal(0), Source.REPORTED, local=True),
    ],
)
async def test_what_deleted_turns_have_cost_comes_in_too(archive: SqliteArchive, spent: Cost) -> None:
    prompt = Message(Role.USER, "question", created_at=utc_now())
    made = Conversation(messages=[prompt], unloaded=spent)
    made.tree.add(prompt.id, None)
    assert await archive.import_conversation(made)
    loaded = await archive.load(made.id)
    assert loaded.unloaded == spent
    assert [message.id for message in loaded.messages] == list(loaded.tree) == [prompt.id]
    (listed,) = await archive.conversations()
    assert (listed.messages, listed.cost) == (1, spent)
    assert await archive.purge() == 0
    assert (await archive.load(made.id)).unloaded == spent


async def test_a_history_that_nobody_waits_for_while_it_opens_is_left_closed(folder: Path) -> None:
    opening = asyncio.ensure_future(open_store(folder))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert list((folder / "open").iterdir()) == []
