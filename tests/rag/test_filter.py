from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pytest

from rag.filter import Filter, dated

NOON = int(datetime(2020, 5, 5, 12).timestamp() * 1e9)


@dataclass(frozen=True)
class File:
    path: str
    mtime_ns: int = NOON


def kept(where: Filter, *paths: str) -> list[str]:
    return [file.path for file in where.keep(map(File, paths))]


@pytest.mark.parametrize(
    ("glob", "fit"),
    [
        ("*.pdf", ["a.pdf", "contracts/b.pdf", "contracts/old/c.pdf"]),
        ("contracts/*.pdf", ["contracts/b.pdf"]),
        ("contracts/", ["contracts/b.pdf", "contracts/old/c.pdf", "contracts/d.md"]),
        ("/a.pdf", ["a.pdf"]),
        ("none", []),
    ],
)
def test_a_glob_is_read_as_a_line_of_gitignore(glob: str, fit: list[str]) -> None:
    paths = ["a.pdf", "contracts/b.pdf", "contracts/old/c.pdf", "contracts/d.md"]
    assert kept(Filter((glob,)), *paths) == fit


def test_one_of_several_globs_is_enough_and_none_is_all() -> None:
    assert kept(Filter(("*.md", "*.txt")), "a.md", "b.txt", "c.pdf") == ["a.md", "b.txt"]
    assert kept(Filter(), "a.md", "c.pdf") == ["a.md", "c.pdf"]


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("report 2024-03-01.pdf", date(2024, 3, 1)),
        ("8K_dated-2022-07-01.pdf", date(2022, 7, 1)),
        ("scan20240301.pdf", date(2024, 3, 1)),
        ("minutes_2024.02.md", date(2024, 2, 29)),
        ("3M_2022_10K.pdf", date(2022, 12, 31)),
        ("2022-2023 plan.md", date(2023, 12, 31)),
        ("2024-02-30.md", date(2024, 2, 29)),
        ("2019/notes.md", date(2020, 5, 5)),
        ("invoice 120240301.pdf", date(2020, 5, 5)),
        ("notes.md", date(2020, 5, 5)),
    ],
)
def test_a_name_states_its_date_else_the_time_of_the_last_change_counts(path: str, day: date) -> None:
    assert dated(File(path)) == day


def test_files_of_the_day_itself_are_kept() -> None:
    where = Filter(after=date(2024, 3, 1))
    assert kept(where, "2024-02-29.md", "2024-03-01.md", "2024.md", "2023.md") == ["2024-03-01.md", "2024.md"]


def test_both_conditions_hold_together() -> None:
    where = Filter(("*.md",), date(2024, 1, 1))
    assert kept(where, "2024.md", "2024.pdf", "2023.md") == ["2024.md"]
