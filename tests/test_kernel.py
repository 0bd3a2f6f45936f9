"""The kernel compiled, in plain Python, and compiled where nothing can be kept on disk, is one kernel."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from features.fingerprint import fingerprint

ROOT = Path(__file__).resolve().parent.parent
SHOW = "import json; from features.fingerprint import fingerprint; print(json.dumps(fingerprint()))"


def copy_of_features(folder: Path) -> Path:
    """A copy of the package, so that it may be changed and has no cache of its own yet."""
    shutil.copytree(ROOT / "features", folder / "features", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def show(folder: Path, what: str = SHOW, **environment: str) -> Any:
    """The fingerprint, or what else is to be shown, as another process finds it with the code in `folder`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); {what}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=kept | environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def here() -> dict[str, list[float | None]]:
    """The fingerprint of this process."""
    return {name: list(values) for name, values in fingerprint().items()}


def test_compiling_changes_no_bit() -> None:
    assert show(ROOT, NUMBA_DISABLE_JIT="1") == here()


TOTAL = """
import numba
from features.jit import FLOATS, compile_once


def _total(values):
    total = 0.0
    for value in values:
        total += value
    return total


total = compile_once(_total, numba.float64(FLOATS))
"""


def blocked_copy(folder: Path) -> tuple[Path, dict[str, str]]:
    """A copy of the package beside which nothing can be kept, and the environment that leaves no other place."""
    copy = copy_of_features(folder / "copy")
    # Files in the place of the folders that numba would make: permissions would not stop root.
    blocked = folder / "blocked"
    blocked.touch()
    (copy / "features" / "__pycache__").touch()
    return copy, {"HOME": str(blocked), "XDG_CACHE_HOME": str(blocked), "PYTHONDONTWRITEBYTECODE": "1"}


def test_compiles_where_no_folder_can_be_written(tmp_path: Path) -> None:
    copy, environment = blocked_copy(tmp_path)
    (copy / "features" / "total.py").write_text(TOTAL, encoding="utf-8")
    code = "import json, numpy; from features.total import total; print(json.dumps(total(numpy.array([1.5, 2.0]))))"
    assert show(copy, code, **environment) == 3.5
    assert (copy / "features" / "__pycache__").is_file()


@pytest.mark.slow
def test_the_kernel_compiles_where_no_folder_can_be_written(tmp_path: Path) -> None:
    copy, environment = blocked_copy(tmp_path)
    assert show(copy, **environment) == here()
    assert (copy / "features" / "__pycache__").is_file()


@pytest.mark.slow
def test_a_changed_constant_is_compiled_anew(tmp_path: Path) -> None:
    copy = copy_of_features(tmp_path / "copy")
    assert show(copy, NUMBA_CACHE_DIR=str(tmp_path / "cache")) == here()
    measures = copy / "features" / "measures.py"
    text = measures.read_text(encoding="utf-8")
    changed = text.replace("MONTH_DAYS: Final = 30", "MONTH_DAYS: Final = 10")
    assert changed != text
    measures.write_text(changed, encoding="utf-8")
    cached = show(copy, NUMBA_CACHE_DIR=str(tmp_path / "cache"))
    assert cached["active_months"] != here()["active_months"]
    assert cached == show(copy, NUMBA_DISABLE_JIT="1")
