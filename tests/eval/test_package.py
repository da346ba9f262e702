from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import eval as package


def test_everything_promised_is_there() -> None:
    assert all(getattr(package, name) is not None for name in package.__all__)
    assert sorted(package._HOME) == sorted(package.__all__)


def test_no_promised_name_is_a_module_s_that_would_hide_it() -> None:
    modules = {path.stem for path in Path(package.__file__).parent.glob("*.py")}
    assert not modules & set(package.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = package.nothing_such


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, eval; print(sorted({'numpy', 'scipy', 'pydantic', 'psutil'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
