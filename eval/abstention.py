"""Abstention: whether a system answers what it should and declines what it should (SQuAD 2.0's split,
Rajpurkar et al. 2018). Both read the structured `answerable` of the answer, never its words."""

from __future__ import annotations


def false_answer(gold_answerable: bool | None, said_answerable: bool | None) -> float | None:
    """On a question that the documents do not answer: 1 where it was answered, else 0. None on others."""
    if gold_answerable is not False or said_answerable is None:
        return None
    return float(said_answerable)


def false_refusal(gold_answerable: bool | None, said_answerable: bool | None) -> float | None:
    """On a question that the documents answer: 1 where the system declined, else 0. None on others."""
    if gold_answerable is not True or said_answerable is None:
        return None
    return float(not said_answerable)
