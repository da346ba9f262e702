"""Days, months and years between dates."""

from __future__ import annotations

from calendar import day_name, monthrange
from datetime import date, timedelta
from fractions import Fraction

from agents.tools.expression import ExpressionError


def dated(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise ExpressionError(f"{text[:40]!a} is no date: write it like 2024-03-01") from error


def of_parts(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except (ValueError, OverflowError) as error:
        raise ExpressionError("there is no such date") from error


def moved(start: date, days: Fraction) -> date:
    if days.denominator != 1:
        raise ExpressionError("a date moves by whole days")
    try:
        return start + timedelta(days=int(days))
    except OverflowError as error:
        raise ExpressionError("the date is beyond the years 1 to 9999") from error


def months_later(start: date, months: int) -> date:
    """The same day of the month, or the month's last where it has none such."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise ExpressionError("the date is beyond the years 1 to 9999")
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def whole_months(start: date, end: date) -> int:
    """Months that are complete: 2024-01-31 to 2024-02-29 is one. Negative where the end is before the start."""
    if end < start:
        return -whole_months(end, start)
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if months == 0 or months_later(start, months) <= end else months - 1


def weekday(day: date) -> str:
    return day_name[day.weekday()]
