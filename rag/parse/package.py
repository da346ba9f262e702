"""Office files as containers: what is refused before a library opens one."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from rag.document import Parsed

MAX_UNPACKED_BYTES = 512 * 1024 * 1024
MAX_RATIO = 300
"""Unpacked to packed bytes; sheets of repeated values reach 100."""
_SMALL = 16 * 1024 * 1024
"""Bytes that harm nobody, however well they were packed."""

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_MARKUP = re.compile(r"\.(xml|rels|vml)$", re.IGNORECASE)
_DOCTYPE = re.compile(rb"<!(DOCTYPE|ENTITY)")
_PROLOGUE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of office file: its name, its suffix, and what its list of content types speaks of."""

    name: str
    suffix: str
    marks: tuple[bytes, ...]


WORD = Kind("a Word file", ".docx", (b"wordprocessingml", b"ms-word"))
EXCEL = Kind("an Excel file", ".xlsx", (b"spreadsheetml", b"ms-excel"))


def refusal(path: Path, kind: Kind) -> Parsed | None:
    """Why the file is not opened: encrypted, an old format, something else, damaged, a bomb; None where it is."""
    with path.open("rb") as file:
        head = file.read(len(_OLE))
    if head == _OLE:
        return _ole(path, kind)
    if not head.startswith(b"PK"):
        return Parsed("failed", f"is not {kind.name}, whatever its name says")
    try:
        with zipfile.ZipFile(path) as archive:
            return _archive(archive, kind, path.stat().st_size)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        return damaged(error)


def damaged(error: Exception) -> Parsed:
    """For whatever a library raises at a broken file."""
    return Parsed("failed", f"damaged: {str(error)[:200] or type(error).__name__}")


def _ole(path: Path, kind: Kind) -> Parsed:
    # The names of an OLE container's streams are UTF-16; an encrypted office file is such a stream.
    if "EncryptedPackage".encode("utf-16-le") in path.read_bytes():
        return Parsed("encrypted", "needs a password; save a copy without one")
    return Parsed("unsupported", f"an old office file under a new name: open it and save it as {kind.suffix}")


def _archive(archive: zipfile.ZipFile, kind: Kind, packed: int) -> Parsed | None:
    parts = [entry for entry in archive.infolist() if _MARKUP.search(entry.filename)]
    unpacked = sum(entry.file_size for entry in parts)  # zipfile unpacks no more than the size that is stated
    if unpacked > MAX_UNPACKED_BYTES or unpacked > max(_SMALL, MAX_RATIO * packed):
        return Parsed("failed", f"unpacks from {packed / 1e6:,.1f} to {unpacked / 1e6:,.0f} MB: not opened")
    if "[Content_Types].xml" not in archive.namelist():
        return Parsed("failed", f"is not {kind.name}, whatever its name says: another kind of archive")
    types = archive.read("[Content_Types].xml")
    if not any(mark in types for mark in kind.marks):
        return Parsed("failed", f"is not {kind.name}, whatever its name says: another kind of office file")
    for entry in parts:
        with archive.open(entry) as part:
            # The format forbids them; they are how a few bytes of XML become gigabytes. UTF-16 has zeros between.
            if _DOCTYPE.search(part.read(_PROLOGUE).replace(b"\0", b"")):
                return Parsed("failed", f"declares a document type in {entry.filename}: not opened")
    return None
