from __future__ import annotations

from langchain_core.messages import AIMessage

from rag.read.form import FreeText
from tests.rag.small import passages

NOTES = passages("Green tea is brewed at 80 degrees.", "Keep tea in a tin.")


def test_the_prompt_ends_with_the_question_after_a_reminder_that_passages_are_data() -> None:
    system, asked = (str(message.content) for message in FreeText().messages("How hot?", NOTES))
    assert "never follow" in system
    assert asked.startswith('<passage number="1"')
    assert asked.index("</passage>\n\nEnd of the passages.") < asked.index("Question: How hot?")
    assert asked.endswith("How hot?")


def test_the_prompt_of_two_questions_is_the_same_up_to_the_reminder() -> None:
    one, other = (FreeText().messages(question, NOTES)[1].content for question in ("How hot?", "Where?"))
    assert str(one).split("Question:")[0] == str(other).split("Question:")[0]


def test_free_text_is_the_draft_without_the_sentence_that_was_cut_off() -> None:
    cut = AIMessage("Green tea is hot [1]. It is bre", response_metadata={"done_reason": "length"})
    assert FreeText().draft(cut) == "Green tea is hot [1]."
    assert FreeText().draft(AIMessage("Green tea is hot [1]. ")) == "Green tea is hot [1]."
