"""The examples of docs/how-to/libraries.md run."""

from __future__ import annotations

import gzip
import re
import warnings
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "libraries.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0])
def test_examples_run(block, example_path, searchable_models, tmp_path, monkeypatch):
    if "import MDAnalysis" in block:
        pytest.importorskip("MDAnalysis", reason="MDAnalysis is not installed")
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(searchable_models))
    monkeypatch.chdir(tmp_path)
    Path("1pwc.pdb").write_bytes(gzip.decompress(example_path.read_bytes()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Of the libraries, on what the entry lacks.
        exec(compile(block, PAGE.name, "exec"), {})
