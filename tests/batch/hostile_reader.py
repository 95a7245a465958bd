"""A reader that a hostile file has taken over: inputs called ``evil_KIND`` break the protocol.

Anything that unpickled what it sends would create the folder ``unpickled`` beside the input.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
from pathlib import Path

from protvox.batch.messages import Content, to_message
from protvox.batch.plan import Item
from protvox.batch.workers import read_process
from protvox.processes.messages import pack
from protvox.processes.parent import Parent

SHA256 = to_message(Content("0" * 64))


class Bomb:
    """Creates a folder when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


class HostileParent(Parent):
    """Answers an evil input with anything but a valid message."""

    def receive(self):
        message = super().receive()
        while "evil_" in message.get("item", ""):
            self.attack(Item.from_json(message["item"]))
            message = super().receive()
        return message

    def attack(self, item: Item) -> None:
        bomb = pickle.dumps(Bomb(str(Path(item.path).parent / "unpickled")))
        header = len(bomb).to_bytes(4, "big")
        kind = Path(item.path).stem.removeprefix("evil_")
        if kind == "connection":  # the frame of a multiprocessing connection
            self.write(header + bomb)
        elif kind == "extension":
            body = b"\xc7" + bytes([len(bomb), 1]) + bomb
            self.write(len(body).to_bytes(4, "big") + body)
        elif kind == "failure":
            self.write(*pack({"failure": bomb}))
        elif kind == "hash":
            self.write(*pack({"content": {"sha256": bomb, "time": None}}))
        elif kind == "order":
            self.write(*pack({"structure": bomb}))
        elif kind == "twice":
            self.write(*pack(SHA256), *pack(SHA256))
        elif kind == "long":
            self.write(b"\xff\xff\xff\xff")
        elif kind == "noise":
            self.write(b"\x00\x00\x00\x05noise" * 100_000)
        elif kind == "structure":
            self.send(SHA256)
            super().receive()
            self.send({"structure": bomb})
        elif kind == "partial":
            self.write(header + bomb[:5])
            time.sleep(1000)

    def write(self, *parts: bytes) -> None:
        self._out.writelines(parts)
        self._out.flush()


if __name__ == "__main__":
    read_process.Parent = HostileParent
    sys.exit(read_process.main())
