"""How fast a model reads a prompt it has not seen.

A server that keeps the last prompt answers a warm one in milliseconds and reports all its tokens, so that
tokens / time is impossibly fast. Every prompt here begins with a nonce of its own, and the tokens that
were cached are subtracted or bounded; where neither is possible the figure is refused.

The bound holds only where `generate` sees to it that the nonce stands before everything that varies from model
to model: after it nothing is cached, before it stands the template's fixed head alone. A text of the server's
own that would come before the prompt (a Modelfile's SYSTEM) has to be replaced, by a system message of ours
that begins with the nonce.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import TypeAlias

from eval.busy import Snapshot, is_busy, others_share, snapshot
from eval.row import PrefillSample, Row, Status, disturbed, join_reasons, middle, spreads, whole_median
from inference.errors import ContextOverflowError, MeasurementError, SpeedkingError
from inference.record import Generation

Generate: TypeAlias = Callable[[str], Generation]
MakePrompt: TypeAlias = Callable[[int, str], str]
"""(tokens, nonce) -> a prompt of about that many tokens with the nonce in its first words."""
OnPrefillSample: TypeAlias = Callable[[PrefillSample], None]

HEAD_TOKENS = 64
"""The most tokens that a chat template puts before the nonce, which it cannot keep uncached."""
WARM_UP_TOKENS = 256
MIN_DECODE_TOKENS = 16
"""A decode rate over fewer tokens is not given: the first one is part of the prefill in some engines."""
MODEL_COLD_S = 0.1
"""A request that loads nothing reports a load of up to 0.004 s, the smallest load seen was 0.26 s."""
_CACHED_SHARE = 0.01
_NONCE_WITHIN = 200


def measure_prefill(
    generate: Generate,
    make_prompt: MakePrompt,
    tokens: int,
    repeats: int = 3,
    *,
    head_tokens: int = HEAD_TOKENS,
    warm: bool = False,
    on_sample: OnPrefillSample | None = None,
    look: Snapshot = snapshot,
) -> Row:
    """Time `repeats` prompts of about `tokens` tokens, each new to the server.

    `warm` False makes one small call first, which is not counted. `on_sample` receives each sample as it
    is made. An engine's error ends the row, which then says why. Raises MeasurementError where
    `make_prompt` does not put the nonce first.
    """
    samples: list[PrefillSample] = []
    stopped: tuple[Status, str] | None = None
    try:
        if not warm:
            generate(fresh_prompt(make_prompt, min(WARM_UP_TOKENS, tokens)))
        for _ in range(repeats):
            samples.append(_sample(generate, fresh_prompt(make_prompt, tokens), head_tokens, look))
            if on_sample is not None:
                on_sample(samples[-1])
    except MeasurementError:
        raise
    except ContextOverflowError as error:
        stopped = "skipped", f"{error.message}; {error.next_step}"
    except SpeedkingError as error:
        stopped = "failed", f"{error.message}; {error.next_step}"
    return _row(tokens, samples, stopped)


def fresh_prompt(make_prompt: MakePrompt, tokens: int) -> str:
    """A prompt that no cache has seen beyond the template's head."""
    nonce = secrets.token_hex(8)
    prompt = make_prompt(tokens, nonce)
    if nonce not in prompt[:_NONCE_WITHIN]:
        raise MeasurementError(
            f"the nonce is not within the first {_NONCE_WITHIN} characters of the prompt, "
            "so a cached prompt could pass as a fast one",
            next_step="let make_prompt put the nonce first",
        )
    return prompt


def _sample(generate: Generate, prompt: str, head_tokens: int, look: Snapshot) -> PrefillSample:
    before = look()
    generation = generate(prompt)
    others = others_share(before, look())
    status, rate, reason = judge_prefill(generation, head_tokens)
    return PrefillSample(generation, status, rate, reason, others, is_busy(others))


def judge_prefill(generation: Generation, head_tokens: int = HEAD_TOKENS) -> tuple[Status, float | None, str | None]:
    """Status, cold prefill rate in tokens/s, and the reason of anything but a plain measurement.

    Cached tokens known, and at most 1 % of the prompt: (prompt - cached) / prefill_s, measured. More, but
    at most `head_tokens`: the same, bounded. Unknown: (prompt - head_tokens) / prefill_s, bounded; the
    nonce sees to it that no more was cached. Else refused.
    """
    prompt, cached, seconds = generation.prompt_tokens, generation.cached_tokens, generation.prefill_s
    if prompt is None or not seconds:
        return "refused", None, "the engine tells no prompt tokens or no prompt time"
    if cached is None:
        if prompt <= head_tokens:
            return "refused", None, f"{prompt} tokens are no more than a template's head may have cached"
        reason = f"bounded: cached tokens not known, at most {head_tokens} of {prompt:,}"
        return "bounded", (prompt - head_tokens) / seconds, reason
    if cached > max(_CACHED_SHARE * prompt, head_tokens) or cached >= prompt:
        return "refused", None, f"invalid: cached ({cached:,} of {prompt:,} tokens)"
    rate = (prompt - cached) / seconds
    if cached > _CACHED_SHARE * prompt or generation.cached_source == "bounded":
        return "bounded", rate, f"bounded: {cached} of {prompt:,} tokens cached, a template's head"
    return "measured", rate, None


def decode_rate(generation: Generation) -> float | None:
    """The engine's decode rate in tokens/s, None where too few tokens were written to tell."""
    return generation.decode_tps if (generation.decode_tokens or 0) >= MIN_DECODE_TOKENS else None


def _row(tokens: int, samples: Sequence[PrefillSample], stopped: tuple[Status, str] | None) -> Row:
    true = [sample for sample in samples if not _answered_from_cache(sample)]
    generations = [sample.generation for sample in true]
    spread = spreads(
        {
            "prefill_tps": [sample.prefill_tps for sample in true],
            "prefill_client_tps": [_client_rate(generation) for generation in generations],
            "decode_tps": [decode_rate(generation) for generation in generations],
            "ttft_s": [generation.ttft_s for generation in generations],
            "wall_s": [generation.total_s for generation in generations],
        }
    )
    prompt_tokens = whole_median(sample.generation.prompt_tokens for sample in samples)
    return Row(
        name=f"prefill {tokens:,} tokens",
        kind="prefill",
        status=stopped[0] if stopped else _worst(samples),
        prompt_tokens=prompt_tokens,
        cached_tokens=whole_median(sample.generation.cached_tokens for sample in samples),
        cached_source=samples[-1].generation.cached_source if samples else None,
        ttft_s=middle(spread, "ttft_s"),
        prefill_tps=middle(spread, "prefill_tps"),
        prefill_client_tps=middle(spread, "prefill_client_tps"),
        decode_tps=middle(spread, "decode_tps"),
        wall_s=middle(spread, "wall_s"),
        decode_tokens=whole_median(generation.decode_tokens for generation in generations),
        reason=join_reasons(
            stopped[1] if stopped else None,
            _refused(samples),
            *(sample.reason for sample in samples),
            _other_length(tokens, prompt_tokens),
            loaded_again([sample.generation.load_s for sample in samples], "samples"),
            disturbed(spread, samples),
        ),
        spread=spread,
        samples=tuple(samples),
    )


def _answered_from_cache(sample: PrefillSample) -> bool:
    # Its time to the first token is as untrue as its rate; without engine times only the rate is missing.
    return sample.status == "refused" and bool(sample.generation.prefill_s)


def _client_rate(generation: Generation) -> float | None:
    if generation.prefill_s or generation.prompt_tokens is None or not generation.ttft_s:
        return None
    return generation.prompt_tokens / generation.ttft_s


def _worst(samples: Sequence[PrefillSample]) -> Status:
    """The row's status by its samples that have a figure."""
    statuses = {sample.status for sample in samples} - {"refused"}
    if not statuses:
        return "refused"
    return "measured" if statuses == {"measured"} else "bounded"


def _refused(samples: Sequence[PrefillSample]) -> str | None:
    refused = sum(sample.status == "refused" for sample in samples)
    return f"{refused} of {len(samples)} samples refused" if 0 < refused < len(samples) else None


def _other_length(asked: int, counted: int | None) -> str | None:
    if counted is None or abs(counted - asked) <= 0.01 * asked:
        return None
    return f"asked for {asked:,} tokens, the engine counted {counted:,}"


def loaded_again(loads_s: Sequence[float | None], of_what: str) -> str | None:
    """What a reader has to know where a model was loaded in the middle of what is timed; `of_what` in plural."""
    loads = sum((load_s or 0.0) > MODEL_COLD_S for load_s in loads_s)
    return f"the model was loaded again in {loads} of {len(loads_s)} {of_what}" if loads else None
