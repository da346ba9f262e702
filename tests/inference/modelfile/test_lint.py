"""The linter of Modelfiles: every fault that it knows, planted alone, and what stands there instead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inference.modelfile.lint import BaseFacts, LintFinding, MachineFacts, base_facts, lint, mended_base
from inference.modelfile.mend import mend
from inference.modelfile.parameters import PARAMETERS
from inference.modelfile.read import read_lines
from inference.modelfile.tags import meant, tag_fault, unknown_size
from inference.modelfile.text import options_of, text_of
from inference.ollama.types import Shown
from tests.inference.modelfiles import GOOD, GUIDE

HEAD = "FROM own:1b\nPARAMETER num_ctx 16384\nPARAMETER num_predict 512\n"
PLAIN = BaseFacts("own:1b", installed=True, trained_context=32_768, capabilities=("completion",))
MACHINE = MachineFacts(physical_cores=4)


def found(
    text: str, facts: BaseFacts | None = PLAIN, machine: MachineFacts | None = MACHINE
) -> tuple[LintFinding, ...]:
    return lint(read_lines(text), facts, machine)


def the(text: str, facts: BaseFacts | None = PLAIN, machine: MachineFacts | None = MACHINE) -> LintFinding:
    findings = found(text, facts, machine)
    assert len(findings) == 1, findings
    return findings[0]


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    assert found(GOOD, replace(PLAIN, name="qwen3.5:35b", trained_context=262_144)) == ()
    assert found(HEAD) == ()


FAULTS = {
    2: ("refused", "changed", "FROM qwen3.5:2b"),
    6: ("harmful", "removed", None),
    7: ("harmful", "removed", None),
    8: ("refused", "removed", None),
    9: ("harmful", "removed", None),
}


@pytest.mark.parametrize("line", FAULTS)
def test_each_fault_of_the_guide_s_own_modelfile_is_found(line: int) -> None:
    """Without a server and without the machine: the file alone tells."""
    finding = next(finding for finding in found(GUIDE, None, None) if finding.line == line)
    assert (finding.severity, finding.verdict, finding.mended) == FAULTS[line]
    assert finding.text == GUIDE.splitlines()[line - 1]
    assert finding.evidence
    assert finding.reason


def test_what_the_guide_inherits_and_leaves_open_is_found_too() -> None:
    added = [text for finding in found(GUIDE, None, None) for text in finding.added]
    assert added == ["PARAMETER num_predict 2048", "PARAMETER presence_penalty 0", "PARAMETER top_k 20"]
    assert "qwen3.5:35b" in next(f.reason for f in found(GUIDE, None, None) if f.line == 2)


def test_what_was_right_in_the_guide_is_left_alone() -> None:
    touched = {finding.line for finding in found(GUIDE, None, None) if finding.verdict != "kept"}
    assert touched == set(FAULTS)
    mended = mend(read_lines(GUIDE), found(GUIDE, None, None))
    for kept in (
        "# The fastest Qwen MoE on your desk",
        "# taste",
        "PARAMETER temperature 0.7",
        "You help with documents.",
    ):
        assert kept in mended


REFUSED = [
    ("PARAMETER flash_attn true", None),
    ("PARAMETER flash_attention 1", None),
    ("PARAMETER OLLAMA_FLASH_ATTENTION 1", None),
    ("PARAMETER OLLAMA_KV_CACHE_TYPE q8_0", None),
    ("OLLAMA_FLASH_ATTENTION=1", None),
    ("ENV OLLAMA_FLASH_ATTENTION=1", None),
    ("PARAMETER tfs_z 1", None),
    ("PARAMETER numa true", None),
    ("PARAMETER num_gqa 8", None),
    ("PARAMETER colour blue", None),
    ("PARAMETER Temperature 0.5", "PARAMETER temperature 0.5"),
    ("PARAMETER n_ctx: 8", "PARAMETER n_ctx 8"),
    ("PARAMETER temprature 0.5", "PARAMETER temperature 0.5"),
    ("PARAMETER repetition_penalty 1.0", "PARAMETER repeat_penalty 1.0"),
    ("PARAMETER top-k 5", "PARAMETER top_k 5"),
    ("PARAMETER top_k=5", "PARAMETER top_k 5"),
    ("PARAMETER  top_k 5", "PARAMETER top_k 5"),
    ("top_k 5", "PARAMETER top_k 5"),
    ("SET top_k 5", "PARAMETER top_k 5"),
    ("PARAMETER top_k 5.0", "PARAMETER top_k 5"),
    ("PARAMETER top_k 5 # few", "# few\nPARAMETER top_k 5"),
    ("PARAMETER top_k few", None),
    ("PARAMETER top_k ", None),
    ("PARAMETER seed 1,000", "PARAMETER seed 1000"),
    ("PARAMETER top_p 0,9", "PARAMETER top_p 0.9"),
    ("PARAMETER top_p NaN", None),
    ("PARAMETER use_mmap yes", "PARAMETER use_mmap true"),
    ("MESSAGE human hello", "MESSAGE user hello"),
    ("MESSAGE narrator hello", None),
    ("SYSTEM", None),
    ('SYSTEM """be brief', 'SYSTEM """be brief"""'),
    ('SYSTEM """be brief""" # please', 'SYSTEM """be brief"""'),
    ("REQUIRES latest", None),
    ("colour blue", None),
]


@pytest.mark.parametrize(("line", "mended"), REFUSED)
def test_a_line_that_create_refuses_is_mended_or_goes(line: str, mended: str | None) -> None:
    finding = next(finding for finding in found(f"{HEAD}{line}") if finding.severity == "refused")
    assert (finding.line, finding.text, finding.mended) == (4, line, mended)
    assert finding.verdict == ("removed" if mended is None else "changed")


def test_8k_of_context_is_a_number_that_was_meant() -> None:
    first, second = found("FROM own:1b\nPARAMETER num_ctx 8k\nPARAMETER num_predict 512")
    assert (first.severity, first.mended) == ("refused", "PARAMETER num_ctx 8192")
    assert (second.severity, second.verdict, second.mended) == ("advice", "kept", "PARAMETER num_ctx 8192")


def test_quotes_around_a_number_are_taken_off() -> None:
    finding = the(f'{HEAD}PARAMETER top_k "20"')
    assert (finding.severity, finding.mended) == ("advice", "PARAMETER top_k 20")


@pytest.mark.parametrize("name", ["use_mlock", "mirostat", "mirostat_tau", "low_vram", "f16_kv", "penalize_newline"])
def test_what_earlier_versions_had_says_nothing_today(name: str) -> None:
    finding = the(f"{HEAD}PARAMETER {name} 1")
    assert (finding.severity, finding.verdict) == ("no effect", "removed")


def test_of_the_same_setting_the_last_line_counts() -> None:
    finding = the(f"{HEAD}PARAMETER top_k 5\nPARAMETER top_k 7\nPARAMETER stop a\nPARAMETER stop b")
    assert (finding.line, finding.severity, finding.mended) == (4, "no effect", None)
    assert the(f"{HEAD}SYSTEM a\nSYSTEM b").line == 4


HARMFUL = [
    ("PARAMETER num_batch 512", "half as many"),
    ("PARAMETER num_batch 256", "fewer tokens"),
    ("PARAMETER num_batch 4096", "memory"),
    ("PARAMETER num_gpu 99", "-ngl 99"),
    ("PARAMETER num_gpu 999", "-ngl 999"),
    ("PARAMETER num_keep 16384", "the question"),
    ("PARAMETER num_keep 15000", "the question"),
    ("PARAMETER num_keep -1", "the whole prompt"),
    ("PARAMETER num_thread 8", "4 physical cores"),
    ("PARAMETER top_p 95", "0 to 1"),
    ("PARAMETER temperature -1", "0 to 2"),
]


@pytest.mark.parametrize(("line", "said"), HARMFUL)
def test_a_line_that_harms_goes(line: str, said: str) -> None:
    finding = the(f"{HEAD}{line}")
    assert (finding.line, finding.severity, finding.mended) == (4, "harmful", None)
    assert said in f"{finding.evidence} {finding.reason}"


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("PARAMETER num_batch 1024", "no effect"),
        ("PARAMETER num_gpu -1", "no effect"),
        ("PARAMETER num_thread 0", "no effect"),
        ("PARAMETER num_gpu 0", "advice"),
        ("PARAMETER num_thread 3", "advice"),
    ],
)
def test_a_line_that_changes_little_is_told_of(line: str, severity: str) -> None:
    finding = the(f"{HEAD}{line}")
    assert finding.severity == severity
    assert finding.verdict == ("removed" if severity == "no effect" else "kept")


@pytest.mark.parametrize(
    "line", ["PARAMETER num_keep 24", "PARAMETER seed 3", "PARAMETER use_mmap 0", "MESSAGE user a"]
)
def test_a_line_that_may_stand_is_not_told_of(line: str) -> None:
    assert found(f"{HEAD}{line}") == ()


def test_threads_are_not_judged_where_the_cores_are_not_known() -> None:
    assert the(f"{HEAD}PARAMETER num_thread 64", machine=None).severity == "advice"


@pytest.mark.parametrize(
    ("context", "auto"), [(2048, 512), (4096, 512), (4097, 1024), (32_768, 1024), (32_769, 2048), (131_072, 2048)]
)
def test_the_automatic_batch_follows_the_context(context: int, auto: int) -> None:
    text = f"FROM own:1b\nPARAMETER num_ctx {context}\nPARAMETER num_predict 512\nPARAMETER num_batch {auto // 2}"
    finding = next(f for f in found(text, replace(PLAIN, trained_context=262_144)) if f.line == 4)
    assert f"picks {auto:,}" in finding.evidence


def test_a_context_left_out_is_added_and_says_what_the_server_takes() -> None:
    text = "FROM own:1b\nPARAMETER num_predict 512"
    finding = the(text)
    assert (finding.line, finding.severity, finding.verdict) == (1, "harmful", "added")
    assert finding.added == ("PARAMETER num_ctx 16384",)
    assert "4,096 below 23 GiB" in finding.evidence
    assert "takes 32,768" in the(text, machine=MachineFacts(card_bytes=24 << 30)).evidence
    assert the(text, replace(PLAIN, trained_context=8192)).added == ("PARAMETER num_ctx 8192",)


@pytest.mark.parametrize(
    ("context", "severity", "mended"),
    [
        (65_536, "no effect", "PARAMETER num_ctx 32768"),
        (8_192, "advice", "PARAMETER num_ctx 8192"),
        (64, "harmful", "PARAMETER num_ctx 16384"),
    ],
)
def test_a_context_that_is_not_in_force_or_too_small(context: int, severity: str, mended: str) -> None:
    text = f"FROM own:1b\nPARAMETER num_ctx {context}\nPARAMETER num_predict 16"
    finding = next(finding for finding in found(text) if finding.line == 2)
    assert (finding.severity, finding.mended) == (severity, mended)


@pytest.mark.parametrize("predict", ["-1", "-2", "0"])
def test_an_answer_without_an_end_gets_one(predict: str) -> None:
    finding = the(f"FROM own:1b\nPARAMETER num_ctx 16384\nPARAMETER num_predict {predict}")
    assert (finding.line, finding.severity, finding.mended) == (3, "harmful", "PARAMETER num_predict 2048")
    assert "163,840" in finding.evidence


def test_an_answer_longer_than_its_context_is_cut_to_a_part_of_it() -> None:
    finding = the("FROM own:1b\nPARAMETER num_ctx 16384\nPARAMETER num_predict 32768")
    assert finding.mended == "PARAMETER num_predict 2048"
    assert the("FROM own:1b\nPARAMETER num_ctx 16384").added == ("PARAMETER num_predict 2048",)


def test_temperature_0_and_a_penalty_contradict_each_other() -> None:
    finding = the(f"{HEAD}PARAMETER temperature 0\nPARAMETER repeat_penalty 1.1")
    assert (finding.line, finding.severity, finding.mended) == (5, "harmful", "PARAMETER repeat_penalty 1")
    assert found(f"{HEAD}PARAMETER temperature 0.5\nPARAMETER repeat_penalty 1.1") == ()


QWEN = replace(
    PLAIN,
    parameters=(
        ("presence_penalty", "1.5"),
        ("temperature", "1"),
        ("top_k", "20"),
        ("stop", "<|im_end|>"),
        ("num_gpu", "99"),
    ),
)


def test_what_the_base_brings_along_is_written_down_and_its_penalty_taken_back() -> None:
    findings = found(HEAD, QWEN)
    assert {finding.severity for finding in findings} == {"inherited"}
    assert {text for finding in findings for text in finding.added} == {
        "PARAMETER presence_penalty 0",
        "PARAMETER temperature 1",
        "PARAMETER top_k 20",
        "PARAMETER num_gpu -1",
    }
    assert all("as /api/show has it" in finding.evidence for finding in findings)


def test_what_the_file_sets_itself_is_not_inherited() -> None:
    text = f"{HEAD}PARAMETER presence_penalty 0.3\nPARAMETER temperature 0.1\nPARAMETER top_k 9\nPARAMETER num_gpu -1"
    assert found(text, QWEN) == ()


def test_a_stop_of_one_s_own_does_not_lose_the_base_s() -> None:
    finding = next(f for f in found(f"{HEAD}PARAMETER stop ###", QWEN) if f.severity == "harmful")
    assert (finding.line, finding.added) == (4, ("PARAMETER stop <|im_end|>",))
    assert not [f for f in found(f'{HEAD}PARAMETER stop "<|im_end|>"', QWEN) if f.severity == "harmful"]


def test_a_batch_of_the_base_cannot_be_taken_back() -> None:
    finding = the(HEAD, replace(PLAIN, parameters=(("num_batch", "512"),)))
    assert (finding.severity, finding.verdict) == ("inherited", "kept")


TEMPLATES = [
    ("{{ .Prompt }}", PLAIN, "no effect"),
    ("<u>{{ .Prompt }}", PLAIN, "advice"),
    ("<u>{{ .Prompt }}", replace(PLAIN, capabilities=("completion", "tools")), "harmful"),
    ("{{ .Tools }}{{ .Prompt }}", replace(PLAIN, capabilities=("completion", "tools")), "advice"),
    ("{{ .Prompt }}", replace(PLAIN, renderer="qwen3.5"), "no effect"),
    ("{{ .Prompt }", PLAIN, "refused"),
    ("{{ if .ToolCalls }}```json\n{ {{ .Tools }}{{ end }}", PLAIN, "harmful"),
]


@pytest.mark.parametrize(("template", "facts", "severity"), TEMPLATES)
def test_a_template_replaces_the_model_s_own(template: str, facts: BaseFacts, severity: str) -> None:
    finding = the(f'{HEAD}TEMPLATE """{template}"""', facts)
    assert (finding.line, finding.severity) == (4, severity)
    assert (finding.mended is None) == (severity != "advice")


def test_embedded_multi_token_prediction_is_the_knob_that_guides_miss() -> None:
    finding = the(HEAD, replace(PLAIN, draft_layers=1))
    assert (finding.severity, finding.verdict) == ("advice", "kept")
    assert "draft_num_predict 4" in finding.reason
    assert found(f"{HEAD}PARAMETER draft_num_predict 4", replace(PLAIN, draft_layers=1)) == ()


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("qwen:3.5-2b-q4_K_M", "qwen3.5:2b"),
        ("qwen:3.5-35b-a3b-q4_K_M", "qwen3.5:35b"),
        ("qwen:3-30b", "qwen3:30b"),
        ("qwen-3.5:9b", "qwen3.5:9b"),
        ("qwen3.5-moe:35b", "qwen3.5:35b"),
        ("qwen3.5-2b", "qwen3.5:2b"),
        ("qwen 3.5 2b", "qwen3.5:2b"),
        ("qwen:3.5-7b", None),
        ("own model", None),
    ],
)
def test_a_tag_that_cannot_exist_is_refused(name: str, instead: str | None) -> None:
    fault = tag_fault(name)
    assert fault is not None
    assert fault.instead == instead


@pytest.mark.parametrize(
    "name",
    [
        *(
            "qwen3.5:2b",
            "qwen3.5:35b-a3b-q4_K_M",
            "qwen3:30b-a3b",
            "qwen:7b",
            "qwen",
            "llama3.2",
            "speedking-qwen3.5-2b",
        ),
        *(
            "hf.co/unsloth/Qwen3.5-35B-A3B-GGUF:Q4_K_M",
            "me/qwen3.5-2b:best",
            "localhost:5000/me/model:1",
            "my-qwen-3.5-2b",
        ),
    ],
)
def test_a_tag_that_may_exist_is_not(name: str) -> None:
    assert tag_fault(name) is None


def test_a_tag_that_is_installed_exists() -> None:
    odd = "qwen:3.5-2b-q4_K_M"
    assert found(HEAD.replace("own:1b", odd), replace(PLAIN, name=odd)) == ()


def test_a_size_that_nobody_knows_is_a_doubt() -> None:
    assert unknown_size("qwen3.5:14b") is not None
    assert unknown_size("qwen3.5:35b-a3b") is unknown_size("llama3:14b") is None
    finding = next(f for f in found(HEAD.replace("own:1b", "qwen3.5:14b"), replace(PLAIN, installed=None)))
    assert (finding.severity, finding.verdict) == ("advice", "kept")
    assert "14b" in finding.reason
    assert meant("qwen3.5-14b") is None


def test_a_comment_behind_from_belongs_to_the_name() -> None:
    text = HEAD.replace("own:1b", "qwen:3.5-2b # small")
    first, second = (finding for finding in found(text) if finding.verdict == "changed")
    assert (first.severity, second.mended) == ("refused", "# small\nFROM qwen3.5:2b")
    assert mended_base(read_lines(text)) == "qwen3.5:2b"


def test_a_model_that_runs_elsewhere_is_told_of() -> None:
    assert the(HEAD.replace("own:1b", "glm:cloud"), replace(PLAIN, installed=None)).severity == "harmful"


def test_a_file_without_a_model_is_refused() -> None:
    findings = found("PARAMETER num_ctx 16384\nPARAMETER num_predict 512")
    assert [(finding.severity, finding.evidence) for finding in findings] == [("refused", "no FROM line")]
    assert found("")[0].evidence == "no FROM line"
    assert mended_base(read_lines("")) is None


def test_of_several_models_the_last_is_taken() -> None:
    finding = the(f"FROM first:1b\n{HEAD}")
    assert (finding.line, finding.severity) == (1, "no effect")
    assert found("FROM ./weights.gguf\nFROM ./projector.gguf\n" + HEAD.partition("\n")[2], BaseFacts("/w.gguf")) == ()


@pytest.mark.parametrize(
    "text",
    [
        GUIDE,
        *(f"{HEAD}{line}" for line, _ in (*REFUSED, *HARMFUL)),
        *(f'{HEAD}TEMPLATE """{template}"""' for template, _, _ in TEMPLATES),
        f"{HEAD}PARAMETER temperature 0\nPARAMETER repeat_penalty 1.1",
        "FROM own:1b # mine",
        "PARAMETER num_ctx 1\nFROM own:1b",
        "PARAMETER flash_attn true",
        "PARAMETER flash_attn true\nPARAMETER top_k 3 # few",
    ],
)
@pytest.mark.parametrize("facts", [None, PLAIN, QWEN, replace(QWEN, renderer="qwen3.5", draft_layers=1)])
def test_a_mended_file_needs_no_mending(text: str, facts: BaseFacts | None) -> None:
    lines = read_lines(text)
    mended = read_lines(mend(lines, lint(lines, facts, MACHINE)))
    assert all(line.problem is None for line in mended)
    assert [finding for finding in lint(mended, facts, MACHINE) if finding.verdict != "kept"] == []
    for option in options_of(mended):
        assert option.name in PARAMETERS


def test_mending_says_what_was_there_and_why() -> None:
    text = f"# mine\n{HEAD}PARAMETER num_gpu 99\nPARAMETER top-k 5\n"
    lines = read_lines(text)
    findings = lint(lines, PLAIN, MACHINE)
    mended = mend(lines, findings).splitlines()
    assert mended[0] == "# mine"
    removed = mended.index("# removed: PARAMETER num_gpu 99")
    assert mended[removed + 1] == f"# {next(f.reason for f in findings if f.line == 5)}"
    was = mended.index("# was: PARAMETER top-k 5")
    assert mended[was + 2] == "PARAMETER top_k 5"


def test_a_removed_text_of_many_lines_leaves_one() -> None:
    lines = read_lines(f'{HEAD}TEMPLATE """{{{{ .Prompt }}}}\nmore\n"""')
    mended = mend(lines, lint(lines, replace(PLAIN, renderer="qwen3.5"), MACHINE))
    assert '# removed: TEMPLATE """{{ .Prompt }} … (3 lines)' in mended
    assert "more" not in mended


def test_the_typed_half_of_a_mended_file() -> None:
    text = f"{HEAD}PARAMETER use_mmap F\nPARAMETER top_p .5\nPARAMETER stop a\nPARAMETER stop b\nLICENSE mine\n"
    text += 'SYSTEM """a\nb"""\nMESSAGE user hi: you\nRENDERER qwen3.5\nREQUIRES v0.14.0\n'
    lines = read_lines(text)
    values = {option.name: option.value for option in options_of(lines)}
    assert values == {"num_ctx": 16_384, "num_predict": 512, "use_mmap": False, "top_p": 0.5}
    assert dict(text_of(lines).request) == {
        "system": "a\nb",
        "renderer": "qwen3.5",
        "requires": "0.14.0",
        "license": ["mine"],
        "messages": [{"role": "user", "content": "hi: you"}],
        "parameters": {"stop": ["a", "b"]},
    }
    assert not text_of(read_lines(HEAD)).request


def test_what_a_server_shows_becomes_facts() -> None:
    shown = Shown.model_validate(
        {
            "parameters": 'presence_penalty               1.5\nstop                           "<|im_end|>"',
            "modelfile": "# made\nFROM /blobs/sha256-0\nRENDERER qwen3.5\nPARAMETER top_k 20\n",
            "capabilities": ["completion", "thinking"],
            "model_info": {
                "general.architecture": "qwen35moe",
                "qwen35moe.context_length": 262_144,
                "qwen35moe.nextn_predict_layers": 1,
            },
        }
    )
    facts = base_facts("qwen3.5:35b", shown)
    assert facts == BaseFacts(
        "qwen3.5:35b",
        installed=True,
        trained_context=262_144,
        parameters=(("presence_penalty", "1.5"), ("stop", "<|im_end|>")),
        capabilities=("completion", "thinking"),
        renderer="qwen3.5",
        draft_layers=1,
    )


@pytest.mark.parametrize(
    ("written", "mended"),
    [
        ("PARAMETR top_k 3", "PARAMETER top_k 3"),
        ("SYSTM be brief", "SYSTEM be brief"),
        ("FORM qwen3.5:2b", "FROM qwen3.5:2b"),
    ],
)
def test_a_misspelt_word_at_the_head_of_a_line_keeps_its_line(written: str, mended: str) -> None:
    lines = read_lines(f"FROM qwen3.5:2b\n{written}\n")
    found = [finding for finding in lint(lines) if finding.line == 2 and finding.severity == "refused"]
    assert [finding.mended for finding in found] == [mended]


def test_weights_of_another_kind_than_the_name_asked_for_are_told() -> None:
    (found,) = [f for f in lint(read_lines("FROM qwen:3.5-2b-q4_K_M\n")) if f.severity == "refused"]
    assert "its weights are q8_0, whatever the name asked for" in found.reason.lower()
