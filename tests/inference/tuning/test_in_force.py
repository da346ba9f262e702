from __future__ import annotations

from collections.abc import Iterator

import pytest

from inference.address import ollama_address
from inference.modelfile.parameters import TunedOption
from inference.ollama.api import OllamaApi
from inference.tuning.in_force import InForce, Verified, verify
from tests.inference.stand_in import Model, OllamaStandIn

OPTIONS = [TunedOption("num_ctx", 8192, "asked"), TunedOption("top_k", 20, "asked")]


@pytest.fixture
def server() -> Iterator[OllamaStandIn]:
    with OllamaStandIn({"m:1b": Model(parameters={"num_ctx": 8192, "top_k": 20}, vram_share=0.75)}) as running:
        yield running


def verified(server: OllamaStandIn, options: list[TunedOption] = OPTIONS) -> Verified:
    with OllamaApi(ollama_address(server.url)) as api:
        api.load("m:1b")
        return verify(api, "m:1b", options, timeout_s=5)


def by_name(checks: tuple[InForce, ...]) -> dict[str, tuple[str, str]]:
    return {check.name: (check.status, check.in_force) for check in checks}


def test_what_is_in_force_was_read_and_measured(server: OllamaStandIn) -> None:
    found = verified(server)
    assert by_name(found.options) == {"num_ctx": ("in force", "8192"), "top_k": ("in force", "20")}
    assert found.context_tokens == 8192
    assert found.card_share == pytest.approx(0.75, abs=0.01)
    measured = by_name(found.measured)
    assert {name: status for name, (status, _) in measured.items()} == {
        "no reload": "in force",
        "prompts counted in full": "in force",
    }
    assert measured["prompts counted in full"][1] == "9,216 tokens refused by a context of 8,192"


def test_a_load_time_option_that_no_process_shows_is_not_known_though_it_is_stored(server: OllamaStandIn) -> None:
    server.models["m:1b"].parameters["num_batch"] = 512
    options = [TunedOption("num_batch", 512, "asked"), TunedOption("use_mmap", False, "asked")]
    found = verified(server, [*options, TunedOption("draft_num_predict", 4, "asked")])
    assert {check.status for check in found.options} == {"not known"}


def test_a_stored_value_that_differs_is_told(server: OllamaStandIn) -> None:
    found = verified(server, [TunedOption("top_k", 40, "asked")])
    assert by_name(found.options) == {"top_k": ("differs", "20")}


def test_a_server_that_cuts_long_prompts_is_found_out(server: OllamaStandIn) -> None:
    server.honours_truncate = False
    check = by_name(verified(server).measured)["prompts counted in full"]
    assert check[0] == "differs"
    assert "says nothing" in check[1]


def test_a_context_that_is_not_the_asked_one_differs(server: OllamaStandIn) -> None:
    server.forced_context = 4096
    assert by_name(verified(server).options)["num_ctx"] == ("differs", "4096")
