"""Writes a tiny language model that llama.cpp really loads and runs, and that says what we want.

Every layer computes with random weights, but its last projection is zero, so the residual stream carries
only the last token's embedding; the output matrix then leads from each token of a script to the next.
Greedy decoding follows the script from the last token of the prompt, the newline after "assistant".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import gguf
import numpy as np

from tests.gguf_vocabulary import NEWLINE, STOP, Array, Vocabulary

WIDTH, LAYERS, HEADS, KV_HEADS, HIDDEN = 64, 2, 4, 2, 128
ANSWER = "Local models answer from your own documents [1]."
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
WITH_TOOLS = (
    "{% if tools %}<|im_start|>system\n<tools>\n{% for t in tools %}{{ t | tojson }}\n{% endfor %}</tools>\n"
    'Answer a call as <tool_call>\n{"name": ..., "arguments": ...}\n</tool_call><|im_end|>\n{% endif %}'
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content or '' }}"
    "{% for c in m.tool_calls or [] %}<tool_call>\n"
    '{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}'
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def write_tiny_model(
    path: Path,
    *,
    answer: str | Sequence[str] = ANSWER,
    context: int = 4096,
    template: str = CHATML,
    pooling: int | None = None,
) -> Path:
    """A GGUF file of about 400 KB, architecture llama, that answers every chat with `answer`.

    Each word of the answer, or each item of a sequence, is one token; they must differ. Any other text
    costs one token a byte. `pooling` other than None makes it an embedding model.
    """
    steps = re.findall(r"\s*\S+", answer) if isinstance(answer, str) else list(answer)
    vocabulary = Vocabulary(steps)
    writer = gguf.GGUFWriter(path, "llama")
    _describe(writer, context, pooling)
    vocabulary.write(writer, pre="qwen2", template=template)
    _add_weights(writer, vocabulary, dict(pairwise([NEWLINE, *steps, STOP])))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _describe(writer: gguf.GGUFWriter, context: int, pooling: int | None) -> None:
    writer.add_name("tiny")
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_file_type(0)
    if pooling is not None:
        writer.add_uint32("llama.pooling_type", pooling)


def _add_weights(writer: gguf.GGUFWriter, vocabulary: Vocabulary, follows: Mapping[str, str]) -> None:
    random = np.random.default_rng(0)

    def noise(*shape: int) -> Array:
        return random.standard_normal(shape, dtype=np.float32) * np.float32(0.02)

    embeddings, output = vocabulary.scripted(follows, WIDTH, random)
    writer.add_tensor("token_embd.weight", embeddings)
    writer.add_tensor("output.weight", output)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    narrow = WIDTH // HEADS * KV_HEADS
    shapes = {"attn_q": (WIDTH, WIDTH), "attn_k": (narrow, WIDTH), "attn_v": (narrow, WIDTH)}
    shapes |= {"ffn_gate": (HIDDEN, WIDTH), "ffn_up": (HIDDEN, WIDTH)}
    for layer in range(LAYERS):
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(WIDTH, np.float32))
        for name, shape in shapes.items():
            writer.add_tensor(f"blk.{layer}.{name}.weight", noise(*shape))
        writer.add_tensor(f"blk.{layer}.attn_output.weight", np.zeros((WIDTH, WIDTH), np.float32))
        writer.add_tensor(f"blk.{layer}.ffn_down.weight", np.zeros((WIDTH, HIDDEN), np.float32))
