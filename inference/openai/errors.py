"""What an OpenAI-compatible server says when it refuses, turned into our family of errors. The only place that reads
its words."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Literal

from inference.completions import unreadable_call
from inference.errors import (
    EngineError,
    EngineUnavailableError,
    GenerationError,
    ModelMissingError,
    ModelUnsuitableError,
)
from inference.patience import NOT_YET

ServerKind = Literal["llama.cpp", "vllm", "unknown"]
NAMES: dict[ServerKind, str] = {"llama.cpp": "llama.cpp's server", "vllm": "vLLM", "unknown": "the server"}
LONGER: dict[ServerKind, str] = {
    "llama.cpp": "start the server with `-c {}` (times its slots)",
    "vllm": "start vLLM with `--max-model-len {}`",
    "unknown": "start the server with room for {} tokens",
}
CONFIGURE = "check the address: --base-url or SPEEDKING_BASE_URL, e.g. http://127.0.0.1:8080/v1"
KEY = "set SPEEDKING_API_KEY to the key that the server was started with (`--api-key`)"
_NO_TOOLS = re.compile(r"enable-auto-tool-choice|tool-call-parser|tools param requires --jinja")


def refusal(
    status: int, body: str, *, model: str, url: str, kind: ServerKind, there: Sequence[str] = ()
) -> EngineError:
    """The error for an answer that is not HTTP 200, or for an error in a stream (status 200). `there`: its models."""
    message = error_message(body)
    if status in (401, 403):
        return no_entry(url, kind, message)
    if message is None:
        return not_openai(url, f"HTTP {status}, {_start_of(body)}")
    said = f"{NAMES[kind]} at {url} says: {message}"
    if (unreadable := unreadable_call(message, f"{NAMES[kind]} at {url}")) is not None:
        return unreadable
    if _NO_TOOLS.search(message):
        return ModelUnsuitableError(
            said,
            next_step="start vLLM with `--enable-auto-tool-choice --tool-call-parser NAME`, llama.cpp with --jinja",
        )
    if status == 404:
        return missing(model, there, url)
    if status in NOT_YET:
        return EngineUnavailableError(said, next_step="wait for its model to load or for the other requests to end")
    return GenerationError(said, next_step="try again; the server's log says more")


def missing(model: str, there: Sequence[str], url: str) -> ModelMissingError:
    """The error for a model that is not there, which says what is."""
    return ModelMissingError(
        f"the model {model!r} is not served at {url} (served: {', '.join(there) or 'none'})",
        next_step="name a served one with --model, or start the server with this one",
    )


def no_entry(url: str, kind: ServerKind, message: str | None) -> EngineUnavailableError:
    """It wants a key and was given none or a wrong one."""
    return EngineUnavailableError(f"{NAMES[kind]} at {url} refuses the key ({message or 'HTTP 401'})", next_step=KEY)


def not_openai(url: str, what: str) -> EngineUnavailableError:
    """Something answers there and it is not an OpenAI-compatible server."""
    return EngineUnavailableError(
        f"what answers at {url} is not an OpenAI-compatible server ({what})", next_step=CONFIGURE
    )


def no_server(url: str, cause: BaseException) -> EngineUnavailableError:
    """Nobody answers there."""
    why = "" if "refused" in str(cause) else f" ({str(cause) or type(cause).__name__})"
    return EngineUnavailableError(f"no server answers at {url}{why}", next_step=f"start it, or {CONFIGURE}")


def cut(url: str, kind: ServerKind, cause: str) -> GenerationError:
    """The connection ended before the answer did."""
    return GenerationError(
        f"{NAMES[kind]} at {url} broke off in the middle of the answer ({cause})",
        next_step="try again, or use `--engine reader`; the server's log says why (often out of memory)",
    )


def silent(url: str, kind: ServerKind, waited_s: float) -> GenerationError:
    """Connected and at work, and not a byte for longer than we wait."""
    return GenerationError(
        f"{NAMES[kind]} at {url} sent no byte for {waited_s:,g} s",
        next_step="a long prompt on a slow machine may need more: set SPEEDKING_TIMEOUT_S, or ask a shorter one",
    )


def error_message(body: str) -> str | None:
    """The text of `{"error": {"message": ...}}`, of `{"error": "..."}`, of FastAPI's `{"detail": ...}` or of the
    older `{"object": "error", "message": ...}`; None where the body is anything else."""
    try:
        said = json.loads(body)
    except ValueError:
        return None
    if not isinstance(said, dict):
        return None
    error = said.get("error") or said.get("detail") or (said.get("message") if said.get("object") == "error" else None)
    if isinstance(error, dict):
        error = error.get("message") or error
    return None if error is None else error if isinstance(error, str) else json.dumps(error)


def _start_of(body: str) -> str:
    text = " ".join(body.split())
    return f"{text[:60]!r}" if text else "an empty body"
