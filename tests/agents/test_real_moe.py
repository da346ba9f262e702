"""The loop on a real Ollama with a mixture of experts that follows a script: it thinks and calls, the server parses.
`pytest -s` shows each cycle's tokens and seconds."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

import pytest

from agents import Step
from agents.prompt import SYSTEM
from inference import connect
from inference.purposes import THINKING_TOKENS
from speedking.agents import policy_of
from speedking.course import PreparedTools, forced_cycles
from tests.inference.real_ollama import MODEL, scripted_moe, why_not
from tests.moe_models import Script, tool_call
from tests.moe_tensors import Geometry

REASON = why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))

THOUGHTS, CYCLES, MOST_UNEXPLAINED = 150, 10, 0.02
GEOMETRY = Geometry(width=512, experts=16, experts_used=8, expert_width=256, shared_width=256)
"""Large enough that a cycle takes as long as one of a small real model: what is measured is the loop around it."""
RESULTS = [f"Part {n} of the report names costs and income of the house and says what changed." for n in range(CYCLES)]


@pytest.fixture(scope="module")
def moe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    script = Script(thoughts=THOUGHTS, call=tool_call("search", {"query": "mixture of experts"}))
    folder = tmp_path_factory.mktemp("moe")
    with scripted_moe(folder, "speedking-agent-moe", script, GEOMETRY, num_ctx=32_768) as name:
        yield name


def ten_cycles(moe: str, *, think: bool, tokens: int = THINKING_TOKENS) -> Sequence[Step]:
    """The script makes the same call each time, so from the second cycle on the prepared one goes in. Its tokens are
    bytes: results are short."""
    connection = connect("ollama", moe, purpose="agent", think=think, max_output_tokens=tokens)
    connection.chat.invoke("hello")  # loads it
    tools = PreparedTools(RESULTS, secrets.token_hex(8))
    policy = policy_of(connection, tools, tokens, "native")
    steps = forced_cycles(policy, tools, CYCLES, f"Run {tools.nonce}. {SYSTEM}")
    show(steps, "thinking" if think else "not thinking")
    return steps


def show(steps: Sequence[Step], how: str) -> None:
    print(f"\n{how}: cycle, seconds (framework, unexplained), prompt tokens (cached), tokens written (thought)")
    for step in steps:
        print(
            f"{step.cycle:>2} {step.wall_s:7.3f} ({step.framework_s:.4f} {step.unexplained_s or 0.0:.4f})"
            f" {step.prompt_tokens} ({step.cached_tokens}) {step.decode_tokens} ({step.thinking_tokens})"
        )
    wall_s = sum(step.wall_s for step in steps)
    print(f"unexplained {sum(step.unexplained_s or 0.0 for step in steps) / wall_s:.2%} of {wall_s:.1f} s")


def test_ten_cycles_think_and_call_and_nearly_nothing_is_unexplained(moe: str) -> None:
    steps = ten_cycles(moe, think=True)
    assert [step.cycle for step in steps] == list(range(1, CYCLES + 1))
    assert [step.thinking_tokens for step in steps] == [THOUGHTS] * CYCLES
    assert not any(step.repaired for step in steps)
    wall_s = sum(step.wall_s for step in steps)
    unexplained_s = sum(step.unexplained_s or 0.0 for step in steps)
    assert unexplained_s + sum(step.framework_s for step in steps) <= MOST_UNEXPLAINED * wall_s


@pytest.mark.parametrize("think", [True, False])
def test_from_the_second_cycle_on_most_of_the_prompt_is_cached(moe: str, think: bool) -> None:
    for before, step in zip(steps := ten_cycles(moe, think=think), steps[1:], strict=False):
        assert step.cached_tokens is not None
        assert before.prompt_tokens is not None
        assert step.cached_tokens >= 0.9 * before.prompt_tokens


def test_the_prompt_of_a_dense_model_is_cached_too() -> None:
    """It writes what it likes, and the prepared call goes in: the server may read its own words anew."""
    for before, step in zip(steps := ten_cycles(MODEL, think=False, tokens=60), steps[1:], strict=False):
        assert step.cached_tokens is not None
        assert before.prompt_tokens is not None
        assert step.cached_tokens >= 0.9 * before.prompt_tokens
