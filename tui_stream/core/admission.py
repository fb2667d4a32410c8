"""Whether a request may be sent, and whether its answer may go on, as far as money and tokens are concerned.

There is one rule for what is asked of a person beforehand (`expected_cost`, `Budgets.standings`, `passed`) and for what
is decided when the request is about to leave: a prompt counts with what it sends, an answer with what has come of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence

from tui_stream.core import figures
from tui_stream.core.accounts import Spent
from tui_stream.core.budgets import Budget, Budgets, Standing, Watch
from tui_stream.core.ledger import Entry, Ledger, added
from tui_stream.core.metering import TurnMeter
from tui_stream.core.models import Cost, Source, Usage
from tui_stream.core.pricing import bill
from tui_stream.core.route import Answerer
from tui_stream.errors import BudgetError

Permit = Callable[[BudgetError], Awaitable[bool]]
"""Asks a person whether a request may be sent all the same that the budgets do not allow."""

_RAISE = "Raise it: --budget, or [[budgets]] in the settings."


class Admission:
    """Keeps the budgets for one turn, or for a request beside one.

    Args:
        budgets: the limits.
        ledger: what was spent.
        entry: what this one came to, which is kept up to date.
    """

    def __init__(self, budgets: Budgets, ledger: Ledger, entry: Entry) -> None:
        self._budgets = budgets
        self._ledger = ledger
        self._watch: Watch | None = None
        self._agreed: set[Budget] = set()
        self._dearest = budgets.ask_above
        self.entry = entry

    async def open(self) -> bool:
        """Looks up what was spent before, once; False where the history cannot be asked."""
        if self._watch is None and self._budgets.limits:
            self._watch = await self._budgets.watch(self._ledger, self.entry)
            return not self._watch.blind
        return True

    def standings(self, asked: Spent, *, free: bool = False) -> list[Standing]:
        """The budgets that a request to this model counts towards."""
        return [] if self._watch is None else self._watch.standings(asked, free=free)

    def agree(self, standings: Sequence[Standing], cost: Cost) -> None:
        """A person agreed to what `refusal` would say now: to these budgets, and to so much money at once.

        Args:
            standings: of the request's model.
            cost: what it and a usual answer will cost.
        """
        self._agreed |= {standing.budget for standing in standings if standing.reached}
        if self._dearest is not None and cost.amount is not None:
            self._dearest = max(self._dearest, cost.amount)

    def refusal(self, standings: Sequence[Standing], cost: Cost) -> BudgetError | None:
        """Why a request may not be sent; its prompt is in the entry.

        Args:
            standings: of its model.
            cost: what it and a usual answer will cost.
        """
        if standing := self._reached(standings):
            return BudgetError(f"With this request {standing.would}; nothing was sent.", hint=_RAISE)
        most = self._budgets.ask_above
        if most is None or self._dearest is None or cost.amount is None or cost.amount <= self._dearest:
            return None
        limit = figures.cost_text(Cost(most, Source.REPORTED))
        return BudgetError(
            f"The request would cost about {figures.cost_text(cost)}, and above {limit} it is asked about first.",
            hint="Raise ask_above in the settings.",
        )

    def stop(self, standings: Sequence[Standing]) -> BudgetError | None:
        """Why an answer may not go on."""
        standing = self._reached(standings)
        return None if standing is None else BudgetError(f"The answer was stopped: {standing.text}.", hint=_RAISE)

    def news(self, standings: Sequence[Standing], model: str) -> Iterator[str]:
        """What a person should be told of the budgets: sentences."""
        if self._watch is None:
            return
        yield from self._watch.news(standings)
        unpriced = next((one for one in standings if one.unsure), None)
        if unpriced is not None and any(spent.unknown for spent in self.entry.spent):
            yield f"Nobody knows what {model} costs; the budget of {unpriced.budget.label} cannot count it."

    def _reached(self, standings: Sequence[Standing]) -> Standing | None:
        return next((one for one in standings if one.reached and one.budget not in self._agreed), None)


def passed(standings: Sequence[Standing], sends: Spent) -> Iterator[Standing]:
    """The budgets that a request uses up by what it sends alone, of those of which something is left."""
    for standing in standings:
        after = Standing(standing.budget, added([standing.spent, sends]), standing.free)
        if after.reached and not standing.reached:
            yield after


def expected_cost(tokens: int, answer: int | None, answerer: Answerer) -> Cost:
    """What a request will probably cost.

    Args:
        tokens: that it sends.
        answer: that its answer will probably have; None where nothing is known, and only the prompt is counted.
        answerer: who is asked.
    """
    meter = answerer.meter()
    if meter.unpaid:
        return Cost(source=Source.REPORTED, local=True)
    if (rate := meter.rate) is None:
        return Cost()
    usage = Usage(tokens, answer or 0, source=Source.ESTIMATED)
    price = rate.price_of(usage)
    return Cost(bill(price, usage), Source.ESTIMATED, price=price)


def names_of(meter: TurnMeter, answerer: Answerer, known: str) -> Spent:
    """The names that a request counts by: who answers, as far as that is known, and who was asked.

    Args:
        meter: of the request.
        answerer: who is asked.
        known: the name under which that one answered before.
    """
    asked = answerer.model_name
    return Spent(meter.model if meter.model != asked else known, asked=asked)
