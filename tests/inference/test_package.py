from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import inference


def test_everything_promised_is_there() -> None:
    assert all(getattr(inference, name) is not None for name in inference.__all__)
    assert sorted(inference._HOME) == sorted(inference.__all__)


def test_no_promised_name_is_a_module_s_that_would_hide_it() -> None:
    modules = {path.stem for path in Path(inference.__file__).parent.glob("*.py")}
    assert not modules & set(inference.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = inference.nothing_such


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, inference; print(sorted({'httpx', 'pydantic', 'psutil', 'langchain_core'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_leaves_import_nothing_of_ours() -> None:
    code = "import sys, inference.record, inference.errors; print(sorted(m for m in sys.modules if 'inference' in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['inference', 'inference.errors', 'inference.record']"
