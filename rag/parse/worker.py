"""The child process that parses: reads paths, writes outcomes, may be killed at any time.

Run as `python -P -m rag.parse.worker MEMORY_BYTES SECONDS`. Frames on its pipes are a length and a pickle; the
parent wrote this program, so the pickles are its own.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import struct
import sys
from pathlib import Path
from typing import Any, BinaryIO

from rag.document import Parsed
from rag.parse import parse

_HEAD = struct.Struct("<Q")


def write_frame(pipe: BinaryIO, value: object) -> None:
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(_HEAD.pack(len(data)) + data)
    pipe.flush()


def read_frame(pipe: BinaryIO) -> Any:
    """The next value; EOFError where the other side is gone."""
    head = pipe.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise EOFError
    (length,) = _HEAD.unpack(head)
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)


def _limit_memory(limit: int) -> None:
    """Caps the address space where the operating system can (not on Windows; macOS accepts and ignores it)."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _end_after(seconds: int) -> None:
    """Has the operating system end this process (0: never), since a killed parent ends nobody. Not on Windows."""
    if sys.platform != "win32":
        signal.alarm(seconds)


def _outcome(path: Path) -> Parsed:
    try:
        return parse(path)
    except MemoryError:
        return Parsed("failed", "needs more memory than parsing a file may use")
    except OSError as error:
        return Parsed("failed", f"cannot be read: {error.strerror or error}")
    except Exception as error:  # one bad file never stops the rest
        return Parsed("failed", f"{type(error).__name__}: {error}"[:300])


def main() -> None:
    _limit_memory(int(sys.argv[1]))
    # Parsers print; what they print must not mix with the frames, nor reach the person's terminal.
    frames = os.fdopen(os.dup(1), "wb")
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    with contextlib.suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        while True:
            path = read_frame(sys.stdin.buffer)
            _end_after(int(sys.argv[2]))
            write_frame(frames, _outcome(Path(path)))
            _end_after(0)


if __name__ == "__main__":
    main()
