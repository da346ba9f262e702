"""The stand-in answers every exchange that was recorded with a real Ollama as that one did.

The whole session is asked again in its order of one stand-in that begins as the real server began: status,
content type, kinds of lines and their order, fields and their types, and the values that clients rely on.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.inference.stand_in import Model, OllamaStandIn, Turn

FOLDER = Path(os.environ.get("SPEEDKING_TEST_DATA") or "nowhere") / "ollama_recorded"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="SPEEDKING_TEST_DATA has no ollama_recorded")

ORDER = """
    version root tags ps_before show_plain show_thinking show_missing load_empty_prompt chat_stream chat_once
    chat_again_same_prompt chat_long_cold chat_long_warm chat_reload_num_ctx ps_after_reload chat_overlong_truncated
    chat_overlong_turns_dropped chat_overlong_refused chat_num_keep_over_ctx chat_option_wrong_type
    chat_option_unknown chat_think_unsupported chat_tools_unsupported chat_model_missing chat_format
    chat_thinking_unset chat_thinking_off chat_thinking_format chat_tool_call_stream chat_tool_call_once
    chat_tool_cut_by_num_predict chat_logprobs generate_stream embed_unsupported create_from
    create_unknown_parameter create_wrong_type show_created chat_created_wrong_type openai_models openai_chat
    openai_chat_stream unload delete delete_missing bad_json pull_unreachable chat_runner_killed chat_busy
""".split()

CONTRACTUAL = frozenset(
    """
    error done done_reason status object finish_reason role model name index capabilities family families format
    parent_model context_length size_vram general.architecture owned_by system_fingerprint parameters
    code type n_ctx
    """.split()
)
"""Fields whose values are compared, wherever they stand but in a list of tensors."""
COUNTS = "chat_long_cold chat_long_warm chat_overlong_truncated chat_num_keep_over_ctx".split()
"""Exchanges whose prompt is cut to a length that follows from the context alone."""
SOON_NS = 100_000_000
"""A load_duration below it found the model loaded, one above had to load it."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str | None
    lines: list[str]


@cache
def recorded(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return read


def expected(name: str) -> Answer:
    exchange = recorded(name)
    return Answer(exchange["status"], exchange["content_type"], [line for _, line in exchange["lines"]])


def described(name: str) -> dict[str, Any]:
    """The one JSON document of an answer."""
    value: dict[str, Any] = json.loads(recorded(name)["lines"][0][1])
    return value


def installed() -> dict[str, Model]:
    """The models of the session, from what the real server said of them."""
    shown = {"tiny:latest": described("show_plain"), "q35:latest": described("show_thinking")}
    tags = {tag["name"]: tag for tag in described("tags")["models"]}
    return {name: _model(tag, shown.get(name, shown["tiny:latest"])) for name, tag in tags.items()}


def _model(tag: dict[str, Any], shown: dict[str, Any]) -> Model:
    family = tag["details"]["family"]
    scripted = tag["name"] == "sc:latest"
    return Model(
        capabilities=tag["capabilities"],
        parameters={"stop": ["<|im_start|>", "<|im_end|>"]} | _set_by(tag["name"]),
        family=family,
        size=tag["size"],
        weights=("b" if scripted else "a") * 64,
        trained=tag["details"]["context_length"],
        modified=tag["modified_at"],
        parameter_size=tag["details"]["parameter_size"],
        thoughts=[f" step{n}" for n in range(150)],
        info={key.removeprefix(f"{family}."): v for key, v in shown["model_info"].items() if key.startswith(family)},
        parent=tag["details"]["parent_model"],
        template=shown["template"],
        renderer="qwen3.5" if "thinking" in tag["capabilities"] else None,
        parser="qwen3.5" if "thinking" in tag["capabilities"] else None,
        quantization=tag["details"]["quantization_level"],
    )


def _set_by(name: str) -> dict[str, Any]:
    if name == "q35:latest":
        return {"num_ctx": 16_384, "presence_penalty": 1.5}
    return {"num_ctx": 16_384} if name == "sc:latest" else {}


def _says(*lines: dict[str, Any], error: str | None = None) -> Callable[[OllamaStandIn], None]:
    def prepare(server: OllamaStandIn) -> None:
        server.turns = [Turn(lines=lines, error=error)]

    return prepare


def _busy(server: OllamaStandIn) -> None:
    server.busy_for = 1


def _cut_off(server: OllamaStandIn) -> None:
    server.pull_error = json.loads(expected("pull_unreachable").lines[-1])["error"]


WORDS = ({"content": " word"},) * 20
CALL = {"id": "call_1", "function": {"index": 0, "name": "search", "arguments": {"q": "mixture of experts"}}}
CALLS = _says({"content": "", "tool_calls": [CALL]})
BEFORE: Mapping[str, Callable[[OllamaStandIn], None]] = {
    "chat_tool_call_stream": CALLS,
    "chat_tool_call_once": CALLS,
    "chat_runner_killed": _says(*WORDS, error="an error was encountered while running the model: unexpected EOF"),
    "chat_busy": _busy,
    "pull_unreachable": _cut_off,
}
"""What had happened to the real server, or what its model had said, where that is more than words."""


@pytest.fixture(scope="module")
def session() -> Iterator[Mapping[str, Answer]]:
    """The stand-in's answer to each request of the session."""
    with OllamaStandIn(installed()) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        server.tokens_a_word = 6
        server.running = ["tiny:latest", "sc:latest", "sc:latest"]
        for loaded in server.loaded[1:]:
            loaded.expires_at = "2000-01-01T00:00:00Z"  # before tiny, so that it stands first
        yield {name: _ask(server, client, name) for name in ORDER}


def _ask(server: OllamaStandIn, client: httpx.Client, name: str) -> Answer:
    BEFORE.get(name, _says(*WORDS))(server)
    request = recorded(name)["request"]
    with client.stream(request["method"], request["path"], json=request["body"]) as response:
        lines = list(response.iter_lines())
    return Answer(response.status_code, response.headers.get("content-type"), lines)


def forms(answer: Answer) -> list[Any]:
    """The form of each line, or the line itself where it is no JSON; a run of lines of one form is one."""
    if answer.content_type == "text/event-stream":
        lines = [event.removeprefix("data: ") for event in "\n".join(answer.lines).strip().split("\n\n")]
    else:
        lines = answer.lines
    values = [_value(line) for line in lines]
    return [form for form, _ in groupby(value if isinstance(value, str) else _form(value) for value in values)]


def _value(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return line


def _form(value: Any, field: str = "") -> Any:
    """Names, types and contractual values, without what differs from one run to the next."""
    if isinstance(value, dict):
        return {name: _field(name, inner) for name, inner in value.items() if name != "tensors"}
    if isinstance(value, list):
        return [form for form, _ in groupby(_form(item, field) for item in value)]
    if isinstance(value, str):
        return "time" if _TIME.fullmatch(value) else "text" if value else ""
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else value


def _field(name: str, value: Any) -> Any:
    if name == "error" and isinstance(value, str) and value.startswith("{"):
        return _form(json.loads(value))
    if name in ("error", "status", "message") and isinstance(value, str):
        return _without_numbers(value)
    if name == "top_logprobs":  # a token without text, as the end of an answer, has no bytes
        return [form for form, _ in groupby(_form(entry) for entry in value if entry["token"])]
    if name == "modelfile":
        return sorted({line.split(" ")[0] for line in value.splitlines()})
    return value if name in CONTRACTUAL and not isinstance(value, dict) else _form(value, name)


def _without_numbers(text: str) -> str:
    """A text of the server's without what depends on lengths, digests and hosts."""
    text = re.sub(r"sha256:[0-9a-f]{64}", "sha256:DIGEST", text)
    text = re.sub(r"\(\d+ tokens\) exceeds", "(N tokens) exceeds", text)
    return re.sub(r"[\w.]+/library/", "HOST/library/", text)


def test_no_exchange_is_left_out() -> None:
    assert sorted(ORDER) == sorted(path.stem for path in FOLDER.glob("*.json"))
    assert len(ORDER) == 49


@pytest.mark.parametrize("name", ORDER)
def test_an_exchange_is_answered_as_by_the_real_server(session: Mapping[str, Answer], name: str) -> None:
    given, wanted = session[name], expected(name)
    assert (given.status, given.content_type) == (wanted.status, wanted.content_type)
    assert forms(given) == forms(wanted)
    assert json.dumps(forms(given)) == json.dumps(forms(wanted)), "the order of fields"


def test_the_same_requests_have_to_load_their_model(session: Mapping[str, Answer]) -> None:
    def loads(answer: Answer) -> bool | None:
        last = _value(answer.lines[-1]) if answer.lines else None
        return last["load_duration"] > SOON_NS if isinstance(last, dict) and "load_duration" in last else None

    assert {name: loads(session[name]) for name in ORDER} == {name: loads(expected(name)) for name in ORDER}


@pytest.mark.parametrize("name", COUNTS)
def test_a_prompt_is_cut_to_the_same_length(session: Mapping[str, Answer], name: str) -> None:
    given, wanted = (json.loads(answer.lines[-1]) for answer in (session[name], expected(name)))
    assert given["prompt_eval_count"] == wanted["prompt_eval_count"]


def test_a_prompt_that_was_just_read_takes_almost_no_time(session: Mapping[str, Answer]) -> None:
    for answers in (session.__getitem__, expected):
        cold, warm = (json.loads(answers(f"chat_long_{kind}").lines[-1]) for kind in ("cold", "warm"))
        assert warm["prompt_eval_count"] == cold["prompt_eval_count"]
        assert warm["prompt_eval_duration"] < cold["prompt_eval_duration"] / 5
