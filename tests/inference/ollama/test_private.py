"""Our own `ollama serve`: here a program of a few lines that answers as Ollama does, started and stopped for real."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from inference.address import ollama_address
from inference.errors import EngineUnavailableError, UsageError
from inference.ollama.api import OllamaApi
from inference.ollama.guard import LOOK_S
from inference.ollama.private import ServerOptions, private_server
from tests.inference.stand_in import Model, OllamaStandIn

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the program that stands for Ollama is a POSIX script")

SERVE = """#!{python}
import json, os, subprocess, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
environment = {{name: value for name, value in os.environ.items() if name.startswith(("OLLAMA", "LLAMA"))}}
told = {{"pids": [os.getpid(), child.pid], "arguments": sys.argv[1:], "environment": environment}}
open({told!r}, "w").write(json.dumps(told))


class Handler(BaseHTTPRequestHandler):


    disable_nagle_algorithm = True  # else each answer in two pieces waits 40 ms for an acknowledgement
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{{"version": "0.33.0"}}')

    def log_message(self, *_):
        pass


host, _, port = os.environ["OLLAMA_HOST"].partition(":")
HTTPServer((host, int(port)), Handler).serve_forever()
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / "models" / "blobs").mkdir(parents=True)
    return tmp_path / "models"


@pytest.fixture
def told(tmp_path: Path) -> Path:
    return tmp_path / "told.json"


@pytest.fixture
def binary(tmp_path: Path, told: Path) -> Path:
    return script(tmp_path / "ollama", SERVE.format(python=sys.executable, told=str(told)))


def script(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


def gone(pids: list[int]) -> bool:
    """Whether all of them end within a while."""
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        if not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids):
            return True
        time.sleep(0.05)
    return False


def test_it_answers_inside_the_block_and_is_gone_with_its_children_after_it(
    binary: Path, store: Path, told: Path
) -> None:
    with private_server(binary, store) as server, OllamaApi(server.address) as api:
        assert api.version() == "0.33.0"
        pids = json.loads(told.read_text())["pids"]
        assert all(psutil.pid_exists(pid) for pid in pids)
    assert gone(pids)


def test_it_gets_what_was_asked_for_and_nothing_of_the_person_s_server(
    binary: Path, store: Path, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_CONTEXT_LENGTH", "131072")
    monkeypatch.setenv("LLAMA_ARG_THREADS", "1")
    with private_server(binary, store, ServerOptions(flash_attention=True, kv_cache_type="q8_0")) as server:
        said = json.loads(told.read_text())
    assert said["arguments"] == ["serve"]
    assert said["environment"] == {
        "OLLAMA_HOST": f"127.0.0.1:{server.address.port}",
        "OLLAMA_MODELS": str(store),
        "OLLAMA_NO_CLOUD": "1",
        "OLLAMA_NOPRUNE": "1",
        "OLLAMA_NUM_PARALLEL": "1",
        "OLLAMA_KEEP_ALIVE": "30m",
        "OLLAMA_FLASH_ATTENTION": "1",
        "OLLAMA_KV_CACHE_TYPE": "q8_0",
    }


def test_an_error_in_the_block_stops_it_too(binary: Path, store: Path, told: Path) -> None:
    with pytest.raises(ZeroDivisionError), private_server(binary, store):
        raise ZeroDivisionError
    assert gone(json.loads(told.read_text())["pids"])


def test_a_killed_process_of_ours_leaves_no_server_behind(binary: Path, store: Path, told: Path) -> None:
    ours = (
        "import sys, time; from pathlib import Path; from inference.ollama.private import private_server\n"
        f"with private_server(Path({str(binary)!r}), Path({str(store)!r})):\n"
        "    print('ready', flush=True); time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", ours], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process, process.stdout:
        assert process.stdout.readline() == b"ready\n"
        pids = json.loads(told.read_text())["pids"]
        process.send_signal(signal.SIGKILL)
    assert gone(pids)


def test_a_program_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path, store: Path) -> None:
    binary = script(tmp_path / "ollama", "#!/bin/sh\necho 'Error: listen tcp: no address'; exit 3\n")
    with pytest.raises(EngineUnavailableError, match=r"ended with 3.*no address"), private_server(binary, store):
        pass


def test_what_a_program_leaves_behind_that_ends_by_itself_is_stopped_too(binary: Path, store: Path, told: Path) -> None:
    with private_server(binary, store):
        program, child = json.loads(told.read_text())["pids"]
        time.sleep(2 * LOOK_S)
        os.kill(program, signal.SIGKILL)
        assert gone([child])


def test_a_program_that_never_answers_is_given_up(tmp_path: Path, store: Path) -> None:
    binary = script(tmp_path / "ollama", "#!/bin/sh\nexec sleep 600\n")
    with (
        pytest.raises(EngineUnavailableError, match=r"does not answer after 0\.5 s"),
        private_server(binary, store, ready_s=0.5),
    ):
        pass


def test_a_store_that_cannot_be_read_is_named(binary: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="elsewhere"), private_server(binary, tmp_path / "elsewhere"):
        pass


@pytest.fixture
def person() -> Iterator[OllamaStandIn]:
    with OllamaStandIn({"m:1b": Model()}) as server:
        yield server


def test_the_person_s_server_is_asked_to_unload_and_nothing_else(
    binary: Path, store: Path, person: OllamaStandIn
) -> None:
    with OllamaApi(ollama_address(person.url)) as api:
        api.load("m:1b")
        asked = len(person.asked)
        with private_server(binary, store, person=api):
            assert api.running() == ()
    bodies = [a.body for a in person.asked[asked:] if a.path != "/api/ps"]
    assert bodies == [{"model": "m:1b", "keep_alive": 0}]


@pytest.mark.parametrize(
    ("options", "said"),
    [({"kv_cache_type": "q5"}, "q5"), ({"kv_cache_type": "q8_0", "flash_attention": False}, "needs flash attention")],
)
def test_options_that_cannot_be_are_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ServerOptions(**options)  # type: ignore[arg-type]
