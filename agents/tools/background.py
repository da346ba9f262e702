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

    def result(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Waits for it; raises what it raises."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._begun()).result()

    def _begun(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="tools of others", daemon=True).start()
            return self._loop
