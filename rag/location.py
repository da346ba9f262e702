"""Where an index lies: one store per encoder, and a note that says which of them is the current one.

    LOCATION/
    ├── index.json             the folder, the current store, those to be removed
    ├── store-SCHEMA-ENCODER/  index.sqlite, chroma/ and vectors.lock
    └── write.lock

The store of another encoder is built beside the current one, which goes on answering, and takes its place when it is
complete.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from inference.errors import IndexFormatError
from rag.encoder import Encoder
from rag.schema import SCHEMA_VERSION

NOTE = "index.json"
STORES = "store-*"
_OF_SCHEMA_1 = ("index.sqlite", "index.sqlite-wal", "index.sqlite-shm", "chroma")


class Note(BaseModel):
    """What index.json says. `retired`: stores that were replaced, and may still be open in a reader."""

    model_config = ConfigDict(frozen=True)

    folder: str
    encoder: str
    store: str
    retired: tuple[str, ...] = ()


class Location:
    """The place of one folder's index."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def store(self, encoder: Encoder) -> Path:
        """The folder of this encoder's store, whether it is there or not."""
        key = hashlib.sha256(encoder.digest.encode()).hexdigest()[:12]
        return self.path / f"store-{SCHEMA_VERSION}-{key}"

    def note(self) -> Note | None:
        """None before the first sync. Raises IndexFormatError for what cannot be read, or a file in its place."""
        file = self.path / NOTE
        try:
            return Note.model_validate_json(file.read_bytes())
        except FileNotFoundError:
            return None
        except NotADirectoryError as error:
            raise IndexFormatError(
                f"no index can lie at {self.path}: {error.strerror}", next_step="name another place with --index"
            ) from error
        except (OSError, ValidationError) as error:
            raise IndexFormatError(
                f"{file} is damaged: {str(error).splitlines()[0]}", next_step=f"delete {file} and run it again"
            ) from error

    def begin(self, folder: Path, encoder: Encoder) -> None:
        """The first sync of a place names its folder. The caller holds the lock."""
        if self.note() is None:
            self._write(Note(folder=str(folder), encoder=encoder.name, store=self.store(encoder).name))
            for name in _OF_SCHEMA_1:
                _remove(self.path / name)

    def complete(self, folder: Path, encoder: Encoder) -> None:
        """This encoder's store is complete: it becomes the current one, and what it replaces is removed."""
        note = self.note()
        store = self.store(encoder).name
        others = tuple(sorted(path.name for path in self.path.glob(STORES) if path.name != store))
        if note is None or note.store != store:
            note = Note(folder=str(folder), encoder=encoder.name, store=store, retired=others)
            self._write(note)
        for name in set(note.retired) & set(others):
            _remove(self.path / name)

    def _write(self, note: Note) -> None:
        """In one step, so that nobody reads half of it."""
        written = self.path / f"{NOTE}.new"
        written.write_text(note.model_dump_json(indent=1), encoding="utf-8")
        os.replace(written, self.path / NOTE)


def location_of(folder: Path, index: str | os.PathLike[str] | None) -> Path:
    """Where a folder's index lies: at `index`, or in the usual place."""
    return default_location(folder.expanduser().resolve()) if index is None else Path(index).expanduser().resolve()


def default_location(folder: Path) -> Path:
    """The platform's data folder / speedking / indexes / NAME-HASH of the folder's path."""
    key = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    return indexes_folder() / f"{folder.name}-{key}"


def indexes_folder() -> Path:
    """Where indexes lie unless the person names another place."""
    import platformdirs

    return Path(platformdirs.user_data_dir("speedking", appauthor=False)) / "indexes"


def _remove(path: Path) -> None:
    """Windows keeps what a reader has open: the next sync tries again."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
