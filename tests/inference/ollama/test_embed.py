"""Embedding through Ollama's HTTP API."""

from __future__ import annotations

import socket

import numpy as np
import pytest

from inference.errors import EncoderError, EngineUnavailableError, ModelMissingError, ModelUnsuitableError
from inference.ollama.embed import BATCH, OllamaEncoder
from tests.inference.stand_in import Model, OllamaStandIn

EMBEDDER = Model(capabilities=("embedding",), family="bert", trained=512, parameters={"num_ctx": 64})


def served(**models: Model) -> OllamaStandIn:
    return OllamaStandIn({f"{name}:latest": model for name, model in models.items()} or {"embed:latest": EMBEDDER})


def inputs(server: OllamaStandIn) -> list[list[str]]:
    return [asked.body["input"] for asked in server.asked if asked.path == "/api/embed"]


def test_vectors_have_unit_length_and_the_declared_form() -> None:
    with served() as server:
        encoder = OllamaEncoder("embed", base_url=server.url)
        vectors = encoder.documents(["green tea", "kettle"])
        query = encoder.query("kettle")
    assert (vectors.shape, vectors.dtype.name, encoder.dimension) == ((2, 26), "float32", 26)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1])
    assert query == pytest.approx(vectors[1])


def test_no_texts_give_no_rows() -> None:
    with served() as server:
        assert OllamaEncoder("embed", base_url=server.url).documents([]).shape == (0, 26)


def test_texts_go_in_batches_and_none_is_cut_by_the_server() -> None:
    with served() as server:
        vectors = OllamaEncoder("embed", base_url=server.url).documents(["a" * n for n in range(1, BATCH + 2)])
        assert [len(texts) for texts in inputs(server)] == [BATCH, 1]
        assert all(asked.body["truncate"] is False for asked in server.asked if asked.path == "/api/embed")
    assert len(vectors) == BATCH + 1


def test_prompts_stand_before_query_and_document_and_take_their_room() -> None:
    with served() as server:
        plain = OllamaEncoder("embed", base_url=server.url)
        encoder = OllamaEncoder("embed", base_url=server.url, query_prompt="query: ", document_prompt="passage: ")
        encoder.query("tea")
        encoder.documents(["tea"])
        assert inputs(server) == [["query: tea"], ["passage: tea"]]
    assert plain.max_tokens == 64
    assert encoder.max_tokens == 64 - encoder.count_tokens(["passage: "])[0]
    assert encoder.digest != plain.digest


@pytest.mark.parametrize(
    ("trained", "set_to", "reads"), [(8192, {}, 512), (256, {}, 256), (512, {"num_ctx": 128}, 128)]
)
def test_what_it_reads_is_the_context_up_to_a_limit(trained: int, set_to: dict[str, int], reads: int) -> None:
    with served(embed=Model(capabilities=("embedding",), trained=trained, parameters=set_to)) as server:
        assert OllamaEncoder("embed", base_url=server.url).max_tokens == reads


def test_a_text_longer_than_the_context_loses_its_end_and_the_others_nothing() -> None:
    long = "tea " * 100 + "zzz " * 1000
    with served() as server:
        vectors = OllamaEncoder("embed", base_url=server.url).documents(["kettle", long])
        expected = OllamaEncoder("embed", base_url=server.url).documents(["kettle", "tea"])
    assert vectors == pytest.approx(expected, abs=1e-5)


def test_the_digest_is_that_of_the_model_s_file() -> None:
    with served(one=EMBEDDER, two=EMBEDDER) as server:
        one, again, two = (OllamaEncoder(name, base_url=server.url).digest for name in ("one", "one", "two"))
    assert one == again != two


def test_a_missing_model_names_the_pull() -> None:
    with served() as server, pytest.raises(ModelMissingError, match="embed:latest") as caught:
        OllamaEncoder("nope", base_url=server.url)
    assert "`ollama pull nope`" in caught.value.next_step
    assert [asked.path for asked in server.asked] == ["/api/tags"]


def test_a_model_that_only_writes_is_refused() -> None:
    with served(chat=Model()) as server, pytest.raises(ModelUnsuitableError, match="completion"):
        OllamaEncoder("chat", base_url=server.url)


def test_a_model_on_another_s_computer_is_refused() -> None:
    far = Model(capabilities=("embedding",), remote_host="https://far.example")
    with served(far=far) as server, pytest.raises(ModelUnsuitableError, match=r"far\.example"):
        OllamaEncoder("far", base_url=server.url)


def test_no_server_points_to_the_packaged_encoder() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(EngineUnavailableError) as caught:
            OllamaEncoder("embed", base_url=f"127.0.0.1:{free.getsockname()[1]}")
    assert "leave out --encoder" in caught.value.next_step


def test_a_server_that_stops_in_between_points_to_the_packaged_encoder() -> None:
    with served() as server:
        encoder = OllamaEncoder("embed", base_url=server.url)
    with pytest.raises(EngineUnavailableError) as caught:
        encoder.query("tea")
    assert "leave out --encoder" in caught.value.next_step


def test_vectors_of_another_width_are_refused() -> None:
    with served() as server:
        encoder = OllamaEncoder("embed", base_url=server.url)
        encoder.query("tea")
        server.width = 20
        with pytest.raises(EncoderError, match=r"\[20, 26\]"):
            encoder.query("tea")


def test_a_vector_of_zeros_has_no_direction_and_is_refused() -> None:
    with served() as server, pytest.raises(EncoderError, match="zeros"):
        OllamaEncoder("embed", base_url=server.url).documents(["tea", "0"])
