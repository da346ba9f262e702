"""Tables of a web page: which hold data and which only lay out the page; their rows as cells."""

from __future__ import annotations

from collections.abc import Iterator

from bs4.element import NavigableString, PreformattedString, Tag

from rag.parse.grid import Row

BLOCKS = frozenset(
    "address article aside blockquote body br caption dd details div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr li main ol p pre section summary table tbody td tfoot th thead tr ul".split()
)
# A table or row that holds one of these inside lays out a page.
_LAYOUT = ("table", "h1", "h2", "h3", "h4", "h5", "h6")
_CELLS = ["td", "th"]
_LONGEST_CELL = 1_000
"""Characters; a longer cell in a table without header cells is a column of the page."""
_WIDEST = 200
"""Columns that one cell may span: a page can state millions."""


def holds_data(table: Tag) -> bool:
    if table.get("role") in ("presentation", "none") or table.find(_LAYOUT):
        return False
    if any(not row.find(_CELLS, recursive=False) for row in table.find_all("tr")):
        return False  # cells wrapped in something else, as a form
    if table.find(["th", "thead", "caption"]):
        return True
    rows = [[words(cell) for cell in row.find_all(_CELLS, recursive=False)] for row in table.find_all("tr")]
    return sum(len(row) > 1 for row in rows) > 1 and all(len(cell) <= _LONGEST_CELL for row in rows for cell in row)


def row_of(row: Tag) -> Row | None:
    """The cells of a row outside of any table of data; None where it lays out the page."""
    cells = [words(cell) for cell in row.find_all(_CELLS, recursive=False)]
    return None if not any(cells) or row.find(_LAYOUT) else cells


def rows_of(table: Tag) -> tuple[list[Row], int | None]:
    """The rows, and how many of the first are marked as header; None where none is. A cell that spans several
    columns or rows stands in the first of its places, the others are empty."""
    rows: list[Row] = []
    header, in_header = 0, True
    taken: dict[int, int] = {}  # column -> rows from here that a cell above still covers
    for tag in table.find_all("tr"):
        cells = tag.find_all(_CELLS, recursive=False)
        row = list(_placed(cells, taken))
        if not any(row):
            continue
        rows.append(row)
        in_header = in_header and _is_header(tag, cells)
        header += in_header
    return rows, header or None


def _placed(cells: list[Tag], taken: dict[int, int]) -> Iterator[str]:
    column = 0
    for cell in cells:
        while taken.get(column):
            taken[column] -= 1
            column += 1
            yield ""
        width = _span(cell, "colspan")
        yield words(cell)
        yield from [""] * (width - 1)
        for covered in range(column, column + width):
            taken[covered] = _span(cell, "rowspan") - 1
        column += width
    for behind in [place for place, rows in taken.items() if place >= column and rows]:
        taken[behind] -= 1


def _span(cell: Tag, name: str) -> int:
    text = str(cell.get(name, ""))
    return min(max(int(text), 1), _WIDEST) if text.isdecimal() else 1


def _is_header(row: Tag, cells: list[Tag]) -> bool:
    if row.parent is not None and row.parent.name == "thead":
        return True
    return len(cells) > 1 and all(cell.name == "th" for cell in cells)


def words(tag: Tag) -> str:
    """The text inside, blocks apart and inline marks not, white space folded."""
    parts = []
    for node in tag.descendants:
        if isinstance(node, Tag):
            before = node.name in BLOCKS
        else:
            before = isinstance(node.previous_sibling, Tag) and node.previous_sibling.name in BLOCKS
        if before:
            parts.append(" ")
        if isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            parts.append(str(node))
    return " ".join("".join(parts).split())
