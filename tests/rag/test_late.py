from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag.encoder import SentenceEncoder, open_encoder
from rag.late import late_scores
from rag.passage import Passage
from rag.retrieve import LATE, by_tokens
from tests.model_folders import save_encoder
from tests.rag.small import WordEncoder, passages

PROMPTS = {"query": "query : ", "document": "passage : "}
ASKED = "Who repairs the espresso machine?"
ABOUT_COFFEE = "Coffee machines brew espresso for guests."
HIDES_IT = f"Parking is free on Sundays. Bo repairs the espresso machine. {'The gate closes at ten. ' * 6}"


@pytest.fixture(scope="module")
def prompted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_encoder(tmp_path_factory.mktemp("models") / "prompted", prompts=PROMPTS)


def ranked(*texts: str) -> Iterator[Passage]:
    """Passages whose scores fall by a thousandth."""
    return (replace(one, score=1 - number / 1000) for number, one in enumerate(passages(*texts)))


@pytest.mark.parametrize("as_query", [False, True])
def test_tokens_are_those_of_sentence_transformers_without_specials_and_prompt(prompted: Path, as_query: bool) -> None:
    from sentence_transformers import SentenceTransformer

    text, prompt = "green tea , hot", PROMPTS["query" if as_query else "document"]
    model = SentenceTransformer(str(prompted), device="cpu")
    theirs = np.asarray(model.encode(prompt + text, output_value="token_embeddings").cpu())[3:-1]
    (mine,) = open_encoder(str(prompted)).token_vectors([text], as_query=as_query) or []
    assert mine == pytest.approx(theirs / np.linalg.norm(theirs, axis=1, keepdims=True), abs=1e-4)
    assert len(mine) == 4


def test_tokens_are_read_as_far_as_the_model_reads(prompted: Path) -> None:
    encoder = open_encoder(str(prompted))
    short, long = encoder.token_vectors(["tea", "tea " * 100]) or []
    assert (len(short), len(long)) == (1, encoder.max_tokens - 2)


@pytest.mark.parametrize("model", [{"pooling": "cls"}, {"activation": "relu"}], ids=["no mean", "not in numpy"])
def test_other_models_give_none(model: dict[str, str], tmp_path: Path) -> None:
    encoder = open_encoder(str(save_encoder(tmp_path / "model", **model)))  # type: ignore[arg-type]
    assert late_scores("tea", ["green tea"], encoder) is None


def test_an_encoder_that_knows_no_tokens_has_no_scores() -> None:
    assert late_scores("tea", ["green tea"], WordEncoder()) is None


def test_a_text_scores_one_with_itself_and_one_without_tokens_nothing(encoder: SentenceEncoder) -> None:
    assert late_scores(ASKED, [ASKED, ""], encoder) == [pytest.approx(1), 0.0]
    assert late_scores("", [ASKED], encoder) == [0.0]


def test_a_sentence_is_found_among_others_that_hide_it_from_the_vector(encoder: SentenceEncoder) -> None:
    cosines = encoder.documents([ABOUT_COFFEE, HIDES_IT]) @ encoder.query(ASKED)
    late = late_scores(ASKED, [ABOUT_COFFEE, HIDES_IT], encoder) or []
    assert cosines[0] > cosines[1]
    assert late[1] > late[0]


def test_the_first_are_put_in_order_and_the_rest_stays_behind_them(encoder: SentenceEncoder) -> None:
    texts = [f"The gate {number} closes at ten." for number in range(LATE - 1)]
    found = list(by_tokens(ASKED, ranked(*texts, HIDES_IT, ASKED, ABOUT_COFFEE), encoder, 0.75))
    scores = [one.score or 0.0 for one in found]
    assert [found[0].text, *(one.text for one in found[LATE:])] == [HIDES_IT, ASKED, ABOUT_COFFEE]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores[LATE:])) == 2


def test_without_vectors_of_tokens_all_stay_as_they_are() -> None:
    given = list(ranked(ABOUT_COFFEE, HIDES_IT))
    assert list(by_tokens(ASKED, iter(given), WordEncoder(), 0.75)) == given
