from __future__ import annotations

import json
from pathlib import Path

from eval import take_fingerprint, to_json
from eval.fingerprint import _git_commit, _linux_cpu


def test_it_names_the_machine_and_what_was_handed_in() -> None:
    here = take_fingerprint(model={"digest": "abc"}, options={"num_ctx": 12_288}, packages=["pytest", "no-such"])
    assert here.threads is not None
    assert here.threads > 0
    assert here.memory_bytes is not None
    assert here.memory_bytes > 0
    assert list(here.packages) == ["pytest"]
    assert here.gpus != ()
    assert (here.model, here.options) == ({"digest": "abc"}, {"num_ctx": 12_288})
    assert json.loads(json.dumps(to_json(here))) == to_json(here)


def test_a_processor_without_a_name_is_unknown(tmp_path: Path) -> None:
    arm = tmp_path / "cpuinfo"
    arm.write_text("processor\t: 0\nBogoMIPS\t: 48.00\n", encoding="utf-8")
    assert _linux_cpu(arm) is None
    assert _linux_cpu(tmp_path / "missing") is None
    arm.write_text("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n", encoding="utf-8")
    assert _linux_cpu(arm) == "Some CPU @ 2 GHz"


def test_outside_a_clone_there_is_no_commit(tmp_path: Path) -> None:
    assert _git_commit(tmp_path) is None
