"""An `ollama serve` of our own, for what only other environment variables can change: flash attention, the type of
the key-value cache. It runs beside the person's server, over the same models, and never touches that one."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from inference.address import ServerAddress, ollama_address
from inference.errors import EngineUnavailableError, UsageError
from inference.ollama.api import OllamaApi
from inference.ollama.guard import GRACE_S, family, stop
from inference.ollama.unload import unload_all

KvCacheType = Literal["f16", "q8_0", "q4_0"]
READY_S = 30.0
LOG_TAIL = 5
"""Lines of its log that an error quotes."""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What a server is told by its environment. None: its own default."""

    flash_attention: bool | None = None
    kv_cache_type: KvCacheType | None = None
    parallel: int = 1
    keep_alive: str = "30m"
    max_queue: int | None = None

    def __post_init__(self) -> None:
        if self.kv_cache_type not in (None, *get_args(KvCacheType)):
            known = ", ".join(get_args(KvCacheType))
            raise UsageError(f"there is no key-value cache of type {self.kv_cache_type!r}", next_step=f"one of {known}")
        if self.kv_cache_type in ("q8_0", "q4_0") and self.flash_attention is False:
            raise UsageError(
                f"a {self.kv_cache_type} cache needs flash attention", next_step="leave flash attention on, or take f16"
            )

    @property
    def environment(self) -> dict[str, str]:
        """The variables, with those that every server of ours has: no cloud, and nobody's models are cleared away."""
        flash = {} if self.flash_attention is None else {"OLLAMA_FLASH_ATTENTION": str(int(self.flash_attention))}
        cache = {} if self.kv_cache_type is None else {"OLLAMA_KV_CACHE_TYPE": self.kv_cache_type}
        return {
            "OLLAMA_NO_CLOUD": "1",
            "OLLAMA_NOPRUNE": "1",
            "OLLAMA_NUM_PARALLEL": str(self.parallel),
            "OLLAMA_KEEP_ALIVE": self.keep_alive,
            **({} if self.max_queue is None else {"OLLAMA_MAX_QUEUE": str(self.max_queue)}),
            **flash,
            **cache,
        }


@dataclass(frozen=True, slots=True)
class PrivateServer:
    """A server that answers. `log` is the file that it writes."""

    address: ServerAddress
    log: Path


@contextmanager
def private_server(
    binary: Path,
    store: Path,
    options: ServerOptions | None = None,
    *,
    person: OllamaApi | None = None,
    ready_s: float = READY_S,
) -> Iterator[PrivateServer]:
    """Run `binary serve` on a free loopback port over the models in `store`, until the block ends.

    `person` is the person's own server: it is asked to unload its models first, since two copies seldom fit, and
    loads them again at its next request. Stopped whatever happens, a killed process of ours too (see
    `inference.ollama.guard`). Raises EngineUnavailableError where it does not answer within `ready_s`, with the end
    of its log.
    """
    _must_read(store)
    if person is not None:
        unload_all(person)
    with tempfile.TemporaryDirectory(prefix="speedking-", ignore_cleanup_errors=True) as folder:
        log = Path(folder) / "serve.log"
        address = ollama_address(f"127.0.0.1:{_free_port()}")
        guard = _start(binary, log, _environment(address, store, options or ServerOptions()))
        try:
            _wait_until_ready(address, guard, log, ready_s)
            yield PrivateServer(address, log)
        finally:
            _stop(guard)


def _environment(address: ServerAddress, store: Path, options: ServerOptions) -> dict[str, str]:
    """The person's environment without what is meant for the person's own server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OLLAMA_", "LLAMA_ARG_"))}
    host = address.url.partition("://")[2]
    return {**kept, **options.environment, "OLLAMA_HOST": host, "OLLAMA_MODELS": str(store)}


def _start(binary: Path, log: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """In a session of its own: an interrupt at the terminal is for us, and we end it in order."""
    command = [sys.executable, "-P", "-m", "inference.ollama.guard", str(log), str(binary), "serve"]
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )


def _stop(guard: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        assert guard.stdin is not None
        guard.stdin.close()
    try:
        guard.wait(timeout=3 * GRACE_S)
    except subprocess.TimeoutExpired:
        stop(family(guard.pid))
        guard.wait()


def _wait_until_ready(address: ServerAddress, guard: subprocess.Popen[bytes], log: Path, ready_s: float) -> None:
    ends = time.monotonic() + ready_s
    with OllamaApi(address, answer_s=2.0) as api:
        while time.monotonic() < ends and guard.poll() is None:
            with contextlib.suppress(EngineUnavailableError):
                api.version()
                return
            time.sleep(0.1)
    how = f"does not answer after {ready_s:g} s" if guard.poll() is None else f"ended with {guard.returncode}"
    raise EngineUnavailableError(
        f"our own Ollama at {address.shown} {how}; its log ends with: {_tail(log)}",
        next_step="run `ollama serve` by hand on another port to see why: OLLAMA_HOST=127.0.0.1:11500 ollama serve",
    )


def _tail(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    return " / ".join(lines[-LOG_TAIL:]) or "nothing"


def _must_read(store: Path) -> None:
    with contextlib.suppress(OSError):  # a folder that cannot be looked into
        if not (store / "blobs").exists():
            raise EngineUnavailableError(f"there are no models in {store}", next_step="pull one with `ollama pull`")
    if not os.access(store / "blobs", os.R_OK | os.X_OK):
        raise EngineUnavailableError(
            f"the models in {store} cannot be read by this user",
            next_step="log in again if you were just added to the group `ollama`, or set OLLAMA_MODELS to a store of"
            " your own",
        )


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
