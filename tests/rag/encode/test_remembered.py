from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from rag.encode.remembered import file_sha256, recall, remember

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the cache folder of these tests is set for Linux")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "speedking" / "encoders.json"


def test_what_was_remembered_is_recalled_beside_the_rest() -> None:
    remember("a", "1")
    remember("b", "2")
    assert (recall("a"), recall("b"), recall("c")) == ("1", "2", None)


@pytest.mark.parametrize("content", ["", "{", "[1]", '"a"'])
def test_a_damaged_memory_is_an_empty_one(content: str, place: Path) -> None:
    place.parent.mkdir()
    place.write_text(content)
    assert recall("a") is None
    remember("a", "1")
    assert recall("a") == "1"


def test_a_cache_that_cannot_be_written_is_no_error(place: Path) -> None:
    place.parent.write_text("a file in the way")
    remember("a", "1")
    assert recall("a") is None


def test_a_file_is_hashed_again_where_its_time_or_size_differ(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    for content in (b"one", b"two", b"three"):
        file.write_bytes(content)
        os.utime(file, ns=(len(content), hash(content) % 10**9))
        assert file_sha256(file) == hashlib.sha256(content).hexdigest()


def test_an_unchanged_file_is_not_read_again(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    first, stat = file_sha256(file), file.stat()
    file.write_bytes(b"two")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert file_sha256(file) == first
