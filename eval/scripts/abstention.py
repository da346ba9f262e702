"""The support score: the order of sentences, and whether to answer at all, beside the top cosine.

    python -m eval.scripts.abstention DATA --work FOLDER                  # shown on squad2: 300 answerable, 300 not
    python -m eval.scripts.abstention DATA --work FOLDER --tuned-on       # the same on the sets it was made with
    python -m eval.scripts.abstention DATA --work FOLDER --fit            # weights and thresholds for the encoder

DATA holds squad2/, lihua_world/ and chunking_evaluation/. squad2's questions are searched in their article only, since
"unanswerable" was judged there. Every question is answered with its best sentence. Wrong: the sentence holds no gold
answer, which on an unanswerable question it never does. AURC is the area under the risk-coverage curve. The baseline
answers with the sentence of the highest cosine, and that is its confidence. Indexes are made under --work and kept.

A fit uses lihua_world and chunking_evaluation: each question as it is, and each once more without the passages that
hold its evidence, as one that the documents do not answer. It maximises the likelihood of a choice among the sentences
and "none". What is counted as gold: squad2, a sentence with an accepted answer; chunking_evaluation, one that shares
half of its characters (or of the evidence's) with the evidence; lihua_world, one of an evidence file with half of the
answer's words.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval import Question, load_questions
from eval.answer_metrics import contains_answer
from eval.interval import rate
from eval.risk_coverage import aurc, aurc_difference, risks, roc_area
from rag import ExtractiveReader, Index, Passage
from rag.calibration import Calibration
from rag.encoder import open_encoder
from rag.features import Features
from rag.filter import Filter
from rag.lexical import WordCover, content_words
from rag.sentence import Sentence, sentences_of
from rag.sentences import fold
from rag.support import Supporter

Floats = NDArray[np.float64]

RETRIEVED = 10
SEED = 5
TUNED_ON = ("lihua_world", "chunking_evaluation")
NAMES = [field.name for field in fields(Features)]
FALSE_REFUSALS = {"reader_threshold": 0.2, "model_threshold": 0.1}
"""The share of lihua_world's answerable questions that the threshold of each reader refuses."""


@dataclass(frozen=True, slots=True)
class Case:
    """One question: features of each candidate sentence (n, 4), which of them are gold, and what the baseline has."""

    question: Question
    answerable: bool
    """False too where the passages with the evidence were taken out, which `question` does not know."""
    features: Floats
    gold: Floats
    shown_gold: bool
    """Whether any sentence that the embedded reader shows is gold."""
    top_cosine: float
    top_gold: bool

    def best(self, weights: Sequence[float]) -> tuple[float, float]:
        """The log-odds of the best sentence without the constant, and whether it is wrong."""
        if not len(self.gold):
            return -np.inf, 1.0
        values = self.features @ np.asarray(weights)
        place = int(np.argmax(values))
        return float(values[place]), 1.0 - float(self.gold[place])


def drawn(corpus: Path, n: int) -> list[Question]:
    """`n` answerable and `n` unanswerable questions of squad2; all of a set that is tuned on."""
    questions = load_questions(corpus)
    if corpus.name != "squad2":
        return [one for one in questions if (one.answer or "").lower().strip(".") not in ("yes", "no")]
    chance = random.Random(SEED)
    kinds = ([one for one in questions if one.answerable is value] for value in (True, False))
    return [one for kind in kinds for one in chance.sample(kind, min(n, len(kind)))]


def cases(library: Index, corpus: str, questions: Sequence[Question], without_evidence: bool) -> Iterator[Case]:
    for number, question in enumerate(questions, start=1):
        where = Filter(globs=(question.doc,)) if corpus == "squad2" and question.doc else None
        found = library.search(question.question, 2 * RETRIEVED, where=where)
        yield case_of(library, corpus, question, found[:RETRIEVED], question.answerable is not False)
        if without_evidence and question.answerable is not False:
            rest = [one for one in found if not _holds_evidence(question, one)]
            yield case_of(library, corpus, question, rest[:RETRIEVED], False)
        if number % 50 == 0:
            print(f"  {corpus}: {number} of {len(questions)}", flush=True)


def case_of(library: Index, corpus: str, question: Question, passages: Sequence[Passage], answerable: bool) -> Case:
    ranked = library.supporter.evidence(question.question, passages).ranked
    gold = [float(answerable and is_gold(corpus, question, one.sentence, passages)) for one in ranked]
    values = [one.features.values() for one in ranked if one.features is not None]
    cosine, nearest = top_cosine(library, question.question, passages)
    shown = ExtractiveReader(library.supporter, 0.0).answer(question.question, passages)
    spans = {(one.file, one.start) for one in shown.citations}
    shown_gold = any(
        wanted and (passages[one.sentence.passage].file, one.sentence.start) in spans
        for one, wanted in zip(ranked, gold, strict=True)
    )
    return Case(
        question,
        answerable,
        np.array(values, float).reshape(len(values), len(NAMES)),
        np.array(gold),
        shown_gold,
        cosine,
        answerable and nearest is not None and is_gold(corpus, question, nearest, passages),
    )


def top_cosine(library: Index, question: str, passages: Sequence[Passage]) -> tuple[float, Sentence | None]:
    """The sentence of the highest cosine among all, each encoded as it stands under its heading."""
    sentences = [one for number, passage in enumerate(passages) for one in sentences_of(number, passage)]
    if not sentences:
        return -1.0, None
    texts = [f"{passages[one.passage].heading} {fold(one.text)}".strip() for one in sentences]
    cosines = library.encoder.documents(texts) @ library.encoder.query(question)
    place = int(np.argmax(cosines))
    return float(cosines[place]), sentences[place]


def is_gold(corpus: str, question: Question, sentence: Sentence, passages: Sequence[Passage]) -> bool:
    """See the top of this file."""
    file = passages[sentence.passage].file
    if corpus == "squad2":
        return bool(contains_answer(sentence.text, question.answers))
    if corpus == "chunking_evaluation":
        return any(
            place.doc == file and _shared(sentence.start, sentence.end, place.start or 0, place.end or 0) >= 0.5
            for place in question.evidence
        )
    words = dict.fromkeys(content_words(question.answer or ""), 1.0)
    return file in question.gold_docs and WordCover([sentence.text]).weighted(words)[0] >= 0.5


def _shared(start: int, end: int, other_start: int, other_end: int) -> float:
    return (min(end, other_end) - max(start, other_start)) / max(min(end - start, other_end - other_start), 1)


def _holds_evidence(question: Question, passage: Passage) -> bool:
    if question.level == "span":
        return any(
            place.doc == passage.file and (place.start or 0) < passage.end and passage.start < (place.end or 0)
            for place in question.evidence
        )
    return passage.file in question.gold_docs


def show(name: str, found: Sequence[Case], supporter: Supporter) -> None:
    calibration = supporter.calibration
    *weights, constant = calibration.weights
    asked = [one for one in found if one.answerable]
    clusters = [one.question.cluster for one in found]
    mine = list(zip(*(one.best(weights) for one in found), strict=True))
    baseline = [one.top_cosine for one in found], [1.0 - one.top_gold for one in found]
    print(f"\n{name}: {len(asked)} answerable, {len(found) - len(asked)} not")
    _rate("  answer in the best sentence", [1 - one.best(weights)[1] for one in asked])
    _rate("  answer in the sentences shown", [float(one.shown_gold) for one in asked])
    _rate("  answer in the sentence of the highest cosine", [float(one.top_gold) for one in asked])
    print(f"  AURC by support {aurc(*mine):.3f}, baseline {aurc(*baseline):.3f}")
    difference = aurc_difference((mine[0], mine[1]), baseline, clusters)
    if difference.low is not None and difference.high is not None:
        print(f"  difference {difference.mean:+.3f} ({difference.low:+.3f} to {difference.high:+.3f}), by documents")
    curve, other = risks(*mine), risks(*baseline)
    for coverage in (0.1, 0.25, 0.5, 0.75, 1.0):
        place = max(round(coverage * len(found)) - 1, 0)
        print(f"  risk at {coverage:>4.0%} coverage: {curve[place]:.3f}, baseline {other[place]:.3f}")
    for label in FALSE_REFUSALS:
        threshold = getattr(calibration, label)
        least = np.log(threshold / (1 - threshold)) - constant
        refused = np.mean([one.best(weights)[0] < least for one in asked])
        absent = [one.best(weights)[0] >= least for one in found if not one.answerable]
        print(f"  {label} {threshold:.2f}: false refusals {refused:.3f}, false answers {np.mean(absent or [0]):.3f}")
    ablation(found, weights)


def ablation(found: Sequence[Case], weights: Sequence[float]) -> None:
    """Each feature left out in turn, the other weights as they are."""
    print(f"  {'without':<12}{'best sentence':>15}{'AURC':>8}{'ROC area':>10}")
    for name, left in [("nothing", list(weights)), *((name, _without(weights, name)) for name in NAMES)]:
        scores, wrong = zip(*(one.best(left) for one in found), strict=True)
        right = [1 - error for one, error in zip(found, wrong, strict=True) if one.answerable]
        area = roc_area(scores, [one.answerable for one in found])
        told = "-" if area is None else f"{area:.3f}"
        print(f"  {name:<12}{np.mean(right):>15.3f}{aurc(scores, wrong):>8.3f}{told:>10}")


def _without(weights: Sequence[float], name: str) -> list[float]:
    return [0.0 if one == name else weight for one, weight in zip(NAMES, weights, strict=True)]


def fit(found: Sequence[Case]) -> list[float]:
    """Weights and constant: p(sentence i) = exp(w . x_i + b) / (1 + sum of all), "none" being the 1. Answerable and
    unanswerable cases weigh alike; answerable ones whose gold sentence is not among the candidates are left out."""
    from scipy.optimize import minimize

    usable = [one for one in found if len(one.gold) and (one.gold.any() or not one.answerable)]
    shares = {value: sum(one.answerable is value for one in usable) for value in (True, False)}

    def loss(parameters: Floats) -> float:
        total = 1e-3 * float(parameters[:-1] @ parameters[:-1])
        for one in usable:
            odds = np.exp(one.features @ parameters[:-1] + parameters[-1])
            wanted = float((odds * one.gold).sum()) if one.answerable else 1.0
            total -= np.log(wanted / (1 + odds.sum())) / (2 * shares[one.answerable])
        return total

    result = minimize(loss, np.zeros(len(NAMES) + 1), method="L-BFGS-B")
    return [float(value) for value in result.x]


def calibrated(weights: Sequence[float], on: Sequence[Case]) -> Calibration:
    """The constant puts the embedded reader's threshold at one half; the model's follows."""
    odds = [one.best(weights[:-1])[0] for one in on if one.answerable]
    least = {name: float(np.quantile(odds, share)) for name, share in FALSE_REFUSALS.items()}
    lower = least["model_threshold"] - least["reader_threshold"]
    rounded = (*(round(weight, 2) for weight in weights[:-1]), round(-least["reader_threshold"], 2))
    return Calibration(rounded, model_threshold=round(float(1 / (1 + np.exp(-lower))), 2))


def _rate(label: str, values: Sequence[float]) -> None:
    estimate = rate(values)
    if estimate is not None and estimate.low is not None:
        print(f"{label}: {estimate.mean:.3f} ({estimate.low:.3f} to {estimate.high:.3f}), n {estimate.n}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="where the indexes are made and kept")
    parser.add_argument("--n", type=int, default=300, help="answerable and unanswerable questions of squad2")
    parser.add_argument("--tuned-on", action="store_true", help="the sets that it was made with instead of squad2")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--encoder", default="all-MiniLM-L6-v2")
    arguments = parser.parse_args()
    everything: dict[str, list[Case]] = {}
    for name in TUNED_ON if arguments.tuned_on or arguments.fit else ("squad2",):
        corpus = arguments.data / name
        place = arguments.work / f"index-{name}-{arguments.encoder.replace('/', '-')}"
        with Index.open(corpus / "docs", index=place, encoder=open_encoder(arguments.encoder)) as library:
            library.sync()
            found = list(cases(library, name, drawn(corpus, arguments.n), arguments.fit))
            everything[name] = found
            if not arguments.fit:
                show(name, found, library.supporter)
    if arguments.fit:
        weights = fit([one for found in everything.values() for one in found])
        print(calibrated(weights, everything["lihua_world"]))


if __name__ == "__main__":
    main()
