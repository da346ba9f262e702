"""The doctor over the engines that are not Ollama: llama.cpp's server, a file in the process, and vLLM (a stand-in)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from inference import Connection, connect
from inference.doctor import ASKED, READ, Finding, examination
from inference.doctor.cycles import prefix_cache
from inference.doctor.patient import Check
from inference.gguf.connect import close_all
from inference.hardware.machine import Gpu, Hardware
from tests.gguf_models import WITH_TOOLS, write_tiny_model
from tests.inference.llama_server import llama_server
from tests.inference.openai_stand_in import Reply, VllmStandIn

pytest.importorskip("xllamacpp", reason="the extra gguf is not installed")

OLD_CARD = Gpu("nvidia", "Tesla P4", 8 << 30, driver="470.82", compute_capability=(6, 1))
"""Too old for Ollama's builds; what others are built for is not known."""
HERE = Hardware("probed", cores=4, gpus=(OLD_CARD,))
OLLAMAS = ("OLLAMA_", "speedking tune", "speedking models", "PARAMETER", "Ollama", "ollama ", "/api/")
"""Words that help nobody who uses another engine."""
COUNTED = """\
vllm:num_requests_running{engine="0"} 1.0
vllm:num_requests_waiting{engine="0"} %d
vllm:prefix_cache_queries_total{engine="0"} 1000.0
vllm:prefix_cache_hits_total{engine="0"} 640.0
vllm:num_preemptions_total{engine="0"} %d
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("gguf")
    yield write_tiny_model(folder / "tiny.gguf", context=16_384, template=WITH_TOOLS)
    close_all()


def vllm(context: int = 12_000, **settings: object) -> VllmStandIn:
    models = [{"id": "Qwen/Qwen3-8B", "owned_by": "vllm", "max_model_len": context}]
    server = VllmStandIn(models=models, metrics=COUNTED % (0, 0))
    for name, value in settings.items():
        setattr(server, name, value)
    return server


def found(
    connection: Connection, checks: Sequence[Check] = (*READ, *ASKED), api_key: str | None = None
) -> dict[str, Finding]:
    """The findings by their check. None of them speaks of what only Ollama has."""
    with examination(connection, hardware=HERE, api_key=api_key) as ask:
        findings = list(ask(checks))
    for finding in findings:
        assert finding.evidence
        assert (finding.mend is not None) == (finding.severity in ("fault", "advice"))
        told = f"{finding.said} {finding.evidence} {finding.mend}"
        assert not [word for word in OLLAMAS if word in told], told
    assert len({finding.check for finding in findings}) == len(findings)
    return {finding.check: finding for finding in findings}


def severities(findings: dict[str, Finding]) -> dict[str, str]:
    return {check: finding.severity for check, finding in findings.items()}


def test_a_llama_server_is_judged_by_what_it_tells(model: Path) -> None:
    """Its process is a library in this one, so its command line cannot be seen."""
    with llama_server(model, context=16_384) as url:
        findings = found(connect("openai", base_url=url))
    assert severities(findings)["context"] == "fine"
    hidden = {check: severity for check, severity in severities(findings).items() if check != "context"}
    assert set(hidden.values()) <= {"not known", "fine"}
    assert hidden["flash attention"] == "not known"


def test_a_llama_server_whose_context_is_small_is_to_be_started_with_a_longer_one(model: Path) -> None:
    with llama_server(model, context=4_096) as url:
        finding = found(connect("openai", base_url=url))["context"]
    assert finding.severity == "fault"
    assert "-c 16384" in str(finding.mend)


def test_a_llama_server_keeps_the_prefix_between_cycles_by_its_own_count(model: Path) -> None:
    with llama_server(model, context=8_192) as url:
        finding = found(connect("openai", base_url=url), [prefix_cache])["prefix cache, thinking off"]
    assert finding.severity == "fine"
    assert "the engine's own count" in finding.evidence


def test_a_llama_server_that_keeps_no_prompt_is_found(model: Path) -> None:
    """The same server without its cache of prompts, which each request may switch off."""
    with llama_server(model, context=8_192) as url:
        connection = connect("openai", base_url=url)
        forgetful = connection.chat.model_copy(update={"extra_body": {"cache_prompt": False}})
        with examination(replace(connection, chat=forgetful), hardware=HERE) as ask:
            (finding,) = ask([prefix_cache])
    assert finding.severity == "fault"
    assert "0 of" in finding.evidence


def test_a_file_in_the_process_has_no_server_to_be_judged(model: Path) -> None:
    findings = found(connect("gguf", str(model), context_tokens=16_384, threads=1))
    assert severities(findings) == {"context": "fine"}


def test_a_file_in_the_process_with_a_small_context_and_its_prefix_kept(model: Path) -> None:
    connection = connect("gguf", str(model), context_tokens=8_192, threads=1)
    findings = found(connection, [*READ, *ASKED, prefix_cache])
    assert severities(findings) == {"context": "advice", "prefix cache, thinking off": "fine"}
    assert "the engine's own count" in findings["prefix cache, thinking off"].evidence


def test_vllm_is_judged_by_its_metrics() -> None:
    with vllm() as server:
        findings = found(connect("openai", base_url=server.url))
    assert severities(findings) == {"context": "advice", "queue": "fine"}
    assert "64%" in findings["queue"].evidence


@pytest.mark.parametrize(
    ("waiting", "preempted", "said"), [(3, 0, "requests wait"), (0, 2, "requests lost their place")]
)
def test_a_queue_at_vllm_and_a_cache_that_is_too_small_for_it_are_found(
    waiting: int, preempted: int, said: str
) -> None:
    with vllm(metrics=COUNTED % (waiting, preempted)) as server:
        finding = found(connect("openai", base_url=server.url))["queue"]
    assert finding.severity == "advice"
    assert said in finding.said


def test_a_vllm_whose_context_is_small_is_to_be_started_with_a_longer_one() -> None:
    with vllm(4_096) as server:
        finding = found(connect("openai", base_url=server.url))["context"]
    assert finding.severity == "fault"
    assert "--max-model-len 16384" in str(finding.mend)


def test_a_long_context_is_fine_where_nobody_says_what_the_model_was_trained_on() -> None:
    with vllm(32_768) as server:
        assert found(connect("openai", base_url=server.url))["context"].severity == "fine"


def test_a_vllm_that_keeps_its_metrics_off_is_not_known_and_not_taken_for_fine() -> None:
    with vllm(metrics=None) as server:
        findings = found(connect("openai", base_url=server.url))
    assert findings.pop("context").severity == "advice"
    assert {finding.severity for finding in findings.values()} <= {"not known"}


def test_a_vllm_behind_a_key_is_examined_with_it() -> None:
    with vllm(api_key="mine") as server:
        findings = found(connect("openai", base_url=server.url, api_key="mine"), api_key="mine")
    assert "queue" in findings


def test_vllm_s_prefix_cache_is_judged_by_its_count_in_both_ways_of_thinking() -> None:
    with vllm(keeps_prefix=True, thinks=True) as server:
        findings = found(connect("openai", base_url=server.url), [prefix_cache])
    assert severities(findings) == {"prefix cache, thinking off": "fine", "prefix cache, thinking on": "fine"}


def test_without_its_details_vllm_s_prefix_cache_is_not_known() -> None:
    with vllm() as server:
        findings = found(connect("openai", base_url=server.url), [prefix_cache])
    assert severities(findings) == {"prefix cache, thinking off": "not known"}


def test_a_prefix_cache_that_vllm_loses_is_found() -> None:
    with vllm(replies=[Reply(cached=2)]) as server:
        connection = connect("openai", base_url=server.url)
        with examination(connection, hardware=HERE) as ask:
            (finding,) = ask([prefix_cache])
    assert (finding.severity, "2 of" in finding.evidence) == ("fault", True)


def test_a_server_that_fails_under_a_check_is_told_as_not_known() -> None:
    with vllm(replies=[Reply(error={"error": {"message": "EngineCore is dead"}})]) as server:
        findings = found(connect("openai", base_url=server.url), [*READ, prefix_cache])
    assert findings["context"].severity == "advice"
    (failed,) = [finding for finding in findings.values() if finding.severity == "not known"]
    assert "EngineCore is dead" in failed.evidence


def test_a_server_that_goes_away_is_told_and_nothing_raises() -> None:
    with vllm() as server:
        connection = connect("openai", base_url=server.url)
        with examination(connection, hardware=HERE) as ask:
            list(ask(READ))
    assert [finding.severity for finding in ask([prefix_cache])] == ["not known"]
