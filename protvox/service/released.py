"""What OpenAPI calls the released models: read from their cards, so that it is never out of date.

The process that answers does without `protvox.zoo`, which holds torch.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final

import protvox

_PACKAGE: Final = Path(protvox.__file__).parent
_PLACES: Final = (_PACKAGE / "models", _PACKAGE.parent / "models")
"""In an installed package, and in a source checkout."""


@cache
def released(name: str) -> dict[str, str]:
    """Return a released model as ``/models`` lists it.

    Parameters
    ----------
    name
        ``"cath"`` or ``"environment"``.

    Returns
    -------
    dict
        Name, version, reference, task and summary; those of an unknown version 0 if the card
        cannot be read, which the model process will tell.
    """
    card = {"version": "0", "task": name, "summary": ""}
    for folder in _PLACES:
        try:
            card |= json.loads((folder / name / "card.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        break
    return {
        "name": name,
        "version": card["version"],
        "reference": f"{name}@{card['version']}",
        "task": card["task"],
        "summary": card["summary"],
    }
