"""What Ollama says when it refuses, turned into our family of errors. The only place that reads its words."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from inference.address import is_loopback
from inference.errors import (
    EngineError,
    EngineUnavailableError,
    GenerationError,
    ModelMissingError,
    ModelUnsuitableError,
    ToolCallError,
)
from inference.overflow import overflow_in

LONGER = "`speedking tune --num-ctx {}`"
_UNREADABLE_CALL = re.compile(
    r"tool call|XML syntax error|failed to parse (?:JSON|XML)|invalid character '|unexpected end of JSON input"
    r"|empty function name"
)
"""Its parsers of tool calls pass their own errors on: encoding/xml's for Qwen 3.5, encoding/json's for Qwen 3."""
DIED = "an error was encountered while running the model"
SHOWN = 120
"""Characters of it that are passed on."""
_RAW_CALL = re.compile(r"raw='(.*)', err=", re.DOTALL)
ELSEWHERE = (
    "check the name, and that the server there listens to others (OLLAMA_HOST=0.0.0.0 where it is started); or go on"
    " without a model: `--engine reader`"
)
START = "start it with `ollama serve`, or go on without a model: `--engine reader`"


class TextTooLongError(GenerationError):
    """A text to be embedded has more tokens than the model's context; how many the server does not say."""


def refusal(status: int, body: str, *, model: str, url: str) -> EngineError:
    """The error for an answer that is not HTTP 200, or for an error line in a stream (status 200)."""
    message = error_message(body)
    if message is None:
        return not_ollama(url, f"HTTP {status}, {_start_of(body)}")
    if message.startswith(DIED):
        return _died(message, url)
    if (overflow := overflow_in(message, model, LONGER)) is not None:
        return overflow
    said = f"Ollama at {url} says: {message}"
    if status == 404 and "not found" in message:
        return ModelMissingError(f"the model {model!r} is not installed at {url}", next_step=f"`ollama pull {model}`")
    if "exceeds the context length" in message or "is too large to process" in message:
        return TextTooLongError(said, next_step="use an encoder with a longer context")
    if "does not support" in message:
        return ModelUnsuitableError(said, next_step="choose another with --model; `ollama show NAME` lists abilities")
    if "must be of type" in message:
        return ModelUnsuitableError(
            said, next_step=f"the model {model!r} was created with a wrong value: tune it again"
        )
    if status == 503:
        return EngineUnavailableError(said, next_step="wait for the other requests, or raise OLLAMA_MAX_QUEUE")
    return GenerationError(said, next_step="try again; the server's log says more (`ollama serve` prints it)")


def _died(message: str, url: str) -> GenerationError:
    """Ollama adds the last lines of the runner's log, which may speak of prompts that were refused long before."""
    return GenerationError(
        f"the model's process at {url} ended in the middle of the answer ({message[:SHOWN]})",
        next_step="try again: the next request starts it anew; the server's log says why (often out of memory)",
    )


def chat_refusal(status: int, body: str, *, model: str, url: str) -> EngineError:
    """`refusal` of a chat, where the fault may be the model's: a call of a tool that Ollama cannot read."""
    message = error_message(body) or ""
    died = message.startswith(DIED)
    if died or status not in (200, 500) or not _UNREADABLE_CALL.search(message):
        return refusal(status, body, model=model, url=url)
    raw = _RAW_CALL.search(message)
    return ToolCallError(
        f"the model wrote a tool call that Ollama at {url} cannot read: {message}", raw=raw[1] if raw else ""
    )


def not_ollama(url: str, what: str) -> EngineUnavailableError:
    """Something answers there and it is not Ollama."""
    return EngineUnavailableError(
        f"what answers at {url} is not Ollama ({what})",
        next_step="give Ollama's own address with --base-url or OLLAMA_HOST, e.g. http://127.0.0.1:11434",
    )


def no_server(url: str, cause: BaseException) -> EngineUnavailableError:
    """Nobody answers there."""
    here = is_loopback(urlsplit(url).hostname or "")
    return EngineUnavailableError(f"no Ollama answers at {url}{_why(cause)}", next_step=START if here else ELSEWHERE)


def _why(cause: BaseException) -> str:
    """Nothing for a plain refusal, which is no news beside "no Ollama answers"; else in brackets."""
    if "refused" in str(cause):
        return ""
    return f" ({str(cause) or type(cause).__name__})"


def cut(url: str, cause: str) -> GenerationError:
    """The connection ended before the answer did."""
    return GenerationError(
        f"Ollama at {url} broke off in the middle of the answer ({cause})",
        next_step="try again, or use `--engine reader`; the server's log says why (often out of memory)",
    )


def silent(url: str, waited_s: float | None) -> GenerationError:
    """Connected and at work, and not a byte for longer than we wait."""
    waited = "too long" if waited_s is None else f"{waited_s:,g} s"
    error = GenerationError(
        f"Ollama at {url} sent no byte for {waited}",
        next_step="a long prompt on a slow machine may need more: set SPEEDKING_TIMEOUT_S, or ask a shorter one",
    )
    error.passing = True
    return error


def no_proxy(url: str, name: str, cause: BaseException) -> EngineUnavailableError:
    """The proxy that is set for this address cannot be used at all."""
    return EngineUnavailableError(
        f"{name} names a proxy for {url} that cannot be used: {cause}",
        next_step=f"correct {name.upper()}, or name the host in NO_PROXY",
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
