from __future__ import annotations

import subprocess
import sys

import pytest

import rag

HEAVY = {
    "torch",
    "transformers",
    "sentence_transformers",
    "chromadb",
    "langchain_core",
    "langgraph",
    "lxml",
    "pypdfium2",
}


@pytest.mark.parametrize("name", rag.__all__)
def test_what_is_promised_is_there(name: str) -> None:
    assert getattr(rag, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = rag.Nothing


@pytest.mark.parametrize("statement", ["import rag", "from rag import Index, ModelReader, SyncReport"])
def test_importing_loads_nothing_heavy(statement: str) -> None:
    program = f"import sys; {statement}; print(*({HEAVY!r} & sys.modules.keys()))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
