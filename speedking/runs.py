"""Where run files go: the data folder, by command and time, unless --out says otherwise."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speedking.engine import Choice

if TYPE_CHECKING:
    from eval import Fingerprint
    from rag import Index


Options = dict[str, str | int | float | bool | None]
"""What a run was asked to do, as it stands in its fingerprint."""


def run_path(command: str, out: Path | None) -> Path:
    if out is not None:
        return out.expanduser()
    import platformdirs

    stamp = time.strftime("%Y%m%d-%H%M%S")
    return Path(platformdirs.user_data_dir("speedking", appauthor=False)) / "runs" / f"{command}-{stamp}.jsonl"


def fingerprint(choice: Choice, options: Options) -> Fingerprint:
    """Machine, packages, the model in use as its engine tells, and the options of the run."""
    from eval import take_fingerprint, to_json
    from inference.address import ollama_address

    model: dict[str, Any] = {"engine": choice.engine, "name": choice.model or None}
    connection = choice.connection
    if connection is not None:
        model |= {"digest": connection.digest, "context_tokens": connection.context_tokens}
        model |= {"thinking": connection.thinking, "facts": to_json(connection.facts)}
        # Elsewhere the hardware in the fingerprint is the client's, and says nothing of the figures.
        model |= {"runs_here": connection.facts.base_url is None or ollama_address(connection.facts.base_url).local}
    return take_fingerprint(model=model, options=options)


def retrieval(library: Index) -> Options:
    """The models that search, for the fingerprint of a run that searches: with others the figures are others."""
    encoder, reranker = library.encoder, library.reranker
    return {"encoder": f"{encoder.name} {encoder.digest}", "reranker": None if reranker is None else reranker.name}


def handbook() -> Path | None:
    """Our own corpus, where this is a clone of the repository."""
    folder = Path(__file__).resolve().parents[1] / "corpora" / "handbook"
    return folder if (folder / "docs").is_dir() else None
