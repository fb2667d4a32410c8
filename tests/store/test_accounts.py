"""What the history says of tokens and money, exactly, and what estimates learn from it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.store.keeping import Clock, Talk, opened, rows, write
from tui_stream.commands.usage_views import record
from tui_stream.core.accounts import Receipt, Spent, receipts_of
from tui_stream.core.estimates import Sample, Sent, Size
from tui_stream.core.facts import facts
from tui_stream.core.models import Cost, Estimate, MessageStatus, Price, Source, Timing, Usage
from tui_stream.core.usage_table import cells
from tui_stream.store.archive import SqliteArchive

D = Decimal
DAY = datetime(2026, 3, 4, 12, tzinfo=UTC)


def cost(amount: str | None, source: Source = Source.REPORTED) -> Cost:
    return Cost(None if amount is None else D(amount), source)


async def said(
    talk: Talk, model: str = "gpt", *, ended: MessageStatus = MessageStatus.COMPLETE, **more: object
) -> None:
    about: dict[str, Any] = {"created_at": DAY} | more
    answer = await talk.answer("Hm.", provider="openai", model=model, **about)
    await talk.finish(answer, ended)


async def test_what_was_spent_is_exact_and_says_what_is_missing(talk: Talk, archive: SqliteArchive) -> None:
    await said(talk, usage=Usage(10, 5), cost=cost("0.1"))
    await said(talk, usage=Usage(1, 2, source=Source.ESTIMATED), cost=cost("0.2", Source.ESTIMATED))
    await said(talk, usage=Usage(None, 3), cost=cost(None))
    await said(talk, "odd", usage=Usage(1, 1), cost=cost("0.00000000000000000001"))
    await said(talk, "mine", usage=Usage(7, 7), cost=Cost(source=Source.REPORTED, local=True))
    await said(talk, "refused")
    spent = {one.model: one for one in await archive.spent()}
    assert spent["gpt"] == Spent("gpt", 3, D("0.3"), 1, 1, 0, 21, 1, guessed=1)
    assert spent["gpt"].cost.amount is None
    assert spent["odd"].dollars == D("1E-20")
    assert spent["mine"].cost == Cost(D(0), Source.REPORTED, local=True)
    assert "refused" not in spent


async def test_spending_is_asked_for_by_time_conversation_and_without_some(archive: SqliteArchive) -> None:
    one, other = Talk(archive), Talk(archive)
    await said(one, usage=Usage(1, 1), cost=cost("1"))
    await said(one, usage=Usage(1, 1), cost=cost("2"), created_at=DAY - timedelta(days=40))
    await said(other, usage=Usage(1, 1), cost=cost("4"))
    assert [each.dollars for each in await archive.spent()] == [D(7)]
    assert [each.dollars for each in await archive.spent(since=DAY)] == [D(5)]
    assert [each.dollars for each in await archive.spent(conversation_id=one.id)] == [D(3)]
    without = [one.conversation.messages[0].id, other.conversation.messages[0].id]
    assert [each.dollars for each in await archive.spent(without=without)] == [D(2)]


async def test_what_is_deleted_for_good_was_spent_nevertheless(folder: Path, clock: Clock) -> None:
    async with opened(folder, clock=clock) as archive:
        talk = Talk(archive)
        await talk.say("a secret question")
        await said(talk, usage=Usage(10, 5), cost=cost("0.1"))
        await archive.record(talk.id, Receipt("openai", "gpt", Usage(1, 1), cost("0.05")))
        await archive.delete(talk.id)
    clock.now += timedelta(days=2)
    async with opened(folder, clock=clock) as archive:
        await archive.purge()
        assert [one.dollars for one in await archive.spent()] == [D("0.15")]
        assert (await archive.usage(("conversation",)))[0].conversation_id == ""
    assert rows(folder, "SELECT count(*) FROM messages") == [(0,)]
    assert "secret" not in str(rows(folder, "SELECT * FROM receipts"))


async def test_requests_without_a_message_count_for_their_conversation(talk: Talk, archive: SqliteArchive) -> None:
    await talk.say("Hi")
    await said(talk, usage=Usage(1, 1), cost=cost("0.1"))
    await archive.record(talk.id, Receipt("openai", "gpt", Usage(30, 4), cost("0.02", Source.ESTIMATED)))
    assert (await talk.loaded()).unloaded == cost("0.02", Source.ESTIMATED)
    (overview,) = await archive.conversations()
    assert (overview.cost, overview.messages) == (cost("0.12", Source.ESTIMATED), 2)


async def test_samples_are_the_newest_reports_of_a_model_or_its_dated_versions(
    talk: Talk, archive: SqliteArchive
) -> None:
    guess = Estimate(3, 40, 2, 80, 4, 10, 20)
    for number in range(5):
        created = DAY + timedelta(minutes=number)
        usage = Usage(number, 9, reasoning_tokens=4)
        await said(talk, "gpt-5-2026-01-01", usage=usage, cost=cost("1"), estimate=guess, created_at=created)
    await said(talk, usage=Usage(99, 9, source=Source.ESTIMATED), cost=cost("1"), estimate=guess)
    newest = [Sample(Sent(3, Size(40, 2)), Size(80, 4), number, 5, 9) for number in (3, 4)]
    assert await archive.samples("openai", "gpt-5-2026-01-01", 2) == newest
    assert await archive.samples("openai", "gpt-5", 2) == newest
    assert await archive.samples("openai", "gpt-50", 2) == []
    assert await archive.samples("ollama", "gpt-5", 2) == []
    assert await archive.samples("openai", "", 2) == []


async def test_a_table_has_tokens_money_speed_and_errors(talk: Talk, archive: SqliteArchive) -> None:
    timing = Timing(3.0, 0.5, 2.0)
    for input_tokens, guessed in ((100, 90), (100, 98), (100, 130)):
        estimate = Estimate(1, 400, 0, 40, 0, guessed, 11)
        await said(
            talk,
            usage=Usage(input_tokens, 21, 50, reasoning_tokens=1),
            cost=cost("0.5"),
            timing=timing,
            estimate=estimate,
            reasoning="Hm?",
        )
    estimated = Usage(5, 5, source=Source.ESTIMATED)
    stopped = cost("0.25", Source.ESTIMATED)
    await said(talk, usage=estimated, cost=stopped, ended=MessageStatus.CANCELLED, created_at=DAY - timedelta(days=3))
    (row,) = await archive.usage(("model",))
    assert row.model == "openai/gpt"
    assert row.spent == Spent("", 4, D("1.75"), 1, 0, 0, 373, 0, guessed=1)
    assert (row.unfinished, row.estimated_tokens, row.compared) == (1, 1, 3)
    assert row.usage == Usage(305, 68, 150, None, 3, source=Source.ESTIMATED)
    assert (row.first_token, row.tokens_per_second) == (0.5, 10.0)
    assert (row.prompt_error, row.answer_error) == (0.1, 0.45)
    days = await archive.usage(("day", "model"))
    assert [(one.day, one.spent.requests) for one in days] == [("2026-03-01", 1), ("2026-03-04", 3)]
    assert len(await archive.usage(since=DAY)) == 1
    assert await archive.usage(since=DAY + timedelta(days=1)) == []
    (titled,) = await archive.usage(("conversation",))
    assert titled.conversation_id == talk.id


def receipt(number: int, amount: str, **more: object) -> Receipt:
    """One of the requests of a message, with something in every field that is kept."""
    price = Price(D("1.5"), D(2), source="the settings")
    made = Receipt(
        "openai",
        f"gpt-{number}",
        Usage(10 * number, number, 1, cost=D("0.5") if number == 1 else None),
        Cost(D(amount), Source.REPORTED, price=price),
        "gpt",
        f"{number:032}",
        DAY + timedelta(hours=number),
        MessageStatus.FAILED,
        Timing(0.0, 0.5, 2.0),
        Estimate(0, 0, 0, 0, 0, 9, 8),
    )
    return replace(made, **more)  # type: ignore[arg-type] # fields of a receipt


async def test_the_requests_of_a_message_count_one_by_one_on_their_days(talk: Talk, archive: SqliteArchive) -> None:
    several = (receipt(1, "0.25"), receipt(2, "2", moment=DAY + timedelta(days=1)))
    await said(talk, usage=Usage(30, 3), cost=cost("2.25"), receipts=several)
    await said(talk, usage=Usage(1, 1), cost=cost("4"), asked="best")
    spent = {one.model: (one.asked, one.requests, one.dollars) for one in await archive.spent()}
    assert spent == {"gpt-1": ("gpt", 1, D("0.25")), "gpt-2": ("gpt", 1, D(2)), "gpt": ("best", 1, D(4))}
    later = await archive.spent(since=DAY + timedelta(hours=20))
    assert [(one.model, one.dollars) for one in later] == [("gpt-2", D(2))]
    without = await archive.spent(without=[several[0].id, talk.conversation.messages[1].id])
    assert [(one.model, one.dollars) for one in without] == [("gpt-2", D(2))]
    assert [(row.day, row.spent.requests) for row in await archive.usage(("day",))] == [
        ("2026-03-04", 2),
        ("2026-03-05", 1),
    ]
    loaded = await talk.loaded()
    assert loaded.messages[0].receipts == several
    assert (loaded.messages[0].cost, loaded.messages[1].asked) == (cost("2.25"), "best")
    assert (await talk.loaded(tail=1)).unloaded == cost("2.25"), "the sum, and not twice"
    (overview,) = await archive.conversations()
    assert overview.cost == cost("6.25")


async def test_the_last_request_of_a_message_may_still_be_under_way(talk: Talk, archive: SqliteArchive) -> None:
    first, last = receipt(1, "1"), receipt(2, "2", status=MessageStatus.STREAMING)
    answer = await talk.answer("Hm", provider="openai", model="gpt", usage=Usage(1, 1), cost=cost("1"))
    await talk.finish(answer, MessageStatus.CUT_OFF)
    answer.status, answer.receipts, answer.cost = MessageStatus.STREAMING, (first, last), cost("3")
    await talk.grow(answer, " more")
    assert sum(one.dollars for one in await archive.spent()) == D(3)
    grown = replace(last, cost=cost("5"))
    answer.receipts, answer.cost = (first, grown), cost("6")
    await talk.grow(answer, " and more")
    assert sum(one.dollars for one in await archive.spent()) == D(6)
    answer.receipts = (first, replace(grown, status=MessageStatus.COMPLETE))
    await talk.finish(answer)
    assert (await talk.loaded()).messages[0].receipts == answer.receipts
    (row,) = await archive.usage()
    assert (row.spent.requests, row.unfinished) == (2, 1)


async def test_the_requests_of_what_is_deleted_for_good_count_once_with_their_prices(
    folder: Path, clock: Clock
) -> None:
    async with opened(folder, clock=clock) as archive:
        talk = Talk(archive)
        await said(talk, usage=Usage(3, 3), cost=cost("3"), receipts=(receipt(1, "1"), receipt(2, "2")))
        await said(talk, usage=Usage(1, 1), cost=Cost(D(4), Source.REPORTED, price=Price(D(7), D(8), source="a list")))
        await archive.delete(talk.id)
    clock.now += timedelta(days=2)
    async with opened(folder, clock=clock) as archive:
        await archive.purge()
        assert {one.model: one.dollars for one in await archive.spent()} == {"gpt": D(4), "gpt-1": D(1), "gpt-2": D(2)}
    listed, *own = (str(price) for (price,) in rows(folder, "SELECT price FROM receipts ORDER BY model"))
    assert "a list" in listed
    assert all("the settings" in price for price in own)
    assert rows(folder, "SELECT count(*) FROM receipts WHERE message IS NOT NULL") == [(0,)]


async def test_two_conversations_may_have_messages_of_the_same_id(archive: SqliteArchive) -> None:
    for _ in range(2):
        await said(Talk(archive), usage=Usage(3, 3), cost=cost("3"), receipts=(receipt(1, "1"), receipt(2, "2")))
    assert sum(one.dollars for one in await archive.spent()) == D(6)


async def test_figures_that_no_request_has_are_unknown(folder: Path, clock: Clock) -> None:
    """Whatever a damaged disk or another program left in a row."""
    async with opened(folder, clock=clock) as archive:
        talk = Talk(archive)
        await talk.say("Hi")
        for model in ("sound", "odd"):
            figures = Usage(10, 5, reasoning_tokens=1, cost=D("0.1"))
            await said(talk, model, usage=figures, cost=cost("0.1"), timing=Timing(2.0, 1.0, 0.5))
    sound = Spent("sound", 1, D("0.1"), tokens=15)
    spoilt: list[tuple[str, object, Spent]] = [
        ("cost_amount = ?, cost_pico = NULL", "abc", Spent("odd", 1, unknown=1, tokens=15)),
        ("cost_amount = ?, cost_pico = NULL", "1e-99999999999", Spent("odd", 1, unknown=1, tokens=15)),
        ("cost_amount = ?, cost_pico = NULL", "Infinity", Spent("odd", 1, unknown=1, tokens=15)),
        ("usage_cost = ?", "1e-99999999999", Spent("odd", 1, D("0.1"), tokens=15)),
        ("input_tokens = ?", 2**63 - 1, Spent("odd", 1, D("0.1"), tokens=5, uncounted=1)),
        ("input_tokens = ?", -1, Spent("odd", 1, D("0.1"), tokens=5, uncounted=1)),
        ("output_tokens = ?", "x", Spent("odd", 1, D("0.1"), tokens=10, uncounted=1)),
        ("first_token = ?", float("inf"), Spent("odd", 1, D("0.1"), tokens=15)),
        ("streaming = ?", 1e-320, Spent("odd", 1, D("0.1"), tokens=15)),
        ("elapsed = ?", "y", Spent("odd", 1, D("0.1"), tokens=15)),
        ("created_at = ?", 10**18, Spent("odd", 1, D("0.1"), tokens=15)),
        ("created_at = ?", -(10**17), Spent("odd", 1, D("0.1"), tokens=15)),
    ]
    for change, value, expected in spoilt:
        before = rows(folder, "SELECT * FROM messages WHERE model = 'odd'")
        write(folder, f"UPDATE messages SET {change} WHERE model = 'odd'", value)  # noqa: S608 # names of ours
        async with opened(folder, clock=clock) as archive:
            spent = {one.model: one for one in await archive.spent()}
            assert spent == {"sound": sound, "odd": expected}, change
            for row in await archive.usage(("day", "model")):
                assert row.day
                assert json.loads(json.dumps(record(row), allow_nan=False))
                assert all(cells(row))
            for message in (await archive.load(talk.id)).messages:
                assert facts(message), change
        marks = ", ".join("?" * len(before[0]))
        write(folder, "DELETE FROM messages WHERE model = 'odd'")
        write(folder, f"INSERT INTO messages VALUES ({marks})", *before[0])  # noqa: S608 # marks alone


async def test_many_large_counts_are_added_without_an_error(talk: Talk, archive: SqliteArchive) -> None:
    most = 10**15
    for _ in range(2):
        await said(talk, usage=Usage(most, most), cost=cost("1"))
    await said(talk, usage=Usage(2**63 - 1, 1), cost=cost("1"))
    assert await archive.spent() == [Spent("gpt", 3, D(3), tokens=4 * most + 1, uncounted=1)]


async def test_what_comes_from_elsewhere_was_not_spent_here(folder: Path, clock: Clock) -> None:
    async with opened(folder, clock=clock) as archive:
        talk = Talk(archive)
        await talk.say("Hi")
        guess = Estimate(1, 40, 2, 80, 3, 11, 12)
        await said(talk, usage=Usage(10, 5), cost=cost("0.1"), estimate=guess)
        own = await talk.loaded()
        foreign = replace(own, id="elsewhere", unloaded=cost("0.5"))
        assert await archive.import_conversation(foreign)
        assert [one.dollars for one in await archive.spent()] == [D("0.1")]
        assert await archive.spent(conversation_id="elsewhere") == []
        assert [row.spent.requests for row in await archive.usage()] == [1]
        assert len(await archive.samples("openai", "gpt", 9)) == 1
        assert {one.id: one.cost for one in await archive.conversations()} == {
            talk.id: cost("0.1"),
            "elsewhere": cost("0.6"),
        }
        (shown,) = [one for one in (await archive.load("elsewhere")).messages if one.cost is not None]
        assert shown.cost == cost("0.1")
        await archive.delete(talk.id)
        await archive.delete("elsewhere")
    clock.now += timedelta(days=2)
    async with opened(folder, clock=clock) as archive:
        await archive.purge()
        assert [one.dollars for one in await archive.spent()] == [D("0.1")], "what is gone for good counts once"
        assert await archive.import_conversation(own)
        assert [one.dollars for one in await archive.spent()] == [D("0.1")], "and does so when it comes back"


async def test_what_an_imported_answer_had_come_to_stays_spent_elsewhere(folder: Path, clock: Clock) -> None:
    async with opened(folder, clock=clock) as archive:
        talk = Talk(archive)
        await talk.say("Hi")
        await said(talk, usage=Usage(10, 5), cost=cost("0.1"))
        assert await archive.import_conversation(replace(await talk.loaded(), id="elsewhere"))
        foreign = await archive.load("elsewhere")
        answer = foreign.messages[-1]
        answer.receipts, answer.cost = (*receipts_of(answer), receipt(2, "2", unseen=7)), cost("2.1")
        await archive.update(foreign, answer)
        assert sum(one.dollars for one in await archive.spent()) == D("2.1")
        assert (await archive.load("elsewhere")).messages[-1].receipts[1].unseen == 7
        await archive.delete(talk.id)
        await archive.delete("elsewhere")
    clock.now += timedelta(days=2)
    async with opened(folder, clock=clock) as archive:
        await archive.purge()
        assert sum(one.dollars for one in await archive.spent()) == D("2.1")


async def test_the_speed_leaves_out_reasoning_that_was_not_shown(talk: Talk, archive: SqliteArchive) -> None:
    thought = Usage(10, 1021, reasoning_tokens=1000)
    await said(talk, "hidden", usage=thought, cost=cost("1"), timing=Timing(9.0, 7.0, 2.0))
    await said(talk, "shown", usage=thought, cost=cost("1"), timing=Timing(9.0, 7.0, 2.0), reasoning="Hm.")
    speeds = {row.model: row.tokens_per_second for row in await archive.usage(("model",))}
    assert speeds == {"openai/hidden": 10.0, "openai/shown": 510.0}
    await archive.delete(talk.id)
    assert {row.model: row.tokens_per_second for row in await archive.usage(("model",))} == speeds
