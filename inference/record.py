"""The typed record of one generation: tokens and seconds as the engine and our clock saw them.

It travels on the AIMessage, in `response_metadata[KEY]` of the last chunk only (LangChain merges the
metadata of chunks by concatenating, so a record on two chunks would be spoiled). `attach` is its only
writer and `of` its only reader; everybody in between passes it on unread.

Missing is None, never 0. Nothing here is derived but two rates and a difference, whose formulas stand
beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

KEY = "speedking_generation"

CachedSource = Literal["field", "slots", "bounded"]

MESSAGE_TOKENS = 8
"""Of a prompt's tokens, what a chat template puts around each message (role, separators); errs high."""


TEMPLATE_TOKENS = 4
"""Of what a model writes, the marks that no piece shows: the end of the thinking, the end of the turn."""


class HasMetadata(Protocol):
    """What `of` needs of a message; LangChain's AIMessage has it."""

    response_metadata: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Generation:
    """One call of a language model.

    Token counts are the engine's own. `*_s` are seconds. Engine times (`load_s`, `prefill_s`,
    `decode_s`, `engine_total_s`) come from the engine; `ttft_s` and `total_s` are read on our monotonic
    clock, from before the request is sent: `ttft_s` to the first token of any kind (thinking, tool call
    or answer; an empty or role-only chunk is no token), `ttfa_s` to the first token of the answer text,
    `total_s` to the end of the stream.
    """

    engine: str
    model: str
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    """Of `prompt_tokens`, those that were not computed again. None: the engine does not tell."""
    cached_source: CachedSource | None = None
    decode_tokens: int | None = None
    """All tokens written, thinking and tool calls included."""
    load_s: float | None = None
    prefill_s: float | None = None
    decode_s: float | None = None
    engine_total_s: float | None = None
    ttft_s: float | None = None
    ttfa_s: float | None = None
    total_s: float | None = None
    done_reason: str | None = None
    """"stop", "length" or what else the engine says."""
    headers_s: float | None = None
    """To the head of the HTTP answer; None where there is none, in the process."""
    first_chunk_s: float | None = None
    """To the first piece of any kind, one without a token too."""
    first_call_s: float | None = None
    last_token_s: float | None = None
    queued_s: float | None = None
    """Before all that: turned away by a full queue, and tried again. None: the engine has none."""
    thinking_chunks: int | None = None
    answer_chunks: int | None = None
    call_chunks: int | None = None
    """Pieces of the stream that held thinking, answer, a call of a tool. A piece is mostly a token, a call is one
    piece of many."""

    @property
    def decode_tps(self) -> float | None:
        """Engine's decode rate, tokens/s: decode_tokens / decode_s."""
        return _rate(self.decode_tokens, self.decode_s)

    @property
    def prefill_tps(self) -> float | None:
        """Cold prefill rate, tokens/s: (prompt_tokens - cached_tokens) / prefill_s.

        None where the cached tokens are unknown: prompt_tokens / prefill_s on a warm prefix is
        impossibly fast, because prefill_s times only the new tokens.
        """
        if self.prompt_tokens is None or self.cached_tokens is None:
            return None
        return _rate(self.prompt_tokens - self.cached_tokens, self.prefill_s)

    @property
    def decode_client_tps(self) -> float | None:
        """Decode rate on our clock, tokens/s: (decode_tokens - 1) / (last_token_s - ttft_s). Never in one column with
        `decode_tps`."""
        if self.decode_tokens is None or self.ttft_s is None or self.last_token_s is None:
            return None
        return _rate(self.decode_tokens - 1, self.last_token_s - self.ttft_s)

    @property
    def thinking_tokens(self) -> int | None:
        """Of decode_tokens, those of the thinking: its pieces, where pieces can be tokens at all (no more of them than
        tokens, and none missing but a call's and a template's few). None where they cannot."""
        return self._tokens(self.thinking_chunks)

    @property
    def answer_tokens(self) -> int | None:
        """Of decode_tokens, those of the answer text; see `thinking_tokens`."""
        return self._tokens(self.answer_chunks)

    @property
    def call_tokens(self) -> int | None:
        """Of decode_tokens, what is left beside thinking and answer where a tool was called; 0 where none was."""
        thinking, answer = self.thinking_tokens, self.answer_tokens
        if self.decode_tokens is None or thinking is None or answer is None:
            return None
        return self.decode_tokens - thinking - answer if self.call_chunks else 0

    def _tokens(self, chunks: int | None) -> int | None:
        """A piece counts as a token where the pieces account for the tokens: with several in a piece (speculative
        decoding, text that waits for its last byte) they do not."""
        counts = (self.decode_tokens, self.thinking_chunks, self.answer_chunks)
        if chunks is None or any(count is None for count in counts):
            return None
        written, *pieces = (count or 0 for count in counts)
        missing, few = written - sum(pieces), min(TEMPLATE_TOKENS, sum(pieces))
        return chunks if missing >= 0 and (self.call_chunks or missing <= few) else None

    @property
    def unexplained_s(self) -> float | None:
        """total_s less the engine's load, prefill and decode: transport, template, sampling."""
        if self.total_s is None or self.prefill_s is None or self.decode_s is None:
            return None
        return self.total_s - (self.load_s or 0.0) - self.prefill_s - self.decode_s


def _rate(tokens: int | None, seconds: float | None) -> float | None:
    if tokens is None or not seconds:
        return None
    return tokens / seconds


def attach(metadata: dict[str, Any], generation: Generation) -> None:
    """Put the record into the response metadata of a message or of its last chunk."""
    metadata[KEY] = asdict(generation)


def of(message: HasMetadata) -> Generation | None:
    """The record that travels on a message, or None where its engine writes none."""
    stored: Mapping[str, Any] | None = message.response_metadata.get(KEY)
    return Generation(**stored) if stored is not None else None
