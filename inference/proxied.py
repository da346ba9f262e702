"""httpx transports that go through the proxy that is set for an address, if any."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import httpx

from inference.address import ServerAddress, proxy_for
from inference.ollama.errors import no_proxy

ONE_SHOT = httpx.Limits(max_keepalive_connections=0)
"""A connection a request: nothing stays open for nobody to close, and an event loop never meets the connection of
another. llama.cpp closes one after a stream, and of requests that followed at once on the same connection 4 in 10
broke off. It costs a round trip, which is nothing beside an answer."""
_Transport = TypeVar("_Transport", httpx.HTTPTransport, httpx.AsyncHTTPTransport)


def proxied(make: Callable[..., _Transport], address: ServerAddress, **options: Any) -> _Transport:
    """A transport to `address`. Raises EngineUnavailableError where its proxy has a scheme that httpx does not
    know or has no library for (socks).

    Without TLS on the way no certificate can play a part, and to load those of the system takes 20 to 50 ms.
    """
    setting = proxy_for(address)
    if setting is None:
        return make(**{"verify": address.url.startswith("https://"), **options})
    try:
        return make(proxy=setting.url, **options)
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise no_proxy(address.shown, setting.name, error) from error
