"""A table's row read with the names of its columns: "Net sales | 34,229 | 35,355" under "| 2022 | 2021".

Cells stand between bars or tabs, between commas or semicolons in a CSV file, or, in a PDF whose table lost its lines,
figures stand side by side under a line of years.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.lexical import WordCover, content_words
from rag.passage import Passage

_RULE = re.compile(r"[\s|:+=-]+")
_YEAR = re.compile(r"\b(?:FY\s?)?((?:19|20)\d\d)\b")
_MARK = re.compile(r"[$€£¥%()]+")
"""What stands apart beside a figure."""
_FIGURE = re.compile(r"[$€£¥(]*[-−]?\d[\d,.]*[)%]*|[—–-]")


@dataclass(frozen=True, slots=True)
class Row:
    """Cells under the names of their columns; `names` are as many as `cells`, "" where a column has none."""

    names: tuple[str, ...]
    cells: tuple[str, ...]

    def paired(self) -> str:
        """Every cell behind the name of its column, as a text to search in."""
        return ", ".join(f"{name} {cell}".strip() for name, cell in zip(self.names, self.cells, strict=True) if cell)

    def told(self, weights: Mapping[str, float]) -> str | None:
        """The cell that is asked for, with the names of its row and column: "Net sales, 2022: 34,229".

        `weights`: the question's words by rarity. The column is the one whose name holds most of them, the row's own
        name the cell that does. None where the question does not single out one column.
        """
        # Without figures: a year in the question is for the column's name, not for a cell that happens to equal it.
        asked_row = {word: weight for word, weight in weights.items() if not _YEAR.fullmatch(word.upper())}
        of_cells = WordCover(self.cells).weighted(asked_row)
        of_names = WordCover(self.names).weighted(weights)
        free = [place for place, cell in enumerate(self.cells) if cell and place and not of_cells[place]]
        best = max(free, key=lambda place: of_names[place], default=0)
        if len(free) == 1 and len(self.cells) == 2:
            best = free[0]
        elif not best or not of_names[best] or sum(of_names[place] == of_names[best] for place in free) > 1:
            return None
        label = self.cells[max(range(len(self.cells)), key=lambda place: (of_cells[place], -place))]
        column = self.names[best]
        return f"{label}, {column}: {self.cells[best]}" if column else f"{label}: {self.cells[best]}"


def row_at(passage: Passage, start: int, end: int) -> Row | None:
    """The row that `passage`'s document has from `start` to `end`; None where that is none or its columns have no
    names that are known."""
    text = passage.text[start - passage.start : end - passage.start]
    above = passage.text[: start - passage.start].splitlines()
    if _RULE.fullmatch(text):
        return None
    cells = _cells(text, passage.file)
    if cells is None:
        return _figures(text, above)
    block = _block(above, passage)
    names = _names(block, passage, len(cells))
    return None if names is None or names == cells else Row(tuple(names), tuple(cells))


def _block(above: Sequence[str], passage: Passage) -> list[str]:
    """The lines of the same table above a row, the first ones from the header that an earlier passage holds."""
    first = len(above)
    while first and _cells(above[first - 1], passage.file) is not None:
        first -= 1
    goes_on = not any(line.strip() for line in above[:first])
    return [*(passage.columns.splitlines() if goes_on and passage.columns else ()), *above[first:]]


def _names(block: Sequence[str], passage: Passage, width: int) -> list[str] | None:
    """The names of the columns: of the lines that an earlier passage holds, or down to the rule below them, or of the
    first line, and of the second where the first has gaps: it groups columns, the second names them."""
    rule = next((place for place, line in enumerate(block) if _RULE.fullmatch(line)), 0)
    count = len(passage.columns.splitlines()) if block[:1] == passage.columns.splitlines()[:1] else 0
    rows = [[*cells, *[""] * width][:width] for line in block if (cells := _cells(line, passage.file)) is not None]
    if not rows:
        return None
    grouped = len(rows) > 1 and "" in rows[0][1:] and "" not in rows[1][1:]
    header = rows[: rule or count or 1 + grouped]
    if len(header) > 1:
        header[0] = _filled(header[0])
    return [" ".join(dict.fromkeys(filter(None, column))) for column in zip(*header, strict=True)]


def _filled(groups: Sequence[str]) -> list[str]:
    """Each gap with the name before it: a merged cell names all the columns below it."""
    filled: list[str] = []
    for name in groups:
        filled.append(name or (filled[-1] if filled else ""))
    return filled


def holds_records(file: str) -> bool:
    """Whether every line of the file is a row."""
    return file.lower().endswith((".csv", ".tsv"))


def _cells(line: str, file: str) -> list[str] | None:
    """The cells of a line, folded; None where it is no row."""
    if holds_records(file):
        cells = _record(line)
    else:
        mark = "|" if "|" in line else "\t"
        bare = line.strip()
        if bare.startswith("|") and bare.endswith("|"):  # Markdown's; elsewhere a bar in front has an empty cell before
            line = bare[1:-1]
        cells = line.split(mark) if mark in line else []
    folded = [" ".join(cell.strip(" *`").split()) for cell in cells]
    return folded if len(folded) > 1 else None


def _record(line: str) -> list[str]:
    """The fields of one CSV record; none where there are several records, or quotes that do not close."""
    mark = max("\t;,|", key=line.count)
    try:
        records = list(csv.reader(line.splitlines(), delimiter=mark, strict=True))
    except csv.Error:
        return []
    return records[0] if len(records) == 1 else []


def _figures(text: str, above: Sequence[str]) -> Row | None:
    """A row of a PDF: words, then a figure for each year of the nearest line of years above it, and at most shares or
    changes in per cent behind them."""
    words = text.split()
    first = len(words)
    while first and (_FIGURE.fullmatch(words[first - 1]) or _MARK.fullmatch(words[first - 1])):
        first -= 1
    label = " ".join(words[:first])
    figures = _joined(words[first:])
    years = next((found for line in reversed(above) if len(found := _YEAR.findall(line)) > 1), [])
    more = figures[len(years) :]
    if not content_words(label) or not years or len(years) > len(figures) or any("%" not in each for each in more):
        return None
    return Row(("", *years), (label, *figures[: len(years)]))


def _joined(words: Sequence[str]) -> list[str]:
    """The figures among the words, each with the currency before it and the per cent sign behind it."""
    figures: list[str] = []
    before = ""
    for word in words:
        if _FIGURE.fullmatch(word):
            figures.append(f"{before} {word}".strip())
            before = ""
        elif word.startswith(("%", ")")) and figures and not before:
            figures[-1] += f" {word}" if word[0] == "%" else word
        else:
            before = word
    return figures
