"""Which engine answers, and what a person is told where the wished one cannot."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from speedking.settings import load_settings
from tests.gguf_models import write_tiny_model
from tests.inference.openai_stand_in import Reply, VllmStandIn
from tests.inference.stand_in import Model, OllamaStandIn, Turn
from tests.speedking.door import Door, Library

FERRY = "When does the ferry to Ost leave?"


class _Page(BaseHTTPRequestHandler):
    disable_nagle_algorithm = True  # else each answer in two pieces waits 40 ms for an acknowledgement

    def do_GET(self) -> None:
        page = b"<html>It works!</html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def web_address() -> Iterator[str]:
    """A web server that is not Ollama."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_where_no_server_answers_the_reader_does_and_one_line_says_why(
    door: Door, library: Library, dead_address: str
) -> None:
    asked = door("ask", *library.indexed, FERRY)
    assert asked.code == 0
    (line,) = asked.err.splitlines()
    assert line.startswith("engine: reader: no Ollama answers")
    assert dead_address in line


def test_another_web_server_is_no_server(
    door: Door, library: Library, web_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", web_address)
    asked = door("ask", *library.indexed, FERRY)
    assert asked.code == 0
    assert asked.err.startswith("engine: reader: what answers at ")
    error = door("ask", *library.indexed, FERRY, "--engine", "ollama", "--json").error
    assert error["kind"] == "engine_unavailable"
    assert "not Ollama" in error["message"]
    assert "OLLAMA_HOST" in error["next_step"]


@pytest.mark.parametrize("models", [{}, {"minilm:latest": Model(capabilities=("embedding",))}])
def test_a_server_without_a_model_that_writes_leaves_the_reader(
    door: Door, library: Library, ollama: OllamaStandIn, models: dict[str, Model]
) -> None:
    ollama.models = models
    asked = door("ask", *library.indexed, FERRY)
    assert asked.code == 0
    assert asked.err.startswith("engine: reader: no model ")


def test_a_model_that_only_embeds_is_passed_over(door: Door, library: Library, ollama: OllamaStandIn) -> None:
    ollama.models = {"minilm:latest": Model(capabilities=("embedding",), size=9_000_000), "qwen:1b": Model()}
    ollama.turns = [Turn(lines=({"content": "At 07:40 [1]."},))]
    assert door("ask", *library.indexed, FERRY, "--json").document["model"] == "qwen:1b"


def test_a_dead_server_that_was_asked_for_is_an_error_with_a_way_out(
    door: Door, library: Library, dead_address: str
) -> None:
    asked = door("ask", *library.indexed, FERRY, "--engine", "ollama", "--json")
    assert (asked.code, asked.error["kind"]) == (1, "engine_unavailable")
    assert dead_address in asked.error["message"]
    assert "ollama serve" in asked.error["next_step"]
    assert "--engine reader" in asked.error["next_step"]


def test_an_engine_that_cannot_be_had_is_told_before_a_folder_is_read(door: Door, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "tea.md").write_text("# Tea\n\nGreen tea is brewed at 80 degrees.\n")
    for command in ("ask", "agent"):
        assert door(command, tmp_path / "docs", "Why?", "--engine", "ollama").code == 1
    (file,) = door("status", tmp_path / "docs", "--json").document["files"]
    assert file["outcome"] == "waiting"


@pytest.mark.parametrize("engine", ["auto", "ollama"])
def test_a_model_that_is_not_installed_is_never_replaced_by_another(
    door: Door, library: Library, ollama: OllamaStandIn, engine: str
) -> None:
    asked = door("ask", *library.indexed, FERRY, "--engine", engine, "--model", "llama:70b", "--json")
    assert (asked.code, asked.error["kind"]) == (1, "model_missing")
    assert "qwen:1b" in asked.error["message"]
    assert "ollama pull llama:70b" in asked.error["next_step"]


def test_a_model_that_only_embeds_is_refused_by_name(door: Door, library: Library, ollama: OllamaStandIn) -> None:
    ollama.models["minilm:latest"] = Model(capabilities=("embedding",))
    asked = door("ask", *library.indexed, FERRY, "--model", "minilm", "--json")
    assert (asked.code, asked.error["kind"]) == (1, "model_unsuitable")
    assert "embedding" in asked.error["message"]


def test_openai_without_an_address_would_go_to_a_cloud(door: Door, library: Library) -> None:
    asked = door("ask", *library.indexed, FERRY, "--engine", "openai", "--json")
    assert (asked.code, asked.error["kind"]) == (2, "usage")
    assert "cloud" in asked.error["message"]
    assert "--base-url" in asked.error["next_step"]


def test_gguf_without_a_file(door: Door, library: Library) -> None:
    asked = door("ask", *library.indexed, FERRY, "--engine", "gguf", "--json")
    assert (asked.code, asked.error["kind"]) == (2, "usage")
    assert "--model FILE.gguf" in asked.error["next_step"]


@pytest.mark.parametrize(("content", "kind"), [(None, "model_missing"), (b"PK\x03\x04", "model_unsuitable")])
def test_a_gguf_that_is_not_there_or_is_none(
    door: Door, library: Library, tmp_path: Path, content: bytes | None, kind: str
) -> None:
    file = tmp_path / "model.gguf"
    if content is not None:
        file.write_bytes(content)
    asked = door("ask", *library.indexed, FERRY, "--model", file, "--json")
    assert (asked.code, asked.error["kind"]) == (1, kind)
    assert str(file) in asked.error["message"]


def test_a_gguf_file_answers_in_this_process(door: Door, library: Library, tmp_path: Path) -> None:
    file = write_tiny_model(tmp_path / "tiny.gguf", answer="The ferry leaves at 07:40 [1].")
    asked = door("ask", *library.indexed, FERRY, "--model", file, "--json")
    assert asked.code == 0
    assert (asked.document["engine"], asked.document["model"]) == ("gguf", "tiny.gguf")
    assert asked.document["citations"][0]["file"] == "ferry.md"


def test_a_configured_gguf_file_is_used_where_no_server_answers(
    door: Door, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_tiny_model(tmp_path / "configured.gguf", answer="The ferry leaves at 07:40 [1].")
    monkeypatch.setenv("SPEEDKING_GGUF", str(file))
    asked = door("ask", *library.indexed, FERRY, "--json")
    assert (asked.document["engine"], asked.document["model"]) == ("gguf", "configured.gguf")


def test_a_configured_server_that_is_not_there_leaves_the_reader(
    door: Door, library: Library, monkeypatch: pytest.MonkeyPatch, dead_address: str
) -> None:
    monkeypatch.setenv("SPEEDKING_BASE_URL", "http://127.0.0.1:1/v1")
    asked = door("ask", *library.indexed, FERRY)
    assert asked.code == 0
    assert f"no Ollama answers at http://{dead_address}" in asked.err
    assert "; no server answers at http://127.0.0.1:1" in asked.err


def test_a_configured_server_comes_after_ollama_and_before_the_reader(
    door: Door, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    with VllmStandIn(replies=[Reply(deltas=({"content": "At 07:40 [1]."},))]) as server:
        server.models = [{"id": "m", "owned_by": "vllm", "max_model_len": 4096}]
        monkeypatch.setenv("SPEEDKING_BASE_URL", f"{server.url}/v1")
        asked = door("ask", *library.indexed, FERRY, "--json")
        assert (asked.document["engine"], asked.document["model"]) == ("openai", "m")
        assert f"m on vLLM at {server.url}, context 4,096: the only one there" in asked.err
        named = door("ask", *library.indexed, FERRY, "--json", "--model", "m")
        assert (named.code, named.document["engine"]) == (0, "openai")
        missing = door("ask", *library.indexed, FERRY, "--json", "--model", "nope")
        assert (missing.code, missing.error["kind"]) == (1, "model_missing")
        assert "served: m" in missing.error["message"]


def test_the_key_comes_from_its_own_setting_and_is_never_shown(
    door: Door, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "of-the-cloud")
    with VllmStandIn(replies=[Reply(deltas=({"content": "At 07:40 [1]."},))], api_key="secret-of-mine") as server:
        server.models = [{"id": "m", "owned_by": "vllm", "max_model_len": 4096}]
        options = (*library.indexed, FERRY, "--engine", "openai", "--base-url", server.url, "--json")
        refused = door("ask", *options)
        assert (refused.code, refused.error["kind"]) == (1, "engine_unavailable")
        assert "SPEEDKING_API_KEY" in refused.error["next_step"]
        monkeypatch.setenv("SPEEDKING_API_KEY", "secret-of-mine")
        assert "secret-of-mine" not in repr(load_settings({}))
        asked = door("ask", *options)
        assert asked.code == 0
        assert "secret-of-mine" not in asked.out + asked.err
        assert "of-the-cloud" not in str([came.headers for came in server.asked])


def test_a_context_that_the_server_does_not_tell_comes_from_its_setting(
    door: Door, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    with VllmStandIn(replies=[Reply(deltas=({"content": "At 07:40 [1]."},))], version=None) as server:
        server.models = [{"id": "m"}]
        options = (*library.indexed, FERRY, "--engine", "openai", "--base-url", server.url, "--json")
        assert "SPEEDKING_CONTEXT_TOKENS" in door("ask", *options).error["next_step"]
        monkeypatch.setenv("SPEEDKING_CONTEXT_TOKENS", "900")
        assert door("ask", *options).code == 0
        monkeypatch.setenv("SPEEDKING_CONTEXT_TOKENS", "many")
        asked = door("ask", *options)
        assert (asked.code, asked.error["kind"]) == (2, "usage")


def test_a_server_that_breaks_off_is_an_error_and_no_answer(
    door: Door, library: Library, ollama: OllamaStandIn
) -> None:
    ollama.turns = [Turn(cut=True)]
    asked = door("ask", *library.indexed, FERRY, "--json")
    assert (asked.code, asked.error["kind"]) == (1, "generation")
