"""Readers on the same contexts, side by side: a language model in either form, and the embedded reader.

    python -m eval.scripts.reader_quality DATA --work FOLDER --out FILE.jsonl --engine reader
    python -m eval.scripts.reader_quality DATA --work FOLDER --out FILE.jsonl --engine ollama --model NAME --form claims

DATA holds financebench/, lihua_world/ and squad2/ (docs/ and questions.jsonl in each). Of FinanceBench --n questions
are drawn, of the other sets --n with half of them unanswerable. Each question's passages are packed to --context tokens
by the encoder's count, so that every reader is given the same; a model also sees what stands beside them, as far as
there is room, as it does for a person. Each answer becomes a line of FILE; a run goes on where FILE
ends; --limit ends it after so many new answers. At the end, or with --show alone, all of FILE is counted.

Every reader is asked every question, below the support threshold too; the table counts what a person would have seen
with the threshold in force, and the area under the risk-coverage curve uses all.

"right" is told by code and lenient: the gold number within 1 %, the gold phrase, or two thirds of the gold answer's
words stand in the answer; a yes or no has to open it. Read FILE before trusting it.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from eval import Question, load_questions
from eval.answer_metrics import contains_answer, normalise, numeric_match
from eval.interval import rate
from eval.risk_coverage import aurc
from eval.scripts.answer_lines import add_line, add_options, read_lines
from rag import Answer, ExtractiveReader, Index, ModelLimits, ModelReader, Passage, Reader
from rag.filter import Filter
from rag.pack import pack
from rag.read.form import Claims, Form, FreeText

SETS = ("financebench", "lihua_world", "squad2")
RETRIEVED = 10
SEED = 5


class Line(BaseModel):
    """One answer of one reader, with what is counted of it; None where it does not apply."""

    set: str
    id: str
    reader: str
    question: str
    gold: list[str]
    gold_answerable: bool
    text: str
    written: str = ""
    """By the model, before anything was verified."""
    answerable: bool
    citations: list[dict[str, Any]]
    unsupported: list[str]
    struck: list[int]
    support: float | None
    threshold: float
    timings: dict[str, float]
    gold_place_shown: bool
    """Whether the gold page (or file, or paragraph) was among the passages that the reader saw."""
    right: bool | None = None
    verbatim: bool | None = None
    right_place: bool | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        return self.set, self.id, self.reader

    @property
    def seen(self) -> bool:
        """Whether a person gets an answer: the support reaches the threshold, and the model did not decline."""
        return self.answerable and self.support is not None and self.support >= self.threshold


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the folder it is asked of."""

    corpus: str
    question: Question


def cases(data: Path, names: Sequence[str], n: int) -> Iterator[Case]:
    """The same draw for every reader; the sets take turns, so that a run that was cut short has some of each."""
    drawn = [[Case(name, question) for question in _draw(load_questions(data / name), n)] for name in names]
    for turn in range(max(map(len, drawn))):
        yield from (of_set[turn] for of_set in drawn if turn < len(of_set))


def _draw(questions: Sequence[Question], n: int) -> list[Question]:
    chance = random.Random(SEED)
    answerable = [question for question in questions if question.answerable is not False]
    absent = [question for question in questions if question.answerable is False]
    half = n // 2 if absent else n
    drawn = chance.sample(answerable, half), chance.sample(absent, min(half, len(absent)))
    return [question for pair in zip_longest(*drawn) for question in pair if question is not None]


def contexts(library: Index, case: Case, tokens: int) -> list[Passage]:
    """What every reader is shown. squad2's questions were written for one article: it is searched there alone."""
    where = Filter(globs=(case.question.doc,)) if case.corpus == "squad2" and case.question.doc else None
    found = library.search(case.question.question, RETRIEVED, where=where)
    return pack(found, tokens, lambda text: library.encoder.count_tokens([text])[0])


def judged(case: Case, reader: str, threshold: float, answer: Answer, library: Index) -> Line:
    question = case.question
    line = Line(
        set=case.corpus,
        id=question.id,
        reader=reader,
        question=question.question,
        gold=list(question.answers),
        gold_answerable=question.answerable is not False,
        text=answer.text,
        written="\n".join(str(message.text) for message in answer.messages),
        answerable=answer.answerable,
        citations=[{"file": one.file, "page": one.page, "quote": one.quote} for one in answer.citations],
        unsupported=list(answer.unsupported),
        struck=list(answer.struck),
        support=answer.support,
        threshold=threshold,
        timings=dict(answer.timings),
        gold_place_shown=any(_at_gold(question, one.file, one.page, one.start, one.end) for one in answer.passages),
    )
    if not answer.answerable:
        return line
    line.verbatim = bool(answer.citations) and all(map(library.quote_found, answer.citations))
    if line.gold_answerable:
        line.right = is_right(answer.text, question.answers)
        line.right_place = any(_at_gold(question, one.file, one.page, one.start, one.end) for one in answer.citations)
    return line


def is_right(text: str, gold: Sequence[str]) -> bool:
    """See the top of this file."""
    if not gold:
        return False
    if normalise(gold[0]) in ("yes", "no"):
        return normalise(text).split()[:1] == [normalise(gold[0])]
    number = numeric_match(text, gold)
    if number is not None:
        return bool(number)
    said = set(normalise(text).split())
    return bool(contains_answer(text, gold)) or any(_share(normalise(form).split(), said) >= 2 / 3 for form in gold)


def _share(words: Sequence[str], said: set[str]) -> float:
    return sum(word in said for word in words) / len(words) if words else 0.0


def _at_gold(question: Question, file: str, page: int | None, start: int, end: int) -> bool:
    if question.level == "page":
        return page is not None and (file, page) in question.gold_pages
    if question.level == "span":
        return any(
            place.doc == file and start < (place.end or 0) and (place.start or 0) < end for place in question.evidence
        )
    return file in question.gold_docs


def show(lines: Sequence[Line]) -> None:
    """The table: of each set and reader the counts, with n; a rate's 95 % interval is Wilson's."""
    groups: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        groups[line.set, line.reader].append(line)
    print(f"{'set':<14}{'reader':<34}{'right':>18}" + "".join(f"{title:>10}" for title in _COLUMNS))
    for (corpus, reader), group in sorted(groups.items()):
        asked = [line for line in group if line.gold_answerable]
        absent = [line for line in group if not line.gold_answerable]
        right = [bool(line.right) and line.seen for line in asked]
        interval = rate([float(value) for value in right])
        between = "" if interval is None or interval.low is None else f" {interval.low:.2f}-{interval.high:.2f}"
        counts = (
            _count([bool(line.verbatim) for line in group if line.seen]),
            _count([bool(line.right_place) and line.seen for line in asked]),
            _count([not line.seen for line in asked]),
            _count([line.seen for line in absent]),
            _count([line.seen and bool(line.citations) for line in absent]),
            _count([line.gold_place_shown for line in asked]),
            f"{aurc([line.support or 0.0 for line in group], [float(not line.right) for line in group]):.3f}",
        )
        print(f"{corpus:<14}{reader:<34}{_count(right) + between:>18}" + "".join(f"{count:>10}" for count in counts))
    print(_LEGEND)


_COLUMNS = ("verbatim", "place", "refused", "invented", "cited", "shown", "AURC")
_LEGEND = """
Of the answerable: right; place: a citation at the gold page, paragraph or file; refused; shown: the gold place was in
the context. Of the unanswerable: invented; cited: invented and shown with a citation, not as what nothing supports. Of
the answered: verbatim: there are quotes, and all stand in the document.
AURC: area under the risk-coverage curve by support, all questions answered, an answer to an unanswerable one wrong."""


def _count(values: Sequence[bool]) -> str:
    return f"{sum(values)}/{len(values)}" if values else "-"


def run(arguments: argparse.Namespace) -> None:
    done = {line.key for line in read_lines(arguments.out, Line)}
    make, name = maker(arguments)
    libraries: dict[str, Index] = {}
    new = 0
    for case in cases(arguments.data, arguments.sets, arguments.n):
        if new == arguments.limit:
            break
        if (case.corpus, case.question.id, name) in done:
            continue
        library = libraries.get(case.corpus) or _opened(arguments, case.corpus)
        libraries[case.corpus] = library
        passages = contexts(library, case, arguments.context)
        reader, threshold = make(library)
        answer = reader.answer(case.question.question, passages)
        add_line(arguments.out, judged(case, name, threshold, answer, library))
        new += 1
        print(
            f"{new:>4} {case.corpus} {case.question.id}: {'answered' if answer.answerable else 'refused'}", flush=True
        )


Make = Callable[[Index], tuple[Reader, float]]
"""An index into a reader that answers whatever the support, and the threshold that would be in force."""


def maker(arguments: argparse.Namespace) -> tuple[Make, str]:
    """How the reader is made, and its name in the file."""
    if arguments.engine == "reader":
        return _embedded_reader, "reader"
    from inference import connect

    connection = connect(arguments.engine, arguments.model, base_url=arguments.base_url)
    form: Form = Claims() if arguments.form == "claims" else FreeText()
    limits = ModelLimits(connection.context_tokens, passage_tokens=arguments.context)

    def make(library: Index) -> tuple[Reader, float]:
        reader = ModelReader(
            connection.chat,
            lambda text: library.encoder.count_tokens([text])[0],
            limits,
            library.supporter,
            form=form,
            run=library.run,
            threshold=0.0,
            model=connection.model,
        )
        return reader, library.supporter.calibration.model_threshold

    return make, f"{Path(connection.model).name} {form.name}"


def _embedded_reader(library: Index) -> tuple[Reader, float]:
    return ExtractiveReader(library.supporter, 0.0), library.supporter.calibration.reader_threshold


def _opened(arguments: argparse.Namespace, corpus: str) -> Index:
    library = Index.open(arguments.data / corpus / "docs", index=arguments.work / f"index-{corpus}")
    library.sync()
    return library


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--n", type=int, default=20, help="questions of each set")
    parser.add_argument("--context", type=int, default=1_200, help="tokens of passages")
    add_options(parser, ["reader", "ollama", "gguf"])
    arguments = parser.parse_args()
    if not arguments.show:
        run(arguments)
    show(read_lines(arguments.out, Line))


if __name__ == "__main__":
    main()
