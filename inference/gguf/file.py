"""The head of a GGUF file: enough to say what model it holds without loading it.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from inference.errors import ModelMissingError, ModelUnsuitableError

Value = int | float | bool | str
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_ENCODERS = ("bert", "t5encoder", "gemma-embedding", "clip")
_EDGE = 1 << 20


@dataclass(frozen=True, slots=True)
class GgufFile:
    """A GGUF file's own account of itself: single values of its head; arrays are left out."""

    path: Path
    size_bytes: int
    values: Mapping[str, Value]

    @property
    def architecture(self) -> str:
        return str(self.values.get("general.architecture", ""))

    @property
    def embedding_only(self) -> bool:
        """Whether it makes vectors (or sees pictures) and writes no text."""
        pooled = self.number("pooling_type") or 0
        return pooled > 0 or any(name in self.architecture for name in _ENCODERS)

    @property
    def trained_context(self) -> int | None:
        """Tokens."""
        return self.number("context_length")

    def number(self, key: str) -> int | None:
        """A whole number under the file's architecture, e.g. "block_count"."""
        value = self.values.get(f"{self.architecture}.{key}")
        return value if isinstance(value, int) else None


def read_gguf(path: Path) -> GgufFile:
    """Read the head. Raises ModelMissingError for no file and ModelUnsuitableError for another format."""
    step = "give the path of a file that ends in .gguf with --model"
    if not path.is_file():
        raise ModelMissingError(f"there is no file {str(path)!r}", next_step=step)
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ModelUnsuitableError(f"{str(path)!r} is not a GGUF file", next_step=step)
        try:
            values = _values(file)
        except (struct.error, UnicodeDecodeError, KeyError, OverflowError) as error:
            raise ModelUnsuitableError(
                f"{str(path)!r} is a damaged GGUF file ({type(error).__name__} in its head)",
                next_step="fetch it again and compare its size and checksum",
            ) from error
    return GgufFile(path, path.stat().st_size, values)


def read_chat_model(path: Path) -> GgufFile:
    """`read_gguf` of a model that writes; raises ModelUnsuitableError for one that does not."""
    file = read_gguf(path)
    if file.embedding_only:
        raise ModelUnsuitableError(
            f"{file.path.name!r} does not write text (architecture {file.architecture!r})",
            next_step="choose a chat model's GGUF file with --model",
        )
    return file


def edges_digest(path: Path) -> str:
    """SHA-256 of the size, the first and the last MiB: tells models apart without reading gigabytes."""
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        digest.update(file.read(_EDGE))
        file.seek(max(0, size - _EDGE))
        digest.update(file.read(_EDGE))
    return f"edges-sha256:{digest.hexdigest()}"


def whole_digest(path: Path) -> str:
    """SHA-256 of the whole file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _values(file: BinaryIO) -> dict[str, Value]:
    _version, _tensors, count = _unpack(file, "IQQ")
    values: dict[str, Value] = {}
    for _ in range(int(count)):
        key = _string(file)
        (kind,) = _unpack(file, "I")
        if (value := _value(file, int(kind))) is not None:
            values[key] = value
    return values


def _value(file: BinaryIO, kind: int) -> Value | None:
    """One value; None for an array, which is skipped."""
    if kind == _STRING:
        return _string(file)
    if kind == _ARRAY:
        _skip_array(file)
        return None
    (value,) = _unpack(file, _NUMBERS[kind])
    return value


def _skip_array(file: BinaryIO) -> None:
    kind, count = _unpack(file, "IQ")
    if kind in (_STRING, _ARRAY):
        for _ in range(int(count)):
            if kind == _ARRAY:
                _skip_array(file)
            else:
                file.seek(int(_unpack(file, "Q")[0]), 1)
    else:
        file.seek(struct.calcsize("<" + _NUMBERS[int(kind)]) * int(count), 1)


def _string(file: BinaryIO) -> str:
    (length,) = _unpack(file, "Q")
    raw = file.read(min(int(length), _EDGE * 16))
    if len(raw) != length:
        raise struct.error("the file ends inside a text")
    return raw.decode("utf-8", "replace")


def _unpack(file: BinaryIO, form: str) -> tuple[int | float | bool, ...]:
    form = "<" + form
    return struct.unpack(form, file.read(struct.calcsize(form)))
