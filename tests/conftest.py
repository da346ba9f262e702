"""What all tests share: the packaged embedding model, loaded once."""

from __future__ import annotations

import os
import signal

import pytest

from rag.encoder import SentenceEncoder


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What encoders remember of this machine is not the developer's."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def encoder() -> SentenceEncoder:
    """The real one; its weights are loaded with its first vector and stay."""
    return SentenceEncoder()


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """A shell lets what it starts in the background ignore interrupts; the tests send some."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
