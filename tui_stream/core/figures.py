"""How times, tokens and money are written, the same on every front end."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from tui_stream.core.models import Cost, Source, Usage

_CENT = Decimal("0.01")
_SIGNIFICANT = 2


def cost_text(cost: Cost) -> str:
    """``$0.0012``; ``~$0.0012`` for an estimate; ``$?`` for an unknown price; ``local`` on this machine."""
    if cost.local:
        return "local"
    if cost.amount is None:
        return "$?"
    sign = "~" if cost.source is Source.ESTIMATED else ""
    return f"{sign}${_amount(cost.amount)}"


def _amount(amount: Decimal) -> str:
    """Two decimals, and for less than a cent as many as show two figures that are not zero."""
    if amount == 0 or abs(amount) >= _CENT:
        return f"{amount.quantize(_CENT, ROUND_HALF_EVEN):,}"
    places = _SIGNIFICANT - 1 - amount.adjusted()
    return f"{amount:.{places}f}"


def tokens_text(usage: Usage) -> str:
    """``40 in / 120 out``, with ``~`` before an estimate and ``?`` where nobody knows."""
    sign = "~" if usage.source is Source.ESTIMATED else ""
    return f"{_count(usage.input_tokens, sign)} in / {_count(usage.output_tokens, sign)} out"


def _count(tokens: int | None, sign: str) -> str:
    return "?" if tokens is None else f"{sign}{tokens:,}"


def context_text(usage: Usage, window: int | None) -> str:
    """The share of the context window in use, ``ctx 12%``; nothing where it cannot be told."""
    if not window or usage.input_tokens is None:
        return ""
    sign = "~" if usage.source is Source.ESTIMATED else ""
    return f"ctx {sign}{(usage.input_tokens + (usage.output_tokens or 0)) / window:.0%}"


def seconds_text(seconds: float) -> str:
    """``0.15 s``, ``12 s``, ``2 min 5 s``."""
    minute, few = 60, 10
    if seconds < few:
        return f"{seconds:.2f} s"
    if seconds < minute:
        return f"{seconds:.0f} s"
    return f"{int(seconds // minute)} min {int(seconds % minute)} s"


def model_text(model: str) -> str:
    """A model's name for a label; llama.cpp calls a model by the path of its file, of which the name is enough."""
    name = model.replace("\\", "/").rpartition("/")[2] if model.lower().endswith(".gguf") else model
    return name.removesuffix(".gguf")


def size_text(size: int) -> str:
    """Bytes for people: ``98.4 MB``, in powers of ten."""
    thousand = 1000
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < thousand:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= thousand
    return f"{amount:.1f} TB"
