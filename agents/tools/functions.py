"""The functions that a calculation may call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from types import MappingProxyType

from agents.tools import calendar
from agents.tools.expression import ExpressionError
from agents.tools.number import held, root, rounded

Value = Fraction | date | str | bool
Function = Callable[[Sequence[Value]], Value]


def number(value: Value) -> Fraction:
    if isinstance(value, Fraction):
        return value
    raise ExpressionError(f"a number is needed where {_told(value)} stands")


def day(value: Value) -> date:
    """A date; text counts where it is written as one."""
    if isinstance(value, str):
        return calendar.dated(value)
    if isinstance(value, date):
        return value
    raise ExpressionError(f"a date is needed where {_told(value)} stands: write it like 2024-03-01")


def whole(value: Value) -> int:
    if number(value).denominator != 1 or abs(number(value)) > 1_000_000:
        raise ExpressionError("a whole number, not too large, is needed there")
    return int(number(value))


def _told(value: Value) -> str:
    if isinstance(value, bool):
        return "a comparison"
    return "a date" if isinstance(value, date) else "text" if isinstance(value, str) else "a number"


def alike(values: Sequence[Value]) -> Sequence[Fraction] | Sequence[date]:
    """All numbers or all dates: what can be ordered."""
    if any(isinstance(value, date | str) for value in values):
        return [day(value) for value in values]
    return [number(value) for value in values]


def total(values: Sequence[Value]) -> Fraction:
    sum_so_far = Fraction(0)
    for value in values:
        sum_so_far = held(sum_so_far + number(value))
    return sum_so_far


def mean(values: Sequence[Value]) -> Fraction:
    return held(total(values) / len(values))


def median(values: Sequence[Value]) -> Fraction:
    ordered, half = sorted(map(number, values)), len(values) // 2
    return ordered[half] if len(values) % 2 else held((ordered[half - 1] + ordered[half]) / 2)


def modulo(one: Value, other: Value) -> Fraction:
    if number(other) == 0:
        raise ExpressionError("division by zero")
    return held(number(one) % number(other))


def _made_date(values: Sequence[Value]) -> date:
    if len(values) == 1:
        return day(values[0])
    if len(values) != 3:
        raise ExpressionError('write date("2024-03-01") or date(2024, 3, 1)')
    return calendar.of_parts(*(whole(value) for value in values))


def _least(values: Sequence[Value]) -> Value:
    return min(alike(values))


def _most(values: Sequence[Value]) -> Value:
    return max(alike(values))


def _years(start: date, end: date) -> Fraction:
    months = calendar.whole_months(start, end)
    return Fraction(months // 12 if months >= 0 else -(-months // 12))


FUNCTIONS: Mapping[str, tuple[int, int, Function]] = MappingProxyType(
    {
        "abs": (1, 1, lambda v: abs(number(v[0]))),
        "round": (1, 2, lambda v: rounded(number(v[0]), whole(v[1]) if len(v) > 1 else 0)),
        "floor": (1, 1, lambda v: Fraction(number(v[0]).__floor__())),
        "ceil": (1, 1, lambda v: Fraction(number(v[0]).__ceil__())),
        "sqrt": (1, 1, lambda v: root(number(v[0]))),
        "percent": (1, 1, lambda v: held(number(v[0]) / 100)),
        "mod": (2, 2, lambda v: modulo(v[0], v[1])),
        "min": (1, 99, _least),
        "max": (1, 99, _most),
        "sum": (1, 99, total),
        "mean": (1, 99, mean),
        "median": (1, 99, median),
        "date": (1, 3, _made_date),
        "days": (2, 2, lambda v: Fraction((day(v[1]) - day(v[0])).days)),
        "months": (2, 2, lambda v: Fraction(calendar.whole_months(day(v[0]), day(v[1])))),
        "years": (2, 2, lambda v: _years(day(v[0]), day(v[1]))),
        "add_months": (2, 2, lambda v: calendar.months_later(day(v[0]), whole(v[1]))),
        "add_years": (2, 2, lambda v: calendar.months_later(day(v[0]), 12 * whole(v[1]))),
        "weekday": (1, 1, lambda v: calendar.weekday(day(v[0]))),
    }
)
"""Name -> how many values it takes, at least and at most, and what it does with them."""
OTHER_NAMES = MappingProxyType({"average": "mean", "avg": "mean", "ceiling": "ceil"})


def called(name: str, values: Sequence[Value]) -> Value:
    """Raises ExpressionError for a name that is none of these, and for values that do not fit."""
    name = OTHER_NAMES.get(name, name)
    if name in ("today", "now"):
        raise ExpressionError("there is no clock here: write the date, like 2024-03-01")
    if name not in FUNCTIONS:
        raise ExpressionError(f"there is no function {name[:40]}: use {', '.join(FUNCTIONS)}")
    least, most, function = FUNCTIONS[name]
    if not least <= len(values) <= most:
        count = f"{least}" if least == most else f"{least} to {most}"
        raise ExpressionError(f"{name} takes {count} value{'' if most == 1 else 's'}, not {len(values)}")
    return function(values)
