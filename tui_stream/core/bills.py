"""What the requests of one turn come to: the one under way, those that failed before it, and what they add up to."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import replace

from tui_stream.core.accounts import Receipt, receipts_of
from tui_stream.core.estimates import Sample
from tui_stream.core.metering import TurnMeter, sum_usage, total
from tui_stream.core.models import ChatMessage, Cost, Message, MessageStatus, Timing, Usage, new_id, utc_now
from tui_stream.core.stats import unseen_tokens


class Bills:
    """Keeps them.

    Attributes:
        meter: counts the request under way.
        asked: the name by which its model is asked for.
        accepted: its provider took it.
        before: what the requests came to by which the answer had come about that is resumed.
        over: what those of this turn came to that another one followed.
        ids: of this turn's requests.

    Args:
        message: the answer.
        meter: counts the first request.
        resumed: the answer had been broken off.
    """

    def __init__(self, message: Message, meter: TurnMeter, *, resumed: bool) -> None:
        self.meter = meter
        self.asked = ""
        self.accepted = False
        self.before = receipts_of(message if resumed else None)
        self.over: tuple[Receipt, ...] = ()
        self.ids: set[str] = set()
        self._first = message.id
        self._resumed = resumed
        self._earlier = message.usage, message.cost, message.receipts
        self._request = "", utc_now()

    def ask(self, meter: TurnMeter, asked: str) -> None:
        """Another model is asked from now on.

        Args:
            meter: counts what it takes.
            asked: its name.
        """
        self.meter, self.asked, self.accepted = meter, asked, False

    def send(self, messages: Iterable[ChatMessage], before: Sample | None = None) -> int:
        """A request with these messages is about to leave; about how many tokens they are.

        Args:
            messages: what it sends.
            before: an earlier request of the same conversation.
        """
        self._request = new_id() if self.before or self.over else self._first, utc_now()
        self.ids.add(self._request[0])
        return self.meter.send(messages, before)

    def keep_back(self) -> None:
        """The request that was about to leave does not, or was not taken: nothing is spent on it."""
        self.meter.prompt_tokens = None

    def failed(self, meter: TurnMeter) -> None:
        """The request came to nothing, and another one may follow: what it cost counts, if it was taken.

        Args:
            meter: counts that one.
        """
        if self.accepted and self.meter.prompt_tokens is not None:
            self.over = (*self.over, replace(self._receipt(MessageStatus.FAILED), estimate=self.meter.estimate))
        meter.estimator = self.meter.estimator
        self.ask(meter, self.asked)

    def _receipt(self, status: MessageStatus) -> Receipt:
        meter, (made, moment) = self.meter, self._request
        return Receipt(meter.provider, meter.model, meter.usage, meter.cost, self.asked, made, moment, status)

    @property
    def spent(self) -> tuple[Usage, Cost]:
        """The tokens of this turn, and the cost of the whole answer."""
        meter = self.meter
        if not self.over and not self.before:
            return meter.usage, meter.cost
        usages, costs = [one.usage for one in self.over], [one.cost for one in (*self.before, *self.over)]
        if meter.prompt_tokens is not None:
            usages, costs = [*usages, meter.usage], [*costs, meter.cost]
        whole = functools.reduce(sum_usage, usages) if usages else meter.usage
        return whole, costs[0] if len(costs) == 1 else total(costs)

    @property
    def whole(self) -> tuple[Usage | None, Cost | None]:
        """What the answer has come to, with what it had come to before it was resumed; None where nothing was taken."""
        usage, cost, _ = self._earlier
        if self.meter.prompt_tokens is None and not self.over:
            return usage, cost
        made, cost = self.spent
        return made if usage is None else sum_usage(usage, made), cost

    def receipts(
        self, status: MessageStatus, timing: Timing, *, teaches: bool, reasoning: str = ""
    ) -> tuple[Receipt, ...]:
        """Those of all requests; none where the message itself stands for the only one.

        Args:
            status: how the last one stands.
            timing: when its tokens came.
            teaches: its estimate can be compared with what was counted.
            reasoning: as far as it was shown.
        """
        if self.meter.prompt_tokens is None and not self.over:
            return self._earlier[2]
        made = (*self.before, *self.over)
        if not self._resumed and not self.over:
            return ()
        if self.meter.prompt_tokens is None:
            return made
        estimate = self.meter.estimate if teaches else None
        last, unseen = self._receipt(status), unseen_tokens(self.meter.usage, reasoning)
        return (*made, replace(last, timing=timing, estimate=estimate, unseen=unseen))
