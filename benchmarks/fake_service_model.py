"""A model process without networks, for disasters in which prediction is not under test.

Its results are a function of the structure and the options, and take a fifth of a second.
``serve`` runs the service with it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
import time

SECONDS = 0.2
MODEL = {"name": "fake", "version": "1", "reference": "fake@1", "task": "cath", "summary": "none"}


def serve() -> None:
    """Run ``protvox serve`` with this model process."""
    from protvox.cli import main as command
    from protvox.service.workers import device

    child = device.Child
    device.Child = lambda _module, arguments: child("fake_service_model", arguments)
    sys.argv[0] = "protvox"
    command()


def main() -> None:
    """Reply to requests until stdin ends."""
    from protvox.processes.messages import read_message, take_over_stdio, write_message

    requests, replies = take_over_stdio()
    lock = threading.Lock()

    def send(message: dict) -> None:
        with lock:
            write_message(replies, message)

    def compute(request: dict) -> None:
        time.sleep(SECONDS)
        said = json.dumps(request["options"], sort_keys=True).encode()
        digest = hashlib.sha256(request["structure"] + said).hexdigest()
        content = json.dumps({"digest": digest}).encode()
        results = {form: content for form in request["forms"] if form != "cif"}
        send({"number": request["number"], "results": results, "seconds": SECONDS})

    send({"ready": True, "seconds": 0.0, "device": "cpu", "pid": os.getpid(), "models": [MODEL]})
    while (message := read_message(requests)) is not None:
        for request in message.get("requests", ()):
            threading.Thread(target=compute, args=(request,), daemon=True).start()
    os._exit(0)


if __name__ == "__main__":
    main()
