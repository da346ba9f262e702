from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from rag.parse.cell import shown


@pytest.mark.parametrize(
    ("value", "number_format", "expected"),
    [
        (1234567, "General", "1234567"),
        (1234567.0, "General", "1234567"),
        (0.1 + 0.2, "General", "0.3"),
        (1 / 3, "General", "0.3333333333"),
        (-1234567890.25, "General", "-1234567890"),
        (0, "General", "0"),
        (1.5e-7, "General", "0.00000015"),
        (1e20, "General", "100000000000000000000"),
        (1e300, "0.00", f"1{'0' * 300}.00"),
        (5, None, "5"),
    ],
)
def test_numbers_have_neither_binary_noise_nor_exponents(value: float, number_format: str, expected: str) -> None:
    assert shown(value, number_format) == expected


@pytest.mark.parametrize(
    ("value", "number_format", "expected"),
    [
        (1234.567, "#,##0.00", "1234.57"),
        (2.5, "0", "3"),
        (-2.5, "0", "-3"),
        (0.125, "0.0%", "12.5%"),
        (0.125, '0.0" %"', "0.1 %"),
        (0.07, "0%", "7%"),
        (12.5, '#,##0.00 "€"', "12.50 €"),
        (12.5, "[$€-407] #,##0.00", "€ 12.50"),
        (-1234.5, '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', "-$1234.50"),
        (-4, "[Red]-0.0", "-4.0"),
        (1.50, "0.##", "1.5"),
        (2.0, "0.##", "2"),
        (12_345_678, "0.0,,", "12.3"),
        (12_345_678, '#,##0," k"', "12346 k"),
        (180, '0.0" kg"', "180.0 kg"),
    ],
)
def test_numbers_are_shown_as_their_format_says_with_plain_digits(
    value: float, number_format: str, expected: str
) -> None:
    assert shown(value, number_format) == expected


@pytest.mark.parametrize("number_format", ["# ?/?", "0.00E+00", "[>=1000]0.0,;0", "000-00", "@", '"x"', "", ";;;"])
def test_a_number_in_a_format_of_another_kind_is_shown_plainly(number_format: str) -> None:
    assert shown(1234.5, number_format) == "1234.5"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (date(2024, 3, 1), "2024-03-01"),
        (datetime(2024, 3, 1), "2024-03-01"),
        (datetime(2024, 3, 1, 9, 30), "2024-03-01 09:30"),
        (datetime(2024, 3, 1, 9, 30, 5), "2024-03-01 09:30:05"),
        (time(9, 5), "09:05"),
        (timedelta(hours=30, minutes=5), "30:05"),
        (True, "TRUE"),
        (None, ""),
        ("two\n lines", "two lines"),
        ("#N/A", "#N/A"),
    ],
)
def test_dates_are_iso_and_text_is_folded(value: object, expected: str) -> None:
    assert shown(value, "General") == expected
