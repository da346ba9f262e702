"""The command line: options in, exit code out. Heavy imports happen inside the commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inference.errors import UsageError
from speedking.console import Terminal
from speedking.options import BaseUrl, EngineName, Folder, IndexDir, Json, K, ModelName, NoSync, Out, Think, Yes
from speedking.settings import Settings, load_settings

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,  # rich's help takes longer to load than everything else together
    pretty_exceptions_enable=False,
    help="Ask a folder of documents and trust the answer; run an agent over it; measure how fast and how good that is.",
)


def _settings(engine: str | None, model: str | None, base_url: str | None) -> Settings:
    return load_settings({"engine": engine, "model": model, "base_url": base_url})


def _said(text: str, what: str) -> str:
    """Raises UsageError for a text without a letter or a digit: it would be searched for in vain."""
    if not any(character.isalnum() for character in text):
        raise UsageError(f"the {what} is empty", next_step=f"write the {what} in quotes behind the folder")
    return text


def _version(value: bool) -> None:
    if value:
        from importlib import metadata

        typer.echo(f"speedking {metadata.version('speedking')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    del version  # handled by its callback


@app.command()
def ask(
    folder: Folder,
    question: Annotated[str, typer.Argument(help="What you want to know.", show_default=False)],
    engine: EngineName = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    index: IndexDir = None,
    k: K = 10,
    no_sync: NoSync = False,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Answer a question; every claim with file, page and a verbatim quote."""
    from speedking.commands import ask as command

    return command.run(
        folder,
        _said(question, "question"),
        settings=_settings(engine, model, base_url),
        index=index,
        k=k,
        no_sync=no_sync,
        yes=yes,
        terminal=Terminal(json_mode=json),
    )


@app.command()
def search(
    folder: Folder,
    query: Annotated[str, typer.Argument(help="What to look for.", show_default=False)],
    index: IndexDir = None,
    k: K = 10,
    no_sync: NoSync = False,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Show the passages that a query finds, with scores."""
    from speedking.commands import search as command

    terminal = Terminal(json_mode=json)
    return command.run(folder, _said(query, "query"), index=index, k=k, no_sync=no_sync, yes=yes, terminal=terminal)


@app.command()
def index(folder: Folder, index: IndexDir = None, json: Json = False) -> int:
    """Read new and changed files, forget deleted ones, and report what was not read and why."""
    from speedking.commands import index as command

    return command.run_index(folder, index=index, terminal=Terminal(json_mode=json))


@app.command()
def status(folder: Folder, index: IndexDir = None, json: Json = False) -> int:
    """Show what is in a folder's index, file by file where something was not read."""
    from speedking.commands import index as command

    return command.run_status(folder, index=index, terminal=Terminal(json_mode=json))


@app.command()
def tune(
    model: Annotated[str | None, typer.Option("--model", help="An installed tag, or a GGUF file.")] = None,
    num_ctx: Annotated[int | None, typer.Option("--num-ctx", help="Context in tokens.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the Modelfile, create nothing.")] = False,
    base_url: BaseUrl = None,
    json: Json = False,
) -> int:
    """Create a tuned model on Ollama and read back what is in force; pulls nothing."""
    from speedking.commands import tune as command

    settings = _settings("ollama", model, base_url)
    return command.run(settings=settings, num_ctx=num_ctx, dry_run=dry_run, terminal=Terminal(json_mode=json))


@app.command()
def agent(
    folder: Folder,
    task: Annotated[str, typer.Argument(help="What to find out.", show_default=False)],
    cycles: Annotated[int, typer.Option("--cycles", min=1, help="The most cycles.")] = 10,
    wall: Annotated[float | None, typer.Option("--wall", help="The most seconds.", show_default="no limit")] = None,
    engine: EngineName = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    index: IndexDir = None,
    no_sync: NoSync = False,
    think: Think = False,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Let an agent search and read in cycles; shows each one, and a cited answer."""
    from speedking.commands import agent as command

    return command.run(
        folder,
        _said(task, "task"),
        settings=_settings(engine, model, base_url),
        index=index,
        cycles=cycles,
        wall_s=wall,
        no_sync=no_sync,
        yes=yes,
        think=think,
        terminal=Terminal(json_mode=json),
    )


@app.command()
def bench(
    cycles: Annotated[int, typer.Option("--cycles", min=1, help="Agent cycles a run.")] = 10,
    prefill: Annotated[list[int] | None, typer.Option("--prefill", help="Prompt tokens; may be repeated.")] = None,
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
        settings=_settings(engine, model, base_url),
        cycles=cycles,
        prefill=prefill or [10_000],
        repeats=repeats,
        quick=quick,
        think=think,
        out=out,
        terminal=Terminal(json_mode=json),
    )


@app.command(name="eval")
def evaluate(
    corpus: Annotated[Path, typer.Argument(help="A folder with docs/ and questions.jsonl.", show_default=False)],
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Ask so many, spread evenly.")] = None,
    slice_by: Annotated[str | None, typer.Option("--slice", help="Also by this key of the questions.")] = None,
    retrieval_only: Annotated[bool, typer.Option("--retrieval-only", help="Score search alone.")] = False,
    engine: EngineName = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    index: IndexDir = None,
    out: Out = None,
    json: Json = False,
) -> int:
    """Score a question set: retrieval, answers, citations, abstention, each with n and an interval."""
    from speedking.commands import eval as command

    return command.run(
        corpus,
        settings=_settings(engine, model, base_url),
        index=index,
        limit=limit,
        slice_by=slice_by,
        retrieval_only=retrieval_only,
        out=out,
        terminal=Terminal(json_mode=json),
    )
