"""What front ends and budgets ask of the history about tokens and money; `tui_stream.store` answers.

Every request counts once, also one that was cancelled or failed, or whose message was deleted since.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol

from tui_stream.core.estimates import Sample
from tui_stream.core.models import Cost, Estimate, Message, MessageStatus, Source, Timing, Usage, new_id, utc_now
from tui_stream.core.stats import unseen_tokens

By = Literal["day", "model", "conversation"]
"""What requests are told apart by in a table of them."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What several requests to one model came to.

    Attributes:
        requests: how many; the figures of a request are all known, estimated or unknown by themselves.
        dollars: what is known of the money, estimates included.
        estimated: requests whose cost, of those with one, is an estimate.
        unknown: requests whose cost nobody knows.
        local: requests to a model on this machine.
        tokens: what is known of the tokens sent and generated, estimates included.
        uncounted: requests of which a count of tokens is not known.
        asked: the name by which the model was asked for, where the requests have one in common.
        guessed: requests whose tokens are an estimate.
    """

    model: str = ""
    requests: int = 0
    dollars: Decimal = Decimal(0)
    estimated: int = 0
    unknown: int = 0
    local: int = 0
    tokens: int = 0
    uncounted: int = 0
    asked: str = ""
    guessed: int = 0

    @property
    def cost(self) -> Cost:
        """The money as one figure: unknown where a part of it is, estimated where a part of it is."""
        if self.requests == self.local:
            return Cost(Decimal(0), Source.REPORTED, local=bool(self.local))
        source = Source.ESTIMATED if self.estimated else Source.REPORTED
        return Cost(None if self.unknown else self.dollars, source)


@dataclass(frozen=True, slots=True)
class UsageRow:
    """A row of a table of requests; what it is about stands in the first three, as far as they were asked for.

    Attributes:
        day: of this machine's time zone, ``2026-03-04``.
        model: behind its provider's name: ``openai/gpt-5-mini``.
        conversation_id: empty for requests of conversations that are gone.
        title: the conversation's.
        spent: tokens and money.
        unfinished: requests whose answer was cancelled, broke off or failed.
        estimated_tokens: requests whose tokens are an estimate.
        usage: tokens by class, as far as they are known.
        first_token: seconds to the first token, on average; None where none came.
        tokens_per_second: on average over the time in which tokens came, without reasoning that was not shown.
        prompt_error: how far half of the estimates were off at most, as a part of what the provider counted for the
            prompt; None where no estimate was made or counted.
        answer_error: the same of the answers, without reasoning that providers do not show.
        compared: estimates that were compared with the provider's counts.
    """

    day: str = ""
    model: str = ""
    conversation_id: str = ""
    title: str = ""
    spent: Spent = field(default_factory=Spent)
    unfinished: int = 0
    estimated_tokens: int = 0
    usage: Usage = field(default_factory=Usage)
    first_token: float | None = None
    tokens_per_second: float | None = None
    prompt_error: float | None = None
    answer_error: float | None = None
    compared: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one request came to: one of several of a message, or one that no message stands for.

    Attributes:
        model: the one that answered, as the provider names it.
        cost: with the price that it was billed at.
        asked: the name by which the model was asked for.
        id: of the request; the first one of a message has that of the message.
        moment: when it was made.
        status: how it ended.
        timing: when its tokens came.
        estimate: what it was taken for.
        unseen: of the reasoning, what was counted and not shown, see `tui_stream.core.stats.unseen_tokens`.
    """

    provider: str
    model: str
    usage: Usage
    cost: Cost
    asked: str = ""
    id: str = field(default_factory=new_id)
    moment: datetime = field(default_factory=utc_now)
    status: MessageStatus = MessageStatus.COMPLETE
    timing: Timing | None = None
    estimate: Estimate | None = None
    unseen: int = 0


def receipts_of(message: Message | None) -> tuple[Receipt, ...]:
    """What the requests of a message came to; of a message with a single one, that is what it came to itself."""
    if message is None or message.cost is None or message.receipts:
        return () if message is None else message.receipts
    return (
        Receipt(
            message.provider,
            message.model,
            message.usage or Usage(),
            message.cost,
            message.asked,
            message.id,
            message.created_at,
            message.status,
            message.timing,
            message.estimate,
            unseen_tokens(message.usage, message.reasoning),
        ),
    )


class Accounts(Protocol):
    """Every method raises `StoreError` where the disk or the data fail."""

    async def samples(self, provider: str, model: str, limit: int) -> list[Sample]:
        """What the provider counted for the newest requests to a model, the newest last."""

    async def spent(
        self, *, since: datetime | None = None, conversation_id: str | None = None, without: Collection[str] = ()
    ) -> list[Spent]:
        """What requests came to, by the model that answered and the name that was asked for.

        Args:
            since: only those from this moment on.
            conversation_id: only those of this conversation.
            without: the ids of requests that are not to be counted; of a message with a single one, the message's.
        """

    async def usage(self, by: Sequence[By] = (), *, since: datetime | None = None) -> list[UsageRow]:
        """A table of requests: days in order, else the dearest rows first; without ``by`` one row, or none."""

    async def record(self, conversation_id: str, receipt: Receipt) -> None:
        """Keeps what a request cost for which there is no message; those of messages are kept with them."""
