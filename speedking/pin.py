"""A document that a chat keeps whole before the model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from inference.errors import UsageError
from speedking.engine import Choice, reader_for
from speedking.library import Opening

if TYPE_CHECKING:
    from rag import Index, Passage


def passages_of(pin: Path, library: Index, choice: Choice, opening: Opening) -> Sequence[Passage]:
    """The passages of a document that is named by its path or as in the folder.

    Raises UsageError where it is not in the index, where it does not fit, or where no model would read it.
    """
    from rag import ModelReader

    if choice.connection is None:
        raise UsageError(
            "--pin keeps a document before a language model, and the embedded reader has none",
            next_step="leave it out, or choose an engine: --engine ollama, or --engine gguf --model FILE.gguf",
        )
    absolute = pin.expanduser().resolve()
    inside = [absolute.relative_to(library.folder)] if absolute.is_relative_to(library.folder) else []
    passages = next(filter(None, (library.read(name.as_posix()) for name in (*inside, pin))), [])
    if not passages:
        raise UsageError(
            f"--pin: {pin} is not among the documents that were read",
            next_step=f"see them: {opening.command('status')}",
        )
    reader = reader_for(choice, library, passages)
    needed = reader.least_context_tokens if isinstance(reader, ModelReader) else 0
    context = choice.connection.context_tokens
    if needed > context:
        raise UsageError(
            f"--pin: {pin} and an answer need {needed:,} tokens, the context in force is {context:,}",
            next_step=f"pin a shorter document, or give the model more room: speedking tune --num-ctx {needed + 4_096}",
        )
    return passages
