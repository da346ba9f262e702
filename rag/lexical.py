"""BM25 over the passages, and word cover of sentences, both by SQLite's FTS5."""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections.abc import Mapping, Sequence

_WORD = re.compile(r"\w+(?:[.,:/-]\d+)*")
_ELIDED = re.compile(r"\b\w+n['’]t\b|['’](?:s|re|ve|ll|d|m)\b", re.IGNORECASE)
"""What says "not", "is" or whose it is, and nothing about what is asked for."""

# Words that say nothing about what is asked for.
STOP_WORDS = frozenset(
    """a about after again all also am an and any are as at be because been before being between both but by can
    could did do does doing done down during each either else every few for from further had has have having he her
    here hers him his how however i if in into is it its itself just kind let like many may me might more most much
    must my name no nor not of off on once one only or other our out over own per please same say she should since so
    some such tell than that the their them then there these they this those through to too under until up upon us
    use used using very was way we well were what when where whether which while who whom whose why will with within
    without would you your""".split()
)


def words_of(text: str) -> list[str]:
    """The words of a text in their order, lower case; numbers and dates whole ("1,250.50", "2024-03-01"), "Adobe's" is
    "adobe", "doesn't" none."""
    return [word.lower() for word in _WORD.findall(_ELIDED.sub(" ", text))]


def content_words(text: str) -> list[str]:
    """The words of a text that carry its meaning, each once, lower case; numbers whole."""
    return list(dict.fromkeys(word for word in words_of(text) if word not in STOP_WORDS))


def words_looked_for(query: str) -> list[str]:
    """The words by which a query is looked up: those that carry its meaning, where there are any."""
    return content_words(query) or words_of(query)


def quoted(word: str) -> str:
    """A word as an FTS5 string: nothing in it is an operator."""
    escaped = word.replace('"', '""')
    return f'"{escaped}"'


def bm25(connection: sqlite3.Connection, query: str, k: int, files: Sequence[int] | None = None) -> dict[int, float]:
    """Passage id -> BM25 (k1 1.2, b 0.75, as FTS5 has them; higher is better), best first.

    `files`: ids of the files whose passages may be found; None is all.
    """
    words = words_looked_for(query)
    if not words:
        return {}
    # The plus keeps SQLite from running the match anew for each passage of the files.
    within = "+rowid IN (SELECT id FROM passages WHERE file_id IN (SELECT value FROM json_each(?2)))"
    rows = connection.execute(
        f"SELECT rowid, -bm25(lexicon) FROM lexicon WHERE lexicon MATCH ?1 AND (?2 IS NULL OR {within})"
        " ORDER BY bm25(lexicon), rowid LIMIT ?3",
        [" OR ".join(map(quoted, words)), None if files is None else json.dumps(list(files)), k],
    )
    return dict(rows.fetchall())


def files_holding(connection: sqlite3.Connection, word: str) -> int:
    """Files whose text, not only their name or headings, holds the word."""
    query = (
        "SELECT count(DISTINCT file_id) FROM lexicon JOIN passages ON passages.id = lexicon.rowid WHERE lexicon MATCH ?"
    )
    return int(connection.execute(query, [f"{{text}} : {quoted(word)}"]).fetchone()[0])


def rarity(connection: sqlite3.Connection, words: Sequence[str]) -> dict[str, float]:
    """Inverse document frequency of each word over the passages: ln(1 + (N - n + 0.5) / (n + 0.5)).

    The form of Robertson and Zaragoza (2009), kept positive as Lucene does.
    """
    (total,) = connection.execute("SELECT count(*) FROM passages").fetchone()
    counts = {
        word: connection.execute("SELECT count(*) FROM lexicon WHERE lexicon MATCH ?", [quoted(word)]).fetchone()[0]
        for word in words
    }
    return {word: math.log(1 + (total - count + 0.5) / (count + 0.5)) for word, count in counts.items()}


class WordCover:
    """Which of some words each of some short texts holds, stemmed as the index stems."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._connection = sqlite3.connect(":memory:")
        self._connection.execute(
            "CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize='porter unicode61 remove_diacritics 2')"
        )
        self._connection.executemany("INSERT INTO texts (rowid, text) VALUES (?, ?)", list(enumerate(texts)))
        self._count = len(texts)

    def holders(self, word: str) -> set[int]:
        """Indices of the texts that hold the word."""
        rows = self._connection.execute("SELECT rowid FROM texts WHERE texts MATCH ?", [quoted(word)])
        return {row[0] for row in rows}

    def weighted(self, weights: Mapping[str, float]) -> list[float]:
        """For each text the share, 0 to 1, of the words' weight that it holds."""
        total = sum(weights.values())
        cover = [0.0] * self._count
        if total:
            for word, weight in weights.items():
                for index in self.holders(word):
                    cover[index] += weight / total
        return cover
