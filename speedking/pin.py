"""A document that a chat keeps whole before the model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from inference.errors import UsageError
from speedking.engine import answer_tokens
from speedking.library import Opening

if TYPE_CHECKING:
    from inference import Connection
    from rag import Index, Passage


def passages_of(pin: Path, library: Index, connection: Connection | None, opening: Opening) -> Sequence[Passage]:
    """The passages of a document that is named as in the folder or by its path.

    Raises UsageError where it is not in the index, where it does not fit, or where no model would read it.
    """
    if connection is None:
        raise UsageError(
            "--pin keeps a document before a language model, and the embedded reader has none",
            next_step="leave it out, or choose an engine: --engine ollama, or --engine gguf --model FILE.gguf",
        )
    absolute = pin.expanduser().resolve()
    inside = absolute.relative_to(library.folder) if absolute.is_relative_to(library.folder) else pin
    passages = library.read(inside.as_posix())
    if not passages:
        raise UsageError(
            f"--pin: {pin} is not among the documents that were read",
            next_step=f"see them: {opening.command('status')}",
        )
    needed = connection.count_tokens("\n".join(passage.text for passage in passages))
    needed += answer_tokens(connection.thinking)
    if needed > connection.context_tokens:
        raise UsageError(
            f"--pin: {pin} and an answer need {needed:,} tokens, the context in force is {connection.context_tokens:,}",
            next_step=f"pin a shorter document, or give the model more room: speedking tune --num-ctx {needed + 4_096}",
        )
    return passages
