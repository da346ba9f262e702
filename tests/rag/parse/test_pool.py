from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from rag.document import Parsed
from rag.parse.pool import parse_files
from tests.rag.small import SLOW, TEA, fill


def parsers() -> list[psutil.Process]:
    """Our children that parse."""
    return [child for child in psutil.Process().children() if "rag.parse.worker" in child.cmdline()]


def parsed(folder: Path, **limits: float) -> dict[str, Parsed]:
    """All files of a folder through one worker, in the order of names."""
    paths = sorted(folder.iterdir())
    return {path.name: result for path, result in parse_files(paths, workers=1, **limits)}  # type: ignore[arg-type]


def test_every_file_comes_back_with_its_outcome(tmp_path: Path) -> None:
    fill(tmp_path, {f"{number}.md": f"# Tea {number}\n" for number in range(20)} | {"empty.txt": "", "b.txt": b"\0"})
    results = {path.name: result.outcome for path, result in parse_files(tmp_path.iterdir(), workers=2)}
    assert results == {f"{number}.md": "indexed" for number in range(20)} | {"empty.txt": "no_text", "b.txt": "failed"}


def test_a_file_that_takes_too_long_is_given_up_and_the_next_one_is_read(tmp_path: Path) -> None:
    results = parsed(fill(tmp_path, {"a.md": SLOW, "b.md": TEA}), timeout_s=3)
    assert results["a.md"] == Parsed("failed", "took longer than 3 s to parse")
    assert results["b.md"].outcome == "indexed"


def test_a_file_that_needs_too_much_memory_fails_alone(tmp_path: Path) -> None:
    fill(tmp_path, {"b.md": TEA})
    with (tmp_path / "a.txt").open("wb") as file:
        file.truncate(400 * 1024**2)
    results = parsed(tmp_path, memory_bytes=400 * 1024**2)
    assert results["a.txt"] == Parsed("failed", "needs more memory than parsing a file may use")
    assert results["b.md"].outcome == "indexed"


def test_a_parser_that_dies_is_one_failed_file(tmp_path: Path) -> None:
    fill(tmp_path, {"b.md": TEA})
    results = parse_files([tmp_path / "b.md", *[fill(tmp_path, {"a.md": SLOW}) / "a.md"], tmp_path / "b.md"], workers=1)
    assert next(results)[1].outcome == "indexed"
    for parser in parsers():
        parser.kill()
    assert [result.outcome for _, result in results] == ["failed", "indexed"]


def test_leaving_early_ends_the_parsers(tmp_path: Path) -> None:
    fill(tmp_path, {"a.md": TEA, "b.md": SLOW, "c.md": SLOW})
    results = parse_files(sorted(tmp_path.iterdir()), workers=2, timeout_s=600)
    next(results)
    assert parsers()
    results.close()  # type: ignore[attr-defined]  # a generator
    assert not parsers()


def test_a_run_to_the_end_leaves_no_parser(tmp_path: Path) -> None:
    parsed(fill(tmp_path, {"a.md": TEA}))
    assert not parsers()


def test_a_file_that_is_gone_fails_with_the_reason(tmp_path: Path) -> None:
    ((_, result),) = parse_files([tmp_path / "gone.md"], workers=1)
    assert (result.outcome, result.reason) == ("failed", "cannot be read: No such file or directory")


def test_no_files_start_no_parser() -> None:
    assert list(parse_files([])) == []


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"%PDF-1.7\n", b"<" * 1000])
@pytest.mark.parametrize("suffix", [".md", ".html", ".pdf", ".txt"])
def test_no_content_under_any_name_raises(tmp_path: Path, suffix: str, content: bytes) -> None:
    (tmp_path / f"a{suffix}").write_bytes(content)
    assert len(parsed(tmp_path)) == 1
