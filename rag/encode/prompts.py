"""What embedding models want to read before a question and before a document, as their authors publish it.

Only for models that do not bring their own prompts along: E5's and BGE's folders have none, and none of Ollama's models
does. A wrong or missing prompt costs several points of retrieval.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prompts:
    """Put before the text as they are, the space at the end included."""

    query: str = ""
    document: str = ""


_SEARCH = Prompts(query="Represent this sentence for searching relevant passages: ")
_PUBLISHED: tuple[tuple[str, Prompts], ...] = (
    (r"\b(multilingual-)?e5-(small|base|large)(?!-instruct)", Prompts("query: ", "passage: ")),
    (r"\bbge-(small|base|large)-en|\bbge-(small|base|large)\b(?!-zh)", _SEARCH),
    (r"\bmxbai-embed-large|\bsnowflake-arctic-embed(?!2|.*v2)", _SEARCH),
    (r"\bsnowflake-arctic-embed(2|.*v2)", Prompts(query="query: ")),
    (r"\bnomic-embed-text", Prompts("search_query: ", "search_document: ")),
    (r"\bembeddinggemma", Prompts("task: search result | query: ", "title: none | text: ")),
    (
        r"\bqwen3-embedding",
        Prompts("Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"),
    ),
)


def published_prompts(name: str) -> Prompts:
    """By a model's name or tag ("intfloat/multilingual-e5-small", "nomic-embed-text:latest"); none for others."""
    lowered = name.lower()
    return next((prompts for pattern, prompts in _PUBLISHED if re.search(pattern, lowered)), Prompts())
