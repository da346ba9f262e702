from __future__ import annotations

import json
import shlex
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.prompt import CLOSING
from rag import Index
from rag.encoder import SentenceEncoder
from speedking.agent_begun import Begun, BegunRuns
from speedking.agent_options import Options
from tests.inference.stand_in import Model, OllamaStandIn, Turn
from tests.rag.small import WatchedEncoder, fill
from tests.speedking.door import Door, Library

pytest.importorskip("mcp.client.stdio")  # binds its servers' stderr as it is imported: it has to be a real file
TASK = "When does the ferry to Ost leave?"
STEP = {
    "cycle",
    "thought",
    "calls",
    "observation",
    "forced",
    "repaired",
    "prompt_tokens",
    "cached_tokens",
    "decode_tokens",
    "model_s",
    "tool_s",
    "framework_s",
    "unexplained_s",
}


def call(name: str, **arguments: Any) -> Turn:
    return Turn(lines=({"content": "", "tool_calls": [{"function": {"name": name, "arguments": arguments}}]},))


NATIVE = ("--calls", "native")
"""Else the model would be probed first."""


@pytest.fixture
def able(ollama: OllamaStandIn) -> OllamaStandIn:
    """The server with one model that calls tools."""
    ollama.models = {"qwen:1b": Model(capabilities=("completion", "tools"))}
    return ollama


def test_without_a_model_a_run_searches_reads_and_ends_with_a_cited_answer(door: Door, library: Library) -> None:
    ran = door("agent", *library.indexed, TASK, "--json")
    assert ran.code == 0
    document = ran.document
    assert {
        "answer",
        "answerable",
        "citations",
        "stop_reason",
        "steps",
        "engine",
        "model",
        "timings",
    } <= document.keys()
    assert (document["stop_reason"], document["engine"], document["error"]) == ("answered", "reader", None)
    assert document["citations"][0]["file"] == "ferry.md"
    assert [step["calls"][0]["name"] for step in document["steps"]] == ["search", "search", "read", "search", "finish"]


def test_each_step_has_the_keys_of_the_contract_and_its_parts_add_up(door: Door, library: Library) -> None:
    document = door("agent", *library.indexed, TASK, "--json").document
    for number, step in enumerate(document["steps"], start=1):
        assert step.keys() >= STEP
        assert step["cycle"] == number
        assert step["prompt_tokens"] is step["decode_tokens"] is step["unexplained_s"] is None
        parts = step["model_s"] + step["tool_s"] + step["framework_s"]
        assert parts == pytest.approx(step["wall_s"])
    assert sum(step["wall_s"] for step in document["steps"]) <= document["timings"]["wall_s"]


def test_what_was_found_by_words_only_is_marked(door: Door, tmp_path: Path, encoder: SentenceEncoder) -> None:
    folder = fill(tmp_path / "docs", {"ferry.md": "# Ferry\n\nThe ferry to Ost leaves at 07:40.\n"})

    def broken_off() -> None:
        raise InterruptedError

    with (
        Index.open(folder, index=tmp_path / "index", encoder=WatchedEncoder(encoder, broken_off)) as index,
        pytest.raises(InterruptedError),
    ):
        index.sync()
    ask = ("agent", folder, TASK, "--index", tmp_path / "index", "--no-sync")
    assert door(*ask, "--json").document["embedded_share"] == 0
    assert "from words only: 0% of the passages" in door(*ask).err


def test_a_person_sees_each_cycle_and_how_it_ended(door: Door, library: Library) -> None:
    shown = door("agent", *library.indexed, TASK).out
    assert f"cycle 1  search(query='{TASK}')" in shown
    assert "  observation  <passage>[1] ferry.md" in shown
    assert "stopped: answered; 5 cycles, " in shown
    assert '    "The ferry to Ost leaves at 07:40 from pier nine."' in shown


def test_a_task_in_a_language_that_the_encoder_does_not_read_is_told_so(door: Door, library: Library) -> None:
    shown = door("agent", *library.indexed, "Wann fährt die Fähre nach Ost?")
    assert shown.err.count("the question seems to be German, and all-MiniLM-L6-v2 reads English alone") == 1
    assert "seems to be" not in door("agent", *library.indexed, TASK).err


def test_what_the_documents_do_not_say_ends_the_run_so(door: Door, library: Library) -> None:
    ran = door("agent", *library.indexed, "Who painted the ceiling of the chapel?", "--json")
    assert ran.code == 3
    document = ran.document
    assert (document["stop_reason"], document["citations"]) == ("not_in_documents", [])


def test_a_limit_of_cycles_ends_the_run_with_what_was_found(door: Door, library: Library) -> None:
    ran = door("agent", *library.indexed, TASK, "--cycles", "2", "--json")
    assert (ran.code, ran.document["stop_reason"]) == (0, "cycle_limit")
    assert len(ran.document["steps"]) == 3  # the last answering call comes on top
    assert ran.document["citations"]


def test_a_run_that_ends_before_anything_was_found_is_no_verdict_on_the_documents(door: Door, library: Library) -> None:
    ran = door("agent", *library.indexed, TASK, "--wall", "1e-9", "--json")
    assert (ran.code, ran.document["stop_reason"]) == (1, "wall_clock")
    assert ran.error["kind"] == "wall_clock"
    assert "--wall" in ran.error["next_step"]
    shown = door("agent", *library.indexed, TASK, "--wall", "1e-9")
    assert "do not say" not in shown.out
    assert "before anything was found" in shown.err
    assert "--wall" in shown.err


def test_a_model_s_steps_carry_its_tokens(door: Door, library: Library, able: OllamaStandIn) -> None:
    able.turns = [call("search", query="ferry to Ost"), call("finish", answer="At 07:40 from pier nine [1].")]
    ran = door("agent", *library.indexed, TASK, *NATIVE, "--json")
    assert ran.code == 0
    document = ran.document
    assert (document["answer"], document["stop_reason"]) == ("At 07:40 from pier nine. [1]", "answered")
    assert (document["engine"], document["model"]) == ("ollama", "qwen:1b")
    for step in document["steps"]:
        assert step["prompt_tokens"] > 0
        assert step["decode_tokens"] == 1
        assert step["unexplained_s"] is not None


def test_a_server_that_fails_is_no_verdict_on_the_documents(door: Door, library: Library, able: OllamaStandIn) -> None:
    able.turns = [Turn(status=500, error="out of memory")]
    ran = door("agent", *library.indexed, TASK, *NATIVE, "--json")
    assert (ran.code, ran.document["stop_reason"]) == (1, "engine_error")
    assert "out of memory" in ran.error["message"]
    shown = door("agent", *library.indexed, TASK, *NATIVE)
    assert "stopped: engine_error: " in shown.out
    assert "do not say" not in shown.out


class _Interrupt(tuple[dict[str, Any], ...]):
    """The lines of an answer during which the person presses Ctrl-C; they go on when the command has ended."""

    def __new__(cls) -> _Interrupt:
        return super().__new__(cls, ({"content": "It leaves"},))

    def __init__(self) -> None:
        self.ended = threading.Event()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        self.ended.wait(20)
        return super().__iter__()


@pytest.mark.parametrize("command", ["ask", "agent"])
def test_an_interrupt_is_a_cancelled_command(door: Door, library: Library, able: OllamaStandIn, command: str) -> None:
    able.turns = [Turn(lines=(lines := _Interrupt()))]
    ran = door(command, *library.indexed, TASK, "--json", *(NATIVE if command == "agent" else ()))
    lines.ended.set()
    assert ran.code == 130
    document = ran.document
    assert "cancelled" in (document.get("stop_reason"), (document["error"] or {}).get("kind"))


def test_a_cancelled_run_is_no_verdict_on_the_documents(door: Door, library: Library, able: OllamaStandIn) -> None:
    able.turns = [Turn(lines=(lines := _Interrupt()))]
    ran = door("agent", *library.indexed, TASK, *NATIVE)
    lines.ended.set()
    assert ran.code == 130
    assert "stopped: cancelled" in ran.out
    assert "do not say" not in ran.out


def answers() -> list[Turn]:
    return [call("search", query="ferry to Ost"), call("finish", answer="At 07:40 from pier nine [1].")]


def test_a_run_whose_server_failed_goes_on_with_its_id(door: Door, library: Library, able: OllamaStandIn) -> None:
    able.turns = [call("search", query="ferry to Ost"), Turn(status=500, error="out of memory")]
    failed = door("agent", *library.indexed, TASK, *NATIVE, "--json")
    run_id = failed.document["run_id"]
    assert f"--resume {run_id}" in failed.err
    able.turns = answers()[1:]
    ran = door("agent", *library.indexed, "--resume", run_id, *NATIVE, "--json")
    assert (ran.code, ran.document["stop_reason"], len(ran.document["steps"])) == (0, "answered", 2)


def broken(door: Door, library: Library, able: OllamaStandIn, *options: str | Path) -> str:
    """A run whose server fails after the first search; its id. The next turn then answers."""
    able.turns = [call("search", query="ferry to Ost"), Turn(status=500, error="out of memory")]
    run_id = str(door("agent", *library.indexed, TASK, *NATIVE, *options, "--json").document["run_id"])
    able.turns = answers()[1:]
    return run_id


def test_an_id_alone_goes_on_with_a_run_as_it_was_begun(door: Door, library: Library, able: OllamaStandIn) -> None:
    run_id = broken(door, library, able, "--cycles", "2")
    able.turns = [call("search", query="pier nine"), *answers()[1:]]
    ran = door("agent", *library.indexed, "--resume", run_id)
    assert ran.code == 0
    assert TASK in ran.err
    assert "calls: native" in ran.err
    assert "stopped: cycle_limit; 2 cycles and the last call" in ran.out
    assert "(before it was stopped)" in ran.out


def test_what_is_typed_counts_for_more_than_what_was(door: Door, library: Library, able: OllamaStandIn) -> None:
    run_id = broken(door, library, able, "--cycles", "2")
    ran = door("agent", *library.indexed, TASK, "--resume", run_id, "--cycles", "1")
    assert "(last call)" in ran.out


def test_a_run_of_a_model_is_not_finished_without_one(door: Door, library: Library, able: OllamaStandIn) -> None:
    run_id, models = broken(door, library, able), able.models
    able.models = {}
    gone = door("agent", *library.indexed, "--resume", run_id, "--json")
    assert gone.code == 1
    assert "qwen:1b" in gone.error["message"]
    able.models = models
    assert door("agent", *library.indexed, "--resume", run_id).code == 0


def test_a_run_killed_before_it_had_done_anything_is_begun_anew(door: Door, library: Library) -> None:
    BegunRuns(library.index).add(Begun(run_id="a1b2c3", task=TASK, engine="reader", model=""))
    ran = door("agent", *library.indexed, "--resume", "a1b2c3", "--json")
    assert (ran.code, ran.document["run_id"], ran.document["stop_reason"]) == (0, "a1b2c3", "answered")
    assert "a1b2c3" not in [run.run_id for run in BegunRuns(library.index).all()]


def test_where_nobody_can_be_asked_a_run_begun_with_approve_goes_on_without(door: Door, library: Library) -> None:
    kept = Begun(run_id="a1b2c4", task=TASK, engine="reader", model="", options=Options(approve=True))
    BegunRuns(library.index).add(kept)
    assert door("agent", *library.indexed, "--resume", "a1b2c4", "--json").code == 0


def test_a_run_that_goes_on_elsewhere_is_neither_taken_up_nor_offered(door: Door, library: Library) -> None:
    runs = BegunRuns(library.index)
    runs.add(Begun(run_id="a1b2c5", task=TASK, engine="reader", model=""))
    with runs.driving("a1b2c5"):
        taken = door("agent", *library.indexed, "--resume", "a1b2c5", "--json")
        assert (taken.code, "another process" in taken.error["message"]) == (2, True)
        wrong = door("agent", *library.indexed, "--resume", "none", "--json")
        assert "a1b2c5" not in wrong.error["message"]
    assert door("agent", *library.indexed, "--resume", "a1b2c5", "--json").code == 0


def test_what_another_version_kept_is_passed_over(door: Door, library: Library) -> None:
    with sqlite3.connect(library.index / "agent_runs.sqlite") as connection:
        connection.execute("insert into begun values ('a1b2c6', '{}')")
    assert "'a1b2c6'" in door("agent", *library.indexed, "--resume", "a1b2c6", "--json").error["message"]


def test_engine_model_and_server_are_taken_over_together() -> None:
    before = Options(engine="ollama", model="qwen:1b", base_url="http://127.0.0.1:1", cycles=4)
    assert Options(cycles=2).over(before) == before.model_copy(update={"cycles": 2})
    assert Options(engine="reader").over(before) == Options(engine="reader", cycles=4)


def test_files_are_kept_by_their_whole_path_and_models_by_their_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("qwen", "qwen.gguf"):
        Path(name).touch()
    whole = Options(model="qwen.gguf", trace=Path("run.jsonl")).from_anywhere()
    assert (whole.model, whole.trace) == (str(tmp_path / "qwen.gguf"), tmp_path / "run.jsonl")
    assert Options(model="qwen").from_anywhere().model == "qwen"


def test_a_resumed_run_says_which_of_its_files_have_changed(door: Door, able: OllamaStandIn, tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"ferry.md": "The ferry to Ost leaves at 07:40.\n", "shop.md": "Rope.\n"})
    mine = Library(folder, tmp_path / "index")
    run_id = broken(door, mine, able)
    (folder / "ferry.md").write_text("The ferry to Ost leaves at 08:15 now.\n", "utf-8")
    ran = door("agent", *mine.indexed, "--resume", run_id)
    assert "quotes as they were: ferry.md" in ran.err


def test_a_wrong_id_is_told_which_runs_there_are(door: Door, library: Library, able: OllamaStandIn) -> None:
    run_id = broken(door, library, able)
    wrong = door("agent", *library.indexed, "--resume", "a1b2c3", "--json")
    assert wrong.code == 2
    assert f'{run_id} ("{TASK}")' in wrong.error["message"]
    assert f"--resume {run_id}" in wrong.error["next_step"]
    other = door("agent", *library.indexed, "another task", "--resume", run_id, "--json")
    assert "has its task already" in other.error["message"]


def test_looking_for_a_run_in_another_folder_makes_no_index_of_it(door: Door, library: Library, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    ran = door("agent", tmp_path / "other", "--index", tmp_path / "none", "--resume", "a1b2c3", "--json")
    assert "runs are kept with their folder" in ran.error["message"]
    assert not (tmp_path / "none").exists()


def test_a_model_that_wrote_no_answer_is_told_of(door: Door, library: Library, able: OllamaStandIn) -> None:
    able.turns = [call("search", query="ferry to Ost"), Turn(lines=({"content": CLOSING},))]
    ran = door("agent", *library.indexed, TASK, *NATIVE, "--cycles", "1")
    assert "1 cycle and the last call" in ran.out
    assert "wrote no answer" in ran.err


def test_a_run_that_has_ended_is_not_kept(door: Door, library: Library) -> None:
    run_id = door("agent", *library.indexed, TASK, "--json").document["run_id"]
    again = door("agent", *library.indexed, "--resume", run_id, "--json")
    assert again.code == 2
    assert run_id in again.error["message"]


def test_a_trace_holds_every_cycle_and_the_engine_s_record(
    door: Door, library: Library, able: OllamaStandIn, tmp_path: Path
) -> None:
    able.turns = answers()
    trace = tmp_path / "trace.jsonl"
    door("agent", *library.indexed, TASK, *NATIVE, "--trace", trace)
    lines = [json.loads(line) for line in trace.read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["run", "step", "step", "end"]
    assert lines[1]["generation"]["engine"] == "ollama"
    assert lines[3]["stop_reason"] == "answered"
    assert [message["type"] for message in lines[3]["messages"]] == ["system", "human", "ai", "tool"]


def test_a_trace_that_cannot_be_written_is_an_error_that_names_it(door: Door, library: Library, tmp_path: Path) -> None:
    ran = door("agent", *library.indexed, TASK, "--trace", tmp_path / "none" / "trace.jsonl", "--json")
    assert ran.code == 2
    assert "trace.jsonl" in ran.error["message"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "no folder"),
        (("FOLDER",), "no task"),
        (("FOLDER", "--resume", "a1b2c3"), "'a1b2c3'"),
        (("FOLDER", "--resume", ""), "''"),
        (("FOLDER", "task", "--cycles", "0"), "--cycles 0"),
        (("FOLDER", "task", "--wall", "nan"), "nan seconds"),
        (("FOLDER", "task", "--calls", "loud"), "'loud'"),
        (("--probe", "--engine", "reader"), "no language model to probe"),
        (("FOLDER", "task", "--engine", "reader", "--approve"), "there is none"),
    ],
)
def test_what_makes_no_run_is_an_error_of_usage(
    door: Door, library: Library, arguments: tuple[str, ...], told: str
) -> None:
    ran = door("agent", *(str(library.folder) if one == "FOLDER" else one for one in arguments), "--json")
    assert ran.code == 2
    assert told in ran.error["message"]


def test_a_cycle_shows_where_its_time_went(door: Door, library: Library, able: OllamaStandIn) -> None:
    able.turns = answers()
    shown = door("agent", *library.indexed, TASK, *NATIVE).out
    assert "prefill" in shown
    assert "tokens read" in shown
    assert "framework" in shown


def test_forgetting_a_folder_forgets_its_runs(door: Door, library: Library, able: OllamaStandIn) -> None:
    able.turns = [Turn(status=500, error="out of memory")]
    door("agent", *library.indexed, TASK, *NATIVE)
    assert list(library.index.glob("agent_runs.sqlite*"))
    door("forget", *library.indexed, "--yes")
    assert not list(library.index.glob("agent_runs.sqlite*"))


def test_the_command_that_goes_on_holds_the_options_of_the_run(
    door: Door, library: Library, able: OllamaStandIn, tmp_path: Path
) -> None:
    able.turns = [call("search", query="ferry to Ost"), Turn(status=500, error="out of memory")]
    trace = tmp_path / "trace.jsonl"
    failed = door("agent", *library.indexed, TASK, *NATIVE, "--cycles", "20", "--trace", trace, "--model", "qwen:1b")
    line = next(line for line in failed.err.splitlines() if line.startswith("go on with it: "))
    words = shlex.split(line.removeprefix("go on with it: "))
    assert words[:2] == ["speedking", "agent"]
    able.turns = answers()[1:]
    ran = door(*words[1:], "--json")
    assert (ran.code, ran.document["stop_reason"]) == (0, "answered")
    for flag, value in [("--cycles", "20"), ("--calls", "native"), ("--trace", str(trace)), ("--model", "qwen:1b")]:
        assert words[words.index(flag) + 1] == value


def test_a_resumed_run_adds_only_its_own_cycles_to_the_trace(
    door: Door, library: Library, able: OllamaStandIn, tmp_path: Path
) -> None:
    able.turns = [call("search", query="ferry to Ost"), Turn(status=500, error="out of memory")]
    options = (*NATIVE, "--trace", tmp_path / "trace.jsonl")
    run_id = door("agent", *library.indexed, TASK, *options, "--json").document["run_id"]
    able.turns = answers()[1:]
    shown = door("agent", *library.indexed, "--resume", run_id, *options)
    lines = [json.loads(line) for line in (tmp_path / "trace.jsonl").read_text().splitlines()]
    assert [(line["kind"], line.get("cycle")) for line in lines] == [
        ("run", None),
        ("step", 1),
        ("end", None),
        ("run", None),
        ("step", 2),
        ("end", None),
    ]
    assert "cycle 1" in shown.out


def test_it_says_who_wrote_the_answer(door: Door, library: Library, able: OllamaStandIn) -> None:
    able.turns = answers()
    assert door("agent", *library.indexed, TASK, *NATIVE, "--json").document["answered_by"] == "ollama"
    able.turns = [call("search", query="ferry to Ost"), Turn(status=500, error="out of memory")]
    failed = door("agent", *library.indexed, TASK, *NATIVE, "--json").document
    assert (failed["engine"], failed["answered_by"]) == ("ollama", "reader")


SERVER = """
from mcp.server.fastmcp import FastMCP
from mcp.types import ToolAnnotations

server = FastMCP("harbour")

@server.tool(annotations=ToolAnnotations(readOnlyHint=True))
def search(query: str) -> str:
    "Search the harbour's list."
    return f"harbour: {query}"

@server.tool()
def book(pier: str) -> str:
    "Book a pier."
    return "booked"

server.run()
"""


def test_tools_of_a_server_that_a_file_names(door: Door, library: Library, able: OllamaStandIn, tmp_path: Path) -> None:
    """As other programs write such files; one that changes something is declined, since nobody is asked."""
    (tmp_path / "server.py").write_text(SERVER, "utf-8")
    server = {"type": "stdio", "command": sys.executable, "args": [str(tmp_path / "server.py")], "disabled": False}
    (tmp_path / "mcp.json").write_text(json.dumps({"mcpServers": {"harbour": server}}), "utf-8")
    able.turns = [call("harbour_search", query="nine"), call("book", pier="nine"), *answers()]
    ran = door("agent", *library.indexed, TASK, *NATIVE, "--mcp", tmp_path / "mcp.json", "--json")
    assert "harbour_search, book" in ran.err
    steps = ran.document["steps"]
    assert "harbour: nine" in steps[0]["observation"]
    assert "did not agree" in steps[1]["observation"]
    assert ran.code == 0


@pytest.mark.parametrize(
    ("server", "told"), [({"comand": "x"}, "comand"), ({"command": "no-such-program"}, "no-such-program")]
)
def test_a_server_that_cannot_be_used_is_named(
    door: Door, library: Library, tmp_path: Path, server: dict[str, str], told: str
) -> None:
    (tmp_path / "mcp.json").write_text(json.dumps({"harbour": server}), "utf-8")
    ran = door("agent", *library.indexed, TASK, "--mcp", tmp_path / "mcp.json", "--json")
    assert ran.code == 2
    assert "harbour" in ran.error["message"]
    assert told in ran.error["message"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_costs_the_trace_and_not_the_answer(door: Door, library: Library, able: OllamaStandIn) -> None:
    able.turns = answers()
    ran = door("agent", *library.indexed, TASK, *NATIVE, "--trace", "/dev/full", "--json")
    assert (ran.code, ran.document["stop_reason"]) == (0, "answered")
    assert ran.err.count("the trace ends here") == 1
