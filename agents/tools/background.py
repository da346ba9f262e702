"""Coroutines run from code that waits: one event loop in a thread of its own, kept for what is bound to it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """Begun when it is first needed. Clients that are bound to a loop find the same one in each call, and a caller
    that itself runs in a loop can wait here."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()

    def result(self, coroutine: Coroutine[Any, Any, T], seconds: float | None = None) -> T:
        """Waits for it; raises what it raises, and TimeoutError after so many seconds: it is cancelled then, and lets
        go of what it holds."""
        return asyncio.run_coroutine_threadsafe(_in_time(coroutine, seconds), self._begun()).result()

    def _begun(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=_forever, args=(self._loop,), name="tools of others", daemon=True).start()
            return self._loop


def _forever(loop: asyncio.AbstractEventLoop) -> None:
    """An exit in a task comes out of the loop; without it every later call would wait for ever."""
    while True:
        try:
            loop.run_forever()
            return
        except SystemExit:
            continue


async def _in_time(coroutine: Coroutine[Any, Any, T], seconds: float | None) -> T:
    return await asyncio.wait_for(_staying(coroutine), seconds)


async def _staying(coroutine: Coroutine[Any, Any, T]) -> T:
    try:
        return await coroutine
    except SystemExit as error:
        raise RuntimeError(f"it wanted to exit ({error.code})") from error
