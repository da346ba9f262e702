from __future__ import annotations

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from rag.rewrite import SHOWN, Exchange, stand_alone, stand_alone_by_rule
from tests.scripted_chat import ScriptedChat

FERRY = [Exchange("When does the ferry to Ost leave?", "The ferry to Ost leaves at 07:40 from pier nine.")]


def test_a_first_question_is_searched_for_as_it_is_and_no_model_is_asked() -> None:
    chat = ScriptedChat()
    assert stand_alone(chat, [], "When does it leave?") == "When does it leave?"
    assert chat.prompts == []
    assert stand_alone_by_rule([], "When does it leave?") == "When does it leave?"


def test_a_model_is_shown_the_conversation_and_its_question_is_taken() -> None:
    chat = ScriptedChat(texts=["How much is the ferry to Ost?"])
    assert stand_alone(chat, FERRY, "How much is it?") == "How much is the ferry to Ost?"
    (prompt,) = chat.prompts
    assert "When does the ferry to Ost leave?" in prompt[-1].text
    assert "from pier nine" in prompt[-1].text
    assert prompt[-1].text.endswith("Last question: How much is it?")


@pytest.mark.parametrize(
    "written",
    [
        '"How much is the ferry to Ost?"',
        "Question: How much is the ferry to Ost?",
        "How much is the ferry to Ost?\n\nIt",
    ],
)
def test_what_a_model_puts_around_the_question_is_taken_off(written: str) -> None:
    assert stand_alone(ScriptedChat(texts=[written]), FERRY, "How much is it?") == "How much is the ferry to Ost?"


@pytest.mark.parametrize(
    "written",
    [
        " \n ",
        "?",
        "Bananas from Iceland travel by submarine.",
        "How much is the ferry to Ost? " * 20,
        '{"claims": [{"a_quote": "The ferry to Ost leaves at 07:40"}]}',
    ],
)
def test_what_is_no_rewriting_of_the_question_gives_way_to_the_rule(written: str) -> None:
    chat = ScriptedChat(texts=[written, written])
    assert stand_alone(chat, FERRY, "How much is it?") == "How much is it? (ferry Ost leave)"
    assert stand_alone(chat, FERRY, "Who is the lighthouse keeper?") == "Who is the lighthouse keeper?"


def test_an_answer_in_the_place_of_a_question_is_not_searched_for() -> None:
    chat = ScriptedChat(
        texts=["The ferry to Ost leaves at 07:40 from pier nine.", "Which tickets does the ferry have?"]
    )
    assert stand_alone(chat, FERRY, "Are there tickets?") == "Are there tickets? (ferry Ost leave)"
    assert stand_alone(chat, FERRY, "Is there a ticket?") == "Which tickets does the ferry have?"


def test_a_request_can_stand_behind_what_a_server_keeps_in_its_cache() -> None:
    chat = ScriptedChat(texts=["How much is the ferry to Ost?"])
    head = SystemMessage("You answer questions.")
    stand_alone(chat, FERRY, "How much is it?", lambda request: [head, HumanMessage(request)])
    assert chat.prompts[0][0] == head
    assert chat.prompts[0][1].text.endswith("Last question: How much is it?")


def test_the_model_is_shown_the_last_turns_and_of_a_long_answer_the_beginning() -> None:
    chat = ScriptedChat(texts=["How much is it?"])
    history = [Exchange(f"Question {number}?", "long " * 200) for number in range(9)]
    stand_alone(chat, history, "How much is it?")
    prompt = chat.prompts[0][-1].text
    assert "Question 5?" not in prompt
    assert "Question 8?" in prompt
    assert len(prompt) < 3 * (SHOWN + 40) + 1_000


@pytest.mark.parametrize(
    ("question", "searched"),
    [
        ("How much is it?", "How much is it? (ferry Ost leave)"),
        ("And from which pier?", "And from which pier? (ferry Ost leave)"),
        ("Why?", "Why? (ferry Ost leave)"),
        ("What about Sundays?", "What about Sundays? (ferry Ost leave)"),
    ],
)
def test_by_rule_a_question_that_points_back_is_given_the_last_one_s_words(question: str, searched: str) -> None:
    assert stand_alone_by_rule(FERRY, question) == searched


@pytest.mark.parametrize(
    "question",
    [
        "Who is the lighthouse keeper?",
        "Does it say anywhere how the lighthouse keeper stores paraffin in winter?",
        "Which IT systems failed?",
    ],
)
def test_by_rule_a_question_that_names_its_subject_is_left_alone(question: str) -> None:
    assert stand_alone_by_rule(FERRY, question) == question


def test_by_rule_a_new_year_takes_the_place_of_the_old_one() -> None:
    history = [Exchange("What was the revenue of 3M in 2018?", "It was 32,765 million.")]
    assert stand_alone_by_rule(history, "And in 2022?") == "And in 2022? (revenue 3M)"


def test_by_rule_words_are_carried_over_several_follow_ups() -> None:
    first = stand_alone_by_rule(FERRY, "How much is it?")
    assert stand_alone_by_rule([Exchange(first, "Twelve crowns.")], "Why?") == "Why? (ferry Ost leave)"
