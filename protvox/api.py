"""The Python front door: what a notebook needs, in one call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from protvox.structure.model import Structure
from protvox.structure.read import read_structure
from protvox.structure.select import Selection, parse_selection

if TYPE_CHECKING:
    from protvox.predict.results import Prediction


def classify(
    source: Structure | str | Path | bytes,
    *,
    task: Literal["all", "cath", "environment"] = "all",
    domains: Sequence[Selection | str] | None = None,
    chain: str | None = None,
    top_k: int = 5,
    device: str = "auto",
    model: str | None = None,
) -> Prediction:
    """Predict amino-acid environments and CATH architecture of a structure.

    Parameters
    ----------
    source
        A structure already read, or anything `protvox.read_structure` takes: a path, an
        identifier, bytes.
    task
        What to predict.
    domains
        Domains to classify, ``"A:1-90,120-150"`` each; every chain is one domain by default.
    chain
        Answer for this chain only; the others stay as its surroundings.
    top_k
        Architectures to keep for each domain.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    model
        Name of a model to use instead of the released ones.

    Returns
    -------
    Prediction
        Answer with ``to_json()`` and ``to_pandas()``.

    Raises
    ------
    InputError
        If the structure cannot be read or has nothing to predict.
    ModelError
        If a model is missing or damaged.
    DeviceError
        If the device is missing or out of memory.
    """
    from protvox import predict

    structure = source if isinstance(source, Structure) else read_structure(source)
    chosen = [parse_selection(d) if isinstance(d, str) else d for d in domains or ()]
    return predict.classify(
        structure,
        task=task,
        domains=chosen or None,
        chain=chain,
        top_k=top_k,
        device=device,
        model=model,
    )
