"""The command line: words and progress on stderr, data on stdout."""

from __future__ import annotations

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
    if "ray" in sys.modules:
        # Its threads may abort an interpreter that takes itself down. All is written by now, and
        # the cluster left.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
