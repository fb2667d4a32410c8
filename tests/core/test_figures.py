from __future__ import annotations

from decimal import Decimal

import pytest

from tui_stream.core.figures import context_text, cost_text, seconds_text, size_text, tokens_text
from tui_stream.core.models import Cost, Source, Usage


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (Cost(), "$?"),
        (Cost(local=True), "local"),
        (Cost(Decimal("0.00021"), Source.REPORTED), "$0.00021"),
        (Cost(Decimal("0.000214"), Source.ESTIMATED), "~$0.00021"),
        (Cost(Decimal("1234.5"), Source.REPORTED), "$1,234.50"),
        (Cost(Decimal(0), Source.REPORTED), "$0.00"),
        (Cost(Decimal("0.0000000123"), Source.REPORTED), "$0.000000012"),
        (Cost(Decimal("1.26E-12"), Source.REPORTED), "$0.0000000000013"),
        (Cost(Decimal("1E-99999999999"), Source.ESTIMATED), "~$0.000000000001 or less"),
        (Cost(Decimal("1E+99999999999"), Source.REPORTED), "$1.00E+99999999999"),
        (Cost(Decimal("2E+40"), Source.REPORTED), "$2.00E+40"),
        (Cost(Decimal("-0.0"), Source.REPORTED), "$0.00"),
        (Cost(Decimal("NaN"), Source.REPORTED), "$?"),
    ],
)
def test_costs(cost: Cost, text: str) -> None:
    assert cost_text(cost) == text


def test_tokens() -> None:
    assert tokens_text(Usage(1200, 3)) == "1,200 in / 3 out"
    assert tokens_text(Usage(40, 3, source=Source.ESTIMATED)) == "~40 in / ~3 out"
    assert tokens_text(Usage()) == "? in / ? out"


def test_context() -> None:
    assert context_text(Usage(100, 100), 1000) == "ctx 20%"
    assert context_text(Usage(100, source=Source.ESTIMATED), 1000) == "ctx ~10%"
    assert context_text(Usage(100), None) == ""
    assert context_text(Usage(), 1000) == ""


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.1499, "0.15 s"), (12.3, "12 s"), (59.4, "59 s"), (125.0, "2 min 5 s")]
)
def test_seconds(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1500, "1.5 kB"), (98_362_432, "98.4 MB"), (4 * 10**12, "4.0 TB")]
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text
