"""What was spent: a chart by day and model, and tables by day, model or conversation with times and errors."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.color import Color, ColorParseError
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from tui_stream.core.accounts import Accounts, By, Spent, UsageRow
from tui_stream.core.outlook import Spending
from tui_stream.errors import StoreError
from tui_stream.ui import chart, usage_view
from tui_stream.ui.days import Days
from tui_stream.ui.working import work_on

if TYPE_CHECKING:
    from tui_stream.core.session import ChatSession

_SPANS = (7, 28, 84)
"""Days that are looked at, today included; the chart shows as many of the last ones as there is room for."""
_BESIDE = 14  # columns that are no days
_BY: dict[str, By] = {"d": "day", "m": "model", "c": "conversation"}
_COLOURS = ("primary", "accent", "success", "warning", "secondary")
_LEAST, _MOST = 6, 14  # rows of the chart
_CHARTED = 18  # rows from which on there is room for the chart beside the table
_EDGES = 4  # columns that no line reaches into


@dataclass(frozen=True, slots=True)
class _Known:
    """What the history says of the days that are shown."""

    daily: Sequence[UsageRow] = ()
    table: Sequence[UsageRow] = ()
    whole: Sequence[UsageRow] = ()
    spending: Spending = field(default_factory=lambda: Spending(Spent(), Spent()))


class UsageScreen(Screen[None]):
    """Shows what was spent.

    Args:
        accounts: the history; None where nothing is kept.
        session: what goes on now; None before there is one.
        days: tells days.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f4,alt+u", "app.pop_screen", "Close", show=False, priority=True),
        *(Binding(key, f"group('{by}')", by, show=False) for key, by in _BY.items()),
        Binding("left", "span(-1)", "Fewer days", show=False),
        Binding("right", "span(1)", "More days", show=False),
        Binding("t", "tokens", "Tokens or dollars", show=False),
    ]
    AUTO_FOCUS = "#usage-rows"

    def __init__(self, accounts: Accounts | None, session: ChatSession | None, *, days: Days) -> None:
        super().__init__()
        self._accounts = accounts
        self._session = session
        self._days = days
        self._by: By = "model"
        self._span = 1
        self._tokens: bool | None = None
        self._known: _Known | None = None

    def compose(self) -> ComposeResult:
        """Sums, the chart, the table, and what the keys do."""
        yield Static(Content(""), markup=False, id="usage-head")
        yield Static(Content("Looking through the history …"), markup=False, id="usage-chart")
        with VerticalScroll(id="usage-rows"):
            yield Static(Content(""), markup=False, id="usage-table")
        yield Static(usage_view.keys(self.size.width), markup=False, id="usage-keys")

    def on_mount(self) -> None:
        """Asks the history."""
        self._ask()

    def on_resize(self) -> None:
        """Draws for the room that there is."""
        self.call_after_refresh(self._show)

    # -- what a person does -------------------------------------------------------------------------

    def action_group(self, by: By) -> None:
        """Shows a row for each day, model or conversation."""
        self._by = by
        self._ask()

    def action_span(self, by: int) -> None:
        """Shows more days, or fewer."""
        self._span = max(0, min(len(_SPANS) - 1, self._span + by))
        self._ask()

    def action_tokens(self) -> None:
        """Charts tokens in place of dollars, or the other way round."""
        self._tokens = not self._charts_tokens
        self._show()

    # -- asking -------------------------------------------------------------------------------------

    def _ask(self) -> None:
        work_on(self, self._look, "usage")

    async def _look(self) -> None:
        loading = asyncio.create_task(asyncio.to_thread(chart.load))
        try:
            self._known = await self._read()
        except StoreError as error:
            self.query_one("#usage-chart", Static).update(Content.styled(str(error), "$text-error"))
            return
        finally:
            await loading
        self._show()

    async def _read(self) -> _Known:
        spending = Spending(Spent(), Spent())
        if self._session is not None:
            spending = self._session.spending_now(await self._session.earlier_spending())
        if self._accounts is None:
            return _Known(spending=spending)
        since = self._since
        daily = await self._accounts.usage(("day", "model"), since=since)
        table = await self._accounts.usage((self._by,), since=since)
        return _Known(daily, table, await self._accounts.usage((), since=since), spending)

    @property
    def _today(self) -> date:
        return self._days.now.astimezone(self._days.zone).date()

    @property
    def _first(self) -> date:
        return self._today - timedelta(days=_SPANS[self._span] - 1)

    @property
    def _since(self) -> datetime:
        begun = datetime.combine(self._first, time())
        return begun.replace(tzinfo=self._days.zone) if self._days.zone is not None else begun.astimezone()

    # -- showing ------------------------------------------------------------------------------------

    @property
    def _charts_tokens(self) -> bool:
        """Tokens where the person said so, or where nothing cost anything."""
        if self._tokens is not None:
            return self._tokens
        return self._known is not None and not any(row.spent.dollars for row in self._known.daily)

    @property
    def _width(self) -> int:
        """Cells for a line, beside the edges and the scroll bar."""
        return self.size.width - _EDGES

    def _show(self) -> None:
        if self._known is None or not self.is_attached:
            return
        known, width = self._known, self._width
        conversation = None if self._session is None else self._session.cost()
        rows = known.table[::-1] if self._by == "day" else known.table  # the newest day first
        self.query_one("#usage-head", Static).update(usage_view.head(known.spending, conversation, width))
        picture = self.query_one("#usage-chart", Static)
        picture.display = self.size.height >= _CHARTED
        picture.update(self._chart(known))
        self.query_one("#usage-table", Static).update(usage_view.table(rows, known.whole, self._by, width))
        self.query_one("#usage-keys", Static).update(usage_view.keys(width))

    def _chart(self, known: _Known) -> Content:
        days = chart.days_between(self._first, self._today)[-max(_SPANS[0], self.size.width - _BESIDE) :]
        drawn = chart.series(known.daily, days, tokens=self._charts_tokens)
        title = usage_view.title(known.daily, len(days), self._width, tokens=self._charts_tokens)
        if not drawn:
            said = "Nothing was spent in these days." if self._accounts is not None else "Nothing is kept."
            return Content("\n").join([title, Content(said)])
        colours = [self._colour(name) for name in _COLOURS]
        rows = max(_LEAST, min(_MOST, self.size.height // 2 - 4))
        bars = chart.draw(
            drawn,
            days,
            (max(20, self._width), rows),
            [colour.rgb for colour in colours],
            tokens=self._charts_tokens,
        )
        names = [Content.assemble(("■ ", colour.hex), one.name) for one, colour in zip(drawn, colours, strict=False)]
        return Content("\n").join([title, bars, Content("   ").join(names)])

    def _colour(self, name: str) -> Color:
        try:
            return Color.parse(self.app.theme_variables.get(name, "white"))
        except ColorParseError:  # a terminal's own colour, which has no value
            return Color.parse("white")
