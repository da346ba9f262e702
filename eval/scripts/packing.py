"""What a prompt holds of the evidence, by its budget: passages as they were found, and with what stands beside them.

    python -m eval.scripts.packing DATA --work FOLDER [--sets lihua_world chunking_evaluation] [--n 300]

DATA holds the sets (docs/ and questions.jsonl in each). Of each, --n answerable questions are drawn. A question counts
as whole where its evidence is complete in the prompt: every span of it; where the set names files only, every word of
the answer (yes and no are left out); where it names pages, four fifths of the words of its evidence, on those pages.
"found": the ten best passages until the budget is full; "shipped": with the rest of it given to what stands beside
them. Tokens are the encoder's.
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from eval import Question, load_questions
from eval.answer_metrics import normalise
from rag import Index, Passage
from rag.filter import Filter
from rag.pack import pack
from rag.widen import Widener

SETS = ("lihua_world", "chunking_evaluation", "squad2", "financebench")
BUDGETS = (800, 1_200, 1_500, 3_000)
PASSAGES = 10
SEED = 3
MOST = 0.8
"""Of the words of a page's evidence: a table's text is cut out in another order than ours."""


def whole(question: Question, shown: Sequence[Passage]) -> bool | None:
    """Whether the evidence is complete in `shown`; None where the question cannot tell."""
    if question.level == "span":
        return all(_held(place.doc, place.start or 0, place.end or 0, shown) for place in question.evidence)
    if question.level == "page":
        there = _words(" ".join(one.text for one in shown if (one.file, one.page) in question.gold_pages))
        wanted = _words(" ".join(place.text or "" for place in question.evidence))
        return bool(wanted) and len(wanted & there) > MOST * len(wanted)
    answer = normalise(question.answers[0])
    if answer in ("yes", "no"):
        return None
    return set(answer.split()) <= set(normalise(" ".join(one.text for one in shown)).split())


def _held(file: str, start: int, end: int, shown: Sequence[Passage]) -> bool:
    """Every character but white space at the edges of passages: they follow each other with a gap of it."""
    held = sum(max(0, min(end, one.end) - max(start, one.start)) for one in shown if one.file == file)
    return held > 0.98 * (end - start)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def outcomes(library: Index, corpus: str, questions: Sequence[Question]) -> Iterator[tuple[int, bool, bool]]:
    """(budget, whole as found, whole as shipped) of each question that can tell."""

    def count(text: str) -> int:
        return library.encoder.count_tokens([text])[0]

    for question in questions:
        # squad2's questions were written for one article: it is searched there alone.
        where = Filter(globs=(question.doc,)) if corpus == "squad2" and question.doc else None
        found = library.search(question.question, PASSAGES, where=where)
        for budget in BUDGETS:
            packed = pack(found, budget, count)
            shipped = Widener(library.run, count).widened(packed, budget)
            before, after = whole(question, packed), whole(question, shipped)
            if before is not None and after is not None:
                yield budget, before, after


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="where indexes are made and kept")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--n", type=int, default=300, help="questions of each set")
    arguments = parser.parse_args()
    print(f"{'set':<22}{'n':>5}" + "".join(f"{f'{budget:,}':>16}" for budget in BUDGETS))
    for corpus in arguments.sets:
        asked = [one for one in load_questions(arguments.data / corpus) if one.answerable is not False]
        random.Random(SEED).shuffle(asked)
        with Index.open(arguments.data / corpus / "docs", index=arguments.work / f"index-{corpus}") as library:
            library.sync()
            rows = list(outcomes(library, corpus, asked[: arguments.n]))
        told = {budget: [row[1:] for row in rows if row[0] == budget] for budget in BUDGETS}
        cells = (f"{_mean(before)} / {_mean(after)}" for before, after in (zip(*told[b], strict=True) for b in BUDGETS))
        print(f"{corpus:<22}{len(told[BUDGETS[0]]):>5}" + "".join(f"{cell:>16}" for cell in cells), flush=True)


def _mean(values: Sequence[bool]) -> str:
    return f"{sum(values) / len(values):.3f}"


if __name__ == "__main__":
    main()
