"""Splitters side by side on chunking_evaluation: how much of the evidence five passages hold, and how much else.

    python -m eval.scripts.chunking DATA --work FOLDER [--splitters recursive-400 ours-120] [--headers]

DATA is a folder with chunking_evaluation/ (docs/ and questions.jsonl). A splitter is a name and the tokens that it
aims at or may fill: ours-N, recursive-N (the RecursiveCharacterTextSplitter of LangChain), semantic-N (parted where the
sentences before and after are least alike). The first is the one the others are compared with. Passages are ranked by
cosine alone. `--headers` puts file and headings before every splitter's passages, as an index does. Vectors are kept
under --work: the first run embeds each splitter's passages (a minute or two on two quiet cores), the next is quick.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from eval import Question, load_questions
from eval.interval import mean
from eval.span_metrics import SpanScores, TextSpan, precision_omega, span_scores
from rag.document import Document
from rag.encoder import Encoder, SentenceEncoder, Vectors
from rag.parse.markdown import parse_markdown
from rag.split import header, split
from rag.split.partition import partition
from rag.split.units import units_of
from rag.split.words import WordCounter

SPLITTERS = ["recursive-400", "recursive-200", "ours-200", "ours-120", "ours-100", "semantic-120"]
SEPARATORS = ["\n\n", "\n", ".", "?", "!", " ", ""]
"""Those of the published comparison; the library's own know no sentences."""
SPECIALS = 2
WINDOW = 3
"""Sentences on each side of a place whose cosine says whether the topic goes on."""

Cut = tuple[int, int, str]
"""Start, end, heading."""
Splitter = Callable[[Document, str], Iterator[Cut]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One splitter's passages and what they found, a score a question."""

    name: str
    tokens: list[int]
    scores: list[SpanScores]
    omega: list[float]


class KnownVectors:
    """An encoder's vectors by the hash of their text, on disk."""

    def __init__(self, path: Path, encoder: Encoder) -> None:
        self._encoder = encoder
        self._database = sqlite3.connect(path)
        self._database.execute("CREATE TABLE IF NOT EXISTS vectors (hash TEXT PRIMARY KEY, vector BLOB NOT NULL)")

    def of(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dimension)"""
        keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if self._get(key) is None}
        longest_first = sorted(missing, key=lambda key: -len(missing[key]))
        for start in range(0, len(missing), 256):
            part = longest_first[start : start + 256]
            vectors = self._encoder.documents([missing[key] for key in part])
            with self._database:
                rows = [(key, vector.tobytes()) for key, vector in zip(part, vectors, strict=True)]
                self._database.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)
        return np.stack([np.frombuffer(self._get(key) or b"", np.float32) for key in keys])

    def _get(self, key: str) -> bytes | None:
        row = self._database.execute("SELECT vector FROM vectors WHERE hash = ?", [key]).fetchone()
        return row[0] if row else None


def ours(encoder: Encoder, target: int) -> Splitter:
    count = WordCounter(encoder.count_tokens)

    def cut(document: Document, file: str) -> Iterator[Cut]:
        for piece in split(document, file, count, encoder.max_tokens - SPECIALS, target_tokens=target):
            yield piece.start, piece.end, piece.heading

    return cut


def recursive(encoder: Encoder, size: int) -> Splitter:
    if importlib.util.find_spec("langchain_text_splitters") is None:
        raise SystemExit("recursive-N needs LangChain's splitters: pip install 'langchain-text-splitters>=1.1'")
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        SEPARATORS,
        chunk_size=size,
        chunk_overlap=0,
        length_function=cache(lambda text: encoder.count_tokens([text])[0]),
        add_start_index=True,
    )

    def cut(document: Document, _file: str) -> Iterator[Cut]:
        for passage in splitter.create_documents([document.text]):
            start = passage.metadata["start_index"]
            yield start, start + len(passage.page_content), ""

    return cut


def semantic(encoder: Encoder, target: int, vectors: KnownVectors) -> Splitter:
    """A passage costs, where it begins, the cosine between the sentences before and after (TextTiling by vectors)."""

    def cut(document: Document, _file: str) -> Iterator[Cut]:
        most = encoder.max_tokens - SPECIALS
        units = units_of(document, encoder.count_tokens, most // 2)
        known = vectors.of([document.text[unit.start : unit.end] for unit in units])
        costs = [0.0, *(_likeness(known, place) for place in range(1, len(units)))]
        parts = partition([unit.tokens for unit in units], costs, [most] * len(units), target)
        for first, behind in parts:
            yield units[first].start, units[behind - 1].end, ""

    return cut


def _likeness(vectors: Vectors, place: int) -> float:
    before = vectors[max(place - WINDOW, 0) : place].sum(axis=0)
    after = vectors[place : place + WINDOW].sum(axis=0)
    return float(before @ after / (np.linalg.norm(before) * np.linalg.norm(after)))


def make(name: str, encoder: Encoder, vectors: KnownVectors) -> Splitter:
    kind, _, size = name.rpartition("-")
    if not size.isdecimal() or kind not in ("ours", "recursive", "semantic"):
        raise SystemExit(f"no splitter {name}: write ours-N, recursive-N or semantic-N")
    if kind == "semantic":
        return semantic(encoder, int(size), vectors)
    return (ours if kind == "ours" else recursive)(encoder, int(size))


def measure(
    name: str,
    documents: dict[str, Document],
    questions: Sequence[Question],
    encoder: Encoder,
    vectors: KnownVectors,
    *,
    headers: bool,
    k: int,
) -> Outcome:
    splitter = make(name, encoder, vectors)
    spans, texts, embedded = [], [], []
    for file, document in documents.items():
        for start, end, heading in splitter(document, file):
            spans.append(TextSpan(file, start, end))
            texts.append(document.text[start:end])
            embedded.append(f"{header(file, heading)}\n{texts[-1]}" if headers else texts[-1])
    cosines = vectors.of([question.question for question in questions]) @ vectors.of(embedded).T
    evidence = [evidence_of(question) for question in questions]
    found = [[spans[place] for place in np.argsort(-row, kind="stable")[:k]] for row in cosines]
    return Outcome(
        name,
        encoder.count_tokens(texts),
        [span_scores(*pair) for pair in zip(found, evidence, strict=True)],
        [precision_omega([span for span in spans if span.doc == wanted[0].doc], wanted) for wanted in evidence],
    )


def evidence_of(question: Question) -> list[TextSpan]:
    return [TextSpan(place.doc, place.start or 0, place.end or 0) for place in question.evidence]


def show(outcomes: Sequence[Outcome], questions: Sequence[Question], k: int) -> None:
    first = outcomes[0]
    print(f"{len(questions)} questions, first {k} passages, per cent; last: recall above that of {first.name}, 95 %")
    print(f"{'':<15}{'passages':>9}{'tokens':>8}{'recall':>8}{'precision':>11}{'omega':>7}{'IoU':>7}")
    for each in outcomes:
        recall, precision, iou = (
            100 * np.mean([getattr(score, name) for score in each.scores]) for name in ("recall", "precision", "iou")
        )
        print(
            f"{each.name:<15}{len(each.tokens):>9,}{np.mean(each.tokens):>8.0f}{recall:>8.1f}{precision:>11.2f}"
            f"{100 * np.mean(each.omega):>7.1f}{iou:>7.2f}{'' if each is first else above(each, first, questions)}"
        )


def above(one: Outcome, other: Outcome, questions: Sequence[Question]) -> str:
    """The paired difference in recall with its interval."""
    differences = [100 * (mine.recall - its.recall) for mine, its in zip(one.scores, other.scores, strict=True)]
    estimate = mean(differences, [question.id for question in questions])
    if estimate is None or estimate.low is None or estimate.high is None:
        return ""
    return f"  {estimate.mean:+.1f} ({estimate.low:+.1f} to {estimate.high:+.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--splitters", nargs="+", default=SPLITTERS)
    parser.add_argument("--docs", nargs="+", help="only these documents, and the questions about them")
    parser.add_argument("--headers", action="store_true")
    parser.add_argument("--k", type=int, default=5)
    arguments = parser.parse_args()
    data = arguments.data / "chunking_evaluation"
    paths = [path for path in sorted((data / "docs").iterdir()) if path.name in (arguments.docs or [path.name])]
    documents = {path.name: document for path in paths if (document := parse_markdown(path.read_bytes()).document)}
    questions = [question for question in load_questions(data) if question.doc in documents]
    arguments.work.mkdir(parents=True, exist_ok=True)
    encoder = SentenceEncoder()
    vectors = KnownVectors(arguments.work / f"{encoder.digest}.sqlite", encoder)
    outcomes = [
        measure(name, documents, questions, encoder, vectors, headers=arguments.headers, k=arguments.k)
        for name in arguments.splitters
    ]
    show(outcomes, questions, arguments.k)


if __name__ == "__main__":
    main()
