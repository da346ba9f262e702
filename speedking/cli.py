"""The command line: options in, exit code out. Heavy imports happen inside the commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inference.errors import UsageError
from speedking import cli_agent, cli_models
from speedking.console import Terminal
from speedking.library import Opening
from speedking.options import (
    After,
    BaseUrl,
    EncoderName,
    EngineName,
    Folder,
    Globs,
    IndexDir,
    Json,
    K,
    ModelName,
    NoSync,
    NoWait,
    Think,
    Yes,
    said,
    settings_of,
)

if TYPE_CHECKING:
    from rag.filter import Filter

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,  # rich's help takes longer to load than everything else together
    pretty_exceptions_enable=False,
    help="Ask a folder of documents and trust the answer; run an agent over it; measure how fast and how good that is.",
)


def _where(globs: list[str] | None, after: str | None) -> Filter | None:
    """Raises UsageError for a date that is none; a year or a month begins on its first day."""
    if not globs and after is None:
        return None
    from datetime import date

    from rag.filter import Filter

    try:
        day = None if after is None else date.fromisoformat(after + {4: "-01-01", 7: "-01"}.get(len(after), ""))
    except ValueError as error:
        raise UsageError(
            f"--after {after!r} is no date", next_step="write it as 2024-03-01, 2024-03 or 2024"
        ) from error
    return Filter(tuple(globs or ()), day)


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
    passages: Annotated[bool, typer.Option("--show-passages", help="Show what the answer was read from.")] = False,
    timing: Annotated[bool, typer.Option("--timing", help="Show where the time went, and what to change.")] = False,
    iterative: Annotated[
        bool, typer.Option("--iterative", help="Search once more, with what was found, where once is not enough.")
    ] = False,
    k: K = 10,
    globs: Globs = None,
    after: After = None,
    engine: EngineName = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    think: Think = False,
    encoder: EncoderName = None,
    index: IndexDir = None,
    no_sync: NoSync = False,
    no_wait: NoWait = False,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Answer a question; every claim with file, page and a verbatim quote."""
    from speedking.commands import ask as command

    return command.run(
        Opening(folder, index, settings_of(engine, model, base_url, encoder), no_sync, no_wait, yes),
        said(question, "question"),
        k=k,
        where=_where(globs, after),
        think=think,
        passages=passages,
        timing=timing,
        iterative=iterative,
        terminal=Terminal(json_mode=json),
    )


@app.command()
def chat(
    folder: Folder,
    pin: Annotated[
        Path | None, typer.Option("--pin", help="Keep this document whole before the model.", show_default=False)
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the last conversation.")] = False,
    k: K = 10,
    globs: Globs = None,
    after: After = None,
    engine: EngineName = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    think: Think = False,
    encoder: EncoderName = None,
    index: IndexDir = None,
    no_sync: NoSync = False,
    no_wait: NoWait = False,
    yes: Yes = False,
) -> int:
    """Ask question after question, follow-ups too."""
    from speedking.commands import chat as command

    return command.run(
        Opening(folder, index, settings_of(engine, model, base_url, encoder), no_sync, no_wait, yes),
        k=k,
        where=_where(globs, after),
        think=think,
        pin=pin,
        resume=resume,
        terminal=Terminal(),
    )


@app.command()
def search(
    folder: Folder,
    query: Annotated[str, typer.Argument(help="What to look for.", show_default=False)],
    k: K = 10,
    globs: Globs = None,
    after: After = None,
    encoder: EncoderName = None,
    index: IndexDir = None,
    no_sync: NoSync = False,
    no_wait: NoWait = False,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Show the passages that a query finds, with scores."""
    from speedking.commands import search as command

    return command.run(
        Opening(folder, index, settings_of(encoder=encoder), no_sync, no_wait, yes),
        said(query, "query"),
        k=k,
        where=_where(globs, after),
        terminal=Terminal(json_mode=json),
    )


@app.command()
def index(
    folder: Folder,
    watch: Annotated[bool, typer.Option("--watch", help="Stay, and read again whenever something changes.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Read every file again to see whether it changed.")] = False,
    encoder: EncoderName = None,
    index: IndexDir = None,
    no_wait: NoWait = False,
    json: Json = False,
) -> int:
    """Read new and changed files, forget deleted ones, and report what was not read and why."""
    from speedking.commands import index as command

    return command.run_index(
        Opening(folder, index, settings_of(encoder=encoder), no_wait=no_wait),
        watch=watch,
        verify=verify,
        terminal=Terminal(json_mode=json),
    )


@app.command()
def status(folder: Folder, encoder: EncoderName = None, index: IndexDir = None, json: Json = False) -> int:
    """Show what is in a folder's index, file by file where something was not read."""
    from speedking.commands import index as command

    return command.run_status(Opening(folder, index, settings_of(encoder=encoder)), terminal=Terminal(json_mode=json))


@app.command()
def indexes(json: Json = False) -> int:
    """List the folders that have an index, with its size and age."""
    from speedking.commands import indexes as command

    return command.run(terminal=Terminal(json_mode=json))


@app.command()
def forget(
    folder: Folder,
    index: IndexDir = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: Json = False,
) -> int:
    """Delete a folder's index; the documents stay as they are."""
    from speedking.commands import indexes as command

    return command.forget(folder, index=index, yes=yes, terminal=Terminal(json_mode=json))


@app.command()
def config(
    engine: EngineName = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    encoder: EncoderName = None,
    json: Json = False,
) -> int:
    """Show every setting, its value and where it comes from."""
    from speedking.commands import config as command

    flags = {"engine": engine, "model": model, "base_url": base_url, "encoder": encoder}
    return command.run(flags=flags, terminal=Terminal(json_mode=json))


app.command()(cli_agent.agent)
app.command()(cli_models.tune)
app.command()(cli_models.doctor)
app.command()(cli_models.models)
app.command()(cli_models.bench)
app.command(name="eval")(cli_models.evaluate)
