"""Each fault that can be planted here, planted: what the doctor finds, with its evidence and what mends it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inference import connect
from inference.address import ollama_address
from inference.doctor import ASKED, READ, Finding, absence, cycles, machine, model, modelfile, pace, requests, server
from inference.doctor.examine import examine
from inference.doctor.patient import OllamaView, Patient, look_at_ollama
from inference.hardware.machine import Gpu, Hardware
from inference.ollama.api import OllamaApi
from inference.ollama.binary import ServerProcess
from inference.ollama.version import parse_version
from inference.openai.vllm_metrics import VllmMetrics
from inference.record import Generation
from inference.runner import Runner, read_command
from tests.inference.stand_in import Model, OllamaStandIn, Turn

HERE = Hardware("probed", cores=4)
TUNED = {"num_ctx": 16_384}


def runner(line: str = "-c 16384 -np 1 --flash-attn auto -b 1024 -ub 1024", pid: int = 77) -> Runner:
    return read_command(pid, ["llama-server", *line.split()])


def process(**environment: str) -> ServerProcess:
    return ServerProcess(76, Path("/opt/ollama"), environment)


@pytest.fixture
def examined() -> Iterator[Callable[..., Patient]]:
    """A patient on a stand-in: `examined(Model(...), version=...)`, with what a process would tell."""
    with ExitStack() as stack:

        def made(
            kind: Model | None = None,
            *,
            hardware: Hardware = HERE,
            process: ServerProcess | None = None,
            before: Runner | None = None,
            now: Runner | Sequence[Runner | None] | None = None,
            **settings: Any,
        ) -> Patient:
            standing = stack.enter_context(OllamaStandIn({"m:1b": kind or Model(parameters=dict(TUNED))}))
            for name, value in settings.items():
                setattr(standing, name, value)
            api = stack.enter_context(OllamaApi(ollama_address(standing.url)))
            seen = iter(now) if isinstance(now, Sequence) else iter(lambda: now, object())
            view = replace(look_at_ollama(api, "m:1b", ()), process=process, runner=before)
            connection = connect("ollama", "m:1b", base_url=standing.url)
            return Patient(connection, hardware, view, runner_now=lambda: next(seen))

        yield made


def only(findings: Iterable[Finding]) -> Finding:
    (finding,) = findings
    assert finding.evidence
    assert (finding.mend is not None) == (finding.severity in ("fault", "advice"))
    return finding


def view(patient: Patient) -> OllamaView:
    assert patient.ollama is not None
    return patient.ollama


Examined = Callable[..., Patient]


@pytest.mark.parametrize(
    ("version", "severity"),
    [("0.12.6", "fault"), ("0.33.0", "advice"), ("0.33.3", "fine"), ("1.0.0-rc1", "fine"), ("0.0.0", "not known")],
)
def test_an_old_version_is_found(examined: Examined, version: str, severity: str) -> None:
    assert only(server.version(examined(version=version))).severity == severity


def test_a_version_is_compared_by_its_numbers() -> None:
    assert parse_version("0.9.10") == (0, 9, 10)
    assert parse_version("unknown") is None


@pytest.mark.parametrize(
    ("seen", "severity"),
    [
        (None, "not known"),
        (ServerProcess(1, None, None), "not known"),
        (process(), "advice"),
        (process(OLLAMA_NO_CLOUD="0"), "advice"),
        (process(OLLAMA_NO_CLOUD="1"), "fine"),
    ],
)
def test_cloud_access_that_is_not_switched_off_is_told(
    examined: Examined, seen: ServerProcess | None, severity: str
) -> None:
    assert only(server.cloud(examined(process=seen))).severity == severity


def test_cloud_access_can_be_off_in_the_server_s_settings(examined: Examined, tmp_path: Path) -> None:
    (tmp_path / ".ollama").mkdir()
    (tmp_path / ".ollama" / "server.json").write_text('{"disable_ollama_cloud": true}')
    assert only(server.cloud(examined(process=process(HOME=str(tmp_path))))).severity == "fine"


@pytest.mark.parametrize(("tokens", "severity"), [(4_096, "fault"), (8_192, "advice"), (16_384, "fine")])
def test_a_context_that_prompts_do_not_fit_into_is_found(examined: Examined, tokens: int, severity: str) -> None:
    finding = only(model.context(examined(Model(parameters={"num_ctx": tokens}))))
    assert finding.severity == severity
    assert f"{tokens:,}" in finding.evidence


def test_a_model_trained_on_little_is_not_sent_to_tune(examined: Examined) -> None:
    finding = only(model.context(examined(Model(parameters={"num_ctx": 8_192}, trained=8_192))))
    assert finding.mend is not None
    assert "another model" in finding.mend


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"presence_penalty": 1.5}, "presence_penalty 1.5"),
        ({"frequency_penalty": 0.5}, "frequency_penalty 0.5"),
        ({"repeat_penalty": 1.1}, "repeat_penalty 1.1"),
    ],
)
def test_an_inherited_penalty_is_found(examined: Examined, parameters: dict[str, float], said: str) -> None:
    finding = only(model.penalties(examined(Model(parameters={**TUNED, **parameters}))))
    assert (finding.severity, said in finding.said) == ("advice", True)


def test_penalties_that_do_nothing_are_fine(examined: Examined) -> None:
    parameters = {**TUNED, "presence_penalty": 0, "repeat_penalty": 1}
    assert only(model.penalties(examined(Model(parameters=parameters)))).severity == "fine"


CARD = Hardware("probed", cores=4, gpus=(Gpu("nvidia", "RTX 3060", 12 << 30),))


@pytest.mark.parametrize(
    ("share", "hardware", "severity"),
    [
        (1.0, CARD, "fine"),
        (0.6, CARD, "advice"),
        (0.0, CARD, "fault"),
        (0.0, HERE, "fine"),
        (0.0, Hardware.unknown(), "not known"),
    ],
)
def test_a_model_that_is_not_on_the_card_is_found(
    examined: Examined, share: float, hardware: Hardware, severity: str
) -> None:
    patient = examined(Model(parameters=dict(TUNED), vram_share=share), hardware=hardware)
    view(patient).api.load("m:1b")
    assert only(model.on_card(patient)).severity == severity


Q8 = runner("-c 16384 -np 1 --cache-type-k q8_0 --cache-type-v q8_0")


@pytest.mark.parametrize(
    ("now", "share", "severity"),
    [(None, 0.0, "not known"), (runner(), 0.0, "fine"), (Q8, 0.0, "fault"), (Q8, 1.0, "fine")],
)
def test_a_quantised_cache_on_a_cpu_is_found(
    examined: Examined, now: Runner | None, share: float, severity: str
) -> None:
    patient = examined(Model(parameters=dict(TUNED), vram_share=share), now=now)
    view(patient).api.load("m:1b")
    assert only(server.cache_type(patient)).severity == severity


@pytest.mark.parametrize(
    ("now", "severity"),
    [(None, "not known"), (runner(), "fine"), (runner("-np 1 --flash-attn off"), "fault"), (runner("-np 1"), "fine")],
)
def test_flash_attention_that_is_switched_off_is_found(examined: Examined, now: Runner | None, severity: str) -> None:
    assert only(server.flash_attention(examined(now=now))).severity == severity


@pytest.mark.parametrize(("waiting", "preempted", "severity"), [(0, 0, "fine"), (3, 0, "advice"), (0, 2, "advice")])
def test_a_queue_at_vllm_is_found(examined: Examined, waiting: int, preempted: int, severity: str) -> None:
    counted = VllmMetrics(running=1, waiting=waiting, preemptions=preempted)
    finding = only(server.queue(replace(examined(), vllm=counted)))
    assert finding.severity == severity


@pytest.mark.parametrize(
    ("now", "severity"), [(None, "not known"), (runner(), "fine"), (runner("-c 65536 -np 4"), "advice")]
)
def test_parallel_slots_are_found(examined: Examined, now: Runner | None, severity: str) -> None:
    assert only(server.slots(examined(now=now))).severity == severity


def test_a_model_that_stays_loaded_is_fine(examined: Examined) -> None:
    assert only(requests.reloads(examined(now=runner()))).severity == "fine"


def loads(*seconds: float) -> list[Turn]:
    return [Turn(done={"load_duration": int(s * 1e9)}) for s in seconds]


def test_an_option_that_reloads_the_model_between_two_requests_is_named(examined: Examined) -> None:
    other = runner("-c 4096 -np 1 --flash-attn auto -b 512 -ub 512", pid=78)
    finding = only(requests.reloads(examined(turns=loads(1.0, 1.0), now=[other, runner()])))
    assert finding.severity == "fault"
    assert "context 4096 to 16384" in finding.said


def test_a_model_that_is_unloaded_after_each_answer_is_found(examined: Examined) -> None:
    patient = examined(turns=loads(1.0, 1.0), now=runner(), process=process(OLLAMA_KEEP_ALIVE="0"))
    api = view(patient).api
    gone = replace(patient, runner_now=lambda: api.unload("m:1b"))
    finding = only(requests.reloads(gone))
    assert finding.severity == "fault"
    assert "OLLAMA_KEEP_ALIVE is 0" in finding.said


def test_another_program_s_options_are_told_by_what_they_changed(examined: Examined) -> None:
    before = runner("-c 2048 -np 1 --flash-attn auto -b 1024 -ub 1024 -t 1", pid=70)
    finding = only(requests.reloads(examined(turns=loads(2.0, 0.001), before=before, now=runner())))
    assert finding.severity == "advice"
    assert "context 2048 instead of 16384" in finding.said
    assert "threads 1 instead of unset" in finding.said


def test_a_server_that_cuts_long_prompts_in_silence_is_found(examined: Examined) -> None:
    assert only(requests.truncation(examined())).severity == "fine"
    assert only(requests.truncation(examined(honours_truncate=False))).severity == "fault"


def thinker(**parameters: int) -> Model:
    thoughts = [f" step{n}" for n in range(60)]
    return Model(("completion", "thinking"), {**TUNED, **parameters}, thoughts=thoughts)


def test_thinking_that_eats_all_that_may_be_written_is_found(examined: Examined) -> None:
    off, on = requests.thinking(examined(thinker(num_predict=40)))
    assert (off.check, off.severity) == ("thinking off", "fine")
    assert (on.check, on.severity) == ("thinking on", "fault")
    assert "of 40 allowed" in on.evidence
    assert {finding.severity for finding in requests.thinking(examined(thinker(num_predict=400)))} == {"fine"}


def test_a_model_whose_thinking_cannot_be_switched_off_is_found(examined: Examined) -> None:
    """As gpt-oss: it thinks although it was told not to, and eats what speedking lets an answer have."""
    stubborn = [Turn(lines=[{"content": "", "thinking": " w"}] * 20, done={"done_reason": "length"})]
    off, _ = requests.thinking(examined(thinker(), turns=stubborn))
    assert (off.check, off.severity) == ("thinking off", "fault")


def test_a_model_that_cannot_think_is_not_asked_to(examined: Examined) -> None:
    patient = examined()
    assert list(requests.thinking(patient)) == []


CALL = {"id": "c", "function": {"name": "search", "arguments": {"query": "bridge"}}}


@pytest.mark.parametrize(
    ("line", "severity", "said"),
    [
        ({"content": "", "tool_calls": [CALL]}, "fine", "a call comes as a call"),
        ({"content": '{{"name": "search", "arguments": {}}}'}, "advice", "calls come as text"),
        ({"content": "In 1146."}, "advice", "answers instead of calling"),
        (
            {"content": "", "tool_calls": [{"function": {"name": "search", "arguments": "{bro"}}]},
            "advice",
            "cannot read",
        ),
    ],
)
def test_calls_that_do_not_come_as_calls_are_found(
    examined: Examined, line: dict[str, Any], severity: str, said: str
) -> None:
    able = Model(("completion", "tools"), dict(TUNED))
    finding = only(requests.tool_calls(examined(able, turns=[Turn(lines=[line])])))
    assert (finding.severity, said in finding.said) == (severity, True)


def test_a_model_without_tools_is_not_asked_to_call(examined: Examined) -> None:
    assert only(requests.tool_calls(examined())).severity == "fine"


def test_a_cache_that_is_lost_between_cycles_is_found_by_the_engine_s_count(examined: Examined) -> None:
    kept = only(cycles.prefix_cache(examined(cached_counts=True)))
    lost = only(cycles.prefix_cache(examined(cached_counts=True, keeps_prefix=False)))
    assert (kept.severity, lost.severity) == ("fine", "fault")
    assert "the engine's own count" in lost.evidence


def test_both_ways_of_thinking_are_measured_where_the_model_can(examined: Examined) -> None:
    findings = cycles.prefix_cache(examined(thinker(), cached_counts=True))
    assert [finding.check for finding in findings] == ["prefix cache, thinking off", "prefix cache, thinking on"]


def timed(*seconds: float) -> list[Generation]:
    return [Generation("e", "m", prompt_tokens=1000 + 100 * n, prefill_s=s) for n, s in enumerate(seconds)]


def test_without_a_count_the_time_of_prefill_bounds_the_cache() -> None:
    # 1,000 tokens in 1 s: 0.1 s is 100 tokens computed, so 1,000 of 1,100 were cached, and so on.
    kept = cycles.cache_use(timed(1.0, 0.1, 0.1, 0.1, 0.1))
    assert kept.kept_share == pytest.approx(1.0)
    lost = cycles.cache_use(timed(1.0, 1.1, 1.2, 1.3, 1.4))
    assert lost.kept_share == pytest.approx(0.0)


def test_without_counts_and_times_the_cache_is_not_known() -> None:
    assert cycles.cache_use([Generation("e", "m")] * 5).kept_share is None
    assert cycles.cache_use([]).kept_share is None


@pytest.mark.parametrize(
    ("capability", "driver", "severity"),
    [
        ((8, 9), "560.35.03", "fine"),
        ((8, 9), "535.183", "fault"),
        ((6, 1), "560.35.03", "fault"),
        ((6, 1), "570.10", "fine"),
        ((3, 5), "470.1", "fault"),
        (None, "560.1", "not known"),
        ((8, 9), None, "not known"),
    ],
)
def test_a_card_or_a_driver_that_is_too_old_is_found(
    capability: tuple[int, int] | None, driver: str | None, severity: str
) -> None:
    assert machine.judge(Gpu("nvidia", "card", driver=driver, compute_capability=capability)).severity == severity


def test_the_hardware_of_a_server_elsewhere_is_not_known(examined: Examined) -> None:
    assert only(machine.driver(examined(hardware=Hardware.unknown()))).severity == "not known"


def test_a_machine_that_slows_down_is_found_with_the_card_s_own_reasons() -> None:
    steady = pace.Watched((20.0, 20.5, 19.8, 20.1, 20.0, 19.9), (), None)
    slowing = pace.Watched((205.0, 203.0, 180.0, 150.0, 139.0, 138.0), (), None)
    assert only(pace.throttling(steady)).severity == "fine"
    finding = only(pace.throttling(slowing, ["thermal slowdown"]))
    assert finding.severity == "fault"
    assert "thermal slowdown" in finding.evidence
    assert only(pace.throttling(pace.Watched((), (), None))).severity == "not known"
    assert only(pace.throttling(replace(slowing, seconds=2.0))).severity == "not known"


def test_rates_that_scatter_are_no_throttling() -> None:
    scattered = pace.Watched((20.0, 30.0, 25.0, 12.0, 31.0, 14.0, 26.0, 15.0, 18.0), (), None)
    assert only(pace.throttling(scattered)).severity == "fine"


OTHER = pace.Other("python", 99, 1.0)


@pytest.mark.parametrize(
    ("others", "threads", "on_card", "severity"),
    [
        ((OTHER,), None, 0.0, "fault"),
        ((OTHER,), 1, 0.0, "fine"),
        ((), None, 0.0, "fine"),
        ((OTHER,), None, 1.0, "fine"),
    ],
)
def test_cores_that_others_want_are_found(
    examined: Examined, others: tuple[pace.Other, ...], threads: int | None, on_card: float, severity: str
) -> None:
    two = Hardware("probed", cores=2)
    patient = examined(Model(parameters=dict(TUNED), vram_share=on_card), hardware=two)
    view(patient).api.load("m:1b")
    finding = only(pace.busy_cores(pace.Watched((), others, threads), patient))
    assert finding.severity == severity
    if finding.severity == "fault":
        assert "python (99) 1.0" in finding.evidence
        assert "--num-thread 1" in str(finding.mend)


def test_a_process_that_works_beside_the_model_is_seen() -> None:
    used = pace.CpuUse()
    sum(n * n for n in range(3_000_000))
    seen = used.others(())
    assert os.getpid() in {other.pid for other in seen}
    assert os.getpid() not in {other.pid for other in used.others({os.getpid()})}


def test_the_server_s_own_children_are_no_other_programs(examined: Examined) -> None:
    patient = examined()
    ours = pace.serving(patient)
    assert ours is not None
    assert os.getpid() in ours  # the stand-in listens in this very process
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        found = pace.serving(patient)
        assert found is not None
        assert child.pid in found
        child.communicate(b"\n")


def test_where_nobody_can_be_seen_to_listen_the_cores_are_not_judged(examined: Examined) -> None:
    patient = examined()
    facts = replace(patient.connection.facts, base_url="http://127.0.0.1:9")
    hidden = replace(patient, connection=replace(patient.connection, facts=facts))
    assert pace.serving(hidden) is None


def test_the_pace_is_watched_over_rounds_that_the_model_writes(examined: Examined) -> None:
    watched = pace.watch(examined(), seconds=2.0)
    assert len(watched.rates_tps) >= pace.LEAST_ROUNDS


GUIDE = {"num_ctx": 32_768, "num_batch": 512, "num_gpu": 99, "flash_attn": True, "num_keep": 32_768}


def test_a_model_made_from_the_guide_s_modelfile_shows_each_of_its_faults(examined: Examined) -> None:
    patient = examined(Model(parameters=dict(GUIDE)))
    found = " ".join(finding.said for finding in modelfile.stored(patient) if finding.severity in ("fault", "advice"))
    for name in ("flash_attn", "num_keep", "num_gpu", "num_batch"):
        assert name in found


def test_a_tuned_model_has_no_fault_in_its_lines(examined: Examined) -> None:
    tuned = {"num_ctx": 16_384, "num_predict": 2_048, "temperature": 0.2, "presence_penalty": 0.0}
    assert only(modelfile.stored(examined(Model(parameters=dict(tuned))))).severity == "fine"


def test_an_engine_that_fails_ends_one_check_and_not_the_doctor(examined: Examined) -> None:
    patient = examined(turns=[Turn(status=500, error="out of memory")])
    findings = list(examine(patient, [*READ, *ASKED]))
    failed = [finding for finding in findings if "out of memory" in finding.evidence]
    assert [finding.severity for finding in failed] == ["not known"]
    assert findings[-1].check == "long prompts"


def test_no_server_is_told_with_what_to_start() -> None:
    finding = absence(ollama_address("127.0.0.1:9"))
    assert finding is not None
    assert finding.severity == "fault"
    assert absence(ollama_address("far.invalid")) is not None
    with OllamaStandIn() as standing:
        assert absence(ollama_address(standing.url)) is None
