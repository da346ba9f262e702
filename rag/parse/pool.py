"""A pool of parser processes that can be killed: for time, for memory, or because the caller left."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO, cast

from rag.document import Parsed
from rag.parse.worker import read_frame, write_frame

TIMEOUT_S = 60.0
MEMORY_BYTES = 2 * 1024**3


class _Worker:
    """One child process, started when first needed and again after it had to be killed.

    A plain subprocess instead of multiprocessing: the children of the latter import the caller's main
    module, so that a person's script without a main guard would start itself again and again.
    """

    def __init__(self, timeout_s: float, memory_bytes: int) -> None:
        self._timeout_s = timeout_s
        grace_s = 10  # the worker's own alarm is for the case that nobody is left to kill it
        limits = [str(memory_bytes), str(math.ceil(timeout_s) + grace_s)]
        self._command = [sys.executable, "-P", "-m", "rag.parse.worker", *limits]
        self._process: subprocess.Popen[bytes] | None = None
        self._starting = threading.Lock()
        self._stopped = False

    def parse(self, path: Path) -> Parsed:
        process = self._running()
        if process is None:
            return Parsed("failed", "not parsed: the run was ended")
        parsed = None
        timed_out = threading.Event()

        def give_up() -> None:
            timed_out.set()
            process.kill()

        timer = threading.Timer(self._timeout_s, give_up)
        timer.start()
        try:
            write_frame(cast(BinaryIO, process.stdin), str(path))
            parsed = cast(Parsed, read_frame(cast(BinaryIO, process.stdout)))
        except (EOFError, OSError):
            parsed = None
        finally:
            timer.cancel()
            timer.join()  # it may be killing just now, and must not hit the next file
        if parsed is None or timed_out.is_set():
            self.close()
        if parsed is None and timed_out.is_set():
            return Parsed("failed", f"took longer than {self._timeout_s:g} s to parse")
        return parsed or Parsed("failed", "the parser crashed on it")

    def _running(self) -> subprocess.Popen[bytes] | None:
        with self._starting:
            if self._process is None and not self._stopped:
                source = str(Path(__file__).parents[2])
                paths = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
                )
            return self._process

    def stop(self) -> None:
        """From another thread: ends what it parses now, and lets it start nothing more."""
        with self._starting:
            self._stopped = True
            process = self._process
        if process is not None:
            process.kill()

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def parse_files(
    paths: Iterable[Path],
    *,
    workers: int | None = None,
    timeout_s: float = TIMEOUT_S,
    memory_bytes: int = MEMORY_BYTES,
) -> Iterator[tuple[Path, Parsed]]:
    """Each path with its outcome, as they are done. Leaving the iteration kills the workers.

    `timeout_s` and `memory_bytes` (address space, where the operating system can cap it) hold per file.
    No more than two files per worker wait parsed for the caller, so memory stays bounded.
    """
    count = workers or max(1, (os.cpu_count() or 2))
    idle: SimpleQueue[_Worker] = SimpleQueue()
    pool = [_Worker(timeout_s, memory_bytes) for _ in range(count)]
    for worker in pool:
        idle.put(worker)

    def run(path: Path) -> tuple[Path, Parsed]:
        worker = idle.get()
        try:
            return path, worker.parse(path)
        finally:
            idle.put(worker)

    remaining = iter(paths)
    executor = ThreadPoolExecutor(count)
    running: set[Future[tuple[Path, Parsed]]] = set()
    try:
        while True:
            running |= {executor.submit(run, path) for path in islice(remaining, 2 * count - len(running))}
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        for worker in pool:
            worker.stop()
        executor.shutdown()
        for worker in pool:
            worker.close()
