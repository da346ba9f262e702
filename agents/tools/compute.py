"""compute: a calculation with numbers and dates, walked over an allow-list: nothing is ever evaluated as code."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from agents.evidence import Evidence
from agents.tools import calendar
from agents.tools.call import Call, Observation
from agents.tools.expression import NESTING, ExpressionError, parsed
from agents.tools.functions import Value, alike, called, modulo, number
from agents.tools.number import held, literal, power, shown
from agents.tools.shown import one_line, word
from agents.tools.spec import Parameter, ToolSpec

COMPUTE = ToolSpec(
    "compute",
    "Calculate with numbers and dates, exactly. No units, no words.",
    (
        Parameter(
            "expression",
            "string",
            'Like (1250 + 80) * 15%, round(10/3, 2), mean(1, 2), 2024-03-01 + 30, days("2024-01-31", "2024-03-01"), '
            "months(a, b), years(a, b), add_months(date, 3)",
        ),
    ),
    informs=False,
)


@dataclass(frozen=True, slots=True)
class ComputeTool:
    """The one tool `compute`. What is wrong with a calculation is told, with how to write it."""

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        return (COMPUTE,)

    def run(self, call: Call, evidence: Evidence) -> Observation:
        expression = str(call.arguments["expression"])
        try:
            return word(f"{one_line(expression)} = {computed(expression)}", evidence)
        except ExpressionError as error:
            return word(f"Not computed: {one_line(str(error), 300)}.", evidence)


def computed(expression: str) -> str:
    """The result as text: a number to its last digit where it has few, "(rounded)" behind it where not, a date, true
    or false. Raises ExpressionError, and nothing else, whatever the expression."""
    tree, source = parsed(expression)
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        raise ExpressionError("text is no calculation: write it without quotation marks")
    value = _Walk(source).value(tree, 0)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, str) else shown(value)


@dataclass(frozen=True, slots=True)
class _Walk:
    source: str
    """What the tree was parsed from, for the decimals that a float would lose."""

    def value(self, node: ast.expr, depth: int) -> Value:
        if depth > NESTING:
            raise ExpressionError(f"it is nested too deeply, {NESTING} levels are read")
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
                return literal(ast.get_source_segment(self.source, node) or "")
            case ast.UnaryOp(op=ast.UAdd() | ast.USub()):
                inner = number(self.value(node.operand, depth + 1))
                return -inner if isinstance(node.op, ast.USub) else inner
            case ast.BinOp():
                return self._operation(node, depth)
            case ast.Compare():
                return self._comparison(node, depth)
            case ast.Call(func=ast.Name(id=name), keywords=[]):
                return called(name, self._values(node.args, depth))
            case ast.Tuple():
                raise ExpressionError("one calculation at a time; write 1250, not 1,250, where the comma is not clear")
            case ast.Name(id=name):
                raise ExpressionError(f"{name[:40]} is no number: write its value")
            case _:
                raise ExpressionError("only numbers, dates, + - * / // % **, comparisons and functions are read")

    def _values(self, nodes: Sequence[ast.expr], depth: int) -> list[Value]:
        """Of the values of a function; those of a list among them count as its own."""
        values: list[Value] = []
        for node in nodes:
            if isinstance(node, ast.List | ast.Tuple):
                values += [self.value(item, depth + 2) for item in node.elts]
            else:
                values.append(self.value(node, depth + 1))
        return values

    def _operation(self, node: ast.BinOp, depth: int) -> Value:
        if isinstance(node.op, ast.Add | ast.Sub) and _is_percent(node.right) and not _clear_before_percent(node.left):
            raise ExpressionError("x + 10% is not clear: write x * (1 + 10%), or x + 0.1")
        one, other = self.value(node.left, depth + 1), self.value(node.right, depth + 1)
        if isinstance(one, date) or isinstance(other, date):
            return _of_dates(one, node.op, other)
        return _of_numbers(number(one), node.op, number(other))

    def _comparison(self, node: ast.Compare, depth: int) -> bool:
        values: Sequence[Fraction | date] = alike(
            [self.value(each, depth + 1) for each in (node.left, *node.comparators)]
        )
        return all(
            _compared(one, operator, other) for one, operator, other in zip(values, node.ops, values[1:], strict=False)
        )


def _is_percent(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "percent"


def _clear_before_percent(node: ast.expr) -> bool:
    """1 + 10% and 5% + 10% are sums; 200 + 10% is meant to be 220 by some."""
    return _is_percent(node) or (isinstance(node, ast.Constant) and node.value == 1)


def _of_dates(one: Value, operator: ast.operator, other: Value) -> Value:
    match operator, one, other:
        case ast.Sub(), date(), date():
            return Fraction((one - other).days)
        case ast.Add(), date(), Fraction():
            return calendar.moved(one, other)
        case ast.Add(), Fraction(), date():
            return calendar.moved(other, one)
        case ast.Sub(), date(), Fraction():
            return calendar.moved(one, -other)
    raise ExpressionError("of dates: date - date gives days, date + days and date - days give a date")


def _of_numbers(one: Fraction, operator: ast.operator, other: Fraction) -> Fraction:
    match operator:
        case ast.Add():
            return held(one + other)
        case ast.Sub():
            return held(one - other)
        case ast.Mult():
            return held(one * other)
        case ast.Pow():
            return power(one, other)
        case ast.Div() | ast.FloorDiv() | ast.Mod() if other == 0:
            raise ExpressionError("division by zero")
        case ast.Div():
            return held(one / other)
        case ast.FloorDiv():
            return held(Fraction(one // other))
        case ast.Mod():
            return modulo(one, other)
    raise ExpressionError("only + - * / // % ** are read between numbers")


def _compared(one: Fraction | date, operator: ast.cmpop, other: Fraction | date) -> bool:
    match operator:
        case ast.Eq():
            return one == other
        case ast.NotEq():
            return one != other
        case ast.Lt():
            return one < other  # type: ignore[operator]  # both are of one kind
        case ast.LtE():
            return one <= other  # type: ignore[operator]
        case ast.Gt():
            return one > other  # type: ignore[operator]
        case ast.GtE():
            return one >= other  # type: ignore[operator]
    raise ExpressionError("numbers are compared by == < <= > >= != only")
