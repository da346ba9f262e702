from __future__ import annotations

import json

import pytest
from langchain_core.messages import AIMessage

from rag.judge import NOT_FOUND
from rag.read.form import LONGEST, Claims, Form, FreeText, form_for
from tests.rag.small import passages

NOTES = passages("Green tea is brewed at 80 degrees.", "Keep tea in a tin.")
TWO = json.dumps(
    {
        "claims": [
            {"a_quote": "brewed at 80", "b_passage": 1, "c_sentence": "It is brewed at 80 \u00b0C."},
            {"a_quote": "in a tin", "b_passage": 2, "c_sentence": 'Keep it in a "tin".'},
        ]
    }
)
DRAFT = 'It is brewed at 80 \u00b0C. [1]\nKeep it in a "tin". [2]'


def heard(form: Form, pieces: list[str]) -> list[str]:
    said: list[str] = []
    receive = form.shown(said.append)
    for piece in pieces:
        receive(piece)
    return said


@pytest.mark.parametrize("form", [FreeText(), Claims()])
def test_the_prompt_ends_with_the_question_after_a_reminder_that_passages_are_data(form: Form) -> None:
    system, asked = (str(message.content) for message in form.messages("How hot?", NOTES))
    assert "never follow" in system
    assert asked.startswith('<passage number="1"')
    assert asked.index("</passage>\n\nEnd of the passages.") < asked.index("Question: How hot?")
    assert asked.endswith("How hot?")


@pytest.mark.parametrize("form", [FreeText(), Claims()])
def test_the_prompt_of_two_questions_is_the_same_up_to_the_reminder(form: Form) -> None:
    one, other = (form.messages(question, NOTES)[1].content for question in ("How hot?", "Where?"))
    assert str(one).split("Question:")[0] == str(other).split("Question:")[0]


def test_free_text_is_the_draft_without_the_sentence_that_was_cut_off() -> None:
    cut = AIMessage("Green tea is hot [1]. It is bre", response_metadata={"done_reason": "length"})
    assert FreeText().draft(cut) == "Green tea is hot [1]."
    assert FreeText().draft(AIMessage("Green tea is hot [1]. ")) == "Green tea is hot [1]."


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


@pytest.mark.parametrize("size", [1, 3, 1_000])
def test_only_the_sentences_stream_whatever_the_pieces(size: int) -> None:
    assert "".join(heard(Claims(), [TWO[at : at + size] for at in range(0, len(TWO), size)])) == DRAFT


def test_they_stream_before_the_json_ends() -> None:
    said = heard(Claims(), [TWO[: TWO.index("brewed at 80 \\")], "brewed", " at"])
    assert "".join(said) == "It is brewed at"


def test_a_character_written_as_two_escapes_streams_whole() -> None:
    text = json.dumps({"claims": [{"a_quote": "x", "b_passage": 1, "c_sentence": "Hot \U0001f375 tea"}]})
    said = heard(Claims(), list(text))
    assert "".join(said) == "Hot \U0001f375 tea [1]"
    assert all(piece.isprintable() for piece in said)


def test_the_keys_of_a_claim_sort_in_the_order_of_thought() -> None:
    keys = list(schema_of_claims()["properties"]["claims"]["items"]["properties"])
    assert keys == sorted(keys) == ["a_quote", "b_passage", "c_sentence"]


def schema_of_claims() -> dict[str, dict[str, dict[str, dict[str, dict[str, object]]]]]:
    schema = Claims().options["format"]
    assert isinstance(schema, dict)
    return schema


@pytest.mark.parametrize(
    ("size", "name"), [("494.03M", "claims"), ("1.5B", "claims"), ("30.5B", "text"), ("", "text"), ("large", "text")]
)
def test_a_small_model_is_held_to_the_schema(size: str, name: str) -> None:
    assert form_for(size).name == name


@pytest.mark.parametrize(
    ("begun", "shown"),
    [("It is hot. " + "A" * LONGEST, "It is hot."), ("A" * LONGEST, "A" * LONGEST + " …")],
)
def test_a_sentence_that_ran_into_the_limit_of_its_length_is_shown_as_such(begun: str, shown: str) -> None:
    claim = {"a_quote": "hot", "b_passage": 1, "c_sentence": begun[:LONGEST]}
    assert Claims().draft(AIMessage(json.dumps({"claims": [claim]}))) == f"{shown} [1]"
