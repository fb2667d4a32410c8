"""What is spent at this moment, by many streams at once, and across midnight."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from tests.memory_archive import MemoryArchive
from tui_stream.core.accounts import Receipt, Spent
from tui_stream.core.budgets import Budget, Budgets
from tui_stream.core.ledger import Entry, Ledger, Period, added, spent_by
from tui_stream.core.models import Cost, Source, Usage
from tui_stream.errors import StoreError

EVENING = datetime(2026, 3, 4, 23)  # noqa: DTZ001 # local time, as `datetime.now` gives it
ALL = Spent("m")


class Fixture:
    def __init__(self, *limits: Budget, history: bool = True) -> None:
        self.now = EVENING
        self.archive = MemoryArchive()
        self.ledger = Ledger(self.archive if history else None, lambda: self.now)
        self.budgets = Budgets(limits)
        self.number = 0

    def enter(self) -> Entry:
        self.number += 1
        return self.ledger.enter({str(self.number)}, "c")

    async def end(self, entry: Entry, dollars: int, *, kept: bool = True) -> None:
        """The history gets what it came to, unless that fails, and it leaves."""
        receipt = Receipt("p", "m", Usage(1, 1), Cost(Decimal(dollars), Source.REPORTED), id=next(iter(entry.ids)))
        entry.spent = [spent_by(receipt)]
        if kept:
            await self.archive.record("c", receipt)
        self.ledger.leave(entry, kept=kept)


@pytest.mark.parametrize("history", [True, False])
async def test_streams_that_overlap_without_end_leave_nothing_behind(history: bool) -> None:
    at = Fixture(history=history)
    last = at.enter()
    for _ in range(500):
        following = at.enter()
        await at.end(last, 1)
        last = following
    assert at.ledger.entries == 1
    assert len(at.ledger.ids) == 1


async def test_a_watch_counts_what_ended_since_it_looked_once() -> None:
    at = Fixture(Budget("day", dollars=Decimal(100)), Budget("conversation", dollars=Decimal(100)))
    other = at.enter()
    watch = await at.budgets.watch(at.ledger, at.enter())
    assert [one.spent.dollars for one in watch.standings(ALL)] == [0, 0]
    await at.end(other, 7)
    assert [one.spent.dollars for one in watch.standings(ALL)] == [7, 7]
    later = await at.budgets.watch(at.ledger, at.enter())
    await at.end(watch.entry, 2)
    assert [one.spent.dollars for one in later.standings(ALL)] == [9, 9]


@pytest.mark.parametrize("history", [True, False])
async def test_what_ended_before_a_watch_looks_counts_once(history: bool) -> None:
    at = Fixture(*(Budget(per, dollars=Decimal(100)) for per in ("day", "conversation", "run")), history=history)
    other, waiting = at.enter(), at.enter()
    await at.end(other, 7)
    watch = await at.budgets.watch(at.ledger, waiting)
    assert [one.spent.dollars for one in watch.standings(ALL)] == [7, 7, 7]


async def test_a_run_counts_what_is_asked_since_it_began_and_nothing_before() -> None:
    at = Fixture(Budget("run", dollars=Decimal(100)))
    await at.archive.record("c", Receipt("p", "m", Usage(1, 1), Cost(Decimal(50), Source.REPORTED), id="yesterday's"))
    first, second = at.enter(), at.enter()
    watch = await at.budgets.watch(at.ledger, second)
    first.spent = [Spent("m", 1, Decimal(3))]
    assert watch.standings(ALL)[0].spent.dollars == 3
    await at.end(first, 4)
    second.spent = [Spent("m", 1, Decimal(2))]
    (standing,) = watch.standings(ALL)
    assert standing.spent.dollars == 6
    assert standing.text == "$6.00 of the budget of $100.00 for this run is spent"


@pytest.mark.parametrize("history", [True, False])
async def test_yesterdays_streams_are_not_todays(history: bool) -> None:
    at = Fixture(Budget("day", dollars=Decimal(100)), history=history)
    under_way, last = at.enter(), at.enter()
    under_way.spent = [Spent("m", 1, Decimal(5))]
    at.ledger.leave(last, kept=True)
    at.now += timedelta(hours=2)
    assert added(at.ledger.here("day", "c")).dollars == 0
    assert added(at.ledger.here("month", "c")).dollars == 5
    assert added(at.ledger.here("conversation", "c")).dollars == 5
    watch = await at.budgets.watch(at.ledger, at.enter())
    assert watch.standings(ALL)[0].spent.dollars == 0
    at.ledger.leave(under_way)
    assert watch.standings(ALL)[0].spent.dollars == 0


async def test_without_a_history_days_and_conversations_are_told_apart() -> None:
    at = Fixture(history=False)
    await at.end(at.enter(), 3)
    at.now += timedelta(hours=2)
    await at.end(at.enter(), 4)
    spent = [(await at.ledger.spent(per, "c")).dollars for per in ("day", "month", "conversation")]
    assert spent == [4, 7, 7]
    assert (await at.ledger.spent("conversation", "other")).dollars == 0


async def test_what_the_history_could_not_take_is_counted_here_and_once() -> None:
    at = Fixture()
    entry = at.enter()
    await at.end(entry, 3, kept=False)
    assert (await at.ledger.spent("day", "c")).dollars == 3
    await at.archive.record("c", Receipt("p", "m", Usage(1, 1), Cost(Decimal(3), Source.REPORTED), id="1"))
    assert (await at.ledger.spent("conversation", "c")).dollars == 3, "by now it has it"


async def test_where_the_history_cannot_be_read_what_this_process_spent_counts() -> None:
    at = Fixture(Budget("day", dollars=Decimal(100)))
    await at.end(at.enter(), 3)
    at.archive.failure = StoreError("The disk is gone.")
    watch = await at.budgets.watch(at.ledger, at.enter())
    assert watch.blind
    assert watch.standings(ALL)[0].spent.dollars == 3


@pytest.mark.parametrize("history", [True, False])
async def test_what_ends_before_a_watch_looks_counts_once(history: bool) -> None:
    at = Fixture(Budget("day", dollars=Decimal(100)), Budget("conversation", dollars=Decimal(100)), history=history)
    other, own = at.enter(), at.enter()
    await at.end(other, 7)
    watch = await at.budgets.watch(at.ledger, own)
    assert [one.spent.dollars for one in watch.standings(ALL)] == [7, 7]


async def test_what_begins_and_ends_while_a_watch_looks_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    at = Fixture(Budget("day", dollars=Decimal(100)), Budget("month", dollars=Decimal(100)))
    own, before, looks = at.enter(), at.ledger.before, list[str]()

    async def slowly(per: Period, conversation_id: str, without: Collection[str] = ()) -> list[Spent]:
        found = await before(per, conversation_id, without)
        looks.append(per)
        if len(looks) == 1:
            await at.end(at.enter(), 7)
        return found

    monkeypatch.setattr(at.ledger, "before", slowly)
    watch = await at.budgets.watch(at.ledger, own)
    assert [one.spent.dollars for one in watch.standings(ALL)] == [7, 7]
