"""What the next request would send and cost, before it is sent, and what can be done where that is too much.

The choices where it does not fit the model's window: leave the oldest turns out (`ContextPlan.cut`), send a summary in
their place (`summary`), begin a branch that carries nothing of what was said (`apart`), or send all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from tui_stream.core.accounts import Receipt, Spent, receipts_of
from tui_stream.core.admission import Permit, expected_cost, names_of, passed
from tui_stream.core.books import Books
from tui_stream.core.budgets import Standing
from tui_stream.core.errands import Errand
from tui_stream.core.estimates import Estimator, Sent, earlier_sample
from tui_stream.core.history import request_messages, system_of
from tui_stream.core.ledger import added, spent_by, spent_on
from tui_stream.core.metering import total
from tui_stream.core.models import ChatMessage, Conversation, Cost, Cut, Message, Role, Source, Usage
from tui_stream.core.opener import TurnOpener
from tui_stream.core.outlook import WARN, ContextPlan, Outlook, Spending
from tui_stream.core.route import Answerer
from tui_stream.core.sanitize import repair
from tui_stream.core.stretches import Stretch, carried, rests, turns_of
from tui_stream.errors import ProtocolError, StoreError

_ASKED = (
    "Summarise the conversation above for a reader who will go on with it and cannot see it: who wants what, what was "
    "found and decided, names, numbers and code that are still needed. Use the conversation's own language. "
    "Answer with the summary alone, in at most 300 words."
)


_SO_FAR = "The conversation began before this; in short, it said:"


class Foresight(TurnOpener):
    """Looks ahead for a session.

    Attributes:
        books: what is spent, what may be, and what is known of models.
    """

    books: Books

    @property
    def window(self) -> int | None:
        """How many tokens the model takes, as far as that is known without asking; see `outlook`."""
        return self.books.windows.known(self._chosen())

    @property
    def today(self) -> datetime | None:
        """When the present day began, here."""
        return self.books.ledger.start_of("day")

    async def spending(self) -> Spending:
        """What today and this month have come to, with what streams now.

        Raises:
            StoreError: the history cannot be asked.
        """
        ledger, conversation_id = self.books.ledger, self.conversation.id
        return Spending(await ledger.spent("day", conversation_id), await ledger.spent("month", conversation_id))

    async def earlier_spending(self) -> Spending:
        """What today and this month have come to by the history; see `spending_now`.

        Raises:
            StoreError: it cannot be asked.
        """
        ledger, conversation_id = self.books.ledger, self.conversation.id
        before = [added(await ledger.before(per, conversation_id)) for per in ("day", "month")]
        return Spending(*before)

    def spending_now(self, earlier: Spending) -> Spending:
        """The same with what streams, or has just ended; asks nobody."""
        ledger, conversation_id = self.books.ledger, self.conversation.id
        today, month = (added(ledger.here(per, conversation_id)) for per in ("day", "month"))
        return Spending(added([earlier.today, today]), added([earlier.month, month]))

    async def outlook(
        self,
        text: str = "",
        *,
        cut: Cut | None = None,
        before: Message | None = None,
        model: str = "",
        resumed: Message | None = None,
    ) -> Outlook:
        """What a request with this prompt would send and cost.

        Asks the provider for the model's window the first time.

        Args:
            text: the prompt; empty for the conversation as it stands.
            cut: what would be left out.
            before: the message of the path in whose place it would stand; None for the end.
            model: who would be asked this once, of the session's provider; empty for the session's model.
            resumed: the answer that it would go on with.

        Raises:
            StoreError: earlier messages cannot be read.
        """
        answerer, path = self._chosen(model), _up_to(await self.path(), before)
        budgets, local = self.books.budgets, answerer.provider.capabilities.local
        if budgets.need_prices and not local:
            await answerer.prices.load()
        estimator = await self.books.estimator(answerer)
        tokens = self._tokens(estimator, answerer, path, Message(Role.USER, repair(text), cut=cut))
        cost = expected_cost(tokens, estimator.usual_answer, answerer)
        names = self._names(answerer)
        prompt = Usage(tokens, 0, source=Source.ESTIMATED)
        sends = spent_on(names.model, prompt, expected_cost(tokens, 0, answerer), names.asked)
        most, standings = budgets.ask_above, await self._standings(answerer, receipts_of(resumed))
        return Outlook(
            answerer.label,
            tokens,
            await self.books.windows.find(answerer),
            cost,
            standings,
            tuple(passed(standings, sends)),
            most is not None and cost.amount is not None and cost.amount > most,
            budgets.overridden,
        )

    async def glance(self) -> Outlook:
        """As `outlook` of the conversation as it stands, without reading what of it is not loaded.

        What the provider counted for the newest answer, prompt and answer without reasoning, is what the next request
        begins with.
        """
        answerer, messages = self._chosen(), self.conversation.messages
        estimator = await self.books.estimator(answerer)
        tokens, source = carried(messages, estimator)
        if source is Source.ESTIMATED and not self.earlier:
            tokens = self._tokens(estimator, answerer, messages, Message(Role.USER))
        window = await self.books.windows.find(answerer)
        standings = await self._standings(answerer)
        return Outlook(answerer.label, tokens, window, Cost(), standings, tokens_source=source)

    def _names(self, answerer: Answerer) -> Spent:
        return names_of(answerer.meter(), answerer, self.books.name(answerer))

    async def _standings(self, answerer: Answerer, resumed: Sequence[Receipt] = ()) -> tuple[Standing, ...]:
        budgets, ledger, named = self.books.budgets, self.books.ledger, self._names(answerer)
        before, free = [spent_by(receipt) for receipt in resumed], answerer.meter().free
        try:
            found = await budgets.standings(ledger, self.conversation.id, named, before=before, free=free)
        except StoreError:
            return ()
        return tuple(found)

    def _tokens(self, estimator: Estimator, answerer: Answerer, path: Sequence[Message], prompt: Message) -> int:
        whole = [*path, prompt]
        sent = Sent.of(request_messages(whole, system=self.options.system))
        return estimator.prompt(sent, earlier_sample(whole, self.books.name(answerer)))

    async def plan(self, text: str, *, before: Message | None = None) -> ContextPlan:
        """Which of the oldest turns to leave out so that a request with this prompt fits, with room for its answer.

        Where the window is not known, one turn is left out.

        Args:
            text: the prompt.
            before: the message of the path in whose place it would stand; None for the end.

        Raises:
            StoreError: earlier messages cannot be read.
        """
        answerer, path = self._chosen(), _up_to(await self.path(), before)
        estimator, window = await self.books.estimator(answerer), await self.books.windows.find(answerer)
        most = None if window is None else int(window * WARN)
        place = _first_sent(path)
        starts = [number for number in turns_of(path) if number > place]
        prompt, end = Message(Role.USER, repair(text)), len(path)
        system = system_of(path, self.options.system)
        for start, sent in zip((*starts, end), rests(path, starts, prompt, system=system), strict=True):
            cut, tokens = Cut(path[start].id if start < end else prompt.id, start), estimator.prompt(sent)
            if most is None or tokens <= most:
                break
        left_out, whole = tuple(path[place : cut.left_out]), tuple(path[: cut.left_out])
        return ContextPlan(left_out, whole, cut, tokens, window is None or tokens < window)

    async def summary(self, plan: ContextPlan, *, permit: Permit | None = None, overridden: bool = False) -> Cut:
        """Asks the model to sum up what a plan leaves out; its cost counts for the conversation.

        Args:
            plan: what is to be left out.
            permit: asks a person where the budgets do not allow it.
            overridden: a person said to send it whatever the budgets say.

        Raises:
            TuiStreamError: it could not be asked, or said nothing.
        """
        answerer = self._chosen()
        estimator, window = await self.books.estimator(answerer), await self.books.windows.find(answerer)
        summary, system = "", system_of(plan.before, self.options.system)
        for piece in _pieces(plan.before, estimator, None if window is None else int(window * WARN)):
            said = f"{system}\n\n{_SO_FAR}\n\n{summary}" if summary else system
            spoken = [message for message in piece if message.role is not Role.SYSTEM]
            messages = (*request_messages(spoken, system=said), ChatMessage(Role.USER, _ASKED))
            errand = Errand(
                self.books,
                answerer,
                self.conversation.id,
                limits=self.options.limits,
                permit=permit,
                overridden=overridden,
            )
            summary = await self._said(errand, messages)
        if not summary:
            raise ProtocolError("The model summed nothing up.", hint="Ask again, or leave the turns out without one.")
        return replace(plan.cut, summary=summary)

    async def _said(self, errand: Errand, messages: Sequence[ChatMessage]) -> str:
        """The text of an answer beside the conversation, which pays for it."""
        try:
            async with aclosing(errand.ask(messages)) as stream:
                said = [piece async for pieces in stream for thought, piece in pieces if not thought]
        finally:
            charge(self.conversation, errand)
        return "".join(said).strip()


def _up_to(path: list[Message], before: Message | None) -> list[Message]:
    return path if before is None else path[: path.index(before)]


def _pieces(path: Sequence[Message], estimator: Estimator, most: int | None) -> Iterator[list[Message]]:
    """The turns of a path, as many at once as the model can read."""
    begun, held = 0, Stretch.of(())
    for first, end in pairwise(sorted({0, *turns_of(path), len(path)})):
        turn = Stretch.of(path[first:end])
        more = held.then(turn)
        if first > begun and most is not None and estimator.prompt(more.sent) > most:
            yield list(path[begun:first])
            begun, more = first, turn
        held = more
    if path:
        yield list(path[begun:])


def _first_sent(path: Sequence[Message]) -> int:
    """The place of the first message that is sent now."""
    ids = [message.id for message in path]
    cuts = [(place, message.cut) for place, message in enumerate(path) if message.cut is not None]
    if not cuts:
        return 0
    place, cut = cuts[-1]
    return ids.index(cut.first) if cut.first in ids else place


def charge(conversation: Conversation, errand: Errand) -> None:
    """Adds what a request beside it came to to what a conversation has cost."""
    if (receipt := errand.receipt) is not None:
        conversation.unloaded = total([conversation.unloaded, receipt.cost])
