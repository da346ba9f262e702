"""Follow-up questions as they are searched for: whether the first passages hold the gold sentence.

    python -m eval.scripts.followups tests/rag/followups.jsonl --work FOLDER [--corpora corpora]

A line of the file is a conversation over one corpus: its turns each with the question as typed, its kind (first, new,
slot, aspect, pronoun), the question that a person wrote to stand alone, and where the answer stands (files, evidence).
Only follow-ups are counted. Each half ("part") and both: follow-ups with the sentence among the first three passages,
and in the first. The rule is given the question before as it was searched for, and the evidence as its answer.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag import Index
from rag.rewrite import Exchange, stand_alone_by_rule

WAYS = ("as typed", "by the rule", "by a person")
FIRST = 3


@dataclass(frozen=True, slots=True)
class FollowUp:
    """The question in each of the three ways, and its evidence."""

    corpus: str
    part: str
    written: tuple[str, str, str]
    files: tuple[str, ...]
    evidence: tuple[str, ...]

    def places(self, index: Index) -> list[int | None]:
        """Of each way, the place (from 0) of the first passage with the evidence; None where it is not found."""
        return [self._place(index, query) for query in self.written]

    def _place(self, index: Index, query: str) -> int | None:
        for place, passage in enumerate(index.search(query, FIRST)):
            text = _folded(passage.text)
            if passage.file in self.files and any(_folded(sentence) in text for sentence in self.evidence):
                return place
        return None


def follow_ups(path: Path) -> Iterator[FollowUp]:
    for line in path.read_text(encoding="utf-8").splitlines():
        conversation = json.loads(line)
        history: list[Exchange] = []
        for turn in conversation["turns"]:
            searched = stand_alone_by_rule(history, turn["question"])
            if turn["kind"] not in ("first", "new"):
                written = turn["question"], searched, turn["alone"]
                place = tuple(turn["files"]), tuple(turn["evidence"])
                yield FollowUp(conversation["corpus"], conversation["part"], written, *place)
            history.append(Exchange(searched, turn["evidence"][0]))


def _folded(text: str) -> str:
    return " ".join(text.split())


def table(rows: Sequence[tuple[str, list[int | None]]]) -> Iterator[str]:
    """Of (part, places) of each follow-up, the lines to print."""
    yield f"{'':<10}{'n':>4}" + "".join(f"{way:>14}" for way in WAYS)
    for part in (*dict.fromkeys(part for part, _ in rows), "both"):
        found = [places for one, places in rows if part in (one, "both")]
        counts = ((sum(place is not None for place in way), way.count(0)) for way in zip(*found, strict=True))
        yield f"{part:<10}{len(found):>4}" + "".join(f"{f'{three} / {first}':>14}" for three, first in counts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="where indexes are made and kept")
    parser.add_argument("--corpora", type=Path, default=Path("corpora"), help="holds CORPUS/docs")
    arguments = parser.parse_args()
    asked = list(follow_ups(arguments.file))
    rows: list[tuple[str, list[int | None]]] = []
    for corpus in dict.fromkeys(one.corpus for one in asked):
        with Index.open(arguments.corpora / corpus / "docs", index=arguments.work / f"index-{corpus}") as index:
            index.sync()
            rows.extend((one.part, one.places(index)) for one in asked if one.corpus == corpus)
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
