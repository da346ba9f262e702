"""Claims under a JSON schema, as they are measured beside free text."""

from __future__ import annotations

import json

import pytest
from langchain_core.messages import AIMessage

from eval.scripts.claims_form import LONGEST, Claims
from rag.judge import NOT_FOUND

TWO = json.dumps(
    {
        "claims": [
            {"a_quote": "brewed at 80", "b_passage": 1, "c_sentence": "It is brewed at 80 \u00b0C."},
            {"a_quote": "in a tin", "b_passage": 2, "c_sentence": 'Keep it in a "tin".'},
        ]
    }
)
DRAFT = 'It is brewed at 80 \u00b0C. [1]\nKeep it in a "tin". [2]'


def test_claims_become_sentences_with_markers() -> None:
    assert Claims().draft(AIMessage(TWO)) == DRAFT


def test_an_unfinished_claim_is_left_out() -> None:
    assert Claims().draft(AIMessage(TWO[: TWO.index("tin\\")])) == DRAFT.splitlines()[0]


def test_no_claim_says_that_the_documents_do_not() -> None:
    assert Claims().draft(AIMessage('{"claims": []}')) == NOT_FOUND


@pytest.mark.parametrize("cut", ['{"claims": [{"a_quote": "br', '{"claims": [{"a_quote": "x", "b_passage": 1, "c_sent'])
def test_json_cut_off_before_its_first_sentence_is_no_verdict(cut: str) -> None:
    assert Claims().draft(AIMessage(cut)) == ""


def test_a_server_that_ignores_the_schema_is_read_as_free_text() -> None:
    assert Claims().draft(AIMessage("Green tea is hot [1].")) == "Green tea is hot [1]."


def test_the_keys_of_a_claim_sort_in_the_order_of_thought() -> None:
    keys = list(schema_of_claims()["properties"]["claims"]["items"]["properties"])
    assert keys == sorted(keys) == ["a_quote", "b_passage", "c_sentence"]


def schema_of_claims() -> dict[str, dict[str, dict[str, dict[str, dict[str, object]]]]]:
    schema = Claims().options["format"]
    assert isinstance(schema, dict)
    return schema


@pytest.mark.parametrize(
    ("begun", "shown"),
    [("It is hot. " + "A" * LONGEST, "It is hot."), ("A" * LONGEST, "A" * LONGEST + " …")],
)
def test_a_sentence_that_ran_into_the_limit_of_its_length_is_shown_as_such(begun: str, shown: str) -> None:
    claim = {"a_quote": "hot", "b_passage": 1, "c_sentence": begun[:LONGEST]}
    assert Claims().draft(AIMessage(json.dumps({"claims": [claim]}))) == f"{shown} [1]"
