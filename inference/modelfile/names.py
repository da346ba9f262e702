"""Names behind PARAMETER in other people's Modelfiles that are none: of earlier versions, or of other programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

from inference.modelfile.parameters import PARAMETERS

DROPPED = frozenset(
    {
        *("penalize_newline", "low_vram", "f16_kv", "logits_all", "vocab_only", "use_mlock"),
        *("mirostat", "mirostat_tau", "mirostat_eta"),
    }
)
"""Parameters of earlier versions: `ollama create` warns and leaves them out (its parser's deprecatedParameters)."""
GONE = frozenset({"tfs_z", "num_gqa", "numa", "rope_frequency_base", "rope_frequency_scale", "embedding_only"})
"""Parameters of earlier versions that are unknown now: `ollama create` fails."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """What somebody meant: a parameter of Ollama, or a thing that is set elsewhere."""

    parameter: str | None
    reason: str


_FLASH = Foreign(
    None,
    "flash attention is no option of a model but of the server: OLLAMA_FLASH_ATTENTION, and left unset it is on by "
    "itself wherever it is supported",
)
_CACHE = Foreign(
    None, "the type of the KV cache belongs to the server: OLLAMA_KV_CACHE_TYPE (f16, q8_0, q4_0), with flash attention"
)
_PARALLEL = Foreign(
    None, "slots belong to the server: OLLAMA_NUM_PARALLEL, 1 by itself and always 1 for Qwen 3.5 and its kin"
)
_KEEP_ALIVE = Foreign(None, "how long a model stays loaded belongs to the server (OLLAMA_KEEP_ALIVE) or to a request")
_THINK = Foreign(None, "thinking is asked for with each request (`think`, in the shell `--think`)")
_MLOCK = Foreign(None, "memory is no longer pinned by Ollama")


def _is(parameter: str) -> Foreign:
    return Foreign(parameter, f"Ollama calls it {parameter}")


FOREIGN: Mapping[str, Foreign] = MappingProxyType(
    {
        **dict.fromkeys(("flash_attn", "flash_attention", "flashattention", "flash", "fa"), _FLASH),
        **dict.fromkeys(("kv_cache_type", "cache_type", "cache_type_k", "cache_type_v", "kv_cache"), _CACHE),
        **dict.fromkeys(("num_parallel", "n_parallel", "parallel", "np"), _PARALLEL),
        **dict.fromkeys(("keep_alive", "keepalive"), _KEEP_ALIVE),
        **dict.fromkeys(("think", "thinking", "enable_thinking", "reasoning"), _THINK),
        **dict.fromkeys(("mlock", "use_mlock"), _MLOCK),
        **dict.fromkeys(
            ("n_ctx", "ctx", "ctx_size", "context", "context_length", "context_size", "context_window", "max_ctx"),
            _is("num_ctx"),
        ),
        **dict.fromkeys(("n_batch", "batch", "batch_size", "ubatch", "num_ubatch", "n_ubatch"), _is("num_batch")),
        **dict.fromkeys(("ngl", "n_gpu_layers", "gpu_layers", "num_gpu_layers", "n_gpu"), _is("num_gpu")),
        **dict.fromkeys(("threads", "n_threads", "num_threads"), _is("num_thread")),
        **dict.fromkeys(("max_tokens", "n_predict", "max_new_tokens", "max_length"), _is("num_predict")),
        **dict.fromkeys(("repetition_penalty", "repeat_pen", "rep_penalty"), _is("repeat_penalty")),
        **dict.fromkeys(("stop_sequence", "stop_sequences", "stops"), _is("stop")),
        **dict.fromkeys(("temp",), _is("temperature")),
        **dict.fromkeys(("mmap",), _is("use_mmap")),
        **dict.fromkeys(("draft_max", "spec_draft_n_max", "num_draft"), _is("draft_num_predict")),
    }
)


def meant(name: str) -> Foreign | None:
    """What an unknown name was meant to be: by the table, as OLLAMA_..., in another case, or by its spelling."""
    plain = name.lower().replace("-", "_").removeprefix("ollama_").strip("_")
    if plain in FOREIGN:
        return FOREIGN[plain]
    if plain in PARAMETERS:
        return Foreign(plain, f"names are written in small letters: {plain}")
    close = get_close_matches(plain, PARAMETERS, n=1, cutoff=0.75)
    return Foreign(close[0], f"did you mean {close[0]}?") if close else None
