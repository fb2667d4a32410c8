"""Tokens and money of an archive in memory; it behaves as `core.accounts.Accounts` says."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from statistics import median

from tui_stream.core.accounts import By, Receipt, Spent, UsageRow
from tui_stream.core.estimates import Sample, sample_of
from tui_stream.core.ledger import added, spent_on
from tui_stream.core.metering import sum_usage
from tui_stream.core.models import Message, Role, Source, Usage


@dataclass
class MemoryAccounts:
    """Counts what messages came to, imported ones too, and the receipts that it was handed."""

    receipts: list[tuple[str, Message]] = field(default_factory=list, init=False)

    def _requests(self, conversation_id: str | None = None) -> list[Message]:
        """All messages, or those of a conversation."""
        raise NotImplementedError

    def _conversation_of(self, message: Message) -> str:
        """The id of the conversation that has a message; empty where none has."""
        raise NotImplementedError

    def _called(self, name: str) -> None:
        raise NotImplementedError

    def _paid(self, conversation_id: str | None, since: datetime | None) -> list[Message]:
        receipts = [one for kept, one in self.receipts if conversation_id in {None, kept}]
        every = [*(one for message in self._requests(conversation_id) for one in _single(message)), *receipts]
        return [one for one in every if one.cost is not None and (since is None or one.created_at >= since)]

    async def samples(self, provider: str, model: str, limit: int) -> list[Sample]:
        self._called("samples")
        asked = sorted(self._requests(), key=lambda one: one.created_at)
        found = [sample_of(one.estimate, one.usage) for one in asked if (one.provider, one.model) == (provider, model)]
        return [sample for sample in found if sample is not None][-limit:]

    async def spent(
        self, *, since: datetime | None = None, conversation_id: str | None = None, without: Collection[str] = ()
    ) -> list[Spent]:
        self._called("spent")

        def names(one: Message) -> tuple[str, str]:
            return one.model, one.asked

        ordered = sorted(self._paid(conversation_id, since), key=names)
        groups = groupby((one for one in ordered if one.id not in without), key=names)
        return [replace(added(map(_spent, group)), model=model, asked=asked) for (model, asked), group in groups]

    async def usage(self, by: Sequence[By] = (), *, since: datetime | None = None) -> list[UsageRow]:
        self._called("usage")

        def key(one: Message) -> tuple[str, str, str]:
            day = one.created_at.astimezone().strftime("%Y-%m-%d") if "day" in by else ""
            model = f"{one.provider}/{one.model}" if "model" in by else ""
            return day, model, self._conversation_of(one) if "conversation" in by else ""

        paid = sorted(self._paid(None, since), key=key)
        rows = [_row(*named, list(group)) for named, group in groupby(paid, key=key)]
        return sorted(rows, key=lambda row: (row.day, -row.spent.dollars, -row.spent.tokens, row.model))

    async def record(self, conversation_id: str, receipt: Receipt) -> None:
        self._called("record")
        self.receipts.append((conversation_id, _standing_for(receipt)))


def _single(message: Message) -> list[Message]:
    """A message for each of its requests."""
    return [_standing_for(receipt) for receipt in message.receipts] or [message]


def _standing_for(receipt: Receipt) -> Message:
    return Message(
        Role.ASSISTANT,
        id=receipt.id,
        status=receipt.status,
        provider=receipt.provider,
        model=receipt.model,
        asked=receipt.asked,
        created_at=receipt.moment,
        usage=receipt.usage,
        cost=receipt.cost,
        timing=receipt.timing,
        estimate=receipt.estimate,
    )


def _spent(message: Message) -> Spent:
    assert message.cost is not None
    return spent_on(message.model, message.usage or Usage(), message.cost, message.asked)


def _row(day: str, model: str, conversation_id: str, paid: list[Message]) -> UsageRow:
    whole = Usage()
    for one in paid:
        whole = sum_usage(whole, one.usage or Usage())
    times = [one.timing for one in paid if one.timing is not None]
    first = [timing.first_token for timing in times if timing.first_token is not None]
    streamed = [
        (one.usage.output_tokens - 1, one.timing.streaming)
        for one in paid
        if one.timing is not None and one.timing.streaming and one.usage is not None and one.usage.output_tokens
    ]
    compared = [(one.estimate, sample_of(one.estimate, one.usage)) for one in paid]
    errors = [
        (abs(guess.input_tokens / sample.input_tokens - 1), abs(guess.output_tokens / sample.output_tokens - 1))
        for guess, sample in compared
        if guess is not None and sample is not None and sample.input_tokens and sample.output_tokens
    ]
    return UsageRow(
        day,
        model,
        conversation_id,
        spent=added(map(_spent, paid)),
        usage=whole,
        estimated_tokens=sum(one.usage is not None and one.usage.source is Source.ESTIMATED for one in paid),
        first_token=sum(first) / len(first) if first else None,
        prompt_error=median(error for error, _ in errors) if errors else None,
        answer_error=median(error for _, error in errors) if errors else None,
        compared=len(errors),
        tokens_per_second=sum(made for made, _ in streamed) / sum(took for _, took in streamed) if streamed else None,
    )
