"""A cluster in a process of its own, because Ray ends the process when its node dies.

Ray's compiled part calls ``_exit(1)`` as soon as the node that the process is connected to is gone:
no Python code runs any more, neither to say what happened nor to choose the exit code.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from types import FrameType

from protvox.errors import fail
from protvox.processes.child import child_command
from protvox.settings import package_environment


def run_apart(option: str) -> int:
    """Run the command of this process once more, in a process that may connect to a cluster.

    Parameters
    ----------
    option
        Option to add, with the number of a descriptor for `end_with_parent`.

    Returns
    -------
    int
        Exit code of the command.

    Raises
    ------
    DeviceError
        If the process was ended by Ray or by a signal (``device.cluster``).
    """
    ours, theirs = os.pipe()
    command = child_command("protvox", *sys.argv[1:], option, str(ours))
    process = subprocess.Popen(command, env=package_environment(), pass_fds=(ours,))
    os.close(ours)

    def forward(number: int, _frame: FrameType | None) -> None:
        # Ctrl-C reaches the process by itself.
        if number != signal.SIGINT:
            process.send_signal(number)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, forward) for number in numbers}
    try:
        code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(theirs)
    # No error of protvox has the code 1.
    if code == 1 or code < 0:
        reason = "its node is gone" if code == 1 else f"the process got signal {-code}"
        raise fail("device.cluster.failed", where="Ray", reason=reason)
    return code


def end_with_parent(descriptor: int) -> None:
    """End this process when the one that started it ends, even if that was killed.

    Parameters
    ----------
    descriptor
        From `run_apart`.
    """

    def wait() -> None:
        os.read(descriptor, 1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
