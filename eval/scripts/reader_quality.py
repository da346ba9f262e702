"""Readers on the same contexts, side by side: a language model in either form, and the embedded reader.

    python -m eval.scripts.reader_quality DATA --work FOLDER --out FILE.jsonl --engine reader
    python -m eval.scripts.reader_quality DATA --work FOLDER --out FILE.jsonl --engine ollama --model NAME --form claims

DATA holds financebench/, lihua_world/ and squad2/ (docs/ and questions.jsonl in each). Of FinanceBench --n questions
are drawn, of the other sets --n with half of them unanswerable. Each question's passages are packed to --context tokens
by the encoder's count, so that every reader is given the same; a model also sees what stands beside them, as far as
there is room, as it does for a person. Each answer becomes a line of FILE; a run goes on where FILE
ends; --limit ends it after so many new answers. At the end, or with --show alone, all of FILE is counted. --again OLD
verifies anew what the models wrote in the file OLD, and asks none: for a change of verification alone.

Every reader is asked every question, below the support threshold too; the table counts what a person would have seen
with the threshold in force, and the area under the risk-coverage curve uses all. What is counted: answer_table.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from eval import Question, load_questions
from eval.scripts.answer_lines import add_form, add_line, add_options, read_lines
from eval.scripts.answer_table import NEXT_DRAFT, Line, judged, show
from eval.scripts.claims_form import Claims
from rag import ExtractiveReader, Index, ModelLimits, ModelReader, Passage, Reader
from rag.filter import Filter
from rag.pack import pack
from rag.read.form import FreeText

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

SETS = ("financebench", "lihua_world", "squad2")
RETRIEVED = 10
SEED = 5
AGAIN_CONTEXT = 16_384
"""Tokens that the model's context is taken to have had: more than any prompt here."""


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
        add_line(arguments.out, judged(case.corpus, case.question, name, threshold, answer, library))
        new += 1
        print(
            f"{new:>4} {case.corpus} {case.question.id}: {'answered' if answer.answerable else 'refused'}", flush=True
        )


def verify_again(arguments: argparse.Namespace) -> None:
    """The models' lines of --again, with what is made of them now, into --out."""
    from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
    from langchain_core.messages import AIMessage

    old = [line for line in read_lines(arguments.again, Line) if line.written and line.set in arguments.sets]
    done = {line.key for line in read_lines(arguments.out, Line)}
    asked = {(case.corpus, case.question.id): case for case in cases(arguments.data, arguments.sets, arguments.n)}
    libraries = {name: _opened(arguments, name) for name in {line.set for line in old}}
    limits = ModelLimits(AGAIN_CONTEXT, passage_tokens=arguments.context)
    for line in old:
        case, library = asked.get((line.set, line.id)), libraries[line.set]
        if case is None or line.key in done:
            continue
        drafts = [AIMessage(text) for text in line.written.split(NEXT_DRAFT)]
        chat = GenericFakeChatModel(messages=chain(drafts, repeat(drafts[-1])))
        passages = contexts(library, case, arguments.context)
        answer = _model_reader(chat, limits, line.reader, library).answer(line.question, passages)
        again = judged(line.set, case.question, line.reader, line.threshold, answer, library)
        add_line(arguments.out, again.model_copy(update={"timings": line.timings}))


Make = Callable[[Index], tuple[Reader, float]]
"""An index into a reader that answers whatever the support, and the threshold that would be in force."""


def maker(arguments: argparse.Namespace) -> tuple[Make, str]:
    """How the reader is made, and its name in the file."""
    if arguments.engine == "reader":
        return _embedded_reader, "reader"
    from inference import connect

    connection = connect(arguments.engine, arguments.model, base_url=arguments.base_url)
    limits = ModelLimits(connection.context_tokens, passage_tokens=arguments.context)
    name = f"{Path(connection.model).name} {arguments.form}"

    def make(library: Index) -> tuple[Reader, float]:
        reader = _model_reader(connection.chat, limits, name, library)
        return reader, library.supporter.calibration.model_threshold

    return make, name


def _model_reader(chat: BaseChatModel, limits: ModelLimits, name: str, library: Index) -> ModelReader:
    """Asks whatever the support. `name` ends in the form."""
    return ModelReader(
        chat,
        lambda text: library.encoder.count_tokens([text])[0],
        limits,
        library.supporter,
        form=Claims() if name.endswith("claims") else FreeText(),
        run=library.run,
        threshold=0.0,
    )


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
    add_form(parser)
    parser.add_argument("--again", type=Path, help="verify anew what stands in this file")
    arguments = parser.parse_args()
    if arguments.again:
        verify_again(arguments)
    elif not arguments.show:
        run(arguments)
    show(read_lines(arguments.out, Line))


if __name__ == "__main__":
    main()
