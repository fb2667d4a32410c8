"""The line that says what is going on, how fast it is, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui_stream.core import figures
from tui_stream.core.budgets import Standing
from tui_stream.core.events import Progress, Retrying, TurnState
from tui_stream.core.models import Cost, Source, Usage
from tui_stream.core.outlook import WARN
from tui_stream.core.sanitize import clean_line
from tui_stream.core.stats import TurnStats
from tui_stream.ui.keys import shown_keys

_STYLES = {
    TurnState.STARTING: "$text-muted",
    TurnState.IDLE: "$text-muted",
    TurnState.DONE: "$text-success",
    TurnState.CANCELLED: "$text-warning",
    TurnState.CUT_OFF: "$text-warning",
    TurnState.RETRYING: "$text-warning",
    TurnState.FAILED: "$text-error",
}
Part = tuple[str, str]
"""A figure, and its colour."""

_PLAIN = "$text"
_WAITING = frozenset({TurnState.CONNECTING, TurnState.WAITING})
_FLOWING = frozenset({TurnState.THINKING, TurnState.STREAMING})


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that the status bar shows.

    Attributes:
        total: what the conversation has cost, this turn included; None before anything was sent.
        window: the model's context window in tokens, None where it is not known.
        context: what the next request begins with; None where that is not known, or while one is under way.
        budget: how much of a budget is spent, where that is to be said.
        spent_up: nothing is left of that budget.
        retry_left: seconds until the request is sent again.
        queued: prompts that wait.
        behind: lines below the screen, while the view does not follow.
        stall_notice: seconds of silence from which on a stream is called stalled.
    """

    state: TurnState = TurnState.STARTING
    stats: TurnStats | None = None
    total: Cost | None = None
    window: int | None = None
    context: Usage | None = None
    budget: str = ""
    spent_up: bool = False
    progress: Progress | None = None
    retrying: Retrying | None = None
    retry_left: float = 0.0
    queued: int = 0
    behind: int = 0
    stall_notice: float = 5.0


class StatusBar(Widget):
    """Shows a `Status`, leaving out from the right what the width has no room for."""

    status: reactive[Status] = reactive(Status())

    def show(self, **changes: object) -> None:
        """Changes some of the figures."""
        self.status = replace(self.status, **changes)  # type: ignore[arg-type] # names of fields

    def tell_budget(self, near: Standing | None) -> None:
        """Says how much is spent of the budget of which least is left; None where none is near its limit."""
        said = "" if near is None else f"{figures.share_text(near.share)} of {near.budget.label}"
        self.show(budget=said, spent_up=near is not None and near.reached)

    def render(self) -> Content:
        """The line."""
        state, style = _state(self.status)
        line = Content.assemble(("● ", style), (state, f"bold {style}"))
        for part, colour in _parts(self.status):
            longer = Content.assemble(line, ("  │  ", "$text-disabled"), (part, colour))
            if longer.cell_length > self.size.width:
                break
            line = longer
        return line.truncate(max(1, self.size.width), ellipsis=True)


def _state(status: Status) -> tuple[str, str]:
    """What is going on, in words, and the colour of it."""
    style = _STYLES.get(status.state, "$text-accent")
    stats = status.stats
    if status.state is TurnState.PREPARING and status.progress is not None:
        return _progress_text(status.progress), style
    if status.state is TurnState.RETRYING:
        reason = "" if status.retrying is None else f": {clean_line(status.retrying.reason, 60)}"
        keys = shown_keys()
        return f"retrying in {max(0, round(status.retry_left))} s ({keys['retry']} now){reason}", style
    if stats is not None and status.state in _FLOWING and _stalled(status, stats):
        return f"stalled for {stats.silence:.0f} s", "$text-warning"
    if stats is not None and status.state in _WAITING and stats.elapsed >= 1:
        return f"{status.state} {stats.elapsed:.0f} s", style
    return str(status.state), style


def _stalled(status: Status, stats: TurnStats) -> bool:
    return stats.silence is not None and 0 < status.stall_notice <= stats.silence


def _progress_text(progress: Progress) -> str:
    label = clean_line(progress.label, 60)
    if not progress.total:
        return f"{label} …"
    done, total = figures.size_text(progress.done), figures.size_text(progress.total)
    width = 16
    filled = int(width * min(1.0, progress.done / progress.total))
    bar = "━" * filled + "─" * (width - filled)
    return f"{label}  {bar}  {progress.done / progress.total:.0%}  {done} of {total}"


def _parts(status: Status) -> Iterator[Part]:
    """The figures, the most important first."""
    if status.behind:
        yield f"↓ {status.behind} lines below (Ctrl+End)", _PLAIN
    if status.queued:
        yield f"{status.queued} queued", _PLAIN
    context = _context(status)
    if context is not None and context[1] != _PLAIN:
        yield context
    if status.budget:
        yield status.budget, "$text-error" if status.spent_up else "$text-warning"
    yield from _figures(status)
    if context is not None and context[1] == _PLAIN:
        yield context


def _figures(status: Status) -> Iterator[Part]:
    """What the turn has come to."""
    stats, total = status.stats, status.total
    if stats is None:
        if total is not None and (total.amount is None or total.amount or total.local):
            yield f"total {figures.cost_text(total)}", _PLAIN
        return
    speed = stats.tokens_per_second
    if speed is not None:
        sign = "~" if stats.usage.source is Source.ESTIMATED else ""
        yield f"{sign}{speed:.0f} tok/s", _PLAIN
    if stats.usage.input_tokens is not None or stats.usage.output_tokens is not None:
        yield figures.tokens_text(stats.usage), _PLAIN
        yield _cost(stats.cost, total), _PLAIN
    elif total is not None and total.amount:
        yield f"total {figures.cost_text(total)}", _PLAIN
    if stats.first_token is not None:
        yield f"first token {figures.seconds_text(stats.first_token)}", _PLAIN


def _context(status: Status) -> Part | None:
    """How full the model's window is, by the request under way or by the next one."""
    usage = status.context or (Usage() if status.stats is None else status.stats.usage)
    text = figures.context_text(usage, status.window)
    if not text or not status.window:
        return None
    share = ((usage.input_tokens or 0) + (usage.output_tokens or 0)) / status.window
    if share >= 1:
        return f"{text} over the window", "$text-error"
    return (f"{text} nearly full", "$text-warning") if share >= WARN else (text, _PLAIN)


def _cost(turn: Cost, whole: Cost | None) -> str:
    text = figures.cost_text(turn)
    if whole is None or (turn.local and whole.local):
        return text
    return f"{text} · total {figures.cost_text(whole)}"
