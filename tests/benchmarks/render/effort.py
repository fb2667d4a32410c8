"""How much is measured: all of it, or less in less time."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """How much to measure.

    Attributes:
        shapes: of the answer.
        earlier: messages that a long conversation has.
        blocks: of appends in each quarter of the growth.
        block: appends in each of them.
        rounds: of programs that are started to see when their first frame comes.
        scrolled: messages that are scrolled through; then twice as many more.
        turns: of blocks, where programs take turns otherwise.
        seconds: of streaming at the high rate; from the start on twice as many, at the low rate half of them.
        budget: CPU seconds after which a cell of the stock widget is not measured again.
        stock_messages: earlier messages for the stock widget, each a widget of its own.
    """

    shapes: list[str]
    earlier: int
    blocks: int = 10
    block: int = 25
    rounds: int = 9
    scrolled: int = 300
    turns: int = 12
    seconds: float = 2.0
    budget: float = 3.0
    stock_messages: int = 100

    @classmethod
    def quick(cls, shapes: list[str], earlier: int) -> Effort:
        """A look, in a fraction of the time."""
        return cls(
            shapes,
            earlier,
            blocks=5,
            block=20,
            rounds=3,
            scrolled=50,
            turns=3,
            seconds=1.0,
            budget=0.5,
            stock_messages=20,
        )


def say(what: str) -> None:
    """Tells on stderr what is under way."""
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)
