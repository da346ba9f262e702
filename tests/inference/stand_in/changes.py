"""What changes the installed models: /api/create, /api/pull and /api/delete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

from tests.inference.stand_in.answers import Answer, Line, Refused, last_of, now, packed, stream
from tests.inference.stand_in.chat import must_have
from tests.inference.stand_in.kinds import Model
from tests.inference.stand_in.state import State

_STEPS = 10
"""Lines that tell of a download."""
_NO_MANIFEST = "pull model manifest: "


def create(state: State, body: dict[str, Any]) -> Answer:
    return _progress(_creation(state, body), body)


def pull(state: State, body: dict[str, Any]) -> Answer:
    return _progress(_download(state, body), body)


def delete(state: State, body: dict[str, Any]) -> Answer:
    name = must_have(state, body)
    if state.keeps_all:
        raise Refused(500, "read-only")
    del state.models[name]
    return Answer(kind=None)


def _progress(lines: Iterator[Line], body: dict[str, Any]) -> Answer:
    return stream(lines) if body.get("stream") is not False else last_of(lines)


def _creation(state: State, body: dict[str, Any]) -> Iterator[Line]:
    """Stores any parameter, known or not, and reports success, as Ollama does."""
    if state.create_error is not None:
        yield {"status": "parsing GGUF"}
        yield {"error": state.create_error}
        return
    base = state.named(body["from"]) if "from" in body else None
    if "from" in body and base is None:
        yield {"status": "pulling manifest"}
        yield {"error": f"{_NO_MANIFEST}file does not exist"}
        return
    model = _created(state.models[base] if base else None, base or "", body)
    state.models[_full(body["model"])] = model
    yield {"status": f"using existing layer sha256:{model.weights}"}
    yield {"status": f"using existing layer sha256:{_digest(model.template)}"}
    if body.get("parameters"):
        yield {"status": f"creating new layer sha256:{_digest(packed(model.parameters).decode())}"}
    yield {"status": "writing manifest"}
    yield {"status": "success"}


def _created(base: Model | None, parent: str, body: dict[str, Any]) -> Model:
    """A model of a base, or of the first of the files; a parser brings tools and thinking."""
    old = base or Model(weights=next(iter(body["files"].values())).removeprefix("sha256:"))
    able = ("completion", "tools", "thinking") if body.get("parser") else old.capabilities
    return replace(
        old,
        capabilities=able,
        parameters=old.parameters | (body.get("parameters") or {}),
        parent=parent,
        modified=now(),
        template=body.get("template", old.template),
        renderer=body.get("renderer", old.renderer),
        parser=body.get("parser", old.parser),
    )


def _download(state: State, body: dict[str, Any]) -> Iterator[Line]:
    """A pull goes on from what is here already; an error that is not about the manifest comes half-way."""
    full = _full(str(body.get("model") or body.get("name")))
    listed = next((name for name in (full, full.removesuffix(":latest")) if name in state.pullable), None)
    error = state.pull_error or ""
    yield {"status": "pulling manifest"}
    if error.startswith(_NO_MANIFEST):
        yield {"error": error}
    elif listed is None:
        yield {"error": f"{_NO_MANIFEST}file does not exist"}
    else:
        yield from _layers(state, listed, full)


def _layers(state: State, listed: str, full: str) -> Iterator[Line]:
    """The weights, then a small layer, as a model has several; together the bytes that are listed."""
    small = min(100, state.pullable[listed] // 10)
    weights, digest = state.pullable[listed] - small, _digest(full)
    for completed in _completed(state.pulled_bytes.get(listed, 0), weights):
        cut_at = weights + 1 if state.pull_cut_at is None else state.pull_cut_at
        here = state.pulled_bytes[listed] = min(completed, cut_at)
        yield _pulling(digest, weights, here)
        if here == cut_at:
            state.pull_cut_at = None
            yield None
            return
        if state.pull_error is not None and completed >= weights // 2:
            yield {"error": state.pull_error}
            return
    yield _pulling(_digest(f"parameters of {full}"), small, small)
    yield {"status": "verifying sha256 digest"}
    yield {"status": "writing manifest"}
    state.pulled_bytes[listed] = state.pullable[listed]
    state.models[full] = Model(size=state.pullable[listed], weights=digest, modified=now())
    yield {"status": "success"}


def _completed(start: int, total: int) -> list[int]:
    """Bytes that are here after each step of a download that begins at `start`."""
    start = min(start, total)
    return [start, *(stop for stop in range(0, total, max(1, total // _STEPS)) if stop > start), total]


def _pulling(digest: str, total: int, completed: int) -> dict[str, Any]:
    """A number that is zero is left out."""
    line = {"status": f"pulling {digest[:12]}", "digest": f"sha256:{digest}", "total": total, "completed": completed}
    return {field: value for field, value in line.items() if value != 0}


def _full(name: str) -> str:
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
