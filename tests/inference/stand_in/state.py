"""What the stand-in knows: installed models, loaded ones, what it was asked, and the faults it is told to have."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from tests.inference.stand_in.answers import Refused, now
from tests.inference.stand_in.kinds import Asked, Model, Turn
from tests.inference.stand_in.options import checked, loaded_with, seconds

WARM_NS, COLD_NS = 1_000_000, 260_000_000
"""load_duration of a request that finds its model loaded, never 0, and of one that loads a small one."""
BUSY = "server busy, please try again.  maximum pending requests exceeded"


@dataclass
class Loaded:
    """A runner: one for a file of weights, under the name it was loaded by."""

    name: str
    model: Model
    options: dict[str, Any]
    expires_at: str
    polls_left: int | None = None
    """Of /api/ps until it is gone; None while it is not told to go."""
    prompt: list[str] = field(default_factory=list)
    """The tokens of its last prompt: the cache."""

    @property
    def context(self) -> int:
        return int(self.options["num_ctx"])


class State:
    """A test sets any of these while the server runs."""

    def __init__(self, models: dict[str, Model] | None, served_context: int) -> None:
        self.models = {"qwen:1b": Model()} if models is None else models
        self.loaded: list[Loaded] = []
        self.turns = [Turn()]
        """What the next chats do, the last of them again and again."""
        self.asked: list[Asked] = []
        self.blobs: dict[str, bytes] = {}
        self.version = "0.33.0"
        self.served_context = served_context
        """The context of a model that sets none."""
        self.forced_context: int | None = None
        """The context of every model, whatever is asked for."""
        self.width = 26
        """Of a vector."""
        self.tokens_a_word = 1
        self.cached_counts = False
        """Whether it tells prompt_eval_cached_count, as from 0.33.3 on."""
        self.keeps_prefix = True
        """Whether a prompt is read on from what it has in common with the last one; else all of it again."""
        self.honours_truncate = True
        """An old server shortens a prompt although it is told not to."""
        self.pullable: dict[str, int] = {}
        """What the registry has: name to bytes."""
        self.pulled_bytes: dict[str, int] = {}
        """What is here already of a model that was pulled in part."""
        self.pull_cut_at: int | None = None
        """Bytes of a pull at which the connection is closed, once."""
        self.pull_error: str | None = None
        """Ends every pull: before the first byte if it speaks of the manifest, else half-way."""
        self.create_error: str | None = None
        self.load_error: str | None = None
        self.keeps_all = False
        """Refuses to delete."""
        self.busy_for = 0
        """The next so many chats find the queue full."""
        self.lingers = 0
        """Polls of /api/ps that still list a model after it was told to go."""
        self._lock = Lock()

    @property
    def running(self) -> list[str]:
        """The names of the loaded models, in the order of their loading."""
        return [loaded.name for loaded in self.loaded]

    @running.setter
    def running(self, names: list[str]) -> None:
        self.loaded = [Loaded(name, self.models[name], self._wanted(name, {}), now(300)) for name in names]

    def named(self, name: Any) -> str | None:
        """The full name of an installed model."""
        return next((n for n in (str(name), f"{name}:latest") if n in self.models), None)

    def context(self, name: str, options: dict[str, Any] | None = None) -> int:
        model = self.models[name]
        asked = int((model.parameters | (options or {})).get("num_ctx", self.served_context))
        return self.forced_context or min(asked, model.trained)

    def next_turn(self) -> Turn:
        with self._lock:
            return self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]

    def take_place(self) -> None:
        """A place in the queue. Refused where it is full."""
        with self._lock:
            if self.busy_for > 0:
                self.busy_for -= 1
                raise Refused(503, BUSY)

    def load(self, name: str, body: dict[str, Any]) -> tuple[Loaded, int]:
        """The runner for a request, and how long it took to have it, in ns.

        With other options than it runs with, a model is loaded again. Refused for options of a wrong type,
        a full queue, or `load_error`.
        """
        options = checked(body.get("options") or {})
        checked(self.models[name].parameters)
        self.take_place()
        model, wanted = self.models[name], self._wanted(name, options, body.get("shift"))
        expires_at = now(seconds(body.get("keep_alive")))
        with self._lock:
            same = [loaded for loaded in self.loaded if loaded.model.weights == model.weights]
            for loaded in same:
                if loaded.options == wanted and loaded.polls_left is None:
                    loaded.expires_at = expires_at
                    return loaded, WARM_NS
            if self.load_error is not None:
                raise Refused(500, self.load_error)
            self.loaded = [loaded for loaded in self.loaded if loaded not in same]
            self.loaded.append(Loaded(name, model, wanted, expires_at))
            return self.loaded[-1], COLD_NS

    def unload(self, name: str) -> None:
        """Tell a model to go, which takes `lingers` polls."""
        weights = self.models[name].weights
        for loaded in [loaded for loaded in self.loaded if loaded.model.weights == weights]:
            loaded.polls_left = self.lingers
        self._leave()

    def poll(self) -> list[Loaded]:
        """What /api/ps lists, what stays longest first; what is told to go comes closer to being gone."""
        listed = sorted(self.loaded, key=lambda loaded: loaded.expires_at[:19], reverse=True)
        for loaded in listed:
            if loaded.polls_left is not None:
                loaded.polls_left -= 1
        self._leave()
        return listed

    def _leave(self) -> None:
        self.loaded = [loaded for loaded in self.loaded if loaded.polls_left is None or loaded.polls_left > 0]

    def _wanted(self, name: str, options: dict[str, Any], shift: Any = None) -> dict[str, Any]:
        known = {**self.models[name].parameters, **options}
        return loaded_with(known, self.context(name, options), shift)
