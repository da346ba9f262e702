"""The program's start and its end: packages checked, telemetry off, every error caught once."""

from __future__ import annotations

import os
import sys

from inference.errors import SpeedkingError, UsageError
from speedking.console import Terminal, clean
from speedking.packages import check_packages

OFF = {
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGCHAIN_TRACING": "false",
    "ANONYMIZED_TELEMETRY": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}
"""Whatever the person's environment says: what is asked here goes to nobody."""

ERROR, USAGE, CANCELLED = 1, 2, 130


def main() -> None:
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs one command and returns its exit code."""
    os.environ.update(OFF)
    terminal = Terminal(json_mode="--json" in arguments)
    try:
        check_packages()
        return _command(arguments)
    except UsageError as error:
        return _fail(error, terminal, USAGE)
    except SpeedkingError as error:
        return _fail(error, terminal, ERROR)
    except KeyboardInterrupt:
        return _fail(SpeedkingError("cancelled", next_step="run it again: what was stored stays"), terminal, CANCELLED)
    except OSError as error:
        return _fail(_from_system(error), terminal, ERROR)


def _command(arguments: list[str]) -> int:
    import typer

    from speedking.cli import app
    from speedking.library import Cancelled

    command = typer.main.get_command(app)
    try:
        return int(command.main(arguments or ["--help"], prog_name="speedking", standalone_mode=False) or 0)
    except (typer.Abort, Cancelled) as error:
        raise KeyboardInterrupt from error
    except Exception as error:
        # Typer carries its own copy of click; of its errors only some are public. All have this method.
        if not hasattr(error, "format_message"):
            raise
        context = getattr(error, "ctx", None)
        name = context.command_path if context is not None else "speedking"
        raise UsageError(error.format_message(), next_step=f"see {name} --help") from error


def _from_system(error: OSError) -> SpeedkingError:
    """A full disk, a folder without permission: the operating system's words, and what to do."""
    where = f"{error.filename}: " if error.filename else ""
    return SpeedkingError(
        f"{where}{error.strerror or error}",
        next_step="free space, or check that you may read and write there; what was stored before stays",
    )


def _fail(error: SpeedkingError, terminal: Terminal, code: int) -> int:
    kind = {USAGE: "usage", CANCELLED: "cancelled"}.get(code, error.kind)
    if terminal.json_mode:
        terminal.json({"error": {"kind": kind, "message": error.message, "next_step": error.next_step}})
    else:
        terminal.err.print(f"{clean(error.message)}", style="red", markup=False, highlight=False, soft_wrap=True)
        terminal.err.print(f"next: {clean(error.next_step)}", markup=False, highlight=False, soft_wrap=True)
    return code


if __name__ == "__main__":
    main()
