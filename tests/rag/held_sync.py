"""Another process that syncs: it says when it begins to embed a batch, and waits for a line on its input.

Run as `python -m tests.rag.held_sync FOLDER INDEX`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rag import Index
from tests.rag.small import WatchedEncoder, WordEncoder

ROOT = Path(__file__).parents[2]


def start(folder: Path, index: Path) -> subprocess.Popen[str]:
    """Started and waiting before its first vectors."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.rag.held_sync", str(folder), str(index)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    wait_for_batch(process)
    return process


def wait_for_batch(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "embedding\n"


def let_on(process: subprocess.Popen[str]) -> None:
    """Lets it embed what it waits with."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def _hold() -> None:
    print("embedding", flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    with Index.open(sys.argv[1], index=sys.argv[2], encoder=WatchedEncoder(WordEncoder(), _hold)) as index:
        index.sync()
