"""Tokens and money in a pane: how full the window is, what was spent, and what is asked before something is sent.

Nothing here is asked of the history while an answer streams in: what was spent before is looked up between two turns,
and the turn under way is added to it.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_stream.core import figures
from tui_stream.core.events import Progress, TurnState
from tui_stream.core.models import Cut, Usage
from tui_stream.core.outlook import Fit
from tui_stream.errors import BudgetError, StoreError, TuiStreamError
from tui_stream.ui.widgets.session_pane import SessionPane

if TYPE_CHECKING:
    from datetime import datetime

    from tui_stream.config import UiSettings
    from tui_stream.core.models import Message
    from tui_stream.core.outlook import ContextPlan, Outlook, Spending
    from tui_stream.core.session import ChatSession, OpenSession
    from tui_stream.core.turn import Turn
    from tui_stream.ui.screens.before import BeforeScreen, Choice

_MIDNIGHT = 20.0  # seconds between two looks at the day
_SUMMING_UP = Progress("Summing up what is left out", 0, None)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How something may be sent.

    Attributes:
        overridden: whatever the budgets say.
        cut: what of the conversation is left out from now on.
        apart: on a branch that carries nothing of what was said so far.
    """

    overridden: bool = False
    cut: Cut | None = None
    apart: bool = False

    def applied(self, turn: Turn) -> Turn:
        """The turn, which may be run now."""
        turn.agreements += self.overridden
        if self.cut is not None:
            turn.prompt.cut = self.cut
        return turn


class MoneyPane(SessionPane):
    """Keeps the figures of what was spent and of what the next request would be."""

    def __init__(self, open_session: OpenSession, ui: UiSettings) -> None:
        super().__init__(open_session, ui)
        self._earlier: Spending | None = None
        self._looking = False
        self._look_again = False
        self._day: datetime | None = None

    def on_mount(self) -> None:
        """Begins to look for midnight; a timer that waits for it would be late where the machine slept."""
        self.set_interval(_MIDNIGHT, self.look_at_the_day)

    @abstractmethod
    def _say(self, text: str, *, trouble: bool = False) -> None:
        """Tells the person something."""

    # -- what was spent, and what is ahead ------------------------------------------------------------

    def look_ahead(self) -> None:
        """Works out anew, beside everything else, what was spent and what the next request would be."""
        self._look_again = True
        if not self._looking and self.is_attached and self.session is not None:
            self._looking = True
            self._start_aside(self._look_ahead(self.session))

    def turn_is_over(self) -> None:
        """What it came to is looked up, once its last lines are drawn; until then the figures stay as they are."""
        self._earlier = None
        self.call_after_refresh(self.look_ahead)

    def look_at_the_day(self) -> None:
        """Looks up anew what was spent where another day has begun since that was done last."""
        if self.session is not None and self._day not in {None, self.session.today}:
            self.look_ahead()

    async def _look_ahead(self, session: ChatSession) -> None:
        try:
            while self._look_again and self.is_attached:
                self._look_again = False
                await self._look(session)
        finally:
            self._looking = False

    async def _look(self, session: ChatSession) -> None:
        conversation = session.conversation
        outlook: Outlook | None = None
        self._day = session.today
        try:
            self._earlier = await session.earlier_spending()
        except StoreError:
            self._earlier = None
            self._header_bar.spent = "today $? · month $?"
        self.show_spending()
        with suppress(StoreError):  # whatever is the matter with the history is told where somebody needs it
            outlook = await session.glance()
        if outlook is not None and session.conversation is conversation and not self.under_way:
            self._show_outlook(outlook, begun=bool(conversation.messages))

    def _show_outlook(self, outlook: Outlook, *, begun: bool) -> None:
        self._status_bar.show(
            window=outlook.window,
            context=Usage(outlook.tokens, source=outlook.tokens_source) if begun and outlook.tokens else None,
        )
        self._status_bar.tell_budget(outlook.nearest)

    @property
    @abstractmethod
    def under_way(self) -> bool:
        """Whether a turn runs."""

    def show_spending(self) -> None:
        """Shows what today and this month have cost, as far as that is known; asks nobody."""
        if self._earlier is not None and self.session is not None:
            now = self.session.spending_now(self._earlier)
            today, month = figures.spent_text(now.today), figures.spent_text(now.month)
            self._header_bar.spent = f"today {today} · month {month}"

    # -- before something is sent ---------------------------------------------------------------------

    async def agree(
        self,
        session: ChatSession,
        text: str = "",
        *,
        before: Message | None = None,
        model: str = "",
        resumed: Message | None = None,
        cuts: bool = False,
    ) -> Agreement | None:
        """How a request may be sent; asks the person where anything speaks against it. None where it may not.

        Args:
            session: who sends it.
            text: its prompt; empty for what is in the conversation already.
            before: the message in whose place it stands; None for the end.
            model: who is asked this once.
            resumed: the answer that it goes on with.
            cuts: a part of the conversation could be left out.
        """
        try:
            outlook = await session.outlook(text, before=before, model=model, resumed=resumed)
            plan = await session.plan(text, before=before) if cuts and outlook.fit is Fit.OVER else None
        except StoreError:
            return Agreement()  # sending it says what is the matter
        if not outlook.questions:
            return Agreement()
        from tui_stream.ui.screens.before import BeforeScreen

        screen = BeforeScreen(outlook.questions, plan, window=outlook.window, apart=before is None)
        choice = await self._question(screen)
        if choice is None:
            return None
        overridden = bool(outlook.spends)
        if plan is None or choice in {"send", "apart"}:
            return Agreement(overridden, apart=choice == "apart")
        cut = await self._sum_up(session, plan, overridden=overridden) if choice == "summarise" else plan.cut
        return None if cut is None else Agreement(overridden, cut)

    async def permit(self, refusal: BudgetError) -> bool:
        """Whether the person wants something to be sent that the budgets do not allow."""
        from tui_stream.ui.screens.before import BeforeScreen

        return self.is_attached and await self._question(BeforeScreen([refusal.message])) is not None

    async def _sum_up(self, session: ChatSession, plan: ContextPlan, *, overridden: bool) -> Cut | None:
        self._show_progress(_SUMMING_UP)
        try:
            return await session.summary(plan, permit=self.permit, overridden=overridden)
        except TuiStreamError as error:
            self._say(str(error), trouble=True)
            return None
        finally:
            if self.is_attached:
                self._status_bar.show(state=TurnState.IDLE, progress=None, total=session.cost())
                self.look_ahead()

    async def _question(self, screen: BeforeScreen) -> Choice | None:
        """What the person wants to do; the question goes away where what asks is stopped."""
        answered: asyncio.Future[Choice | None] = asyncio.get_running_loop().create_future()

        def answer(choice: Choice | None) -> None:
            if not answered.done():
                answered.set_result(choice)

        self.app.push_screen(screen, answer)
        try:
            return await answered
        finally:
            if answered.cancelled() and screen.is_current:
                screen.dismiss(None)
