from __future__ import annotations

import io
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rag.parse.worker import read_frame, write_frame
from tests.rag.small import SLOW, fill


def test_frames_come_back_one_after_the_other() -> None:
    pipe = io.BytesIO()
    write_frame(pipe, "täa")
    write_frame(pipe, None)
    pipe.seek(0)
    assert [read_frame(pipe), read_frame(pipe)] == ["täa", None]


@pytest.mark.parametrize("cut", [0, 3, 9])
def test_a_cut_frame_is_the_end(cut: int) -> None:
    pipe = io.BytesIO()
    write_frame(pipe, "tea")
    with pytest.raises(EOFError):
        read_frame(io.BytesIO(pipe.getvalue()[:cut]))


@pytest.mark.skipif(sys.platform == "win32", reason="no alarm there")
def test_a_parser_whose_parent_is_gone_ends_by_itself(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "rag.parse.worker", str(2 * 1024**3), "1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as worker:
        assert worker.stdin is not None
        write_frame(worker.stdin, str(fill(tmp_path, {"a.md": SLOW}) / "a.md"))  # type: ignore[arg-type]
    assert worker.returncode == -signal.SIGALRM
