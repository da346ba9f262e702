"""What only shows in a process of its own: what is loaded, what is contacted, which packages are found."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from pathlib import Path

import pytest

from tests.rag.small import fill
from tests.speedking.door import ROOT, Outcome, in_process_of_its_own
from tests.speedking.no_network import QUESTION, WATCH

HEAVY = (
    "torch",
    "chromadb",
    "langgraph",
    "langchain_core",
    "transformers",
    "sentence_transformers",
    "numpy",
    "httpx",
    "pydantic",
)
TRACED = {"LANGSMITH_TRACING": "true", "LANGCHAIN_TRACING_V2": "true", "LANGSMITH_API_KEY": "key"}
HOSTILE = {**TRACED, "ANONYMIZED_TELEMETRY": "true", "HF_HUB_DISABLE_TELEMETRY": "0"}


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_load_nothing_heavy(option: str) -> None:
    told = "import sys; from speedking.__main__ import run; run(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    shown = in_process_of_its_own("-c", told, option)
    assert shown.code == 0
    assert "speedking" in shown.out
    loaded = shown.err.split()
    assert "speedking.cli" in loaded
    assert not set(HEAVY) & set(loaded)


@pytest.mark.parametrize("name", ["agents", "eval", "inference", "rag"])
def test_a_package_of_another_with_our_name_is_named(tmp_path: Path, name: str) -> None:
    fill(tmp_path, {f"{name}/__init__.py": ""})
    shown = in_process_of_its_own("-m", "speedking", "status", tmp_path, "--json", cwd=tmp_path)
    assert shown.code == 2
    assert f"`{name}`" in shown.error["message"]
    assert str(tmp_path) in shown.error["message"]
    assert "an environment of its own" in shown.error["next_step"]


def test_a_plain_folder_with_our_name_is_no_intruder(tmp_path: Path) -> None:
    fill(tmp_path, {"eval/notes.md": "# Notes\n", "agents/notes.md": "# Notes\n"})
    shown = in_process_of_its_own("-m", "speedking", "status", tmp_path / "eval", cwd=tmp_path)
    assert shown.code == 0


def test_text_that_the_output_s_encoding_lacks_does_not_end_the_program() -> None:
    command = ("-m", "speedking", "tune", "--dry-run", "--model", "水:1b")
    shown = in_process_of_its_own(*command, env={"PYTHONIOENCODING": "ascii"})
    assert shown.code == 0
    assert "FROM ?:1b\n" in shown.out


def test_a_reader_of_the_output_that_goes_away_is_no_traceback(tmp_path: Path) -> None:
    fill(tmp_path, {"docs/tea.md": "# Tea\n"})
    command = f"python -m speedking status {tmp_path / 'docs'} --json | true"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder of documents and a corpus over it."""
    corpus = tmp_path_factory.mktemp("quiet")
    question = {"id": "1", "question": QUESTION, "answer": "07:40", "evidence": [{"doc": "ferry.md"}]}
    ferry = "# Ferries\n\nThe ferry to Ost leaves at 07:40 from pier nine.\n"
    fill(corpus, {"docs/ferry.md": ferry, "questions.jsonl": json.dumps(question)})
    return corpus / "docs", corpus


def all_commands(places: tuple[Path, Path], tmp_path: Path, before: tuple[str, ...] = ()) -> Outcome:
    fill(tmp_path, {"watch/sitecustomize.py": WATCH})
    env = {**HOSTILE, "PYTHONPATH": str(tmp_path / "watch"), "ASKED_FOR": str(tmp_path / "asked_for")}
    return in_process_of_its_own("-m", "tests.speedking.no_network", *places, env=env, before=before)


def test_nothing_but_this_machine_is_contacted_whatever_the_environment_asks_for(
    places: tuple[Path, Path], tmp_path: Path
) -> None:
    ran = all_commands(places, tmp_path)
    assert ran.err.splitlines()[-1:] == ["[0, 0, 0, 0, 0]"]
    assert not (tmp_path / "asked_for").exists(), (tmp_path / "asked_for").read_text()


def test_no_network_interface_is_needed_at_all(places: tuple[Path, Path], tmp_path: Path) -> None:
    before = next((way for way in (("unshare", "-n"), ("unshare", "-rn")) if _works(way)), None)
    if before is None:
        pytest.skip("this system lets us make no namespace without a network (unshare -n)")
    ran = all_commands(places, tmp_path, before)
    assert ran.err.splitlines()[-1:] == ["[0, 0, 0, 0, 0]"]


def _works(way: tuple[str, ...]) -> bool:
    try:
        return subprocess.run([*way, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def test_the_watch_sees_what_it_is_to_see(tmp_path: Path) -> None:
    fill(tmp_path, {"watch/sitecustomize.py": WATCH})
    env = {"PYTHONPATH": str(tmp_path / "watch"), "ASKED_FOR": str(tmp_path / "asked_for")}
    calls = "import socket; socket.create_connection(('127.0.0.1', 1), 1)", "import socket; socket.gethostbyname('a.b')"
    refused = [in_process_of_its_own("-c", call, env=env).err.splitlines()[-1] for call in calls]
    assert refused == ["ConnectionRefusedError: [Errno 111] Connection refused", "PermissionError: no network: a.b"]
    assert (tmp_path / "asked_for").read_text() == "socket.gethostbyname a.b\n"


def test_the_packages_checked_are_all_of_ours_but_the_front_door() -> None:
    from speedking.packages import PACKAGES, intruder

    shipped = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert {*PACKAGES, "speedking"} == shipped
    assert intruder() is None
    assert all(importlib.util.find_spec(name) for name in PACKAGES)
