from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

import pytest

from eval import to_json


@dataclass(frozen=True)
class Thing:
    name: str
    inner: object


def test_dataclasses_mappings_and_sequences_become_plain() -> None:
    thing = Thing("a", (Thing("b", None), {1: PurePosixPath("x/y")}, frozenset({"s"})))
    assert to_json(thing) == {"name": "a", "inner": [{"name": "b", "inner": None}, {"1": "x/y"}, ["s"]]}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="missing is None"):
        to_json(Thing("a", value))


def test_what_has_no_plain_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        to_json(object())
