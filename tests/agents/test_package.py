"""The public surface, and that it costs nothing to import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import agents


def test_all_names_are_there() -> None:
    assert sorted(agents.__all__) == agents.__all__
    for name in agents.__all__:
        assert getattr(agents, name) is not None


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = agents.nonsense


def test_importing_the_agent_loads_neither_langgraph_nor_langchain() -> None:
    code = (
        "import sys, agents; from agents import Agent, Limits, DocumentTools, fixed_policy, model_policy, "
        "forced_policy; print([m for m in sys.modules if m.partition('.')[0] in "
        "('langgraph', 'langchain_core', 'torch', 'chromadb', 'pydantic')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_langgraph_is_known_to_one_package() -> None:
    modules = Path(agents.__file__).parent.rglob("*.py")
    assert {path.parent.name for path in modules if "from langgraph" in path.read_text(encoding="utf-8")} == {"graph"}
