from __future__ import annotations

import pytest

from inference.record import Generation
from speedking.waterfall import Waterfall, knob, waterfall

READER = {"retrieve_s": 1.0, "read_s": 0.5}
MODEL = {"retrieve_s": 1.0, "read_s": 9.0, "support_s": 0.4, "model_s": 8.0, "verify_s": 0.6}
TOLD = Generation(
    "ollama", "m", 1_200, 200, "field", 40, load_s=0.5, prefill_s=4.0, decode_s=3.0, ttft_s=4.6, ttfa_s=6.1, total_s=8.0
)


def test_the_embedded_reader_has_no_stages_of_a_model() -> None:
    fall = waterfall(READER, [], total_s=4.0, connect_s=0.1, sync_s=0.2)
    assert dict(fall.stages) == {"sync": 0.2, "connect": 0.1, "retrieve": 1.0, "answer": 0.5}
    assert fall.unaccounted_s == pytest.approx(2.2)
    assert fall.timings()["total_s"] == 4.0


def test_a_model_s_times_are_the_engine_s_own() -> None:
    fall = waterfall(MODEL, [TOLD], total_s=10.0)
    assert dict(fall.stages) == {"retrieve": 1.0, "load": 0.5, "prefill": 4.0, "answer": 3.0, "verify": 1.0}
    assert (fall.prompt_tokens, fall.cached_tokens, fall.decode_tokens) == (1_200, 200, 40)
    assert fall.unaccounted_s == pytest.approx(0.5)


def test_thinking_ends_with_the_first_token_of_the_answer() -> None:
    stages = waterfall(MODEL, [TOLD], total_s=10.0, thinking=True).stages
    assert stages["think"] == pytest.approx(1.5)
    assert stages["answer"] == pytest.approx(1.5)


def test_two_generations_for_one_answer_are_added_up() -> None:
    assert waterfall(MODEL, [TOLD, TOLD], total_s=20.0).stages["prefill"] == 8.0


def test_what_an_engine_does_not_tell_is_unknown_and_never_nought() -> None:
    untold = waterfall(MODEL, [None], total_s=10.0)
    assert (untold.stages["load"], untold.stages["prefill"], untold.stages["answer"]) == (None, None, None)
    assert untold.timings()["prefill_s"] is None
    assert untold.unaccounted_s == pytest.approx(8.0)
    without_load = Generation("gguf", "m", prefill_s=4.0, decode_s=3.0)
    assert waterfall(MODEL, [without_load], total_s=10.0).stages["load"] is None
    assert waterfall(MODEL, [TOLD, None], total_s=10.0).stages["prefill"] is None


def test_a_question_that_was_refused_before_a_model_was_asked_has_no_answer_to_time() -> None:
    fall = waterfall({"retrieve_s": 1.0, "read_s": 0.4, "support_s": 0.4}, [], total_s=2.0)
    assert dict(fall.stages) == {"retrieve": 1.0, "verify": 0.4}


def test_stages_stand_in_the_order_of_a_question() -> None:
    fall = waterfall(MODEL, [TOLD], total_s=12.0, sync_s=1.0, connect_s=1.0, thinking=True)
    order = ["sync", "connect", "retrieve", "load", "prefill", "think", "answer", "verify"]
    assert list(fall.stages) == order
    assert fall.sum_s + fall.unaccounted_s == pytest.approx(12.0)


@pytest.mark.parametrize(
    ("stage", "engine", "advice"),
    [
        ("sync", "reader", "--no-sync"),
        ("connect", "ollama", "OLLAMA_KEEP_ALIVE"),
        ("connect", "gguf", "speedking chat"),
        ("retrieve", "reader", "speedking chat"),
        ("load", "ollama", "OLLAMA_KEEP_ALIVE"),
        ("prefill", "ollama", "num_batch"),
        ("prefill", "gguf", "a lower --k"),
        ("think", "ollama", "without --think"),
        ("answer", "ollama", "more quantised"),
        ("answer", "reader", "a lower --k"),
        ("verify", "ollama", "a lower --k"),
    ],
)
def test_the_knob_belongs_to_the_stage_that_took_longest(stage: str, engine: str, advice: str) -> None:
    stages = {"retrieve": 0.4, "answer": 0.4} | {stage: 6.0}
    assert advice in knob(Waterfall(stages, total_s=8.0), engine)
    assert knob(Waterfall(stages, total_s=8.0), engine).startswith(f"{stage} took 75%: ")


def test_the_knob_names_the_figures_that_speak_for_it() -> None:
    prefill = Waterfall({"prefill": 6.0}, 8.0, prompt_tokens=1_200, cached_tokens=200)
    assert "1,200 tokens, 200 of them cached" in knob(prefill, "ollama")
    answer = Waterfall({"answer": 6.0}, 8.0, decode_tokens=90)
    assert "90 tokens at 15 a second" in knob(answer, "ollama")


def test_time_that_no_stage_explains_is_python_s_or_what_the_engine_keeps_to_itself() -> None:
    assert "loading its libraries" in knob(Waterfall({"retrieve": 0.5}, 4.0), "reader")
    assert "does not tell" in knob(Waterfall({"retrieve": 0.5, "prefill": None}, 4.0), "ollama")


@pytest.mark.parametrize(
    ("fall", "said"),
    [
        (Waterfall({"sync": 0.1, "retrieve": 0.3}, 0.45), "no part of it takes long: nothing to change"),
        (
            Waterfall(dict.fromkeys(("sync", "connect", "load", "answer", "verify"), 0.9), 4.5),
            "no part of it stands out: nothing to change",
        ),
    ],
)
def test_where_nothing_stands_out_no_change_is_advised(fall: Waterfall, said: str) -> None:
    assert knob(fall, "ollama") == said
