"""The drawing of the loop in the docs is the loop."""

from __future__ import annotations

import time
from pathlib import Path

from agents import Limits
from agents.graph.wiring import loop
from agents.nodes import Nodes
from agents.stopwatch import Stopwatch
from tests.agents.small import TOOLS, Scripted, verify

DOCS = Path(__file__).parents[2] / "docs" / "agent.md"


def test_the_docs_draw_the_loop_as_it_is() -> None:
    nodes = Nodes(Scripted([]), TOOLS, Limits(), verify, Stopwatch(time.perf_counter))
    drawn = loop(nodes).get_graph().draw_mermaid(with_styles=False).strip()
    assert f"```mermaid\n{drawn}\n```" in DOCS.read_text()


def test_the_wiring_fits_on_a_screen_or_two() -> None:
    wiring = Path(__file__).parents[2] / "agents" / "graph" / "wiring.py"
    assert len(wiring.read_text().splitlines()) < 120
