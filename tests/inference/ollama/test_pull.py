from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from inference.address import ollama_address
from inference.errors import (
    EngineError,
    EngineUnavailableError,
    GenerationError,
    ModelMissingError,
    ModelUnsuitableError,
)
from inference.ollama.api import OllamaApi
from inference.ollama.pull import Download, must_have_room, pull
from tests.inference.stand_in import OllamaStandIn

NAME, SIZE = "qwen3.5:2b", 100_000_000


@pytest.fixture
def server() -> Iterator[OllamaStandIn]:
    with OllamaStandIn({}) as running:
        running.pullable = {NAME: SIZE}
        yield running


@pytest.fixture
def api(server: OllamaStandIn) -> Iterator[OllamaApi]:
    with OllamaApi(ollama_address(server.url)) as connected:
        yield connected


def quickly(_seconds: float) -> None:
    """Waits for nothing."""


def test_a_pulled_model_is_installed_and_its_bytes_were_told(api: OllamaApi) -> None:
    seen: list[tuple[int, int]] = []
    pull(api, NAME, lambda download: seen.append((download.completed_bytes, download.total_bytes)))
    assert [model.name for model in api.installed()] == [NAME]
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1] >= SIZE


def test_a_pull_that_breaks_off_goes_on_where_it_stopped(api: OllamaApi, server: OllamaStandIn) -> None:
    server.pull_cut_at = 60_000_000
    seen: list[int] = []
    waited: list[float] = []
    pull(api, NAME, lambda download: seen.append(download.completed_bytes), wait=waited.append)
    assert [model.name for model in api.installed()] == [NAME]
    assert len(waited) == 1
    assert min(seen[seen.index(max(s for s in seen if s <= 60_000_000)) :]) > 0
    assert len([asked for asked in server.asked if asked.path == "/api/pull"]) == 2


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        ("pull model manifest: file does not exist", ModelMissingError, "speedking models"),
        (
            "pull model manifest: Get https://library.example/v2: dial tcp: lookup library.example: no such host",
            EngineUnavailableError,
            "HTTPS_PROXY",
        ),
        ("open /models/blobs/part-0: no space left on device", ModelUnsuitableError, "goes on where it stopped"),
    ],
)
def test_what_trying_again_does_not_mend_is_told_at_once(
    api: OllamaApi, server: OllamaStandIn, said: str, kind: type[EngineError], told: str
) -> None:
    server.pull_error = said
    with pytest.raises(kind) as caught:
        pull(api, NAME, wait=quickly)
    assert told in caught.value.next_step
    assert len([asked for asked in server.asked if asked.path == "/api/pull"]) == 1


def test_a_pull_that_breaks_off_again_and_again_is_given_up_with_how_far_it_came(
    api: OllamaApi, server: OllamaStandIn
) -> None:
    server.pull_error = "max retries exceeded: unexpected EOF"
    waited: list[float] = []
    with pytest.raises(GenerationError, match="broke off at") as caught:
        pull(api, NAME, attempts=3, wait=waited.append)
    assert len(waited) == 3  # the first try came half-way, three more no further
    assert f"ollama pull {NAME}" in caught.value.next_step


def test_no_server_is_no_broken_download() -> None:
    with (
        OllamaApi(ollama_address("127.0.0.1:9")) as api,
        pytest.raises(EngineUnavailableError, match="no Ollama answers"),
    ):
        pull(api, NAME, wait=quickly)


def test_what_does_not_fit_onto_the_disk_is_stopped_at_its_first_line(
    api: OllamaApi, server: OllamaStandIn, tmp_path: Path
) -> None:
    server.pullable = {NAME: 1 << 60}
    seen: list[int] = []
    with pytest.raises(ModelUnsuitableError, match="GB free"):
        pull(api, NAME, lambda download: seen.append(download.total_bytes), store=tmp_path)
    assert max(seen, default=0) == 0


def test_room_counts_before_anything_is_asked(tmp_path: Path) -> None:
    must_have_room(NAME, 0, tmp_path)
    with pytest.raises(ModelUnsuitableError, match=str(tmp_path)):
        must_have_room(NAME, 1 << 60, tmp_path)


def test_a_download_adds_up_over_its_layers() -> None:
    from inference.ollama.types import Progress

    download = Download()
    for line in (
        {"status": "pulling manifest"},
        {"status": "pulling a", "digest": "a", "total": 10, "completed": 4},
        {"status": "pulling a", "digest": "a", "total": 10, "completed": 10},
        {"status": "pulling b", "digest": "b", "total": 5},
    ):
        download.see(Progress.model_validate(line))
    assert (download.completed_bytes, download.total_bytes, download.status) == (10, 15, "pulling b")


def test_a_fault_of_whoever_listens_is_no_fault_of_the_server(api: OllamaApi, server: OllamaStandIn) -> None:
    def full_terminal(_download: Download) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        pull(api, NAME, full_terminal)
    assert len([asked for asked in server.asked if asked.path == "/api/pull"]) == 1


def test_what_fails_before_anything_was_begun_is_not_tried_again(api: OllamaApi, server: OllamaStandIn) -> None:
    server.pull_error = "pull model manifest: 412: requires a newer version of Ollama"
    with pytest.raises(ModelUnsuitableError, match="newer version") as caught:
        pull(api, NAME, wait=quickly)
    assert len([asked for asked in server.asked if asked.path == "/api/pull"]) == 1
    assert "install the present version" in caught.value.next_step
