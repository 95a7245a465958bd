"""The command line: words and progress on stderr, data on stdout."""

from __future__ import annotations

import atexit
import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run ``protvox`` with the arguments of the process and exit.

    Exit codes: 0 all fine, 2 usage, 3 bad input, 4 some inputs failed, 5 model or
    configuration, 6 device or memory, 70 a bug, 130 interrupted.
    """
    try:
        from protvox.cli.app import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        # Before the guard of `run` stands, or on a second Ctrl-C while it cleans up.
        code = 130
    if sys.modules.keys() & {"pyarrow", "ray"}:
        # Their threads may hold Python objects still, and abort an interpreter that takes itself
        # down under them. All is written by now, and the cluster left.
        if "ray" not in sys.modules:
            atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
