"""The command line: results on stdout, messages and progress on stderr."""

from __future__ import annotations

import atexit
import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run ``protvox`` with the arguments of the process and exit.

    Exit codes: 0 success, 2 usage, 3 invalid input, 4 some inputs failed, 5 model or
    configuration, 6 device or memory, 70 bug, 130 interrupted.
    """
    _open_closed_streams()
    try:
        from protvox.cli.app import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        # During the import of `run`, or on a second Ctrl-C while it cleans up.
        code = 130
    if sys.modules.keys() & {"pyarrow", "ray"}:
        # Their threads may still hold Python objects and would abort an interpreter that shuts
        # down. By now all output is written and the cluster is disconnected.
        if "ray" not in sys.modules:
            atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _open_closed_streams() -> None:
    """Open the standard streams that the caller has closed (``>&-``).

    Otherwise the next file that is opened becomes stdout. What is written to it fails, so that
    results are not lost unnoticed.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_WRONLY if number == 2 else os.O_RDONLY)
            setattr(sys, name, os.fdopen(number, mode, closefd=False))
