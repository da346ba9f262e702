"""The model that a tuned one is made from: on the server, in a file, or only named; and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from inference.address import ServerAddress
from inference.choice.catalog import find_model, find_size
from inference.choice.fit import Shape, shape_from_metadata, shape_of
from inference.choice.memory import Width
from inference.choice.recommend import Recommendation
from inference.errors import EngineUnavailableError
from inference.gguf.file import read_chat_model
from inference.ollama.api import OllamaApi
from inference.ollama.choice import choose, find, missing, must_complete, must_run_there


@dataclass(frozen=True, slots=True)
class Base:
    """`name` is as FROM takes it; `gguf` is set for a file. `server` False: none answered. `why` says how it was
    chosen."""

    name: str
    shape: Shape
    why: str
    gguf: Path | None = None
    server: bool = True


def base_of(address: ServerAddress, named: str | None, recommended: Recommendation, memory_bytes: int | None) -> Base:
    """A file, an installed model by its name, or where none is named the recommended one if it is there, else the
    best-suited that is. Raises ModelMissingError, ModelUnsuitableError; EngineUnavailableError where one must be
    chosen and no server answers."""
    if named and is_file(named):
        return _file(Path(named).expanduser().resolve(), address)
    try:
        return _on_server(address, named, recommended, memory_bytes)
    except EngineUnavailableError:
        if named is None:
            raise
        known = find_model(named)
        shape = shape_of(known) if known else _unknown(named)
        return Base(named, shape, "as you asked", server=False)


def is_file(base: str) -> bool:
    return base.lower().endswith(".gguf") or Path(base).expanduser().is_file()


def _unknown(name: str) -> Shape:
    return Shape(name, 0, lambda _context, _kind, _batch: 0, Width(0, 1, 0))


def _file(path: Path, address: ServerAddress) -> Base:
    file = read_chat_model(path)
    shape = shape_from_metadata(path.stem, file.size_bytes, file.number)
    return Base(str(path), shape, "as you asked", gguf=path, server=_answers(address))


def _answers(address: ServerAddress) -> bool:
    try:
        with OllamaApi(address) as api:
            api.version()
    except EngineUnavailableError:
        return False
    return True


def _on_server(
    address: ServerAddress, named: str | None, recommended: Recommendation, memory_bytes: int | None
) -> Base:
    with OllamaApi(address) as api:
        api.version()
        installed = api.installed()
        name, why = (named, "as you asked") if named else _chosen(api, recommended, memory_bytes)
        entry = find(name, installed)
        if entry is None:
            raise missing(name, installed, address.shown)
        must_run_there(entry, address.shown)
        shown = api.show(entry.name)
        must_complete(entry.name, shown)
    # The table knows more than the metadata: which layers have a cache, what part of it is experts.
    known = find_size(entry.size)
    shape = shape_of(known) if known else shape_from_metadata(entry.name, entry.size, shown.number)
    return Base(entry.name, shape, why)


def _chosen(api: OllamaApi, recommended: Recommendation, memory_bytes: int | None) -> tuple[str, str]:
    """The recommended model where it is installed, else the best of those that are."""
    best = recommended.choice
    if best is not None and find(best.model.tag, api.installed()) is not None:
        return best.model.tag, best.why
    found = choose(api, memory_bytes=memory_bytes, tuned=False)
    return found.name, found.why
