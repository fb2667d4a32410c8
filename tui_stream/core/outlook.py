"""What is known of a request before it is sent, and what would be left out so that it fits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tui_stream.core import figures
from tui_stream.core.accounts import Spent
from tui_stream.core.budgets import Standing, nearest
from tui_stream.core.models import Cost, Cut, Message, Source

WARN = 0.8
"""The part of the window from which on it is said that it is nearly full; what is left out makes room down to it."""


class Fit(StrEnum):
    """How a request lies in the model's window."""

    FITS = "fits"
    NEAR = "near"
    OVER = "over"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a request would be; nearly all of it is estimated.

    Attributes:
        label: the model, "openai/gpt-5-mini".
        tokens: that it sends.
        window: tokens that the model takes; None where nobody says.
        cost: what it and a usual answer will cost.
        standings: the budgets that it counts towards, and what is spent of them without it.
        passed: those of which nothing is left once it is sent, before anything is answered.
        dear: it costs more than the person wants to spend without being asked.
        allowed: the person said to go past all limits on money.
        tokens_source: whether a provider counted the tokens.
    """

    label: str
    tokens: int
    window: int | None
    cost: Cost
    standings: tuple[Standing, ...] = ()
    passed: tuple[Standing, ...] = ()
    dear: bool = False
    allowed: bool = False
    tokens_source: Source = Source.ESTIMATED

    @property
    def share(self) -> float | None:
        """The part of the window that it fills; None where that is not known."""
        return self.tokens / self.window if self.window else None

    @property
    def fit(self) -> Fit:
        """Whether it fits."""
        share = self.share
        if share is None:
            return Fit.UNKNOWN
        return Fit.OVER if share >= 1 else Fit.NEAR if share >= WARN else Fit.FITS

    @property
    def reached(self) -> tuple[Standing, ...]:
        """The budgets of which nothing is left."""
        return tuple(standing for standing in self.standings if standing.reached)

    @property
    def nearest(self) -> Standing | None:
        """The budget of which least is left, where that is to be said."""
        return nearest(self.standings)

    @property
    def spends(self) -> tuple[str, ...]:
        """What speaks against the money that it costs: sentences."""
        if self.allowed:
            return ()
        asked = [f"{standing.text}." for standing in self.reached]
        asked += [f"With this request {standing.text}." for standing in self.passed]
        if self.dear:
            asked.append(f"This will cost about {figures.cost_text(self.cost)}.")
        return tuple(asked)

    @property
    def questions(self) -> tuple[str, ...]:
        """What a person has to agree with before it is sent: sentences, none where it may go."""
        asked = [*self.spends]
        if self.fit is Fit.OVER:
            asked.append(f"This is about {self.tokens:,} tokens, and {self.label} takes {self.window:,}.")
        return tuple(asked)


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent by all conversations; `ChatSession.cost` says what this one has cost."""

    today: Spent
    month: Spent


@dataclass(frozen=True, slots=True)
class ContextPlan:
    """What would be left out so that a request fits.

    Attributes:
        left_out: the messages, oldest first; what was left out before is not among them.
        before: the whole path up to the first message that is still sent.
        cut: to be handed to `ChatSession.begin`.
        tokens: about what the request sends then.
        enough: it fits then; a prompt that is too long by itself does not.
    """

    left_out: tuple[Message, ...]
    before: tuple[Message, ...]
    cut: Cut
    tokens: int
    enough: bool
