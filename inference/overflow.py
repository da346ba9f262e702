"""The servers' own words for a prompt that is too long: llama.cpp's, which Ollama passes on at some depth of quoting,
and vLLM's, of which there are several."""

from __future__ import annotations

import re
from collections.abc import Callable

from inference.errors import ContextOverflowError

_WORDS = re.compile(r"request \((\d+) tokens\) exceeds the available context size \((\d+) tokens\)")
_VLLM_CONTEXT = re.compile(
    r"(?:maximum context length is|context length is only|maximum model length of) (\d+)", re.IGNORECASE
)
_VLLM_PROMPT = re.compile(
    r"(\d+) input tokens|\((\d+) in (?:the|your) (?:messages|prompt)|prompt \(length (\d+)\)|resulted in (\d+) tokens"
)
"""vllm/renderers/params.py, vllm/entrypoints/openai/engine/serving.py and vllm/v1/engine in their versions of 2024 to
2026: "This model's maximum context length is N tokens. However, you requested M tokens (K in the messages, ...)",
"... you requested M output tokens and your prompt contains at least K input tokens", "You passed K input tokens and
requested M output tokens. However, the model's context length is only N tokens", "The decoder prompt (length K) is
longer than the maximum model length of N"."""


def overflow_in(text: str, model: str, longer: str) -> ContextOverflowError | None:
    """The error with both numbers, or None where the text speaks of something else.

    `longer` says how to get a longer context, with `{}` for the number of tokens.
    """
    found = _WORDS.search(text)
    if found is None:
        return None
    prompt, context = int(found[1]), int(found[2])
    return ContextOverflowError(
        f"the prompt has {prompt} tokens and the context of {model!r} has {context}",
        next_step=f"ask for fewer passages (--k), or a longer context: {longer.format(prompt + 1024)}",
        prompt_tokens=prompt,
        context_tokens=context,
    )


def vllm_overflow_in(
    text: str, model: str, longer: str, *, counted: Callable[[], int], output_tokens: int
) -> ContextOverflowError | None:
    """`overflow_in` of vLLM's words; prompt and answer together must fit there.

    It stops counting a prompt at one token more than fits, and may name characters only: `counted`, our own count,
    stands where it is higher.
    """
    context = _VLLM_CONTEXT.search(text)
    if context is None:
        return None
    said = _VLLM_PROMPT.search(text)
    prompt = max(counted(), *(int(number) for number in (said.groups() if said else ()) if number), 0)
    return ContextOverflowError(
        f"the prompt has {prompt} tokens, {output_tokens} are kept for the answer, and the context of {model!r} has "
        f"{context[1]}",
        next_step="ask for fewer passages (--k), or a longer context: "
        + longer.format(prompt + max(output_tokens, 1024)),
        prompt_tokens=prompt,
        context_tokens=int(context[1]),
    )
