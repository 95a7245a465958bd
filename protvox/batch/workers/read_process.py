"""The reader process: files in, cleaned structures out; it does not load torch.

``python -m protvox.batch.workers.read_process``. The first message is
``{"model_number": N, "assembly": ID, "unique": false}``.
For each ``{"item": ...}`` the process sends the `Content` of the file. The reply
``{"wanted": True}`` asks for the structure, which follows as bytes of
`protvox.processes.structure_codec`. A `Failure` may replace either message.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from protvox.batch.messages import Content, Ready, failure_of, to_message
from protvox.batch.plan import Item
from protvox.batch.storage.urls import is_url, read_url
from protvox.processes.parent import Parent
from protvox.processes.structure_codec import encode_structure
from protvox.structure.io.content import load_content
from protvox.structure.io.example import read_example
from protvox.structure.io.read import read_structure
from protvox.structure.structure import Structure

if TYPE_CHECKING:
    from protvox.structure.io.trajectory import Trajectory


def main() -> None:
    """Read structures until the parent process ends."""
    parent = Parent()
    setup = parent.receive()
    options = {
        "model": setup["model_number"],
        "assembly": setup["assembly"],
        "unique": setup["unique"],
    }
    trajectories: dict[tuple[str, str], Trajectory] = {}
    # What the first structure imports does not count towards its time limit.
    read_example()
    parent.send(to_message(Ready({}, ())))
    while True:
        item = Item.from_json(parent.receive()["item"])
        try:
            if item.frame is None:
                content, read = _open_file(item, options)
            else:
                content, read = _open_frame(item, item.frame, trajectories)
            parent.send(to_message(content))
            if parent.receive()["wanted"]:
                parent.send({"structure": encode_structure(read())})
        except Exception as error:
            parent.send(to_message(failure_of(error)))


def _open_file(item: Item, options: dict[str, Any]) -> tuple[Content, Callable[[], Structure]]:
    data = read_url(item.path) if is_url(item.path) else load_content(item.path)[0]
    read = partial(read_structure, data, name=item.id, **options)
    return Content(hashlib.sha256(data).hexdigest()), read


def _open_frame(
    item: Item, index: int, trajectories: dict[tuple[str, str], Trajectory]
) -> tuple[Content, Callable[[], Structure]]:
    from protvox.structure.io.trajectory import Trajectory

    key = (item.path, item.topology)
    if key not in trajectories:
        trajectories.clear()
        trajectories[key] = Trajectory(*key)
    trajectory = trajectories[key]
    frame = trajectory.frame(index)
    return Content(frame.sha256, frame.time), partial(trajectory.structure, frame, name=item.id)


if __name__ == "__main__":
    main()
