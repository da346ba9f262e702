from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.database import Database
from rag.lexical import WordCover, bm25, content_words, rarity
from tests.rag.test_database import store


@pytest.fixture
def teas(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "index.sqlite")
    for text in ("green tea and more tea", "black tea", "NEAR the kettle, order AB-1234", 'who "is" it'):
        store(database, f"{text[:5]}.md", text)
    yield database
    database.close()


def found(database: Database, query: str) -> list[str]:
    passages = database.passages(list(bm25(database.connection, query, 9)))
    return [passages[key].text for key in bm25(database.connection, query, 9)]


def test_the_rarer_word_weighs_more(teas: Database) -> None:
    assert found(teas, "kettle tea")[0] == "NEAR the kettle, order AB-1234"


def test_words_are_found_by_their_stem_and_without_accents(teas: Database) -> None:
    assert found(teas, "kettles") == found(teas, "kéttle") == ["NEAR the kettle, order AB-1234"]


def test_an_order_number_is_found_whole(teas: Database) -> None:
    assert found(teas, "AB-1234") == ["NEAR the kettle, order AB-1234"]


@pytest.mark.parametrize(
    "query",
    [
        'kettle "',
        '"kettle',
        "kettle AND",
        "NOT kettle",
        "NEAR(kettle",
        "kettle*",
        "-kettle",
        "text:kettle",
        "kettle ^ )",
        "___ kettle",
    ],
)
def test_operators_in_a_query_are_harmless(teas: Database, query: str) -> None:
    assert "NEAR the kettle, order AB-1234" in found(teas, query)


def test_a_query_of_stop_words_only_is_searched_for_as_it_is(teas: Database) -> None:
    assert found(teas, "who is it?") == ['who "is" it']


@pytest.mark.parametrize("query", ["", " ", "?!", '"', "*", "\0"])
def test_a_query_without_words_finds_nothing(teas: Database, query: str) -> None:
    assert found(teas, query) == []


def test_a_very_long_query_is_no_error(teas: Database) -> None:
    assert found(teas, " ".join(f"word{number}" for number in range(5_000)) + " kettle")


def test_content_words_come_once_in_order_and_numbers_whole() -> None:
    assert content_words("What is the Net sales of 1,234.5 in net 2022?") == ["net", "sales", "1,234.5", "2022"]


def test_rarity_by_hand(teas: Database) -> None:
    # Four passages: two hold tea, none holds coffee.
    assert rarity(teas.connection, ["tea", "coffee"]) == pytest.approx(
        {"tea": math.log(1 + 2.5 / 2.5), "coffee": math.log(1 + 4.5 / 0.5)}
    )


def test_cover_is_the_share_of_the_weight() -> None:
    cover = WordCover(["green teas", "tea", "kettle"])
    assert cover.weighted({"green": 3.0, "tea": 1.0}) == pytest.approx([1.0, 0.25, 0.0])


def test_cover_of_no_words_is_nothing() -> None:
    assert WordCover(["tea"]).weighted({}) == [0.0]
