"""The released models, as examples in the OpenAPI description.

Cards are read directly, since `protvox.registry.installed` would load torch.
"""

from __future__ import annotations

from functools import cache

from protvox.errors import ModelError
from protvox.registry.card import RELEASED_FOLDERS, read_card


@cache
def released_model(name: str) -> dict[str, str]:
    """Return a released model as ``/models`` lists it.

    Parameters
    ----------
    name
        ``"cath"`` or ``"environment"``.

    Returns
    -------
    dict
        Name, version, reference, task and summary. If the card cannot be read, the version is 0;
        the model process reports the error.
    """
    version, task, summary = "0", name, ""
    for folder in RELEASED_FOLDERS:
        try:
            card = read_card(folder / name)
        except ModelError:
            continue
        version, task, summary = card.version, card.task, card.summary
        break
    return {
        "name": name,
        "version": version,
        "reference": f"{name}@{version}",
        "task": task,
        "summary": summary,
    }
