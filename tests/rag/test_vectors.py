from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rag.encoder import Vectors
from rag.vectors import VectorRecord, VectorStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VectorStore]:
    opened = VectorStore(tmp_path / "chroma")
    yield opened
    opened.close()


def toward(angle: float) -> Vectors:
    """A unit vector at an angle in degrees."""
    return np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))], dtype=np.float32)


def fan(*angles: float) -> list[VectorRecord]:
    return [VectorRecord(id, toward(angle), id % 10, None) for id, angle in enumerate(angles, start=1)]


def test_the_nearest_come_first_with_their_cosine(store: VectorStore) -> None:
    store.upsert(fan(80, 0, 30))
    found = store.nearest(toward(0), 2)
    assert list(found) == [2, 3]
    assert found == pytest.approx({2: 1.0, 3: np.cos(np.radians(30))}, abs=1e-5)


def test_more_than_there_are_gives_all(store: VectorStore) -> None:
    store.upsert(fan(0, 10))
    assert list(store.nearest(toward(0), 100)) == [1, 2]


def test_an_id_that_comes_again_takes_the_new_vector(store: VectorStore) -> None:
    store.upsert(fan(0, 45))
    store.upsert(fan(90))
    assert list(store.nearest(toward(0), 2)) == [2, 1]
    assert store.count() == 2


def test_what_is_deleted_is_not_found_and_an_unknown_id_is_no_error(store: VectorStore) -> None:
    store.upsert(fan(0, 45))
    store.delete([1, 77])
    assert list(store.nearest(toward(0), 2)) == [2]


def test_an_empty_store_finds_nothing(store: VectorStore) -> None:
    store.upsert([])
    store.delete([])
    assert store.nearest(toward(0), 5) == {}


def test_only_the_named_files_are_looked_into(store: VectorStore) -> None:
    store.upsert(fan(0, 10, 20, 30))
    assert list(store.nearest(toward(0), 5, [3, 2])) == [2, 3]
    assert store.nearest(toward(0), 5, [77]) == {}
    assert store.nearest(toward(0), 5, []) == {}


def test_more_files_than_one_query_names_are_looked_into(store: VectorStore) -> None:
    store.upsert([VectorRecord(id, toward(id / 1000), id, None) for id in range(1, 30_000, 1_000)])
    assert list(store.nearest(toward(0), 2, range(2, 40_000))) == [1_001, 2_001]


def test_before_the_first_vector_nothing_is_made(tmp_path: Path) -> None:
    store = VectorStore(tmp_path / "chroma")
    assert (store.count(), store.nearest(toward(0), 5)) == (0, {})
    store.close()
    assert not (tmp_path / "chroma").exists()


def test_more_than_one_call_takes_are_all_stored(store: VectorStore) -> None:
    store.upsert(fan(*np.linspace(0, 90, 2_100)))
    assert store.count() == 2_100
    store.delete(range(1, 2_100))
    assert list(store.nearest(toward(0), 5)) == [2_100]


def test_vectors_are_there_after_closing(tmp_path: Path) -> None:
    first = VectorStore(tmp_path / "chroma")
    first.upsert([VectorRecord.stored(7, toward(0).tobytes(), 1, 3)])
    first.close()
    second = VectorStore(tmp_path / "chroma")
    assert second.nearest(toward(0), 1) == pytest.approx({7: 1.0})
    second.close()
