from __future__ import annotations

import pytest

from rag.encode.prompts import Prompts, published_prompts


@pytest.mark.parametrize(
    ("name", "query", "document"),
    [
        ("intfloat/multilingual-e5-small", "query: ", "passage: "),
        ("intfloat/e5-base-v2", "query: ", "passage: "),
        ("BAAI/bge-small-en-v1.5", "Represent this sentence for searching relevant passages: ", ""),
        ("bge-large:335m", "Represent this sentence for searching relevant passages: ", ""),
        ("mxbai-embed-large:latest", "Represent this sentence for searching relevant passages: ", ""),
        ("snowflake-arctic-embed:33m", "Represent this sentence for searching relevant passages: ", ""),
        ("snowflake-arctic-embed2:latest", "query: ", ""),
        ("Snowflake/snowflake-arctic-embed-l-v2.0", "query: ", ""),
        ("nomic-embed-text:v1.5", "search_query: ", "search_document: "),
        ("embeddinggemma:300m", "task: search result | query: ", "title: none | text: "),
    ],
)
def test_published_prompts_by_name(name: str, query: str, document: str) -> None:
    assert published_prompts(name) == Prompts(query, document)


def test_qwen3_is_instructed_in_the_query_alone() -> None:
    prompts = published_prompts("qwen3-embedding:0.6b")
    assert prompts.query.endswith("\nQuery:")
    assert prompts.document == ""


@pytest.mark.parametrize(
    "name", ["all-MiniLM-L6-v2", "bge-m3", "BAAI/bge-small-zh-v1.5", "intfloat/multilingual-e5-large-instruct"]
)
def test_other_models_get_none(name: str) -> None:
    assert published_prompts(name) == Prompts()
