"""ask --iterative: a second search where one is not enough, and that it says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from speedking.__main__ import run
from tests.inference.stand_in import Model, OllamaStandIn, Turn
from tests.rag.small import fill
from tests.speedking.door import Door, Library

FILM = "The Long Night is a film of 1962. It was directed by Ada Moreau and shot on the coast."
PEOPLE = "Ada Moreau grew up as the daughter of a baker. She was born in Lisbon, where her mother kept a shop."
QUESTION = "In which city was the director of The Long Night born?"


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Library:
    made = Library(tmp_path_factory.mktemp("films"), tmp_path_factory.mktemp("index"))
    others = {
        f"other-{n}.md": f"The Long Road number {n} is a film, its director was born in a city.\n" for n in range(8)
    }
    fill(made.folder, {"film.md": FILM, "people.md": PEOPLE, **others})
    assert run(["index", *made.indexed, "--json"]) == 0
    return made


def test_a_model_reads_what_the_second_search_brings(door: Door, films: Library, ollama: OllamaStandIn) -> None:
    ollama.models = {"qwen:1b": Model(capabilities=("completion",))}
    ollama.turns = [says("The Long Night is a film of 1962 [1]."), says("She was born in Lisbon [2].")]
    ran = door("ask", *films.indexed, QUESTION, "--k", "1", "--iterative", "--json")
    document = ran.document
    assert (document["iterations"], document["searched_again"]) == (2, "Ada Moreau city director born")
    assert "one search was not enough (what is quoted is about a part of it): searched again for" in ran.err
    assert document["citations"][0]["file"] == "people.md"
    assert document["timings"]["retrieve_s"] > 0


def test_the_first_answer_stands_where_the_second_is_no_better(
    door: Door, films: Library, ollama: OllamaStandIn
) -> None:
    ollama.models = {"qwen:1b": Model(capabilities=("completion",))}
    ollama.turns = [says("The Long Night is a film of 1962 [1]."), says("NOT IN THE DOCUMENTS")]
    document = door("ask", *films.indexed, QUESTION, "--k", "1", "--iterative", "--json").document
    assert (document["iterations"], document["citations"][0]["file"]) == (2, "film.md")


def test_a_full_prompt_holds_the_best_new_passage(door: Door, tmp_path: Path, ollama: OllamaStandIn) -> None:
    filler = " ".join(f"reel{number}" for number in range(100))
    others = {
        f"other-{n}.md": f"The director of The Long Night, take {n}, was born in a city. {filler} {n}\n"
        for n in range(12)
    }
    named = {"film.md": f"The director of The Long Night, born in which city? It was shot by Ada Moreau. {filler}\n"}
    fill(tmp_path / "docs", {**named, **others, "people.md": "Ada Moreau came from Lisbon.\n"})
    ollama.models = {"qwen:1b": Model(capabilities=("completion",))}
    ollama.turns = [says("NOT IN THE DOCUMENTS"), says("Ada Moreau came from Lisbon [5].")]
    asked = door("ask", tmp_path / "docs", QUESTION, "--iterative", "--json")
    first, second = (chat.body["messages"][-1]["content"] for chat in ollama.chats()[-2:])
    assert "Ada Moreau" in asked.document["searched_again"]
    assert "Lisbon" not in first
    assert "Lisbon" in second


def says(text: str) -> Turn:
    return Turn(lines=({"content": text},))


def test_where_one_search_is_enough_there_is_no_second(door: Door, library: Library) -> None:
    ran = door("ask", *library.indexed, "When does the ferry to Ost leave?", "--iterative", "--json")
    document = ran.document
    assert (document["iterations"], document["searched_again"], ran.code) == (1, None, 0)
    assert "not enough" not in ran.err


def test_a_refusal_is_looked_into_once_more_and_stays_one(door: Door, library: Library) -> None:
    ran = door("ask", *library.indexed, "Who painted the ceiling of the chapel?", "--iterative", "--json")
    assert ran.code == 3
    assert ran.document["iterations"] == 2
    assert "searched again for" in ran.err


def test_without_the_flag_nothing_is_told(door: Door, library: Library) -> None:
    document = door("ask", *library.indexed, "Who painted the ceiling of the chapel?", "--json").document
    assert "iterations" not in document
