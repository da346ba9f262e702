"""What all tests share: the packaged embedding model, loaded once."""

from __future__ import annotations

import signal

import pytest

from rag.encoder import SentenceEncoder


@pytest.fixture(scope="session")
def encoder() -> SentenceEncoder:
    """The real one; its weights are loaded with its first vector and stay."""
    return SentenceEncoder()


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """A shell lets what it starts in the background ignore interrupts; the tests send some."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
