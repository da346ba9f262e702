from __future__ import annotations

from inference import connect, runner_of
from inference.address import ollama_address
from inference.ollama.exchange import Exchange, SlotCounts
from inference.ollama.runner import Slot, SlotReader, busy_slot, find_runner
from inference.runner import read_command
from tests.inference.stand_in import Model, OllamaStandIn

DIGEST = "ab" * 32
COMMAND = (
    f"/opt/ollama/llama-server --model /models/blobs/sha256-{DIGEST} --port 41627 --host 127.0.0.1 -c 16384 -np 1 "
    "--flash-attn on --cache-type-k q8_0 --cache-type-v q8_0 -b 512 -ub 512 --context-shift --keep 4 -ngl 99 -t 1"
).split()


def test_a_command_line_says_what_is_in_force() -> None:
    runner = read_command(7, COMMAND)
    assert (runner.pid, runner.port, runner.weights) == (7, 41627, DIGEST)
    assert (runner.context, runner.batch, runner.micro_batch, runner.parallel) == ("16384", "512", "512", "1")
    assert (runner.flash_attention, runner.cache_type_k, runner.cache_type_v) == ("on", "q8_0", "q8_0")
    assert (runner.gpu_layers, runner.threads) == ("99", "1")


def test_what_a_command_line_leaves_out_is_none() -> None:
    runner = read_command(7, ["llama-server", "--model", "/somewhere/else.gguf", "--flash-attn", "auto"])
    assert (runner.weights, runner.port, runner.context, runner.threads) == (None, None, None, None)


def test_weights_that_no_process_holds_have_no_runner() -> None:
    assert find_runner(ollama_address("127.0.0.1"), "0" * 64) is None


def test_a_server_elsewhere_is_never_looked_for_here() -> None:
    assert find_runner(ollama_address("far"), DIGEST) is None
    assert SlotReader(ollama_address("far"), DIGEST)() is None


def test_a_connection_without_a_process_in_sight_has_no_runner() -> None:
    with OllamaStandIn({"m:1b": Model(weights="0" * 64)}) as server:
        assert runner_of(connect("ollama", base_url=server.url)) is None


def test_only_the_one_slot_at_work_counts() -> None:
    busy = Slot(is_processing=True, n_prompt_tokens_processed=3, n_prompt_tokens_cache=39)
    idle = Slot(is_processing=False, n_prompt_tokens_processed=0, n_prompt_tokens_cache=0)
    assert busy_slot([idle, busy]) == SlotCounts(processed=3, cached=39)
    assert busy_slot([idle]) is None
    assert busy_slot([busy, busy]) is None


def test_a_slot_counts_only_where_it_adds_up_to_the_prompt() -> None:
    exchange = Exchange("m", streamed=True, slot=SlotCounts(processed=3, cached=39))
    exchange.see({"done": True, "prompt_eval_count": 42}, exchange.arrivals.started)
    assert (exchange.generation().cached_tokens, exchange.generation().cached_source) == (39, "slots")
    exchange.see({"done": True, "prompt_eval_count": 43}, exchange.arrivals.started)
    assert (exchange.generation().cached_tokens, exchange.generation().cached_source) == (None, None)


def test_the_server_s_own_field_counts_before_the_slot() -> None:
    exchange = Exchange("m", streamed=True, slot=SlotCounts(processed=3, cached=39))
    exchange.see({"done": True, "prompt_eval_count": 42, "prompt_eval_cached_count": 38}, exchange.arrivals.started)
    assert (exchange.generation().cached_tokens, exchange.generation().cached_source) == (38, "field")
