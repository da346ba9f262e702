"""Tools held to a time and a length, and several tools as one."""

from __future__ import annotations

import contextvars
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import Evidence
from agents.tools.call import Call, Observation
from agents.tools.compute import ComputeTool
from agents.tools.limited import LEFT_RUNNING, Limited, cut
from agents.tools.spec import ToolSpec
from agents.tools.toolbox import Toolbox
from inference.errors import UsageError
from tests.agents.small import PAGES, TOOLS


def words(text: str) -> int:
    """Each word is a token, each sign that is none too."""
    return len(re.findall(r"\w+|[^\w\s]", text))


@dataclass(frozen=True)
class Does:
    """One tool that does as told."""

    work: Callable[[], str]
    name: str = "work"

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        return (ToolSpec(self.name, "Works.", ()),)

    def run(self, call: Call, evidence: Evidence) -> Observation:
        return Observation(self.work(), evidence.plus(PAGES[:1]), "short")


def limited(work: Callable[[], str], seconds: float = 30.0, tokens: int = 1_000) -> Limited:
    return Limited(Does(work), seconds=seconds, tokens=tokens, count_tokens=words)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Shut until the test ends, so that nothing it left behind runs on."""
    event = threading.Event()
    yield event
    event.set()


WORK = Call("work", {})


def test_a_tool_that_does_not_return_is_an_error_that_names_it(gate: threading.Event) -> None:
    tools = limited(lambda: str(gate.wait()), seconds=0.01)
    with pytest.raises(TimeoutError, match=re.escape("work did not return within 0.01 s")):
        tools.run(WORK, Evidence())


def test_only_so_many_calls_are_left_running_and_then_none_is_begun(gate: threading.Event) -> None:
    begun: list[int] = []

    def waits() -> str:
        begun.append(1)
        return str(gate.wait())

    tools = limited(waits, seconds=0.01)
    for _ in range(LEFT_RUNNING + 3):
        with pytest.raises(TimeoutError):
            tools.run(WORK, Evidence())
    assert len(begun) == LEFT_RUNNING


def test_a_call_is_taken_again_once_those_before_have_returned() -> None:
    gate = threading.Event()
    tools = limited(lambda: str(gate.wait()), seconds=0.01)
    for _ in range(LEFT_RUNNING):
        with pytest.raises(TimeoutError):
            tools.run(WORK, Evidence())
    gate.set()
    for thread in tools._late:
        thread.join()
    assert tools.run(WORK, Evidence()).text == "True"


def test_what_a_tool_raises_reaches_the_caller() -> None:
    def fails() -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        limited(fails).run(WORK, Evidence())


def test_a_tool_sees_the_context_variables_of_its_caller() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")
    variable.set("mine")
    assert limited(variable.get).run(WORK, Evidence()).text == "mine"


def test_a_long_observation_is_cut_and_its_evidence_and_short_form_stay() -> None:
    seen = limited(lambda: "a line of words\n" * 50, tokens=10).run(WORK, Evidence())
    assert seen.text == "a line of words\na line of words\n(48 lines left out here: ask for less at a time)"
    assert seen.evidence.passages == PAGES[:1]
    assert seen.short == "short"


def test_a_passage_that_is_cut_is_closed_again() -> None:
    text = "<passage>[1] a.md\none two three\nfour five six\n</passage>\n<passage>[2] b.md\nseven\n</passage>"
    for tokens in range(1, words(text)):
        seen = cut(text, tokens, words)
        assert seen.count("<passage>") == seen.count("</passage>")
        assert "left out here" in seen
    assert cut(text, words(text), words) == text


def test_what_the_tool_says_of_the_rest_stays() -> None:
    text = "<passage>\n" + "one two\n" * 50 + "</passage>\n(3 more passages after: read passage 7)"
    assert cut(text, 9, words).endswith("ask for less at a time)\n(3 more passages after: read passage 7)")


def test_one_long_line_is_cut_within() -> None:
    assert cut("word " * 500, 5, words).startswith("word word word word word …\n(1 line left out here")


def test_a_short_text_is_not_even_counted() -> None:
    def never(text: str) -> int:
        raise AssertionError

    assert cut("short", 5, never) == "short"


_LINES = st.sampled_from(["<passage>[1] a.md", "</passage>", "some words here", "", "x" * 30, "(a note)"])


@given(st.lists(_LINES, max_size=30).map("\n".join) | st.text(max_size=300), st.integers(1, 60))
def test_any_text_is_cut_to_its_tokens_and_a_note(text: str, tokens: int) -> None:
    seen = cut(text, tokens, words)
    if words(text) <= tokens or len(text.encode()) <= tokens:
        assert seen == text
    else:
        note = re.search(r"\(\d+ lines? left out here", seen)
        assert note is not None
        assert words(seen[: note.start()]) <= tokens + words("…</passage>")
    if text.count("<passage>") == text.count("</passage>") <= 1:
        assert seen.count("<passage>") <= seen.count("</passage>")


def test_a_toolbox_has_all_tools_and_each_call_finds_its_own() -> None:
    box = Toolbox(TOOLS, ComputeTool())
    assert [spec.name for spec in box.specs] == ["search", "read", "compute"]
    assert box.run(Call("compute", {"expression": "1+1"}), Evidence()).text == "1+1 = 2"
    assert "Aurora" in box.run(Call("search", {"query": "Aurora"}), Evidence()).text


@pytest.mark.parametrize("name", ["search", "finish"])
def test_two_tools_of_one_name_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        Toolbox(TOOLS, Does(str, name))


@pytest.mark.parametrize("frame", ["<passage>(from list_issues)", "<passage>[1] a.md\nSome > Heading"])
def test_of_one_long_line_in_a_frame_the_beginning_is_shown(frame: str) -> None:
    shown = cut(f"{frame}\n{'issue ' * 500}\n</passage>", 100, words)
    assert shown.count("issue ") > 40
    assert shown.index("issue") < shown.index("</passage>") < shown.index("left out")
    assert words(shown) < 130
