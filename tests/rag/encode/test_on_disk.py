from __future__ import annotations

from pathlib import Path

import pytest

from inference.errors import EncoderError
from rag.encode.on_disk import find_model
from tests.rag.small import fill


def cached(cache: Path, name: str) -> Path:
    """A hub's cache that holds one model."""
    files = {f"models--{name}/refs/main": "abc\n", f"models--{name}/snapshots/abc/config.json": "{}"}
    return fill(cache, files)


def test_a_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    assert find_model(str(tmp_path)) == tmp_path.resolve()


def test_a_name_is_found_in_the_hub_s_cache(tmp_path: Path) -> None:
    cache = cached(tmp_path, "BAAI--bge-small-en-v1.5")
    assert find_model("BAAI/bge-small-en-v1.5", cache=cache).name == "abc"


def test_a_name_without_author_is_sentence_transformers(tmp_path: Path) -> None:
    cache = cached(tmp_path, "sentence-transformers--LaBSE")
    assert find_model("LaBSE", cache=cache).name == "abc"


@pytest.mark.parametrize("held", ["else--where", "BAAI--bge-m3"])
def test_a_model_that_is_not_here_says_how_to_get_it(held: str, tmp_path: Path) -> None:
    cache = cached(tmp_path, held)
    (cache / f"models--{held}/snapshots/abc/config.json").unlink()
    (cache / f"models--{held}/snapshots/abc").rmdir()  # a download that was broken off
    with pytest.raises(EncoderError, match="not on this machine") as caught:
        find_model("BAAI/bge-m3", cache=cache)
    assert "`hf download BAAI/bge-m3`" in caught.value.next_step
