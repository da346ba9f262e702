"""llama.cpp's own words for a prompt that is too long; Ollama passes them on, at some depth of quoting."""

from __future__ import annotations

import re

from inference.errors import ContextOverflowError

_WORDS = re.compile(r"request \((\d+) tokens\) exceeds the available context size \((\d+) tokens\)")


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
