"""Options that several commands share, each declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inference.errors import UsageError
from speedking.settings import Settings, load_settings

Folder = Annotated[Path, typer.Argument(help="The folder of documents.", show_default=False)]
EngineName = Annotated[
    str | None,
    typer.Option(
        "--engine", help="What answers: auto, reader (no language model), ollama, openai, gguf.", show_default="auto"
    ),
]
ModelName = Annotated[
    str | None, typer.Option("--model", help="A language model's tag; for gguf a file's path.", show_default=False)
]
BaseUrl = Annotated[str | None, typer.Option("--base-url", help="The language model's server.", show_default=False)]
IndexDir = Annotated[
    Path | None,
    typer.Option("--index", help="Where the index lies.", show_default="the platform's data folder"),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, on failure too.")]
K = Annotated[int, typer.Option("--k", min=1, max=200, help="Passages to retrieve.")]
Globs = Annotated[
    list[str] | None,
    typer.Option(
        "--filter", help="Only files that fit a pattern as in .gitignore: 'contracts/*.pdf'; may be repeated."
    ),
]
After = Annotated[
    str | None,
    typer.Option(
        "--after",
        help="Only files of that day or later: 2024-03-01, 2024-03 or 2024. A file's day is the one in its name (of a"
        " month or a year the last), else that of its last change.",
        show_default=False,
    ),
]
EncoderName = Annotated[
    str | None,
    typer.Option(
        "--encoder", help="Another embedding model: a name, a folder or ollama:NAME.", show_default="the packaged one"
    ),
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait for another process that writes the index.")]
NoSync = Annotated[bool, typer.Option("--no-sync", help="Answer from the index as it is.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a long first sync.")]
Think = Annotated[bool, typer.Option("--think", help="Let a thinking model think first.")]
Machine = Annotated[
    str | None,
    typer.Option(
        "--machine", help="Another machine: nvidia=24,ram=64 or apple=36 or ram=16 (GiB).", show_default="this one"
    ),
]
Purpose = Annotated[
    str,
    typer.Option("--purpose", help="What for: coding, rag, creative, humor, agent. Decides the context and more."),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", help="Where the run file goes; eval goes on with one that is there.", show_default="the data folder"
    ),
]


def settings_of(
    engine: str | None = None, model: str | None = None, base_url: str | None = None, encoder: str | None = None
) -> Settings:
    """The settings with these flags over them."""
    return load_settings({"engine": engine, "model": model, "base_url": base_url, "encoder": encoder})


def said(text: str, what: str) -> str:
    """Raises UsageError for a text without a letter or a digit, which would be searched for in vain, and for bytes that
    are no text."""
    if any("\udc80" <= character <= "\udcff" for character in text):
        raise UsageError(f"the {what} holds bytes that are no UTF-8", next_step="type it in a UTF-8 terminal")
    if not any(character.isalnum() for character in text):
        raise UsageError(f"the {what} is empty", next_step=f"write the {what} in quotes behind the folder")
    return text
