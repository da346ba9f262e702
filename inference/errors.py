"""The one family of errors: what happened, to which value, and what to run next.

    SpeedkingError
    ├── UsageError           the command was not understood                          (exit 2)
    ├── DocumentsError       the folder, a file or the index cannot be used          (exit 1)
    │   ├── FolderError          not there, not a folder, too wide, nothing to read
    │   ├── IndexBusyError       another process is writing this index
    │   └── IndexFormatError     the index cannot be read by this version
    ├── EncoderError         the embedding model is missing or is not the expected one
    ├── QuestionsError       a question set cannot be read
    ├── MeasurementError     a figure would not be true, so it is refused
    └── EngineError          the language model or its server
        ├── EngineUnavailableError   nothing answers, or what answers is not such a server
        ├── ModelMissingError        the server does not have this model
        ├── ModelUnsuitableError     it is there and cannot do this (embedding only, no GGUF)
        ├── ContextOverflowError     the prompt does not fit: both numbers are in the message
        └── GenerationError          the server failed while it was writing
            └── ToolCallError            the model wrote a call that its engine cannot read

A leaf: it imports nothing, and every package may import it (as `inference.record`). Errors are raised
where the value is known and caught once, at the command line.
"""

from __future__ import annotations

import re


class SpeedkingError(Exception):
    """What happened, naming the value; `next_step` says what to run or change next."""

    def __init__(self, message: str, *, next_step: str) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    @property
    def kind(self) -> str:
        """A stable name for scripts: ModelMissingError -> model_missing."""
        name = type(self).__name__.removesuffix("Error")
        return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class UsageError(SpeedkingError):
    """The command line or a setting has a value that cannot be used."""


class DocumentsError(SpeedkingError):
    """The folder of documents or its index cannot be used."""


class FolderError(DocumentsError):
    """The folder is not there, is not a folder, is too wide to be meant, or holds nothing readable."""


class IndexBusyError(DocumentsError):
    """Another process writes this index."""


class IndexFormatError(DocumentsError):
    """The index was written by another schema or is damaged."""


class EncoderError(SpeedkingError):
    """The embedding model is missing, or its weights are not the expected ones."""


class QuestionsError(SpeedkingError):
    """A question set is missing or has a line that cannot be read."""


class MeasurementError(SpeedkingError):
    """A figure would not be true and is refused."""


class EngineError(SpeedkingError):
    """The language model or the server that runs it."""


class EngineUnavailableError(EngineError):
    """No server answers there, or what answers is something else."""


class ModelMissingError(EngineError):
    """The server is there and does not have this model."""


class ModelUnsuitableError(EngineError):
    """The model is there and cannot do what is asked of it."""


class ContextOverflowError(EngineError):
    """The prompt is longer than the context in force.

    Attributes: `prompt_tokens` and `context_tokens`, as the engine counted them.
    """

    def __init__(self, message: str, *, next_step: str, prompt_tokens: int, context_tokens: int) -> None:
        super().__init__(message, next_step=next_step)
        self.prompt_tokens = prompt_tokens
        self.context_tokens = context_tokens


class GenerationError(EngineError):
    """The engine failed in the middle of an answer.

    Attribute: `passing`, where it may only have been slow: nothing is known to be wrong with the model.
    """

    passing = False


class ToolCallError(GenerationError):
    """The model wrote a call of a tool that its engine cannot read: the model's fault, and worth another turn.

    Attribute: `raw`, the call as the model wrote it, "" where the engine does not tell.
    """

    def __init__(self, message: str, *, raw: str = "") -> None:
        super().__init__(message, next_step="ask again; small models write such calls, a larger one seldom does")
        self.raw = raw
