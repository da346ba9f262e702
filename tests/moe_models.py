"""Writes a Qwen mixture of experts with random weights that follows a script: real work, known words.

It costs what a model of its geometry costs, since speed does not depend on the values, and says what the script
says, because each block's last projection is zero (see `Vocabulary.scripted`). With thinking on it thinks a
known number of tokens and calls a tool, with thinking off it answers: the prompt of Qwen 3.5 ends differently.
For Ollama, create it with `create_body`, which names the renderer and the parser of Qwen 3.5.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, Literal

import gguf
import numpy as np
from gguf.quants import quantize

from tests.gguf_vocabulary import NEWLINE, STOP, Array, Vocabulary, merges_of
from tests.moe_tensors import Architecture, Geometry, blocks, describe

THINKING, NOT_THINKING = "<think>\n", "<think>\n\n</think>\n\n"
"""How a prompt of Qwen 3.5 ends, after "assistant\\n". Each is one token here and begins a script of its own."""
THOUGHT = "</think>\n\n"
QWEN35 = (
    "{% if tools %}<|im_start|>system\n# Tools\n<tools>{% for t in tools %}\n{{ t | tojson }}{% endfor %}\n</tools>\n"
    "<tool_call>\n<function=NAME>\n<parameter=KEY>\nVALUE\n</parameter>\n</function>\n</tool_call><|im_end|>\n"
    "{% endif %}"
    "{% for m in messages %}{% if m.role == 'tool' %}<|im_start|>user\n<tool_response>\n{{ m.content }}\n"
    "</tool_response><|im_end|>\n{% else %}<|im_start|>{{ m.role }}\n"
    "{% if m.reasoning_content %}<think>\n{{ m.reasoning_content }}\n</think>\n\n{% endif %}{{ m.content or '' }}"
    "{% for c in m.tool_calls or [] %}<tool_call>\n<function={{ c.function.name }}>\n"
    "{% for key, value in c.function.arguments.items() %}<parameter={{ key }}>\n{{ value }}\n</parameter>\n{% endfor %}"
    "</function>\n</tool_call>{% endfor %}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n"
    "{% else %}<think>\n{% endif %}{% endif %}"
)
"""A chat template of the form of Qwen 3.5's, for llama.cpp; under Ollama the renderer takes its place."""
Quantization = Literal["F32", "F16", "Q8_0", "Q4_0"]
_FILE_TYPES: dict[Quantization, gguf.LlamaFileType] = {
    "F32": gguf.LlamaFileType.ALL_F32,
    "F16": gguf.LlamaFileType.MOSTLY_F16,
    "Q8_0": gguf.LlamaFileType.MOSTLY_Q8_0,
    "Q4_0": gguf.LlamaFileType.MOSTLY_Q4_0,
}


def tool_call(name: str, arguments: Mapping[str, str]) -> str:
    """A call as Qwen 3.5 writes it."""
    parameters = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in arguments.items())
    return f"<tool_call>\n<function={name}>\n{parameters}</function>\n</tool_call>"


@dataclass(frozen=True, slots=True)
class Script:
    """With thinking on: `thoughts` tokens " step0", " step1", ..., the end of thinking, `call`, stop. With thinking
    off, or in a template without any: `answer`, a word a token. Without a call, the answer follows the thoughts.
    """

    thoughts: int = 150
    call: str | None = tool_call("search", {"q": "mixture of experts"})
    answer: str = "Local models answer from your own documents [1]."

    def follows(self) -> dict[str, str]:
        """Each token to the one after it."""
        thoughts = [f" step{n}" for n in range(self.thoughts)]
        words = re.findall(r"\s*\S+", self.answer)
        end = [words[0]] if self.call is None else [self.call, STOP]
        ways = [[THINKING, *thoughts, THOUGHT, *end], [NOT_THINKING, *words, STOP], [NEWLINE, words[0]]]
        steps = list(chain.from_iterable(pairwise(way) for way in ways))
        assert len({here for here, _ in steps}) == len(steps), "two tokens follow the same one"
        return dict(steps)


def create_body(model: str, path: Path, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The body of Ollama's /api/create for such a file, whose bytes have to be at /api/blobs/sha256:... already."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    body: dict[str, Any] = {"model": model, "files": {path.name: f"sha256:{digest}"}}
    return body | {"renderer": "qwen3.5", "parser": "qwen3.5", "parameters": dict(parameters or {})}


def write_moe_model(
    path: Path,
    *,
    architecture: Architecture = "qwen35moe",
    geometry: Geometry | None = None,
    script: Script | None = None,
    quantization: Quantization = "F32",
    template: str = QWEN35,
    text: str | None = None,
    vocabulary_size: int = 4096,
) -> Path:
    """A GGUF file that llama.cpp loads and Ollama creates a model from.

    `quantization` is that of the projections; embeddings and output stay float32. Any text costs one token a
    byte; with `text`, a vocabulary of `vocabulary_size` is trained on it, for prompts of a real length.
    """
    geometry, follows = geometry or Geometry(), (script or Script()).follows()
    steps = [token for token in dict.fromkeys(chain(*follows.items())) if token not in (NEWLINE, STOP)]
    vocabulary = Vocabulary(steps, merges_of(text, vocabulary_size) if text else ())
    writer = gguf.GGUFWriter(path, architecture, use_temp_file=True)
    describe(writer, architecture, geometry, _FILE_TYPES[quantization])
    vocabulary.write(writer, pre="qwen35" if architecture == "qwen35moe" else "qwen2", template=template)
    random = np.random.default_rng(0)
    embeddings, output = vocabulary.scripted(follows, geometry.width, random)
    tensors = {"token_embd.weight": embeddings, "output.weight": output}
    for name, tensor in chain(tensors.items(), blocks(architecture, geometry, random)):
        _add(writer, name, tensor, quantization if name not in tensors else "F32")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add(writer: gguf.GGUFWriter, name: str, tensor: Array, quantization: Quantization) -> None:
    """Vectors, the small convolution and the choice of experts stay as they are, as in real files."""
    kept = tensor.ndim < 2 or tensor.shape[-1] % 32 or "ffn_gate_inp" in name
    if quantization == "F32" or kept:
        writer.add_tensor(name, tensor)
    else:
        kind = gguf.GGMLQuantizationType[quantization]
        writer.add_tensor(name, quantize(tensor, kind), raw_dtype=kind)
