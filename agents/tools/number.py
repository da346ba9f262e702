"""Exact arithmetic within bounds: every number is a fraction, so that 0.1 + 0.2 is 0.3."""

from __future__ import annotations

import re
from decimal import Context, Decimal
from fractions import Fraction
from math import isqrt

from agents.tools.expression import ExpressionError

BITS = 4_096
"""A numerator and a denominator have at most so many (1,233 digits)."""
DIGITS = 30
"""Of a root that does not come out even."""
SHOWN_DIGITS = 60
DECIMALS = 10
_LITERAL = re.compile(r"(\d[\d_]*)?(?:\.(\d[\d_]*)?)?(?:[eE]([+-]?\d{1,4}))?")


def literal(text: str) -> Fraction:
    """The number as it is written, to its last decimal."""
    match = _LITERAL.fullmatch(text)
    if match is None or not (match[1] or match[2]):
        raise ExpressionError(f"{text[:40]} is not read: write decimal numbers")
    exponent = int(match[3] or 0)
    if abs(exponent) > BITS // 4:
        raise ExpressionError(f"{text[:40]} is too large or too small")
    return held(Fraction(text.replace("_", "")))


def held(value: Fraction) -> Fraction:
    """The value, where it is within bounds."""
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > BITS:
        raise ExpressionError("the result is too large, or has too many digits")
    return value


def power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent == Fraction(1, 2):
        return root(base)
    if exponent.denominator != 1:
        raise ExpressionError("an exponent must be a whole number, or 0.5")
    if base == 0 and exponent < 0:
        raise ExpressionError("division by zero")
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if bits > 1 and bits * abs(exponent) > 2 * BITS:
        raise ExpressionError("the result is too large, or has too many digits")
    if bits <= 1:  # 0, 1 or -1, whatever the exponent
        exponent = Fraction(exponent % 2 + 2 * (exponent > 0))
    return held(base ** int(exponent))


def root(value: Fraction) -> Fraction:
    """Exact where it comes out even, else to 30 digits."""
    if value < 0:
        raise ExpressionError("a negative number has no square root")
    above, below = isqrt(value.numerator), isqrt(value.denominator)
    if above * above == value.numerator and below * below == value.denominator:
        return Fraction(above, below)
    context = Context(prec=DIGITS)
    quotient = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    return held(Fraction(context.sqrt(quotient)))


def rounded(value: Fraction, places: int = 0) -> Fraction:
    """Half away from zero, as people round."""
    if abs(places) > 100:
        raise ExpressionError("round to 100 places at most")
    scale = Fraction(10) ** places
    whole = (abs(value) * scale + Fraction(1, 2)).__floor__()
    return held(Fraction(whole if value >= 0 else -whole) / scale)


def shown(value: Fraction) -> str:
    """All digits where there are few enough, else rounded, which it says."""
    if value.denominator == 1 and abs(value.numerator) < 10**SHOWN_DIGITS:
        return str(value.numerator)
    if abs(value) >= 10**SHOWN_DIGITS or (value and abs(value) < Fraction(1, 10**DECIMALS)):
        near = Context(prec=12).divide(Decimal(value.numerator), Decimal(value.denominator)).normalize()
        return f"{near:e}" if Fraction(near) == value else f"{near:e} (rounded)"
    nearest = rounded(value, DECIMALS)
    context = Context(prec=SHOWN_DIGITS + DECIMALS + 2)
    decimal = context.divide(Decimal(nearest.numerator), Decimal(nearest.denominator))
    digits = f"{decimal:f}"
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return digits if nearest == value else f"{digits} (rounded)"
