"""The encoder and the reranker that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from inference.errors import EncoderError, UsageError
from speedking.settings import Settings

if TYPE_CHECKING:
    from rag.encoder import Encoder
    from rag.rerank import Reranker

OLLAMA = "ollama:"

_said: set[str] = set()


def encoder_for(settings: Settings) -> Encoder:
    """The configured encoder, else the packaged one. Nothing is downloaded and nothing pulled.

    Raises EncoderError where it is not on this machine, an EngineError where Ollama or its model is missing.
    """
    from rag.encode.prompts import published_prompts
    from rag.encoder import SentenceEncoder, open_encoder

    name, source = settings.encoder.value, settings.encoder.source
    if not name:
        return SentenceEncoder()
    if not name.startswith(OLLAMA):
        try:
            return open_encoder(name)
        except EncoderError as error:
            raise EncoderError(f"{source}: {error.message}", next_step=error.next_step) from error
    model = name.removeprefix(OLLAMA)
    if not model:
        raise UsageError(f"{source}: {name!r} names no model", next_step="for example ollama:nomic-embed-text")
    from inference.ollama.embed import OllamaEncoder

    prompts = published_prompts(model)
    return OllamaEncoder(
        model,
        base_url=settings.ollama_host.value,
        query_prompt=prompts.query,
        document_prompt=prompts.document,
        timeout_s=settings.timeout_s,
    )


def reranker_for(settings: Settings, say: Callable[[str], None]) -> Reranker | None:
    """The configured reranker, loaded; for commands that search. None where none is configured or it cannot be loaded:
    then `say` is told why, once a process."""
    name = settings.reranker.value
    if not name:
        return None
    from rag.rerank import CrossEncoderReranker

    try:
        return CrossEncoderReranker(name)
    except EncoderError as error:
        if name not in _said:
            _said.add(name)
            say(f"{settings.reranker.source}: going on without a reranker: {error.message} ({error.next_step})")
        return None
