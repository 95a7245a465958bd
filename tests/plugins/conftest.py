from __future__ import annotations

import importlib.util
import json
import os
import stat
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from prepared_results import MODULE, RESULTS

PROGRAM = """#!{python}
import json, sys
words = sys.argv[1:]
assert words[-3:-1] == ["--format", "jsonl"], words
text = open(words[-1]).read()
if "_atom_site" not in text:
    sys.exit("error: structure: it is not mmCIF. Save it as mmCIF.")
results = json.load(open({results!r}))
print(json.dumps(results[{{"classify": "domains"}}.get(words[0], words[0])]))
"""


@pytest.fixture(scope="session")
def predictions():
    """The module that both plugins have."""
    found = importlib.util.spec_from_file_location("predictions", MODULE)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture
def program(tmp_path) -> str:
    """A command that answers like protvox, with prepared results, and at once."""
    results = tmp_path / "results.json"
    results.write_text(json.dumps(RESULTS))
    path = tmp_path / "protvox"
    path.write_text(PROGRAM.format(python=sys.executable, results=os.fspath(results)))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return os.fspath(path)
