"""Follow-up questions by rule: single ones, and conversations over the two corpora of this project.

followups.jsonl holds conversations of two to six questions. Each question has its kind, what a person would write in
its place for somebody who had not heard the rest (`alone`), and where its answer stands. `part` says whether it was
looked at while the rule was made (tuning) or not (proving).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rag import Index
from rag.followup import joined
from rag.lexical import content_words
from tests.rag.small import WordEncoder

CORPORA = Path(__file__).parents[2] / "corpora"
ANSWER = "The head of the office is Ann Bell."


@pytest.mark.parametrize(
    ("last", "question", "searched"),
    [
        ("What was the revenue of 3M in 2018?", "And in 2022?", "What was the revenue of 3M in 2022?"),
        ("What's the price in USD?", "and in EUR?", "What is the price in EUR?"),
        ("How many people are in Ghent?", "Porto?", "How many people are in Porto?"),
        ("Can I carry over leave?", "And if I am ill?", "Can I carry over leave if I am ill?"),
    ],
)
def test_a_value_is_put_into_the_last_question(last: str, question: str, searched: str) -> None:
    assert joined(last, ANSWER, question) == searched


@pytest.mark.parametrize(
    ("last", "question", "searched"),
    [
        ("How many days may be worked from home?", "and since when?", "Since when may be worked from home?"),
        ("When did Henrik Solberg step down?", "Why?", "Why did Henrik Solberg step down?"),
        (
            "How many vectors fit into one file?",
            "with how many dimensions?",
            "With how many dimensions vectors fit into one file?",
        ),
        ("Is smoking allowed?", "why not?", "Why not is smoking allowed?"),
        ("From which pier does the ferry leave?", "when?", "When does the ferry leave?"),
    ],
)
def test_a_question_word_takes_the_place_of_the_last_one(last: str, question: str, searched: str) -> None:
    assert joined(last, ANSWER, question) == searched


@pytest.mark.parametrize(
    ("last", "question", "searched"),
    [
        ("How many days may be worked from home?", "Who must approve it?", "Who must approve it (worked from home)?"),
        (
            "Which decode rate is reported for an RTX 5090?",
            "How much memory does it have?",
            "How much memory does it have (RTX 5090)?",
        ),
        (
            "How many devices does the recall concern?",
            "What is wrong with them?",
            "What is wrong with them (devices the recall concern)?",
        ),
        ("What was the revenue of Acme in 2021?", "Why did it fall?", "Why did it fall (revenue of Acme in 2021)?"),
        (
            "How many days of leave do we have?",
            "How many can be carried over?",
            "How many can be carried over (days of leave)?",
        ),
        ("What does num_keep do?", "What is its default?", "What is the default of num_keep?"),
        ("How large is the RTX 3090?", "and its bandwidth?", "What is the bandwidth of RTX 3090?"),
    ],
)
def test_another_question_about_the_same_is_given_the_subject(last: str, question: str, searched: str) -> None:
    assert joined(last, ANSWER, question) == searched


def test_he_and_she_are_who_the_answer_names() -> None:
    last = "Who is the head of the office?"
    assert (
        joined(last, ANSWER, "How long has she been there?")
        == "How long has she been there (Ann Bell, head of the office)?"
    )
    assert joined(last, ANSWER, "Where is it?") == "Where is it (head of the office)?"
    named = joined("When did Henrik Solberg leave?", ANSWER, "Who followed him?")
    assert named == "Who followed him (Henrik Solberg leave)?"


@pytest.mark.parametrize(
    ("last", "question", "searched"),
    [
        (
            "What was the revenue of 3M in 2018?",
            "And what about the year before?",
            "What was the revenue of 3M in 2017?",
        ),
        ("What was the revenue of 3M in FY09?", "and the following year?", "What was the revenue of 3M in FY10?"),
        ("How many work in Porto?", "and the year before?", "How many work in Porto the year before?"),
        ("What grew from 2018 to 2019?", "and a year later?", "What grew from 2018 to 2019 a year later?"),
        ("What was sold in 2018?", "and the quarter before?", "What was sold in 2018 the quarter before?"),
        ("What was sold in 2018?", "and last year?", "What was sold in 2018 last year?"),
    ],
)
def test_a_time_told_by_another_is_counted_from_it_or_added(last: str, question: str, searched: str) -> None:
    assert joined(last, ANSWER, question) == searched


@pytest.mark.parametrize(
    "question",
    [
        "So show me the leave policy",
        "Ok tell me about parental leave",
        "And please summarise the travel policy.",
        "List the suppliers in Porto!",
        "Explain escalation",
        "Tell me in which year Acme was founded",
        " ",
        "?",
    ],
)
def test_a_command_that_names_its_object_and_a_blank_question_are_left_alone(question: str) -> None:
    assert joined("Who owns the contract with Fossgard Cells?", ANSWER, question) == question


@pytest.mark.parametrize(
    "question", ["Tell me more", "Explain that", "Give me an example", "Explain why", "Show me in EUR"]
)
def test_a_command_that_asks_for_more_is_given_the_subject(question: str) -> None:
    searched = joined("Who owns the contract with Fossgard Cells?", ANSWER, f"And {question.lower()}")
    assert searched.lower() == f"{question} (contract with Fossgard Cells)?".lower()


@pytest.mark.parametrize(
    ("last", "question", "searched"),
    [
        ("Tell me about parental leave.", "since when?", "Since when (parental leave)?"),
        ("Show me the leave policy", "Who owns it?", "Who owns it (leave policy)?"),
        ("Show me the leave policy for Porto", "and for Ghent?", "Show me the leave policy for Ghent?"),
    ],
)
def test_a_command_can_be_gone_on_from(last: str, question: str, searched: str) -> None:
    assert joined(last, ANSWER, question) == searched


def test_after_a_blank_question_every_one_is_left_alone() -> None:
    assert joined("  ", "", "And in 2020?") == "And in 2020?"


@pytest.mark.parametrize(
    "question",
    [
        "Who is the lighthouse keeper?",
        "Does it say anywhere how the lighthouse keeper stores paraffin in winter?",
        "Which IT systems failed?",
        "And how high was the dividend for 2022?",
        "How many records does Chroma take in one call?",
        "Who approved the project that failed?",
        "What is GGUF?",
        "How many days of leave were there this year?",
    ],
)
def test_a_question_that_names_its_subject_is_left_alone(question: str) -> None:
    assert joined("When does the ferry to Ost leave?", ANSWER, question) == question


def test_a_subject_is_carried_on_until_another_is_named() -> None:
    asked = "How much did the attack in Penang cost?"
    for follow_up, searched in (
        ("How much did the insurer pay of it?", "How much did the insurer pay of it (attack in Penang cost)?"),
        ("And why?", "Why did the insurer pay of it (attack in Penang cost)?"),
        ("Who led it?", "Who led it (attack in Penang cost)?"),
        ("How long must a password be?", "How long must a password be?"),
        ("And how often must it be changed?", "How often must it be changed (password)?"),
    ):
        asked = joined(asked, ANSWER, follow_up)
        assert asked == searched


def test_parentheses_that_the_person_wrote_are_not_taken_for_the_subject() -> None:
    last = "Which decode rate is reported for qwen3:30b-a3b on an RTX 3090 (24 GB)?"
    assert "qwen3:30b-a3b" in joined(last, ANSWER, "Why is it so low?")
    assert joined("What is the rent (in Lyon)?", ANSWER, "And who pays it?") == "Who pays it (rent in Lyon)?"
    assert joined("What is the rent (Lyon)?", ANSWER, "And who pays it?") == "Who pays it (rent, Lyon)?"


@pytest.mark.parametrize("corpus", ["handbook", "policies"])
def test_after_an_unrelated_question_those_of_the_corpora_stand_alone(corpus: str) -> None:
    lines = (CORPORA / corpus / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines]
    changed = [two for one, two in zip(questions[1:], questions, strict=False) if joined(one, "", two) != two]
    # "How many watts does an H200 draw while it writes?": its pronoun points into the question itself
    assert len(changed) <= 1


@dataclass(frozen=True, slots=True)
class Turn:
    """A follow-up as it came in a conversation, the question before it as it was searched for, and where to look."""

    corpus: str
    last: str
    question: str
    searched: str
    alone: str
    files: list[str]
    evidence: list[str]

    def is_found(self, index: Index, query: str) -> bool:
        passages = [(passage.file, _folded(passage.text)) for passage in index.search(query, 3)]
        return any(
            file in self.files and any(_folded(sentence) in text for sentence in self.evidence)
            for file, text in passages
        )


def _folded(text: str) -> str:
    return " ".join(text.split())


def follow_ups() -> Iterator[Turn]:
    for line in (Path(__file__).parent / "followups.jsonl").read_text(encoding="utf-8").splitlines():
        conversation = json.loads(line)
        last = answer = ""
        for turn in conversation["turns"]:
            searched = joined(last, answer, turn["question"]) if last else turn["question"]
            if turn["kind"] not in ("first", "new"):
                corpus, alone = conversation["corpus"], turn["alone"]
                yield Turn(corpus, last, turn["question"], searched, alone, turn["files"], turn["evidence"])
            last, answer = searched, turn["evidence"][0]


def test_what_is_searched_for_has_the_words_that_a_person_would_write() -> None:
    def likeness(written: str, wanted: str) -> float:
        """Token F1 of the words that carry meaning."""
        one, other = set(content_words(written)), set(content_words(wanted))
        return 2 * len(one & other) / (len(one) + len(other)) if one | other else 1.0

    turns = list(follow_ups())
    as_typed = sum(likeness(turn.question, turn.alone) for turn in turns) / len(turns)
    joined_up = sum(likeness(turn.searched, turn.alone) for turn in turns) / len(turns)
    assert as_typed < 0.5
    assert joined_up > 0.75


def test_most_follow_ups_find_what_the_whole_question_would_find(tmp_path: Path) -> None:
    encoder = WordEncoder()
    with (
        Index.open(CORPORA / "handbook" / "docs", index=tmp_path / "handbook", encoder=encoder) as handbook,
        Index.open(CORPORA / "policies" / "docs", index=tmp_path / "policies", encoder=encoder) as policies,
    ):
        handbook.sync()
        policies.sync()
        indexes = {"handbook": handbook, "policies": policies}
        turns = list(follow_ups())

        def found(query: Callable[[Turn], str]) -> int:
            return sum(turn.is_found(indexes[turn.corpus], query(turn)) for turn in turns)

        as_typed, by_rule = found(lambda turn: turn.question), found(lambda turn: turn.searched)
        whole = found(lambda turn: turn.alone)
    assert len(turns) == 81
    assert as_typed < whole - 20
    assert by_rule >= whole - 4


def test_parentheses_with_nothing_in_them_carry_nothing() -> None:
    assert joined("What is it ( )?", "", "Why does it matter?") == "Why does it matter?"
