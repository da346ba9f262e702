from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from rag.ignore import Rules
from rag.scan import scan
from tests.rag.small import fill

RULES = {
    ".gitignore": "# notes\n\n*.log\n!keep.log\n/t.md\nbuild/\ndocs/**/old.md\nonly/*\n!only/this/\n*.tmp  \n[ab]?.md",
    "sub/.gitignore": "!a1.md\n*.txt\nspaced\\ \n",
    "sub/deep/.gitignore": "!c.txt\n",
}
PATHS = """a.log keep.log t.md sub/t.md build/a.md sub/build/a.md docs/old.md docs/x/y/old.md only/a.md
    only/this/a.md x.tmp a1.md sub/a1.md sub/b2.md b.txt sub/b.txt sub/deep/b.txt sub/deep/c.txt other/build""".split()


def rules(tmp_path: Path, text: str) -> Rules:
    fill(tmp_path, {".gitignore": text})
    return Rules().within(str(tmp_path), "", {".gitignore"})


def test_the_line_that_ignores_is_named_among_comments_and_blank_lines(tmp_path: Path) -> None:
    found = rules(tmp_path, "# a comment\n\n!\n*.log\n")
    assert found.ignoring("a.log") == ".gitignore line 4: *.log"
    assert found.ignoring("a.md") is None


def test_a_later_line_takes_back_what_an_earlier_one_ignores(tmp_path: Path) -> None:
    found = rules(tmp_path, "*.log\n!keep.log\n")
    assert found.ignoring("keep.log") is None


def test_a_pattern_with_a_slash_at_its_end_means_folders_only(tmp_path: Path) -> None:
    found = rules(tmp_path, "build/\n")
    assert found.ignoring("build/") == ".gitignore line 1: build/"
    assert found.ignoring("build") is None


def test_a_deeper_file_overrules_one_above_it(tmp_path: Path) -> None:
    above = rules(tmp_path, "*.md\n")
    fill(tmp_path, {"sub/.gitignore": "!a.md\n"})
    within = above.within(str(tmp_path / "sub"), "sub/", {".gitignore"})
    assert within.ignoring("sub/a.md") is None
    assert within.ignoring("sub/b.md") == ".gitignore line 1: *.md"
    assert above.ignoring("a.md") == ".gitignore line 1: *.md"


def test_our_own_file_overrules_gits_beside_it(tmp_path: Path) -> None:
    fill(tmp_path, {".gitignore": "*.pdf\n", ".speedkingignore": "!*.pdf\n*.md\n"})
    found = Rules().within(str(tmp_path), "", {".gitignore", ".speedkingignore"})
    assert found.ignoring("a.pdf") is None
    assert found.ignoring("a.md") == ".speedkingignore line 2: *.md"


def test_bytes_that_are_no_text_are_no_error(tmp_path: Path) -> None:
    fill(tmp_path, {".gitignore": b"\xff\xfe\n*.log\n"})
    assert Rules().within(str(tmp_path), "", {".gitignore"}).ignoring("a.log") == ".gitignore line 2: *.log"


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_same_files_are_ignored_as_by_git(tmp_path: Path) -> None:
    fill(tmp_path, {**RULES, **dict.fromkeys(PATHS, "")})
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "init", "-q", tmp_path], check=True, env=environment)
    listed = subprocess.run(
        ["git", "-C", tmp_path, "ls-files", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    kept = {file.path for file in scan(tmp_path).files if file.refused is None or file.refused.outcome != "ignored"}
    assert kept == {path for path in listed.stdout.splitlines() if not path.endswith(".gitignore")}
