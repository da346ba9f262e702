"""Our retrieval beside LangChain's stock pipeline, in one run: what each part of it earns, and the paired difference.

    python -m eval.scripts.retrieval_quality DATA --work FOLDER [--set NAME ...] [--ablate] [--langchain]

DATA is a folder with scifact/ (BEIR form), financebench/, lihua_world/ (docs/ and questions.jsonl). Indexes are made
under --work (some minutes the first time) and kept. Parameters are chosen on scifact-train and lihua_world;
scifact-test and financebench are for showing.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eval import Question, Report, evaluate, load_questions
from eval.interval import mean
from eval.scripts.stock_langchain import StockLangChain
from rag import Index
from rag.retrieve import Fusion

RETRIEVED = 40
FUSED = Fusion(late=0)
VARIANTS = {
    "dense": replace(FUSED, bm25=0, route=0, neighbours=0),
    "BM25": replace(FUSED, dense=0, bm25=1, route=0, neighbours=0, spend_names=False),
    "dense + BM25": replace(FUSED, route=0, neighbours=0, spend_names=False),
    "… + files by name": replace(FUSED, neighbours=0, spend_names=False),
    "… + names spent": replace(FUSED, neighbours=0),
    "… + neighbours": FUSED,
    "… + late interaction (shipped)": Fusion(),
}


@dataclass(frozen=True, slots=True)
class Trial:
    """A question set over a folder, and the figures that are shown of it."""

    name: str
    docs: Path
    questions: Sequence[Question]
    figures: Sequence[str]


def trials(data: Path, work: Path) -> dict[str, Trial]:
    abstracts = scifact_docs(data / "scifact", work) if (data / "scifact").exists() else work
    made = [
        Trial(f"scifact-{split}", abstracts, scifact_questions(data / "scifact", split), ["ndcg_at_10", "recall_at_10"])
        for split in ("train", "test")
    ]
    pages = ["page_hit_at_1", "page_hit_at_5", "page_hit_at_10", "document_hit_at_1"]
    for name, figures in (("financebench", pages), ("lihua_world", ["ndcg_at_10", "recall_at_5", "recall_at_10"])):
        made.append(Trial(name, data / name / "docs", load_questions(data / name), figures))
    return {trial.name: trial for trial in made}


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


def run(trial: Trial, work: Path, *, ablate: bool, langchain: bool) -> None:
    with Index.open(trial.docs, index=work / f"index-{trial.docs.parent.name}") as library:
        report = library.sync()
        print(f"\n{trial.name}: {report.passages:,} passages, {report.seconds:.0f} s to sync", flush=True)
        for name, fusion in VARIANTS.items():
            if ablate or fusion == Fusion():
                library.fusion = fusion
                ours = evaluate(None, trial.questions, retrieve=lambda query: library.search(query, RETRIEVED))
                show(name, ours, trial.figures)
    if langchain:
        stock = StockLangChain(trial.docs, work / f"langchain-{trial.docs.parent.name}.pickle")
        theirs = evaluate(None, trial.questions, retrieve=lambda query: stock.search(query, RETRIEVED))
        show(f"LangChain, {len(stock.chunks):,} chunks", theirs, trial.figures)
        show_differences(ours, theirs, trial.figures)


def show(title: str, report: Report, names: Sequence[str]) -> None:
    scores = [(name, report.scores[name]) for name in names]
    figures = "  ".join(
        f"{name} {score.mean:.3f} ({score.low or 0:.3f} to {score.high or 1:.3f})" for name, score in scores
    )
    print(f"  {title:<30} {figures}  n {report.n}", flush=True)


def show_differences(ours: Report, theirs: Report, names: Sequence[str]) -> None:
    """Ours less theirs, question by question, with a bootstrap over documents."""
    for name in names:
        pairs = [
            (one.values[name] - other.values[name], one.cluster)
            for one, other in zip(ours.records, theirs.records, strict=True)
            if name in one.values and name in other.values
        ]
        estimate = mean([value for value, _ in pairs], [cluster for _, cluster in pairs])
        if estimate is not None and estimate.low is not None:
            print(f"  {name}: {estimate.mean:+.3f} ({estimate.low:+.3f} to {estimate.high:+.3f})  n {estimate.n}")


def _rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--set", action="append", help="scifact-train, scifact-test, financebench, lihua_world")
    parser.add_argument("--ablate", action="store_true", help="each part of the retrieval added in turn")
    parser.add_argument("--langchain", action="store_true", help="its stock pipeline, and the paired difference")
    arguments = parser.parse_args()
    known = trials(arguments.data, arguments.work)
    for name in arguments.set or known:
        run(known[name], arguments.work, ablate=arguments.ablate, langchain=arguments.langchain)


if __name__ == "__main__":
    main()
