"""What the tests on a real Ollama share: whether one is there, and a mixture of experts that follows a script."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inference.address import ollama_address
from inference.errors import EngineUnavailableError
from inference.gguf.file import whole_digest
from inference.ollama.api import OllamaApi
from tests.moe_models import Script, create_body, write_moe_model
from tests.moe_tensors import Geometry

MODEL = os.environ.get("SPEEDKING_TEST_OLLAMA_MODEL", "qwen2.5-coder:0.5b")


def why_not() -> str | None:
    """Why these tests cannot run here; None where they can."""
    if not os.environ.get("OLLAMA_HOST"):
        return "OLLAMA_HOST names no server"
    try:
        with OllamaApi(ollama_address(), timeout_s=5) as api:
            there = [model.name for model in api.installed()]
    except EngineUnavailableError as error:
        return error.message
    return None if MODEL in there else f"{MODEL} is not installed there"


@contextmanager
def scripted_moe(
    folder: Path, name: str, script: Script | None = None, geometry: Geometry | None = None, **parameters: int
) -> Iterator[str]:
    """A qwen35moe on the server, with the renderer and the parser of Qwen 3.5, until the block ends. With a `geometry`
    of its own it is quantised, as one of a real size would be."""
    path = write_moe_model(
        folder / f"{name}.gguf", script=script, geometry=geometry, quantization="Q8_0" if geometry else "F32"
    )
    with OllamaApi(ollama_address()) as api:
        digest = whole_digest(path)
        if not api.has_blob(digest):
            api.upload_blob(digest, path, lambda _sent: None)
        api.create(create_body(name, path, parameters), lambda _status: None)
        try:
            yield name
        finally:
            api.delete(name)
