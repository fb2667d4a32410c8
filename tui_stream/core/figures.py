"""How times, tokens and money are written, the same on every front end."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from tui_stream.core.models import Cost, Price, Source, Usage

if TYPE_CHECKING:
    from tui_stream.core.accounts import Spent

_CENT = Decimal("0.01")
_SIGNIFICANT = 2
_LEAST, _MOST = Decimal("1e-12"), Decimal("1e15")  # dollars; what is below or above is not written out


def cost_text(cost: Cost) -> str:
    """``$0.0012``; ``~$0.0012`` for an estimate; ``$?`` for an unknown price; ``local`` on this machine.

    An amount that is no number is unknown too.
    """
    if cost.local:
        return "local"
    if cost.amount is None or not cost.amount.is_finite():
        return "$?"
    sign = "~" if cost.source is Source.ESTIMATED else ""
    return f"{sign}${_amount(cost.amount)}"


def _amount(amount: Decimal) -> str:
    """Two decimals, and for less than a cent as many as show two figures that are not zero; never many."""
    size = amount.copy_abs()
    if size >= _MOST:
        return f"{amount:.2E}"
    if not size or size >= _CENT:
        return f"{(amount if size else size).quantize(_CENT, ROUND_HALF_EVEN):,}"
    if size < _LEAST:
        return f"{_LEAST:f} or less"
    places = _SIGNIFICANT - 1 - amount.adjusted()
    return f"{amount:.{places}f}"


def spent_text(spent: Spent) -> str:
    """As `cost_text` of several requests: ``$0.12 + ?`` where a part of it is unknown."""
    if spent.unknown and spent.unknown + spent.local < spent.requests:
        source = Source.ESTIMATED if spent.estimated else Source.REPORTED
        return f"{cost_text(Cost(spent.dollars, source))} + ?"
    return cost_text(spent.cost)


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


def token_count(tokens: int | None, source: Source = Source.REPORTED) -> str:
    """``1,200``; ``~1,200`` for an estimate; ``?`` where nobody knows."""
    return _count(tokens, "~" if source is Source.ESTIMATED else "")


def price_text(price: Price) -> str:
    """What a request was billed at, dollars for a million tokens: ``input $0.15, output $0.60 (the settings)``."""
    names = {
        "input": price.input,
        "cached input": price.cached_input,
        "cache write": price.cache_write,
        "output": price.output,
        "reasoning": price.reasoning,
        "each request": price.request,
    }
    parts = [f"{name} ${_amount(amount)}" for name, amount in names.items() if amount is not None]
    return f"{', '.join(parts)}{f' ({price.source})' if price.source else ''}"


def share_text(share: float | None) -> str:
    """``3.2 %``; ``?`` where it is not known."""
    few = 0.1
    if share is None:
        return "?"
    return f"{share * 100:.1f} %" if share < few else f"{share * 100:.0f} %"


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
