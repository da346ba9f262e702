"""What a person or a model writes as a calculation, as an expression that can be parsed without a doubt."""

from __future__ import annotations

import ast
import re

CHARS = 300
NESTING = 30

_SIGNS = str.maketrans(
    {"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "“": '"', "”": '"', "’": "'", "‘": "'", "\u00a0": " "}
)
_ALLOWED = re.compile(r"[A-Za-z0-9_\s.+\-*/%()\[\]<>=!,\"':]*")
_STRING = re.compile(r"\"[^\"']*\"|'[^\"']*'")
_DATE = re.compile(r"(?<![\w.-])(\d{4}-\d\d-\d\d)(?![\w-])")
_LOOSE_DATE = re.compile(r"(?<![\w.\-\"])\d{4}-\d{1,2}-\d{1,2}(?![\w-])")
_MONEY = re.compile(r"[$€£](?=\s?\d)")
_GROUPED = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?!\d|,\d)(?:\.\d+)?(?!\w)")
_CONTINENTAL = re.compile(r"\d\.\d{3}(?:\.\d{3})*,\d|\d\.\d{3}\.\d{3}")
_UNIT = re.compile(r"(?<![\w.])\d[\d._]*\s*(?!e[+-]?\d)[A-Z]\w*", re.IGNORECASE)
_PERCENT = re.compile(r"(\d[\d.]*)(?: ?%(?= ?(?:$|[)\],*/<>=!]|of\b))|%(?= [+-] ))")
_DOUBTFUL = re.compile(r"\d ?%[+-]|\d % [+-] ")


class ExpressionError(ValueError):
    """What is wrong with a calculation, for the model that wrote it."""


def parsed(text: str) -> tuple[ast.expr, str]:
    """The tree and the source that its places refer to. Raises ExpressionError."""
    if len(text) > CHARS:
        raise ExpressionError(f"the expression has {len(text):,} characters, at most {CHARS} are read")
    source = normal(text)
    try:
        return ast.parse(source, mode="eval").body, source
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ExpressionError("that is no calculation: write it like (1250 + 80) * 15% or 2024-03-01 + 30") from error


def normal(text: str) -> str:
    """The expression in Python's signs: 1,250 is 1250, 15% is percent(15), 2024-03-01 is date("2024-03-01")."""
    text = _MONEY.sub("", text.translate(_SIGNS)).replace("^", "**")
    text = " ".join(text.split()).removeprefix("=").removesuffix("=").strip()
    text = re.sub(r"(?<![<>=!])=(?!=)", "==", text.replace("≤", "<=").replace("≥", ">="))
    text = re.sub(r"(?<=[\d)]) x (?=[\d(])", " * ", text)
    if not text:
        raise ExpressionError("the expression is empty")
    if not _ALLOWED.fullmatch(text):
        sign = next(sign for sign in text if not _ALLOWED.fullmatch(sign))
        raise ExpressionError(f"{sign!a} is not understood: use numbers, dates, + - * / // % ** and functions")
    parts, at, depth = [], 0, 0
    for match in _STRING.finditer(text):
        parts += [_plain(text[at : match.start()], depth), match.group()]
        depth += text.count("(", at, match.start()) - text.count(")", at, match.start())
        at = match.end()
    return "".join([*parts, _plain(text[at:], depth)]).strip()


def _plain(text: str, depth: int) -> str:
    """Outside of quotation marks; `depth` brackets are open before."""
    if _CONTINENTAL.search(text):
        raise ExpressionError("write numbers as 1250.50, with a point for decimals")
    text = _DATE.sub(r'date("\1")', _ungrouped(text, depth))
    if loose := _LOOSE_DATE.search(text):
        raise ExpressionError(
            f"{loose.group()} is not clear: write a date like 2024-03-01, a difference like 9 - 3 - 1"
        )
    if _DOUBTFUL.search(text):
        raise ExpressionError("% before + or - is not clear: write 7% - 3 for percent, mod(7, -3) for the remainder")
    text = _PERCENT.sub(r"percent(\1)", text)
    text = re.sub(r"(percent\([\d.]+\)) ?of\b", r"\1 *", text)
    bare = _STRING.sub("", text)
    if unit := _UNIT.search(bare):
        raise ExpressionError(f"{unit.group()!a} is no number: leave out units")
    return text


def _ungrouped(text: str, depth: int) -> str:
    """1,250 as 1250. Between the brackets of a function it might be two numbers."""
    listed, start = [], 0
    for match in _GROUPED.finditer(text):
        inside = depth + text.count("(", 0, match.start()) - text.count(")", 0, match.start())
        if inside > 0 and _in_call(text[: match.start()], depth):
            raise ExpressionError(f"{match.group()} is not clear here: write 1250 for one number, 1, 250 for two")
        listed += [text[start : match.start()], match.group().replace(",", "")]
        start = match.end()
    return "".join([*listed, text[start:]])


def _in_call(before: str, depth: int) -> bool:
    """Whether a bracket that is open stands behind a name; of those that were open before it is not known."""
    open_calls = [True] * max(depth, 0)
    for place, sign in enumerate(before):
        if sign in "([":
            open_calls.append(sign == "[" or bool(re.search(r"\w\s*$", before[:place])))
        elif sign in ")]" and open_calls:
            open_calls.pop()
    return any(open_calls)
