from __future__ import annotations

import pytest

from inference.address import ProxySetting, ollama_address, proxy_for
from inference.errors import UsageError


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("box", "http://box:11434"),
        ("box:8080", "http://box:8080"),
        (":8080", "http://127.0.0.1:8080"),
        ("http://box", "http://box:80"),
        ("https://box", "https://box:443"),
        ("https://box:1234/ollama/", "https://box:1234/ollama"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("[::]:8080", "http://[::1]:8080"),
        ("::1", "http://[::1]:11434"),
        ("[fe80::2]", "http://[fe80::2]:11434"),
        (' "box" ', "http://box:11434"),
    ],
)
def test_ollama_host_is_read_as_ollama_reads_it(given: str, url: str) -> None:
    assert ollama_address(env={"OLLAMA_HOST": given}).url == url


def test_an_argument_counts_before_the_environment() -> None:
    assert ollama_address("one", env={"OLLAMA_HOST": "two"}).url == "http://one:11434"


@pytest.mark.parametrize("given", ["box:0", "box:99999", "box:port", "ftp://box"])
def test_an_address_that_cannot_be_is_named(given: str) -> None:
    with pytest.raises(UsageError) as caught:
        ollama_address(given)
    assert given in caught.value.message


def test_a_password_is_sent_and_not_shown() -> None:
    address = ollama_address("http://me:secret@box:1")
    assert address.url == "http://me:secret@box:1"
    assert address.shown == "http://box:1"


@pytest.mark.parametrize(("given", "local"), [("localhost", True), ("127.3.2.1", True), ("::1", True), ("box", False)])
def test_only_the_loopback_is_this_machine(given: str, local: bool) -> None:
    assert ollama_address(given).local is local


def test_a_proxy_is_for_other_machines_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "near")
    assert proxy_for(ollama_address("far")) == ProxySetting("http_proxy", "http://proxy:3128")
    assert proxy_for(ollama_address("near")) is None
    assert proxy_for(ollama_address("127.0.0.1")) is None
