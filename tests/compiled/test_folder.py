"""Where compiled functions are kept, and how long they are valid."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from protvox import chemistry
from protvox.compiled import folder
from protvox.compiled.cached import compile_cached

LOOPS = """
from protvox.compiled.cached import compile_cached
from protvox.constants import STEP

def add(x):
    return x + STEP

add = compile_cached(add)
"""


@pytest.fixture
def tree(tmp_path):
    """A package with a compiled function whose constant is in another module."""
    root = tmp_path / "first" / "protvox"
    root.mkdir(parents=True)
    for path in Path(folder.__file__).parents[1].iterdir():
        (root / path.name).symlink_to(path)
    (root / "constants.py").write_text("STEP = 1\n")
    (root / "loops.py").write_text(LOOPS)
    return root.parent


def run(tree: Path, cache: Path) -> tuple[int, bool]:
    """Return ``add(1)`` in a process of its own, and whether it was compiled there."""
    result = subprocess.run(
        [sys.executable, "-c", "from protvox.loops import add; print(add(1))"],
        env={
            "PYTHONPATH": str(tree),
            "XDG_CACHE_HOME": str(cache),
            "NUMBA_DEBUG_CACHE": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        cwd=tree,
        capture_output=True,
        text=True,
        check=True,
    )
    *log, value = result.stdout.splitlines()
    return int(value), any("data saved to" in line for line in log)


def test_a_constant_changed_in_another_file_is_compiled_in(tree, tmp_path):
    """numba alone looks at the file of the function, and gave the result of the old constant."""
    cache = tmp_path / "cache"
    assert run(tree, cache) == (2, True)
    shutil.copytree(tree, tmp_path / "second", symlinks=True)
    assert run(tmp_path / "second", cache) == (2, False)
    (tree / "protvox" / "constants.py").write_text("STEP = 2\n")
    assert run(tree, cache) == (3, True)
    assert run(tmp_path / "second", cache) == (2, False)


@pytest.mark.parametrize(
    "text",
    [
        "from protvox.chemistry import MASSES",
        "from protvox import chemistry, errors",
        "from protvox import (\n    errors,\n    chemistry,\n)",
        "import protvox.chemistry",
        "def f():\n    from protvox.chemistry import MASSES",
    ],
)
def test_imports_are_followed(text):
    assert Path(chemistry.__file__) in set(folder._imported(text))


def triple(x):
    return 3 * x


def test_folders_unused_for_long_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path))
    names = [f"{triple.__module__}-{digest}" for digest in ("old", "new")]
    names += [f"{triple.__module__}-other-old"]
    for name in names:
        (tmp_path / name).mkdir()
    for name in (names[0], names[2]):
        os.utime(tmp_path / name, (0, time.time() - 31 * 24 * 3600))
    assert compile_cached(triple)(14) == 42
    assert sorted(p.name for p in tmp_path.iterdir() if p.name in names) == sorted(names[1:])


def test_the_cache_of_another_user_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr("numba.core.config.CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    source = tmp_path / "module.py"
    parents = [tmp_path / "protvox" / "compiled", tmp_path / "__pycache__"]
    assert list(folder._parents(source)) == parents
    assert parents[0].stat().st_mode & 0o777 == 0o700
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert list(folder._parents(source)) == parents[1:]
