"""Two versions of a rule in one folder: every command that answers tells of the other."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from tests.inference.stand_in import Model, OllamaStandIn, Turn
from tests.rag.small import fill
from tests.speedking.door import Door, Library, Outcome

ASKED = "When is the claim for a journey entered?"
OLD, NEW = (f"The claim for a journey is entered within {days} days of its end." for days in (45, 21))


@pytest.fixture
def rules(tmp_path: Path) -> Library:
    return Library(fill(tmp_path / "rules", {"2022.md": OLD, "2024.md": NEW}), tmp_path / "index")


def told(ran: Outcome) -> list[tuple[int, str]]:
    return [(one["of"], one["quote"]) for one in ran.document["differing"]]


def call(name: str, **arguments: str) -> Turn:
    return Turn(lines=({"content": "", "tool_calls": [{"function": {"name": name, "arguments": arguments}}]},))


def test_a_model_that_quotes_one_version_is_shown_beside_the_other(
    door: Door, rules: Library, ollama: OllamaStandIn
) -> None:
    ollama.turns = [Turn(lines=({"content": OLD},))] * 2
    assert told(door("ask", *rules.indexed, ASKED, "--json")) == [(1, NEW)]
    shown = door("ask", *rules.indexed, ASKED).out
    assert f'[1] 2022.md\n    "{OLD}"\nother figures in 2024.md\n    "{NEW}"' in shown


def test_what_is_cited_too_is_named_by_its_number(door: Door, rules: Library, ollama: OllamaStandIn) -> None:
    ollama.turns = [Turn(lines=({"content": f"{OLD} {NEW}"},))]
    shown = door("ask", *rules.indexed, ASKED).out
    assert f'"{OLD}"\nsaid otherwise in [2]\n\n[2] 2024.md\n    "{NEW}"\nsaid otherwise in [1]' in shown


def test_the_sources_of_an_answer_tell_of_it(door: Door, rules: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{ASKED}\n/sources\n"))
    out = door("chat", *rules.indexed).out
    assert out.count("said otherwise in ") + out.count("other figures in ") >= 2


def test_the_agent_tells_of_it_with_a_model_and_without(door: Door, rules: Library, ollama: OllamaStandIn) -> None:
    ollama.models = {"qwen:1b": Model(capabilities=("completion", "tools"))}
    ollama.turns = [call("search", query=ASKED), call("finish", answer=OLD)]
    assert told(door("agent", *rules.indexed, ASKED, "--calls", "native", "--json")) == [(1, NEW)]
    assert told(door("agent", *rules.indexed, ASKED, "--json", "--engine", "reader"))
