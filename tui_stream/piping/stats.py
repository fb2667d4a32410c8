"""One line on what an answer took."""

from __future__ import annotations

from tui_stream.core.figures import cost_text, model_text, seconds_text, tokens_text
from tui_stream.core.turn import Turn


def stats_line(turn: Turn) -> str:
    """Model, tokens, cost, time to the first token, whole time and speed, as far as they are known."""
    stats, speed = turn.stats, turn.stats.tokens_per_second
    parts = [
        model_text(turn.message.model or turn.message.provider),
        tokens_text(stats.usage),
        cost_text(stats.cost),
        "" if stats.first_token is None else f"first token {seconds_text(stats.first_token)}",
        seconds_text(stats.elapsed),
        "" if speed is None else f"{speed:.0f} tokens/s",
    ]
    return " · ".join(part for part in parts if part)
