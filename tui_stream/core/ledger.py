"""What was spent: by the history, and by what this process asks at this moment.

Every request counts once: those that are over and kept are the history's, those under way are entries here. When one
is over it leaves; whoever had asked the history before that is handed what it came to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from tui_stream.core.accounts import Accounts, Receipt, Spent
from tui_stream.core.models import Cost, Source, Usage

Period = Literal["turn", "run", "conversation", "day", "month"]
"""A run is all that is asked for from the start of the program to its end."""


def added(parts: Iterable[Spent]) -> Spent:
    """Several sums as one."""
    requests = estimated = unknown = local = tokens = uncounted = guessed = 0
    dollars = Decimal(0)
    for part in parts:
        requests += part.requests
        dollars += part.dollars
        estimated += part.estimated
        unknown += part.unknown
        local += part.local
        tokens += part.tokens
        uncounted += part.uncounted
        guessed += part.guessed
    return Spent("", requests, dollars, estimated, unknown, local, tokens, uncounted, guessed=guessed)


def spent_on(model: str, usage: Usage, cost: Cost, asked: str = "") -> Spent:
    """What one request came to.

    Args:
        model: who answered it.
        usage: its tokens.
        cost: its money.
        asked: who was asked.
    """
    known = [count for count in (usage.input_tokens, usage.output_tokens) if count is not None]
    return Spent(
        model,
        1,
        Decimal(0) if cost.amount is None or cost.local else cost.amount,
        int(not cost.local and cost.amount is not None and cost.source is Source.ESTIMATED),
        int(not cost.local and cost.amount is None),
        int(cost.local),
        sum(known),
        int(len(known) < 2),  # noqa: PLR2004 # both counts
        asked,
        int(usage.source is Source.ESTIMATED),
    )


def spent_by(receipt: Receipt) -> Spent:
    """What the request of a receipt came to."""
    return spent_on(receipt.model, receipt.usage, receipt.cost, receipt.asked)


class Tally:
    """What several entries came to, by day, conversation and model, however many they are."""

    def __init__(self) -> None:
        self._sums: dict[tuple[date, str, str, str], Spent] = {}

    def add(self, entry: Entry) -> None:
        """Adds what an entry came to."""
        day = datetime.fromtimestamp(entry.began).date()  # noqa: DTZ006 # days are those of this machine's time zone
        for one in entry.spent:
            key = day, entry.conversation_id, one.model, one.asked
            old = self._sums.get(key)
            whole = one if old is None else added((old, one))
            self._sums[key] = replace(whole, model=one.model, asked=one.asked)

    def of(self, per: Period, since: datetime | None, conversation_id: str) -> Iterator[Spent]:
        """What of it belongs to a period.

        Args:
            per: which period.
            since: when that began.
            conversation_id: of the conversation that is asked about.
        """
        first = None if since is None else since.date()
        for (day, conversation, _, _), spent in self._sums.items():
            if (first is None or day >= first) and (per != "conversation" or conversation == conversation_id):
                yield spent


@dataclass(slots=True, eq=False)
class Entry:
    """What a turn of this process, or a request beside one, came to so far.

    Attributes:
        ids: of its requests, as the history knows them.
        conversation_id: of its conversation.
        began: seconds since 1970.
        spent: of each of its requests.
        before: what the answer that it goes on with had come to; counts for the turn alone.
        late: what others came to that ended since the history was asked for it.
        gone: their requests.
    """

    ids: Collection[str]
    conversation_id: str
    began: float
    spent: list[Spent] = field(default_factory=list)
    before: tuple[Spent, ...] = ()
    late: Tally = field(default_factory=Tally)
    gone: set[str] = field(default_factory=set)
    over: bool = False


class Ledger:
    """What was spent, by the history and by the turns of this process; shared by all of its sessions.

    Args:
        accounts: the history; None where nothing is kept: then only this process counts.
        now: the present moment.
    """

    def __init__(self, accounts: Accounts | None, now: Callable[[], datetime] = datetime.now) -> None:
        self._accounts = accounts
        self._now = now
        self._entries: list[Entry] = []
        self.own = Tally()

    def enter(self, ids: Collection[str], conversation_id: str) -> Entry:
        """A turn begins; `leave` when it is over.

        Args:
            ids: of its requests; it may grow.
            conversation_id: of its conversation.
        """
        self._entries.append(entry := Entry(ids, conversation_id, self._now().timestamp()))
        return entry

    def leave(self, entry: Entry, *, kept: bool = True) -> None:
        """A turn is over.

        Args:
            entry: the turn's.
            kept: the history, where there is one, has it; until then it is counted here.
        """
        entry.over = True
        if self._accounts is not None and not kept:
            return
        self._entries.remove(entry)
        self.own.add(entry)
        for other in self._entries:
            if not other.over:
                other.late.add(entry)
                other.gone.update(entry.ids)

    @property
    def keeps(self) -> bool:
        """Whether there is a history; without one only this process counts."""
        return self._accounts is not None

    @property
    def entries(self) -> int:
        """How many are counted one by one."""
        return len(self._entries)

    @property
    def ids(self) -> set[str]:
        """The requests that are counted here, and that the history is asked without."""
        return {one for entry in self._entries for one in entry.ids}

    def start_of(self, per: Period) -> datetime | None:
        """When the present day or month began, here; None for what has no beginning.

        A day whose first hour comes twice, where clocks are set back at midnight, began with the first of both.
        """
        midnight = self._now().replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None, fold=0)
        match per:
            case "day":
                return midnight.astimezone()
            case "month":
                return midnight.replace(day=1).astimezone()
        return None

    async def before(self, per: Period, conversation_id: str, without: Collection[str] = ()) -> list[Spent]:
        """What the history knows of the period, without the turns of this process that are counted here.

        Args:
            per: which period.
            conversation_id: of the conversation that is asked about.
            without: more requests that are not to be counted.

        Raises:
            StoreError: it cannot be asked.
        """
        if per == "turn":
            return []
        since, only = self.start_of(per), conversation_id if per == "conversation" else None
        if self._accounts is None or per == "run":
            return list(self.own.of(per, since, conversation_id))
        return await self._accounts.spent(since=since, conversation_id=only, without=self.ids.union(without))

    def here(
        self, per: Period, conversation_id: str, turn: Entry | None = None, since: datetime | None = None
    ) -> Iterator[Spent]:
        """What the turns of this process that are counted here came to.

        Args:
            per: which period.
            conversation_id: of the conversation that is asked about.
            turn: whose turn it is.
            since: when the period began, where that is not to be worked out again.
        """
        if per == "turn":
            if turn is not None:
                yield from turn.before
                yield from turn.spent
            return
        since = self.start_of(per) if since is None else since
        first = 0.0 if since is None else since.timestamp()
        for entry in self._entries:
            if entry.began >= first and (per != "conversation" or entry.conversation_id == conversation_id):
                yield from entry.spent

    async def spent(self, per: Period, conversation_id: str) -> Spent:
        """What a period came to, up to now.

        Raises:
            StoreError: the history cannot be asked.
        """
        earlier = await self.before(per, conversation_id)
        return added([*earlier, *self.here(per, conversation_id)])
