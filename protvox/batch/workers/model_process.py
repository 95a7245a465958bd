"""The model process: structures in, rows of the output tables out.

``python -m protvox.batch.workers.model_process``. The first message holds the options of the run,
the device and the number of CPU threads. The process sends `Ready`; then, for each message with an
item and its encoded structure, `ResultTables` or a `Failure`. An error that every structure would
meet ends the run (``{"fatal": ...}``).
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import Final

import torch

from protvox.batch.messages import Ready, error_to_fields, failure_of, to_message
from protvox.batch.plan import Item
from protvox.batch.resources import spread_devices
from protvox.batch.tables.rows import tabulate
from protvox.errors import DeviceError, ModelError, ProtvoxError
from protvox.predict.model_cache import keep_threads, load_predictor
from protvox.predict.scoring.find import scoring_task
from protvox.predict.scoring.options import ScoreOptions
from protvox.processes.messages import Message
from protvox.processes.parent import Parent
from protvox.processes.structure_codec import decode_structure
from protvox.structure.io.example import read_example
from protvox.structure.selection import parse_selection

_FEW_RESIDUES: Final = "A:1-60"


def main() -> None:
    """Score structures until the parent process ends."""
    parent = Parent()
    setup = parent.receive()
    options = ScoreOptions(**setup["options"])
    try:
        cores = setup["cores"]
        devices, threads = spread_devices(setup["device"], cores, torch.cuda.device_count())
        keep_threads(threads)
        device = devices[0]
        models = _load_models(options, device)
        _score_example(options, device)
        parent.send(to_message(Ready(models, devices)))
    except ProtvoxError as error:
        parent.send({"fatal": error_to_fields(error)})
        return
    while True:
        parent.send(_score(parent.receive(), options, device))


def _load_models(options: ScoreOptions, device: str) -> dict[str, str]:
    names = scoring_task(options.task).models(options)
    cards = [load_predictor(name, device).card for name in names]
    return {card.reference: card.sha256 for card in cards}


def _score_example(options: ScoreOptions, device: str) -> None:
    """Compile the loops, which does not count towards the time limit of the first structure."""
    example = read_example()
    few = example.select(parse_selection(_FEW_RESIDUES).mask(example))
    plain = replace(options, mutations=(), sequences=None, trajectory=False)
    # Whatever is wrong with the models is reported for a structure of the run.
    with suppress(Exception):
        scoring_task(options.task).score(few, plain, device=device)


def _score(request: Message, options: ScoreOptions, device: str) -> Message:
    start = time.perf_counter()
    try:
        item = Item.from_json(request["item"])
        scores = scoring_task(options.task).score(
            decode_structure(request["structure"]),
            options,
            chain=item.chain or None,
            chopping=item.chopping,
            device=device,
        )
        return to_message(tabulate(item, scores, options, time.perf_counter() - start))
    except Exception as error:
        if _affects_all(error):
            return {"fatal": error_to_fields(error)}
        return to_message(failure_of(error))


def _affects_all(error: Exception) -> bool:
    if isinstance(error, DeviceError):
        return not error.code.endswith("memory")
    return isinstance(error, ModelError)


if __name__ == "__main__":
    main()
