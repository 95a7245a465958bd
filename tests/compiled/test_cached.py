"""What is compiled once is not compiled by the next process."""

import os
import subprocess
import sys

import pytest

PREDICT = """
import sys
import protvox

protvox.classify(sys.argv[1])
protvox.check(sys.argv[1])
protvox.mutations(sys.argv[1], ["A:5W"])
protvox.align(sys.argv[1], sys.argv[1])
"""


@pytest.mark.slow
def test_a_second_process_compiles_nothing(data_dir):
    command = [sys.executable, "-c", PREDICT, str(data_dir / "1ubi.pdb")]
    environment = os.environ | {"NUMBA_DEBUG_CACHE": "1"}
    for _ in range(2):
        result = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert any("data loaded from" in line for line in lines)
    assert [line for line in lines if "data saved to" in line] == []
