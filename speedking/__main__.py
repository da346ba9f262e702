"""The program's start and its end: packages checked, telemetry off, every error caught once."""

from __future__ import annotations

import io
import os
import sys
import traceback

# Nothing of our other packages is imported here: whether they are ours is checked first.
from speedking.console import Terminal
from speedking.packages import NEXT_STEP, intruder

OFF = {
    "LANGSMITH_TRACING_V2": "false",  # the name that is looked up first
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGCHAIN_TRACING": "false",
    "ANONYMIZED_TELEMETRY": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}
"""Whatever the person's environment says: what is asked here goes to nobody."""

ERROR, USAGE, CANCELLED = 1, 2, 130
INTERNAL_STEP = "this is a mistake in speedking: please report it with the lines above"
SYSTEM_STEP = "free space, or check that you may read and write there; what was stored before stays"


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        # What the terminal's encoding does not have must not end the program.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs one command and returns its exit code."""
    os.environ.update(OFF)
    terminal = Terminal(json_mode="--json" in arguments)
    if (found := intruder()) is not None:
        return _fail("usage", found, NEXT_STEP, terminal, USAGE)
    from inference.errors import SpeedkingError, UsageError

    try:
        return _command(arguments)
    except SpeedkingError as error:
        code = USAGE if isinstance(error, UsageError) else ERROR
        return _fail(error.kind, error.message, error.next_step, terminal, code)
    except KeyboardInterrupt as interrupt:
        said = f"cancelled: {interrupt}" if str(interrupt) else "cancelled: what was stored stays"
        return _fail("cancelled", said, "run it again when you want it done", terminal, CANCELLED)
    except BrokenPipeError:
        # Whoever read the output has gone; the interpreter's last flush must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ERROR
    except OSError as error:
        return _fail("system", _from_system(error), SYSTEM_STEP, terminal, ERROR)
    except Exception as error:  # a mistake of ours: --json promises a document all the same
        traceback.print_exc()
        return _fail("internal", f"{type(error).__name__}: {error}", INTERNAL_STEP, terminal, ERROR)


def _command(arguments: list[str]) -> int:
    import typer

    from speedking.cli import app
    from speedking.meter import Cancelled

    command = typer.main.get_command(app)
    try:
        # Not command.main(): it would turn an interrupt into an exit code, and --json promises a document.
        with command.make_context("speedking", arguments or ["--help"]) as context:
            return int(command.invoke(context) or 0)
    except typer.Exit as done:
        return int(done.exit_code)
    except Cancelled as said:
        raise KeyboardInterrupt(str(said)) from said
    except (typer.Abort, EOFError) as error:
        raise KeyboardInterrupt from error
    except Exception as error:
        # Typer carries its own copy of click; of its errors only some are public. All have this method.
        if not hasattr(error, "format_message"):
            raise
        where = getattr(error, "ctx", None)
        name = where.command_path if where is not None else "speedking"
        from inference.errors import UsageError

        raise UsageError(error.format_message(), next_step=f"see {name} --help") from error


def _from_system(error: OSError) -> str:
    """A full disk, a folder without permission: the operating system's words."""
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"


def _fail(kind: str, message: str, next_step: str, terminal: Terminal, code: int) -> int:
    if terminal.json_mode:
        terminal.json({"error": {"kind": kind, "message": message, "next_step": next_step}})
    else:
        terminal.fail(message, next_step)
    return code


if __name__ == "__main__":
    main()
