"""A real Ollama with a mixture of experts of ours: thinking, tools, reloads, failures, our own server beside it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
import pytest

from inference import Connection, connect
from inference.address import ollama_address
from inference.doctor import ASKED, READ, examination
from inference.doctor.cycles import cache_use, run_cycles
from inference.doctor.patient import Patient
from inference.doctor.requests import thinking
from inference.errors import ContextOverflowError, GenerationError
from inference.hardware.machine import probe_hardware
from inference.modelfile.parameters import TunedOption
from inference.ollama.api import OllamaApi
from inference.ollama.binary import find_binary, server_process, store_of
from inference.ollama.private import ServerOptions, private_server
from inference.ollama.runner import find_runner, find_runners
from inference.ollama.unload import unload
from inference.purposes import PURPOSES, RAG
from inference.record import Generation, of
from inference.tuning.in_force import RELOAD_S, verify
from tests.inference.real_ollama import scripted_moe, why_not
from tests.moe_models import Script

REASON = why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))

NAME, CONTEXT, THOUGHTS = "speedking-test-moe", 8192, 150
SEARCH = {
    "type": "function",
    "function": {
        "name": "search",
        "description": "Search the documents.",
        "parameters": {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]},
    },
}


@pytest.fixture(scope="module")
def moe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("moe")
    with scripted_moe(folder, NAME, Script(thoughts=THOUGHTS), num_ctx=CONTEXT) as name:
        yield name


@pytest.fixture
def api() -> Iterator[OllamaApi]:
    with OllamaApi(ollama_address()) as connected:
        yield connected


@pytest.fixture
def connection(moe: str) -> Connection:
    return connect("ollama", moe, max_output_tokens=400)


def thinking_on(connection: Connection, tokens: int = 400) -> Connection:
    return connection.purposed(replace(RAG, think=True, num_predict=tokens))


def record(message: object) -> Generation:
    generation = of(message)  # type: ignore[arg-type]
    assert generation is not None
    return generation


def load_s(connection: Connection) -> float:
    loaded = record(connection.chat.invoke("hello")).load_s
    assert loaded is not None
    return loaded


def test_with_thinking_off_it_answers_and_with_it_on_it_thinks_and_calls(connection: Connection) -> None:
    assert (connection.can_think, connection.tools, connection.facts.family) == (True, True, "qwen35moe")
    plain = connection.chat.invoke("hello")
    assert plain.content == Script().answer
    assert record(plain).thinking_tokens == 0
    called = thinking_on(connection).chat.bind_tools([SEARCH]).invoke("hello")
    assert [(call["name"], call["args"]) for call in called.tool_calls] == [("search", {"q": "mixture of experts"})]
    generation = record(called)
    assert (generation.thinking_tokens, generation.answer_tokens, generation.call_tokens) == (THOUGHTS, 0, 3)
    assert generation.ttfa_s is None
    assert generation.first_call_s is not None


def test_purposes_change_from_one_request_to_the_next_and_load_nothing(connection: Connection) -> None:
    load_s(connection)
    for purpose in PURPOSES.values():
        assert load_s(connection.purposed(replace(purpose, num_predict=4, think=False))) < RELOAD_S


def test_structured_output_holds_without_thinking(connection: Connection) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]}
    said = connection.chat.invoke("hello", format=schema)
    assert '"a"' in str(said.content)


def test_what_was_created_is_verified_in_force(moe: str, api: OllamaApi) -> None:
    api.load(moe)
    found = verify(api, moe, [TunedOption("num_ctx", CONTEXT, "asked")], timeout_s=60)
    assert {check.name: check.status for check in (*found.options, *found.measured)} == {
        "num_ctx": "in force",
        "no reload": "in force",
        "prompts counted in full": "in force",
    }
    if found.runner is not None:
        assert found.runner.context == str(CONTEXT)
        assert found.props is not None
        assert found.props.context_tokens == CONTEXT


def test_a_load_time_option_in_a_request_reloads_and_the_doctor_names_it(connection: Connection) -> None:
    load_s(connection)
    body = {"model": connection.model, "messages": [{"role": "user", "content": "hello"}], "stream": False}
    url = f"{ollama_address().url}/api/chat"
    options = {"num_ctx": 2048, "num_predict": 1}
    other = httpx.post(url, json={**body, "options": options}, timeout=60, trust_env=False).json()
    assert other["load_duration"] / 1e9 >= RELOAD_S
    before = find_runners(ollama_address())
    with examination(connection, before) as findings:
        found = {finding.check: finding for finding in findings([*READ, *ASKED])}
    assert "fault" not in {f.severity for name, f in found.items() if name != "context"}
    if before:
        assert found["reloads"].severity == "advice"
        assert "context 2048 instead of 8192" in found["reloads"].said


def test_a_prompt_that_does_not_fit_is_refused_with_both_numbers(connection: Connection) -> None:
    with pytest.raises(ContextOverflowError) as caught:
        connection.chat.invoke("word " * CONTEXT)
    assert caught.value.context_tokens == CONTEXT
    assert caught.value.prompt_tokens > CONTEXT


def test_a_runner_that_dies_in_the_middle_of_an_answer_is_an_error_and_the_next_request_works(
    connection: Connection, api: OllamaApi
) -> None:
    connection.chat.invoke("hello")
    runner = find_runner(api.address, connection.facts.weights_sha256)
    if runner is None:
        pytest.skip("the server's processes cannot be seen")
    pieces = thinking_on(connection).chat.bind_tools([SEARCH]).stream("hello")
    next(pieces)
    os.kill(runner.pid, signal.SIGKILL)
    with pytest.raises(GenerationError):
        list(pieces)
    assert connection.chat.invoke("hello").content == Script().answer


def test_unloaded_it_is_gone_and_the_next_request_loads_it(connection: Connection, api: OllamaApi) -> None:
    connection.chat.invoke("hello")
    unload(api, connection.model)
    assert all(entry.name != connection.model for entry in api.running())
    assert load_s(connection) >= RELOAD_S
    assert load_s(connection) < RELOAD_S


def test_the_prompt_cache_between_cycles_is_measured_with_thinking_off_and_on(connection: Connection) -> None:
    patient = Patient(connection, probe_hardware())
    for think in (False, True):
        use = cache_use(run_cycles(patient, think=think))
        assert use.kept_share is not None
        assert 0 <= use.kept_share <= 1


def test_thinking_that_eats_num_predict_is_found(connection: Connection) -> None:
    limited = replace(connection, context_tokens=200)  # half of it is what may be written
    off, on = thinking(Patient(limited, probe_hardware()))
    assert (off.severity, on.severity, on.check) == ("fine", "fault", "thinking on")


def test_a_server_of_our_own_runs_beside_the_person_s_with_other_options(moe: str, api: OllamaApi) -> None:
    api.load(moe)
    shown = api.show(moe)
    person, store = server_process(api.address), store_of(shown.modelfile)
    if person is None or store is None:
        pytest.skip("the server's process or its models cannot be seen")
    options = ServerOptions(flash_attention=True, kv_cache_type="q8_0")
    with private_server(find_binary(person), store, options, person=api) as ours:
        # Models that were deleted while they were loaded stay until their time is over.
        installed = {model.name for model in api.installed()}
        assert not installed & {entry.name for entry in api.running()}
        asked = connect("ollama", moe, base_url=ours.address.url)
        assert asked.chat.invoke("hello").content == Script().answer
        runner = find_runner(ours.address, shown.weights)
        assert runner is not None
        assert (runner.flash_attention, runner.cache_type_k) == ("on", "q8_0")
        assert find_runner(api.address, shown.weights) is None
        assert server_process(api.address) == person
    assert connect("ollama", moe).chat.invoke("hello").content == Script().answer


def test_a_full_queue_is_waited_for(moe: str, api: OllamaApi) -> None:
    """On a server of our own whose queue holds one request."""
    person, store = server_process(api.address), store_of(api.show(moe).modelfile)
    if person is None or store is None:
        pytest.skip("the server's process or its models cannot be seen")
    with private_server(find_binary(person), store, ServerOptions(max_queue=1), person=api) as ours:
        asked = thinking_on(connect("ollama", moe, base_url=ours.address.url))
        with ThreadPoolExecutor(8) as pool:
            messages = list(pool.map(asked.chat.invoke, ["hello"] * 8))
    records = [record(message) for message in messages]
    assert all(generation.decode_tokens for generation in records)
    assert any(generation.queued_s for generation in records)
