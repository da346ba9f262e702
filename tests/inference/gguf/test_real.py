"""A real small language model in the process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from inference import Connection, connect
from inference.errors import ContextOverflowError
from inference.gguf.connect import close_all
from inference.gguf.engine import GgufEngine
from inference.gguf.file import read_gguf
from inference.record import of

MODEL = os.environ.get("SPEEDKING_TEST_GGUF")
pytestmark = [
    pytest.mark.skipif(not MODEL, reason="SPEEDKING_TEST_GGUF names no model"),
    pytest.mark.skipif(MODEL is not None and not Path(MODEL).is_file(), reason=f"{MODEL} is not there"),
]


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    pytest.importorskip("xllamacpp", reason="the extra gguf is not installed")
    yield connect("gguf", MODEL, context_tokens=1024, max_output_tokens=24)
    close_all()


def test_it_answers_in_words_the_same_twice(connection: Connection) -> None:
    first, second = (connection.chat.invoke("Say hello.").content for _ in range(2))
    assert any(letter.isalpha() for letter in str(first))
    assert first == second


def test_its_record_adds_up(connection: Connection) -> None:
    generation = of(connection.chat.invoke("Name three colours."))
    assert generation is not None
    assert generation.prompt_tokens
    assert generation.decode_tokens
    assert generation.decode_tokens <= 24
    assert generation.unexplained_s is not None
    assert generation.total_s is not None
    assert abs(generation.unexplained_s) <= 0.05 * generation.total_s


def test_requests_may_follow_each_other_at_once() -> None:
    engine = GgufEngine(read_gguf(Path(MODEL or "")), context_tokens=256, threads=1)
    try:
        for number in range(20):
            messages = [{"role": "user", "content": f"Say hello {number}."}]
            assert list(engine.events({"messages": messages, "max_tokens": 4, "stream": True}))
    finally:
        engine.close()


def test_its_overflow_has_both_numbers(connection: Connection) -> None:
    text = "word " * 2000
    with pytest.raises(ContextOverflowError) as caught:
        connection.chat.invoke(text)
    assert caught.value.context_tokens == 1024
    assert caught.value.prompt_tokens >= connection.count_tokens(text)
