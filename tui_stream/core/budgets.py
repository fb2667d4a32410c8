"""Limits on money and tokens, and what counts towards them: earlier requests, and all that stream now.

What was spent before is asked of the history once a turn, when it begins; from then on the turns of this process are
counted as they grow, so that several streams at once do not overrun together what each would keep.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import chain

from tui_stream.core import figures
from tui_stream.core.accounts import Spent
from tui_stream.core.ledger import Entry, Ledger, Period, Tally, added
from tui_stream.core.models import Cost, Source
from tui_stream.core.pricing import plain_name
from tui_stream.errors import StoreError

_SCOPES: dict[Period, str] = {
    "turn": "for a turn",
    "run": "for this run",
    "conversation": "for a conversation",
    "day": "for today",
    "month": "for this month",
}


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit; at least one of the two is set.

    Attributes:
        per: what it is for.
        dollars: US dollars that may be spent.
        tokens: tokens that may be sent and generated.
        model: only requests to models of this name count; * stands for any run of characters. A request counts by the
            name that was asked for and by the one that answered, with its date or without.
        warn: the part of it at which it is said.
    """

    per: Period
    dollars: Decimal | None = None
    tokens: int | None = None
    model: str = "*"
    warn: float = 0.8

    def counts(self, spent: Spent) -> bool:
        """Whether requests to this model count."""
        return self.model == "*" or _fits(self.model, spent.model) or _fits(self.model, spent.asked)

    @property
    def label(self) -> str:
        """For people: ``$2.00 for today on gpt-*``."""
        limits = [] if self.dollars is None else [figures.cost_text(Cost(self.dollars, Source.REPORTED))]
        limits += [] if self.tokens is None else [f"{self.tokens:,} tokens"]
        models = "" if self.model == "*" else f" on {self.model}"
        return f"{' or '.join(limits)} {_SCOPES[self.per]}{models}"


@lru_cache(maxsize=512)
def _fits(pattern: str, model: str) -> bool:
    return bool(model) and (fnmatchcase(model, pattern) or fnmatchcase(plain_name(model), pattern))


@dataclass(frozen=True, slots=True)
class Standing:
    """How much of a budget is spent.

    Attributes:
        budget: the limit.
        spent: what counts towards it.
        free: it is asked for a request that costs nothing, against which a limit in dollars says nothing.
    """

    budget: Budget
    spent: Spent
    free: bool = False

    @property
    def share(self) -> float:
        """The part of the limit that is spent, of the nearer one of two; 1 and more where it is reached."""
        budget, shares = self.budget, [0.0]
        if budget.dollars is not None and not self.free:
            shares.append(_share(self.spent.dollars, budget.dollars))
        if budget.tokens is not None:
            shares.append(_share(Decimal(self.spent.tokens), Decimal(budget.tokens)))
        return max(shares)

    @property
    def reached(self) -> bool:
        """Whether nothing is left."""
        return self.share >= 1

    @property
    def unsure(self) -> bool:
        """Whether some of what counts has no known price, so that more was spent than is counted."""
        return self.budget.dollars is not None and not self.free and self.spent.unknown > 0

    @property
    def text(self) -> str:
        """For people: ``$1.71 of the budget of $2.00 for today is spent``."""
        return f"{self._amounts} {'is' if self.budget.tokens is None else 'are'} spent"

    @property
    def would(self) -> str:
        """The same of what is not done yet: ``$2.10 of the budget of $2.00 for today would be spent``."""
        return f"{self._amounts} would be spent"

    @property
    def _amounts(self) -> str:
        spent, budget = self.spent, self.budget
        source = Source.ESTIMATED if spent.estimated else Source.REPORTED
        parts = [] if budget.dollars is None else [figures.cost_text(Cost(spent.dollars, source))]
        parts += [] if budget.tokens is None else [f"{'~' if spent.guessed else ''}{spent.tokens:,} tokens"]
        return f"{' and '.join(parts)} of the budget of {budget.label}"


def nearest(standings: Iterable[Standing]) -> Standing | None:
    """The budget of which least is left, where that is to be said."""
    close = [standing for standing in standings if standing.share >= standing.budget.warn]
    return max(close, key=lambda standing: standing.share, default=None)


def _share(spent: Decimal, limit: Decimal) -> float:
    return float(spent / limit) if limit else float(1)


class Watch:
    """Keeps the budgets of one turn; made by `Budgets.watch`.

    Attributes:
        entry: what the turn came to so far; whoever runs it keeps it up to date.
        blind: the history could not be asked: only what this process spends counts.
    """

    def __init__(self, budgets: Sequence[Budget], ledger: Ledger, entry: Entry) -> None:
        self._budgets = tuple(budgets)
        self._ledger = ledger
        self._earlier: dict[Period, list[Spent]] = {}
        self._since: dict[Period, datetime | None] = {}
        self._warned: set[Budget] = set()
        self.entry = entry
        self.blind = False

    async def look(self) -> None:
        """Asks the history what was spent before."""
        ledger, entry, conversation_id = self._ledger, self.entry, self.entry.conversation_id
        seen, entry.late, entry.gone = ledger.ids, Tally(), set()  # from here on, what ends is counted in the entry
        periods = tuple(dict.fromkeys(budget.per for budget in self._budgets))
        self._since = {per: ledger.start_of(per) for per in periods}
        own: dict[Period, list[Spent]] = {
            per: list(ledger.own.of(per, self._since[per], conversation_id)) for per in periods if per != "turn"
        }
        if not ledger.keeps:
            self._earlier = own
            return
        try:
            for per in periods:
                asked = per != "run"  # the history knows nothing of runs
                without = seen | entry.gone
                self._earlier[per] = await ledger.before(per, conversation_id, without) if asked else own[per]
        except StoreError:
            self.blind, self._earlier = True, own

    def standings(self, asked: Spent, *, free: bool = False) -> list[Standing]:
        """The budgets that a request counts towards.

        Args:
            asked: the request, which is asked about; its figures are in the entry.
            free: it costs nothing.
        """
        return [self._standing(budget, free=free) for budget in self._budgets if budget.counts(asked)]

    def _standing(self, budget: Budget, *, free: bool) -> Standing:
        per, entry = budget.per, self.entry
        since = self._since.get(per)
        late = () if per == "turn" else entry.late.of(per, since, entry.conversation_id)
        here = self._ledger.here(per, entry.conversation_id, entry, since)
        every = chain(self._earlier.get(per, ()), late, here)
        return Standing(budget, added(one for one in every if budget.counts(one)), free)

    def news(self, standings: Sequence[Standing]) -> list[str]:
        """What a person should be told of the budgets, each once: sentences."""
        told: list[str] = []
        for standing in standings:
            if standing.budget.warn <= standing.share < 1 and standing.budget not in self._warned:
                self._warned.add(standing.budget)
                told.append(f"{standing.text}.")
        return told


class Budgets:
    """The limits that the person set.

    Attributes:
        limits: all of them.
        ask_above: US dollars above which an estimate is asked about before it is sent; None to ask about nothing.
        overridden: the person said to go past all of them; what is spent is told nevertheless.
    """

    def __init__(
        self, limits: Sequence[Budget] = (), *, ask_above: Decimal | None = None, overridden: bool = False
    ) -> None:
        self.limits = tuple(limits)
        self.ask_above = ask_above
        self.overridden = overridden

    @property
    def need_prices(self) -> bool:
        """Whether prices have to be known before a request leaves."""
        return self.ask_above is not None or any(budget.dollars is not None for budget in self.limits)

    async def watch(self, ledger: Ledger, entry: Entry) -> Watch:
        """A watch over a turn."""
        watch = Watch(self.limits, ledger, entry)
        await watch.look()
        return watch

    async def standings(
        self, ledger: Ledger, conversation_id: str, asked: Spent, *, before: Sequence[Spent] = (), free: bool = False
    ) -> list[Standing]:
        """How much is spent of each budget that a request counts towards.

        Args:
            ledger: what was spent.
            conversation_id: of its conversation.
            asked: the request, by its names.
            before: what the answer has come to that it goes on with.
            free: it costs nothing.

        Raises:
            StoreError: the history cannot be asked.
        """
        entry = Entry((), conversation_id, 0.0, before=tuple(before))
        found: list[Standing] = []
        for budget in self.limits:
            if budget.counts(asked):
                here = list(ledger.here(budget.per, conversation_id, entry))
                earlier = await ledger.before(budget.per, conversation_id)
                every = chain(earlier, here)
                found.append(Standing(budget, added(one for one in every if budget.counts(one)), free))
        return found
