"""Runs kept in one SQLite file, so that a killed one goes on from its last cycle."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from agents.reply.literals import whole_characters
from agents.state import State
from inference.errors import UsageError

if TYPE_CHECKING:
    from langgraph.checkpoint.sqlite import SqliteSaver
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    from agents.graph.wiring import Saver

_STATE = "speedking_state"
_ADAPTER = TypeAdapter(State)


class StateSerializer(JsonPlusSerializer):
    """LangGraph's own, with a state as JSON by its types: tuples stay tuples, and nothing but a state is built."""

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        return super().dumps_typed(_written(obj))

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        return _read(super().loads_typed(data))


@contextmanager
def sqlite_saver(path: Path) -> Iterator[SqliteSaver]:
    """A saver for `Agent(saver=...)`; the file is made where there is none."""
    from langgraph.checkpoint.sqlite import SqliteSaver

    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, check_same_thread=False, timeout=60.0)) as connection:
        yield SqliteSaver(connection, serde=StateSerializer())


@asynccontextmanager
async def async_sqlite_saver(path: Path) -> AsyncIterator[AsyncSqliteSaver]:
    """The same for `Agent.astream` and `Agent.arun`."""
    import aiosqlite
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    path.parent.mkdir(parents=True, exist_ok=True)
    async with aiosqlite.connect(path) as connection:
        yield AsyncSqliteSaver(connection, serde=StateSerializer())


def memory_saver() -> Saver:
    """Kept while the process lives: what asking a person needs."""
    from langgraph.checkpoint.memory import InMemorySaver

    return InMemorySaver(serde=StateSerializer())


def _written(obj: Any) -> Any:
    if isinstance(obj, State):
        return {_STATE: _dumped(obj)}
    if isinstance(obj, dict):
        return {key: _written(value) for key, value in obj.items()}
    return obj


def _dumped(state: State) -> str:
    """What a message carries beside its text may be anything: what JSON cannot hold is kept as its name, half a
    character as a mark."""
    try:
        return _ADAPTER.dump_json(state, fallback=str).decode()
    except PydanticSerializationError:
        return json.dumps(whole_characters(_ADAPTER.dump_python(state, mode="json", fallback=str)))


def _read(obj: Any) -> Any:
    if not isinstance(obj, dict):
        return obj
    if _STATE in obj:
        return _state(obj[_STATE])
    return {key: _read(value) for key, value in obj.items()}


def _state(written: str) -> State:
    try:
        return _ADAPTER.validate_json(written)
    except ValidationError as error:
        raise UsageError("the run was kept by another version", next_step="begin it anew") from error
