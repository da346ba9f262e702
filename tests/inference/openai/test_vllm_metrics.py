"""vLLM's metrics as Prometheus prints them."""

from __future__ import annotations

from inference.openai.address import openai_address
from inference.openai.api import OpenAIApi
from inference.openai.vllm_metrics import VllmMetrics, read_metrics
from tests.inference.openai_stand_in import VllmStandIn

SAMPLE = """\
# HELP python_gc_objects_collected_total Objects collected during gc
# TYPE python_gc_objects_collected_total counter
python_gc_objects_collected_total{generation="0"} 11023.0
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="Qwen/Qwen3-8B"} 2.0
vllm:num_requests_running{engine="1",model_name="Qwen/Qwen3-8B"} 1.0
# HELP vllm:num_requests_waiting Number of requests waiting to be processed.
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{engine="0",model_name="Qwen/Qwen3-8B"} 4.0
vllm:num_requests_waiting{engine="1",model_name="Qwen/Qwen3-8B"} 0.0
vllm:num_requests_waiting_by_reason{engine="0",model_name="Qwen/Qwen3-8B",reason="capacity"} 9.0
# HELP vllm:kv_cache_usage_perc KV-cache usage. 1 means 100 percent usage.
# TYPE vllm:kv_cache_usage_perc gauge
vllm:kv_cache_usage_perc{engine="0",model_name="Qwen/Qwen3-8B"} 0.25
vllm:kv_cache_usage_perc{engine="1",model_name="Qwen/Qwen3-8B"} 0.75
# HELP vllm:prefix_cache_queries_total Prefix cache queries, in terms of number of queried tokens.
# TYPE vllm:prefix_cache_queries_total counter
vllm:prefix_cache_queries_total{engine="0",model_name="Qwen/Qwen3-8B"} 1.0e+06
vllm:prefix_cache_queries_created{engine="0",model_name="Qwen/Qwen3-8B"} 1.7e+09
# HELP vllm:prefix_cache_hits_total Prefix cache hits, in terms of number of cached tokens.
# TYPE vllm:prefix_cache_hits_total counter
vllm:prefix_cache_hits_total{engine="0",model_name="Qwen/Qwen3-8B"} 640000.0
vllm:num_preemptions_total{engine="0",model_name="Qwen/Qwen3-8B"} 3.0
vllm:prompt_tokens_total{engine="0",model_name="Qwen/Qwen3-8B"} 1002.0
vllm:generation_tokens_total{engine="0",model_name="Qwen/Qwen3-8B"} 77.0
vllm:iteration_tokens_total_bucket{engine="0",le="1.0",model_name="Qwen/Qwen3-8B"} 44.0
vllm:time_to_first_token_seconds_sum{engine="0",model_name="Qwen/Qwen3-8B"} NaN
"""


def test_engines_are_added_up_and_lookalikes_left_out() -> None:
    metrics = read_metrics(SAMPLE)
    assert metrics == VllmMetrics(
        running=3,
        waiting=4,
        prefix_queries_tokens=1_000_000,
        prefix_hits_tokens=640_000,
        preemptions=3,
    )
    assert metrics.prefix_hit_share == 0.64


def test_what_is_not_there_is_not_known() -> None:
    assert read_metrics("# nothing\nhttp_requests_total 3\n") == VllmMetrics()
    assert (
        read_metrics("vllm:prefix_cache_queries_total 0.0\nvllm:prefix_cache_hits_total 0.0").prefix_hit_share is None
    )


def test_a_value_that_is_no_number_is_not_counted() -> None:
    assert read_metrics('vllm:num_requests_running{engine="0"} broken').running is None


def test_a_server_that_keeps_them_off_has_none() -> None:
    with VllmStandIn() as server, OpenAIApi(openai_address(server.url), timeout_s=10) as api:
        assert api.metrics() is None
