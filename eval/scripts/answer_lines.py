"""A file of answers, a JSON line each, that a run which was cut short goes on with."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

Line = TypeVar("Line", bound=BaseModel)


def read_lines(path: Path, kind: type[Line]) -> list[Line]:
    """Empty where there is no file yet."""
    rows = path.read_text("utf-8").splitlines() if path.exists() else []
    return [kind.model_validate_json(row) for row in rows if row]


def add_line(path: Path, line: BaseModel) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(line.model_dump_json() + "\n")


def add_options(parser: argparse.ArgumentParser, engines: list[str]) -> None:
    """Where the answers go, when to stop, and which model writes them; the first engine is the default."""
    parser.add_argument("--work", type=Path, required=True, help="where indexes are made and kept")
    parser.add_argument("--out", type=Path, required=True, help="the file of answers")
    parser.add_argument("--limit", type=int, default=-1, help="stop after so many new answers")
    parser.add_argument("--engine", choices=engines, default=engines[0])
    parser.add_argument("--model")
    parser.add_argument("--base-url")
    parser.add_argument("--show", action="store_true", help="only count what stands in --out")


def add_form(parser: argparse.ArgumentParser) -> None:
    """How a reader is asked to write."""
    parser.add_argument("--form", choices=["text", "claims"], default="text")
