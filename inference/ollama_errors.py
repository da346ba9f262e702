"""What Ollama says when it refuses, turned into our family of errors. The only place that reads its words."""

from __future__ import annotations

import json

from inference.errors import (
    EngineError,
    EngineUnavailableError,
    GenerationError,
    ModelMissingError,
    ModelUnsuitableError,
)
from inference.overflow import overflow_in

LONGER = "`speedking tune --num-ctx {}`"
START = "start it with `ollama serve`, or go on without a model: `--engine reader`"


def refusal(status: int, body: str, *, model: str, url: str) -> EngineError:
    """The error for an answer that is not HTTP 200, or for an error line in a stream (status 200)."""
    message = error_message(body)
    if message is None:
        return not_ollama(url, f"HTTP {status}, {_start_of(body)}")
    if (overflow := overflow_in(message, model, LONGER)) is not None:
        return overflow
    said = f"Ollama at {url} says: {message}"
    if status == 404 and "not found" in message:
        return ModelMissingError(f"the model {model!r} is not installed at {url}", next_step=f"`ollama pull {model}`")
    if "does not support" in message:
        return ModelUnsuitableError(said, next_step="choose another with --model; `ollama show NAME` lists abilities")
    if "must be of type" in message:
        return ModelUnsuitableError(
            said, next_step=f"the model {model!r} was created with a wrong value: tune it again"
        )
    if status == 503:
        return EngineUnavailableError(said, next_step="wait for the other requests, or raise OLLAMA_MAX_QUEUE")
    return GenerationError(said, next_step="try again; the server's log says more (`ollama serve` prints it)")


def not_ollama(url: str, what: str) -> EngineUnavailableError:
    """Something answers there and it is not Ollama."""
    return EngineUnavailableError(
        f"what answers at {url} is not Ollama ({what})",
        next_step="give Ollama's own address with --base-url or OLLAMA_HOST, e.g. http://127.0.0.1:11434",
    )


def no_server(url: str, cause: BaseException) -> EngineUnavailableError:
    """Nobody answers there."""
    return EngineUnavailableError(
        f"no Ollama answers at {url} ({type(cause).__name__}: {cause})".replace(": )", ")"), next_step=START
    )


def cut(url: str, cause: str) -> GenerationError:
    """The connection ended before the answer did."""
    return GenerationError(
        f"Ollama at {url} broke off in the middle of the answer ({cause})",
        next_step="try again; the server's log says why (out of memory is the usual reason)",
    )


def error_message(body: str) -> str | None:
    """The text of Ollama's `{"error": ...}`, or None where the body is anything else."""
    try:
        error = json.loads(body)["error"]
    except (ValueError, TypeError, KeyError):
        return None
    return error if isinstance(error, str) else json.dumps(error)


def _start_of(body: str) -> str:
    text = " ".join(body.split())
    return f"{text[:60]!r}" if text else "an empty body"
