"""Answers against gold answers, without a judge: each is the maximum over the accepted forms."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NUMBER = re.compile(
    r"(?<![\w.])(-?(?:\d+(?:,\d{3})*(?:\.\d+)?|\.\d+))(?:\s*(thousand|million|billion|trillion)\b)?",
    re.IGNORECASE,
)
_BARE_NUMBER = re.compile(rf"\W*?{_NUMBER.pattern}\W*(?:[^\W\d]+\W*){{0,2}}", re.IGNORECASE)
_YEAR = re.compile(r"\W*(1[5-9]|20)\d\d\W*")
_SCALE = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}


def normalise(text: str) -> str:
    """SQuAD's form for comparing (Rajpurkar et al. 2016): lower case, no ASCII punctuation, no English
    articles, single spaces."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(prediction: str, answers: Sequence[str]) -> float:
    """1 where the prediction equals an accepted answer in SQuAD's form, else 0."""
    return float(normalise(prediction) in {normalise(answer) for answer in answers})


def token_f1(prediction: str, answers: Sequence[str]) -> float:
    """SQuAD's F1 over the words, counted as often as they occur (not as sets)."""
    return max(_f1(normalise(prediction).split(), normalise(answer).split()) for answer in answers)


def _f1(predicted: list[str], gold: list[str]) -> float:
    if not predicted or not gold:
        return float(predicted == gold)
    common = (Counter(predicted) & Counter(gold)).total()
    return 2 * common / (len(predicted) + len(gold))


def contains_answer(prediction: str, answers: Sequence[str]) -> float:
    """1 where an accepted answer stands in the prediction as whole words, in SQuAD's form.

    For readers that answer in sentences: exact match asks for the bare phrase. Lenient: a long
    prediction contains more.
    """
    words = f" {normalise(prediction)} "
    return float(any(f" {form} " in words for form in map(normalise, answers) if form))


def numeric_match(prediction: str, answers: Sequence[str], tolerance: float = 0.01) -> float | None:
    """1 where a number of the prediction is within `tolerance` (relative) of the gold number, else 0.

    None where no accepted answer is one number, bare or with a currency, a per cent sign or two words of
    unit. "8.7 billion" is 8.7e9; a per cent sign changes nothing; what looks like a year must be equal.
    Lenient: any number of the prediction will do.
    """
    gold = [answer for answer in answers if _BARE_NUMBER.fullmatch(answer)]
    if not gold:
        return None
    found = _numbers(prediction)
    return float(any(_near(found, answer, tolerance) for answer in gold))


def _near(found: Sequence[float], answer: str, tolerance: float) -> bool:
    (wanted,) = _numbers(answer)
    margin = 0.0 if _YEAR.fullmatch(answer) else tolerance * abs(wanted)
    return any(abs(number - wanted) <= margin for number in found)


def _numbers(text: str) -> list[float]:
    return [float(number.replace(",", "")) * _SCALE.get(scale.lower(), 1.0) for number, scale in _NUMBER.findall(text)]
