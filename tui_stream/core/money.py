"""What amounts of money may look like; it exists because servers and files send numbers that no memory can hold."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

MOST_DIGITS = 60
"""Digits that an amount may have before the point, and behind it."""

_MOST_SIGNS = 3 * MOST_DIGITS  # a sign, a point and an exponent have room beside the digits


def fits(amount: Decimal) -> bool:
    """Whether an amount can be written out and added up: one like 1E+999999 or 1E-999999 would fill the memory."""
    if not amount.is_finite():
        return False
    exponent = amount.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -MOST_DIGITS and amount.adjusted() < MOST_DIGITS


def amount_of(text: str) -> Decimal | None:
    """The amount that a text names; None where it names none that `fits`."""
    if len(text) > _MOST_SIGNS:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if fits(amount) else None
