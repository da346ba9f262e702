"""What all tests share: the packaged embedding model, loaded once."""

from __future__ import annotations

import pytest

from rag.encoder import SentenceEncoder


@pytest.fixture(scope="session")
def encoder() -> SentenceEncoder:
    """The real one; its weights are loaded with its first vector and stay."""
    return SentenceEncoder()
