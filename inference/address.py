"""Where a server is: an address, and how one is read from an argument or OLLAMA_HOST, the way Ollama reads it."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from inference.errors import UsageError

DEFAULT_PORT = 11434
_PORT_OF_SCHEME = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """`url` is for clients (no trailing slash), `shown` for people: the same without a password."""

    url: str
    shown: str
    host: str

    @property
    def local(self) -> bool:
        """Whether the server runs on this machine: only then can its processes be looked at."""
        return is_loopback(self.host)

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or DEFAULT_PORT


def ollama_address(base_url: str | None = None, *, env: Mapping[str, str] = os.environ) -> ServerAddress:
    """The address from `base_url`, else from OLLAMA_HOST, else 127.0.0.1:11434.

    Takes host, host:port, :port, a scheme, a path and an IPv6 address; an address to listen on (0.0.0.0,
    ::) becomes the loopback address. With a scheme the port defaults to the scheme's, as in Ollama.
    Raises UsageError for a scheme or a port that cannot be.
    """
    given = (base_url or env.get("OLLAMA_HOST") or "").strip().strip("\"'")
    scheme, found, rest = given.partition("://")
    if not found:
        scheme, rest = "http", given
    if scheme not in _PORT_OF_SCHEME:
        raise UsageError(
            f"the address {given!r} has the scheme {scheme!r}", next_step="use http://HOST:PORT or HOST:PORT"
        )
    authority, _, path = rest.partition("/")
    login, _, host_and_port = authority.rpartition("@")
    host, port = _split_port(host_and_port, _PORT_OF_SCHEME[scheme] if found else DEFAULT_PORT, given)
    host = _connectable(host)
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    tail = f"{place}/{path.strip('/')}".rstrip("/")
    return ServerAddress(
        url=f"{scheme}://{login}@{tail}" if login else f"{scheme}://{tail}",
        shown=f"{scheme}://{tail}",
        host=host,
    )


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


@dataclass(frozen=True, slots=True)
class ProxySetting:
    """A proxy's address and the name under which the environment or the system has it, as "http_proxy"."""

    name: str
    url: str


def proxy_for(address: ServerAddress) -> ProxySetting | None:
    """The proxy of the environment or the system for this address; never one for the loopback."""
    if address.local or proxy_bypass(address.host):
        return None
    proxies = getproxies()
    kind = next((kind for kind in (address.url.partition("://")[0], "all") if proxies.get(kind)), None)
    return None if kind is None else ProxySetting(f"{kind}_proxy", proxies[kind])


def _split_port(text: str, default: int, given: str) -> tuple[str, int]:
    """host, port of "host", "host:port", ":port", "[v6]:port" or a bare v6 address."""
    if text.count(":") > 1 and not text.startswith("["):
        return text, default
    host, _, port = text.rpartition(":") if ":" in text.rpartition("]")[2] else (text, "", "")
    if not port:
        return host.strip("[]") or "127.0.0.1", default
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"the address {given!r} has the port {port!r}", next_step="use a port from 1 to 65535")
    return host.strip("[]") or "127.0.0.1", int(port)


def _connectable(host: str) -> str:
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return host
    if ip.is_unspecified:
        return "127.0.0.1" if ip.version == 4 else "::1"
    return host
