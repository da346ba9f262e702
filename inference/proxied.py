"""httpx transports that go through the proxy that is set for an address, if any."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import httpx

from inference.ollama.address import OllamaAddress, proxy_for
from inference.ollama.errors import no_proxy

_Transport = TypeVar("_Transport", httpx.HTTPTransport, httpx.AsyncHTTPTransport)


def proxied(make: Callable[..., _Transport], address: OllamaAddress, **options: Any) -> _Transport:
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
