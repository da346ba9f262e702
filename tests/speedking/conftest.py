"""A home of their own for these tests: no settings, no index and no server of the developer's takes part."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from speedking.__main__ import OFF, run
from tests.inference.stand_in import OllamaStandIn
from tests.rag.small import fill, write_pdf
from tests.speedking.door import Door, Library

# Torch's threads wait for each other: where other processes use the cores too, one is more than twice as fast.
os.environ.setdefault("OMP_NUM_THREADS", "1")

FERRY = "# Ferries\n\nThe ferry to Ost leaves at 07:40 from pier nine.\n\n# Prices\n\nA crossing costs twelve crowns.\n"
MUSEUM = "<h1>Museum</h1><p>The whale museum is closed on Mondays, and its cafe is not.</p>"


@pytest.fixture(scope="session")
def dead_address() -> Iterator[str]:
    """Host and port where nothing answers, kept so that nothing can begin to."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, dead_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in ("ENGINE", "MODEL", "BASE_URL", "GGUF", "ENCODER", "RERANKER"):
        monkeypatch.delenv(f"SPEEDKING_{setting}", raising=False)
    for name, value in OFF.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OLLAMA_HOST", dead_address)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def door(capsys: pytest.CaptureFixture[str]) -> Door:
    return Door(capsys)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Four small documents, indexed once. Tests only read them."""
    made = Library(tmp_path_factory.mktemp("documents"), tmp_path_factory.mktemp("index"))
    fill(made.folder, {"ferry.md": FERRY, "museum.html": MUSEUM, "notes/shop.txt": "The shop sells rope and lamps.\n"})
    write_pdf(made.folder / "light.pdf", "Of the lighthouse.", "The lighthouse keeper is Marta Lindqvist.")
    assert run(["index", *made.indexed, "--json"]) == 0
    return made


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch) -> Iterator[OllamaStandIn]:
    """A server that answers as Ollama does, where OLLAMA_HOST points."""
    with OllamaStandIn() as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        yield server
