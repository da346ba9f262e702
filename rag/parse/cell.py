"""A spreadsheet's cell as its reader sees it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

# Of a number format: quoted text, an escaped character, a currency, another bracket, the width of a character that
# is left free, a filler, and single characters.
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|\[\$(?P<currency>[^\]-]*)[^\]]*\]|(?P<none>\[[^\]]*\]|[_*].)|.'
)
_EXACT = Context(prec=400)
_GENERAL_DIGITS = 10


@dataclass(frozen=True, slots=True)
class _Format:
    """`decimals` of None: as many as the number has. `shift`: powers of ten that the format multiplies with."""

    prefix: str = ""
    suffix: str = ""
    decimals: int | None = None
    optional: int = 0
    """So many of the decimals are left out where they are zeros."""
    shift: int = 0


def shown(value: object, number_format: str | None) -> str:
    """ISO dates, TRUE and FALSE, numbers with the decimals, unit and percent sign of their format and plain digits."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return _number(value, _format(number_format or "General"))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else _minutes(value.isoformat(" ", "seconds"))
    if isinstance(value, time):
        return _minutes(value.isoformat("seconds"))
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        return _minutes(f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}")
    if isinstance(value, date):
        return value.isoformat()
    return " ".join(str(value).split())


def _minutes(clock: str) -> str:
    return clock.removesuffix(":00")


def _number(value: int | float, form: _Format) -> str:
    exact = Decimal(repr(value))
    if not exact.is_finite():
        return str(value)
    exact = exact.scaleb(form.shift, _EXACT)
    places = form.decimals
    if places is None:  # binary noise lies behind the tenth digit
        places = max(0, _GENERAL_DIGITS - 1 - exact.adjusted()) if exact else 0
    rounded = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _EXACT)
    digits = f"{rounded.copy_abs():f}"
    for _ in range(places if form.decimals is None else form.optional):
        digits = digits.removesuffix("0")
    sign = "-" if rounded < 0 else ""
    return f"{sign}{form.prefix}{digits.removesuffix('.')}{form.suffix}"


@lru_cache(maxsize=1024)
def _format(code: str) -> _Format:
    """What the first section of a format says; the others (negative, zero) only say it in other clothes.

    Format codes: ECMA-376, part 1, 18.8.31.
    """
    prefix = suffix = pattern = ""
    percents = 0
    for token in _TOKEN.finditer(code.split(";")[0]):
        plain = token.lastgroup is None
        text = token[0] if token.lastgroup is None else token[token.lastgroup]
        percents += plain and text == "%"
        if token.lastgroup == "none":
            if text[0] == "[" and text[1:2] in "<>=":
                return _Format()  # a condition
        elif plain and text in "0#?.,":
            if suffix:
                return _Format()  # digits in groups, a fraction
            pattern += text
        elif plain and text in ("()" if pattern else "+-()"):
            pass  # the sign is ours
        elif pattern:
            suffix += text
        else:
            prefix += text
    if not pattern or suffix[:1] in ("E", "/"):
        return _Format()
    decimals = pattern.partition(".")[2].rstrip(",")
    thousands = len(pattern) - len(pattern.rstrip(","))
    optional = len(decimals) - len(decimals.rstrip("#?"))
    return _Format(prefix.lstrip(), suffix.rstrip(), len(decimals), optional, 2 * percents - 3 * thousands)
