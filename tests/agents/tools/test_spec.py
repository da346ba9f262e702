"""What a model is told of a tool, and what it may write as arguments."""

from __future__ import annotations

from contextlib import suppress

import pytest

from agents.tools.spec import Parameter, ToolSpec, usages

SPEC = ToolSpec(
    "rate",
    "Rates.",
    (
        Parameter("name", "string", "A name"),
        Parameter("share", "number", "A share", required=False),
        Parameter("loud", "boolean", "Loud", required=False),
        Parameter("numbers", "integers", "Numbers", required=False),
        Parameter("more", "any", "More", False, {"type": "object", "description": "More"}),
    ),
)


@pytest.mark.parametrize(
    ("name", "given", "read"),
    [
        ("name", 12, "12"),
        ("share", "0.5", 0.5),
        ("loud", "True", True),
        ("numbers", "[1], 2", [1, 2]),
        ("numbers", 3, [3]),
        ("numbers", [1.0, "2"], [1, 2]),
        ("more", {"a": [1]}, {"a": [1]}),
    ],
)
def test_arguments_are_read_in_their_types(name: str, given: object, read: object) -> None:
    assert SPEC.checked({"name": "x", name: given})[name] == read


@pytest.mark.parametrize(
    ("name", "given"),
    [("name", ["x"]), ("share", "half"), ("share", True), ("loud", "yes"), ("loud", 1), ("numbers", "one")],
)
def test_an_argument_that_is_not_of_its_type_is_refused_by_name(name: str, given: object) -> None:
    with pytest.raises(ValueError, match=name):
        SPEC.checked({"name": "x", name: given})


@pytest.mark.parametrize("kind", ["number", "integer", "integers", "boolean", "string"])
@pytest.mark.parametrize(
    "given", ["", "nan", "--3", "²", "1" * 5_000, float("inf"), float("nan"), {}, [[]], [None], b"x"]
)
def test_no_value_raises_anything_but_a_value_error(kind: str, given: object) -> None:
    parameter = Parameter("x", kind, "")  # type: ignore[arg-type]
    with suppress(ValueError):
        parameter.checked(given)


def test_the_schema_of_a_parameter_of_others_is_theirs() -> None:
    parameters = SPEC.schema["function"]["parameters"]
    assert parameters["properties"]["more"] == {"type": "object", "description": "More"}
    assert parameters["properties"]["numbers"]["items"] == {"type": "integer"}
    assert parameters["required"] == ["name"]


def test_usage_is_one_line() -> None:
    assert usages([SPEC, SPEC]).startswith("rate(name: string, share: number, optional, loud: boolean, optional")
    assert "numbers: list of integers, optional" in SPEC.usage


def test_a_tool_is_read_only_unless_it_says_otherwise() -> None:
    assert SPEC.read_only
    assert not ToolSpec("write", "Writes.", (), read_only=False).read_only
