"""The commands that are written down exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from speedking.cli import app

ROOT = Path(__file__).parents[1]
INSTALL = "-c constraints.txt -e '.[test]'"
TESTS = "python -m pytest"


def commands(text: str) -> Iterator[str]:
    """The speedking commands in a Markdown text's blocks of code, one by one."""
    for block in re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for part in re.split(r"&&|\||\n", block.replace("\\\n", " ")):
            plain = re.sub(r"^\s*(\$ |\w+=\S+ )*", "", part)
            if plain.startswith("speedking "):
                yield plain.strip()


WRITTEN = [
    pytest.param(command, id=f"{path.relative_to(ROOT)}: {command}")
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("corpora/*/README.md"))
    for command in commands(path.read_text("utf-8"))
]


@pytest.mark.parametrize("command", WRITTEN)
def test_a_written_command_exists_with_its_options(command: str) -> None:
    arguments = shlex.split(command, comments=True)[1:]
    group = typer.main.get_command(app)
    with group.make_context("speedking", list(arguments)) as context:
        name, sub, rest = group.resolve_command(context, [*context._protected_args, *context.args])  # type: ignore[attr-defined]
        assert sub is not None, f"there is no command {name}"
        sub.make_context(name, rest, parent=context)


def test_the_readme_shows_commands() -> None:
    assert len(list(commands((ROOT / "README.md").read_text("utf-8")))) >= 5


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", ".ci/run"])
def test_the_install_and_the_test_command_are_the_same_everywhere(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert INSTALL in text
    assert TESTS in text


def test_the_readme_s_first_command_is_what_ci_runs() -> None:
    first = next(commands((ROOT / "README.md").read_text("utf-8")))
    assert first.removeprefix("speedking ") in (ROOT / ".ci" / "run").read_text("utf-8")


def test_commands_are_found_in_blocks_of_code_only() -> None:
    text = (
        "speedking no\n```sh\n$ A=b speedking ask D \\\n  'q'  # c\nx && speedking index D | head\n```\nspeedking no\n"
    )
    assert list(commands(text)) == ["speedking ask D    'q'  # c", "speedking index D"]
