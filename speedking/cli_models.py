"""The commands about models: making a tuned one, timing it, scoring what it answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inference.errors import UsageError
from speedking.console import Terminal
from speedking.options import (
    BaseUrl,
    EncoderName,
    EngineName,
    IndexDir,
    Json,
    Machine,
    ModelName,
    Out,
    Purpose,
    Think,
    settings_of,
)

if TYPE_CHECKING:
    from speedking.commands.tune import Wish


def tune(
    model: Annotated[
        str | None,
        typer.Option("--model", help="An installed tag, or a GGUF file.", show_default="the best-suited installed one"),
    ] = None,
    num_ctx: Annotated[
        int | None,
        typer.Option("--num-ctx", help="Tokens of context.", show_default="16384, or what the memory allows"),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Mend this Modelfile, line by line, and create the model.", show_default=False),
    ] = None,
    purpose: Purpose = "rag",
    num_thread: Annotated[
        int | None,
        typer.Option("--num-thread", min=1, help="Threads, on a machine that is shared.", show_default="the server's"),
    ] = None,
    machine: Machine = None,
    pull: Annotated[bool, typer.Option("--pull", help="Download the model where it is not installed.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the Modelfile, create nothing.")] = False,
    base_url: BaseUrl = None,
    json: Json = False,
) -> int:
    """Choose model and options for this machine, create the tuned model on Ollama, prove what is in force."""
    from speedking.commands import tune as command

    wish = command.Wish(num_ctx, num_thread, purpose, machine, pull, dry_run)
    if source is not None:
        return _mended(source, model, wish, base_url, json=json)
    settings = settings_of("ollama", model, base_url)
    return command.run(settings=settings, wish=wish, terminal=Terminal(json_mode=json))


def doctor(
    modelfile: Annotated[
        Path | None,
        typer.Option(
            "--modelfile", help="Look through somebody's Modelfile instead; needs no server.", show_default=False
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Measure nothing: no cycles, no thinking, no pace.")] = False,
    engine: EngineName = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    json: Json = False,
) -> int:
    """Say whether the configuration is the bottleneck: findings with their evidence and what mends them."""
    from speedking.commands import doctor as command

    return command.run(
        settings=settings_of(engine, model, base_url),
        modelfile=modelfile,
        quick=quick,
        terminal=Terminal(json_mode=json),
    )


def _mended(source: Path, model: str | None, wish: Wish, base_url: str | None, *, json: bool) -> int:
    """Raises UsageError for options whose place is the file itself."""
    given = (
        ("--model", "FROM", model),
        ("--num-ctx", "PARAMETER num_ctx", wish.num_ctx),
        ("--num-thread", "PARAMETER num_thread", wish.num_thread),
        ("--machine", "FROM", wish.machine),
        ("--purpose", "PARAMETER temperature and the like, not", wish.purpose if wish.purpose != "rag" else None),
    )
    for option, line, value in given:
        if value is not None:
            raise UsageError(
                f"{option} says {value} and {source} has lines of its own",
                next_step=f"write {line} {value} into {source}, or leave out --from",
            )
    from speedking.commands import mend as command

    settings = settings_of("ollama", None, base_url)
    return command.run(
        source, settings=settings, dry_run=wish.dry_run, pull=wish.pull, terminal=Terminal(json_mode=json)
    )


def bench(
    cycles: Annotated[int, typer.Option("--cycles", min=1, help="Cycles of an agent in a run.")] = 10,
    prefill: Annotated[
        list[int] | None,
        typer.Option("--prefill", help="Tokens of a prompt to time; may be repeated.", show_default="10000"),
    ] = None,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="Runs of each row; the median is shown.")] = 3,
    quick: Annotated[bool, typer.Option("--quick", help="Stay under two minutes, with fewer or shorter rows.")] = False,
    engine: EngineName = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    think: Think = False,
    out: Out = None,
    json: Json = False,
) -> int:
    """Time agent cycles and a 10k-token prefill on the model in use."""
    from speedking.commands import bench as command

    return command.run(
        settings=settings_of(engine, model, base_url),
        cycles=cycles,
        prefill=prefill or [10_000],
        repeats=repeats,
        quick=quick,
        think=think,
        out=out,
        terminal=Terminal(json_mode=json),
    )


def evaluate(
    corpus: Annotated[Path, typer.Argument(help="A folder with docs/ and questions.jsonl.", show_default=False)],
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Ask only so many, spread evenly.", show_default="all")
    ] = None,
    slice_by: Annotated[
        str | None, typer.Option("--slice", help="Score also by the values of this key of the questions.")
    ] = None,
    retrieval_only: Annotated[
        bool, typer.Option("--retrieval-only", help="Score search alone, without answers.")
    ] = False,
    engine: EngineName = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    encoder: EncoderName = None,
    index: IndexDir = None,
    out: Out = None,
    json: Json = False,
) -> int:
    """Score a question set: retrieval, answers, citations, abstention, each with n and an interval."""
    from speedking.commands import eval as command

    return command.run(
        corpus,
        settings=settings_of(engine, model, base_url, encoder),
        index=index,
        limit=limit,
        slice_by=slice_by,
        retrieval_only=retrieval_only,
        out=out,
        terminal=Terminal(json_mode=json),
    )


def models(
    machine: Machine = None,
    purpose: Purpose = "rag",
    base_url: BaseUrl = None,
    json: Json = False,
) -> int:
    """Show the models that are installed and those that suit a machine: size, where they fit, speed."""
    from speedking.commands import models as command

    settings = settings_of("ollama", None, base_url)
    return command.run(settings=settings, machine=machine, purpose=purpose, terminal=Terminal(json_mode=json))
