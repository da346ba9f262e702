"""Our retrieval on SciFact (nDCG@10) and FinanceBench (page hit at 5), beside stock pipelines measured before.

    python -m eval.scripts.retrieval_quality DATA --work FOLDER [--split train] [--set scifact]

DATA is a folder with scifact/ (BEIR form) and financebench/ (docs/ and questions.jsonl). Indexes are made under
--work (some minutes the first time) and kept. `--split train` is for choosing parameters; report `test`.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from eval import Question, Report, evaluate, load_questions
from rag import Index

RETRIEVED = 40

PEERS = """
Measured before on two cores with the same encoder, each as its documentation shows it:
                      SciFact nDCG@10   FinanceBench page hit @5 / @10 (distinct pages)
LangChain                 .667              .385 / .508
LlamaIndex                .645              .354 / .462
txtai hybrid              .652              .277 / .415 (first k passages)
FTS5 alone (BM25)         .682              .277 / .338 (first k passages)"""


def scifact_questions(data: Path, split: str) -> list[Question]:
    """The claims of a split with their judged abstracts; every claim counts, as in BEIR."""
    relevant: dict[str, list[str]] = defaultdict(list)
    with (data / "qrels" / f"{split}.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if int(row["score"]) > 0:
                relevant[row["query-id"]].append(f"{row['corpus-id']}.txt")
    texts = {row["_id"]: row["text"] for row in _rows(data / "queries.jsonl")}
    return [Question(id=key, question=texts[key], evidence_docs=tuple(docs)) for key, docs in relevant.items()]


def scifact_docs(data: Path, work: Path) -> Path:
    """The abstracts as text files: title, blank line, text."""
    docs = work / "scifact" / "docs"
    docs.mkdir(parents=True, exist_ok=True)
    for row in _rows(data / "corpus.jsonl"):
        path = docs / f"{row['_id']}.txt"
        if not path.exists():
            path.write_text(f"{row['title']}\n\n{row['text']}", encoding="utf-8")
    return docs


def score(docs: Path, index: Path, questions: Sequence[Question]) -> Report:
    with Index.open(docs, index=index) as library:
        report = library.sync()
        print(f"{docs}: {report.passages:,} passages, {report.seconds:.0f} s to sync", flush=True)
        return evaluate(None, questions, retrieve=lambda query: library.search(query, RETRIEVED))


def show(title: str, report: Report, names: Sequence[str]) -> None:
    print(title)
    for name in names:
        estimate = report.scores[name]
        interval = "" if estimate.low is None else f"  ({estimate.low:.3f} to {estimate.high:.3f})"
        print(f"  {name:<18} {estimate.mean:.3f}{interval}  n {estimate.n}")


def _rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--split", choices=["train", "test"], default="test")
    parser.add_argument("--set", choices=["scifact", "financebench"])
    arguments = parser.parse_args()
    data, work = arguments.data, arguments.work
    if arguments.set != "financebench":
        questions = scifact_questions(data / "scifact", arguments.split)
        report = score(scifact_docs(data / "scifact", work), work / "index-scifact", questions)
        show(f"SciFact {arguments.split}", report, ["ndcg_at_10", "recall_at_10"])
    if arguments.set != "scifact":
        report = score(
            data / "financebench" / "docs", work / "index-financebench", load_questions(data / "financebench")
        )
        show("FinanceBench", report, ["page_hit_at_1", "page_hit_at_5", "page_hit_at_10", "document_hit_at_1"])
    print(PEERS)


if __name__ == "__main__":
    main()
