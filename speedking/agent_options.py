"""What a person typed for a run of the agent, and what goes on with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from inference.errors import UsageError
from speedking.options import settings_of

if TYPE_CHECKING:
    from agents import Limits
    from speedking.settings import Settings


ENGINE = {"engine", "model", "base_url"}


class Options(BaseModel):
    """Only what was typed: None and False are left to the settings and the defaults. Files are named from the root, so
    that they are found from another folder too."""

    model_config = ConfigDict(frozen=True)

    engine: str | None = None
    model: str | None = None
    base_url: str | None = None
    encoder: str | None = None
    cycles: int | None = None
    wall: float | None = None
    calls: str | None = None
    trace: Path | None = None
    mcp: Path | None = None
    think: bool = False
    approve: bool = False

    @property
    def given(self) -> dict[str, Any]:
        return self.model_dump(exclude_defaults=True)

    @property
    def flags(self) -> list[str]:
        """As they are typed."""
        words: list[str] = []
        for name, value in self.given.items():
            flag = f"--{name.replace('_', '-')}"
            words += [flag] if value is True else [flag, f"{value:g}" if isinstance(value, float) else str(value)]
        return words

    @property
    def limits(self) -> Limits:
        """Raises UsageError for limits that no run can keep."""
        from agents import Limits
        from agents.limits import MAX_CYCLES

        if self.cycles is not None and self.cycles < 1:
            raise UsageError(f"--cycles {self.cycles} is no run", next_step="give at least 1")
        return Limits(max_cycles=MAX_CYCLES if self.cycles is None else self.cycles, wall_s=self.wall)

    @property
    def settings(self) -> Settings:
        return settings_of(self.engine, self.model, self.base_url, self.encoder)

    def over(self, before: Options) -> Options:
        """These, and what was typed `before` where these say nothing. Engine, model and server belong together: with
        one of them said anew, nothing of the others is taken over."""
        kept = before.given
        if self.given.keys() & ENGINE:
            kept = {name: value for name, value in kept.items() if name not in ENGINE}
        return Options.model_validate({**kept, **self.given})

    def from_anywhere(self) -> Options:
        """With the files' whole paths."""
        whole: dict[str, Any] = {name: _whole(path) for name, path in self.given.items() if name in ("trace", "mcp")}
        if self.model is not None and (self.engine == "gguf" or self.model.endswith(".gguf")):
            whole["model"] = str(_whole(Path(self.model)))
        if self.encoder is not None and Path(self.encoder).expanduser().is_dir():
            whole["encoder"] = str(_whole(Path(self.encoder)))
        return self.model_copy(update=whole)


def _whole(path: Path) -> Path:
    return path.expanduser().absolute()
