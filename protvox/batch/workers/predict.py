"""The model process: structures in, rows of the tables out."""

from __future__ import annotations

import time
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from protvox.batch.options import BatchOptions, spread_devices
from protvox.batch.plan import Item
from protvox.batch.tables.schema import key_values, table_schemas
from protvox.batch.workers.read import Failure, failure_of
from protvox.errors import DeviceError, ModelError, ProtvoxError
from protvox.structure.structure import Structure

if TYPE_CHECKING:
    import pandas as pd

    from protvox.predict.results.prediction import Prediction


class Hello(NamedTuple):
    """What a model process says when it is ready.

    Attributes
    ----------
    models
        ``name@version`` of each model in use to the SHA-256 of its weights.
    devices
        Where the model processes of this machine belong, this one first.
    """

    models: dict[str, str]
    devices: tuple[str, ...]


class Answer(NamedTuple):
    """What a model process says about a structure.

    Attributes
    ----------
    domains, residues
        Rows of the tables.
    about
        Columns of the table of inputs.
    """

    domains: pa.Table
    residues: pa.Table
    about: dict[str, str | int | float]


class Fatal(NamedTuple):
    """An error that every structure would meet.

    Attributes
    ----------
    error
        It.
    """

    error: ProtvoxError


def answer_items(pipe: Connection, options: BatchOptions, device: str, cores: int) -> None:
    """Predict structures until the pipe closes.

    First a `Hello` goes out, or `Fatal`. Then for each `Item` and each `Structure` after it, an
    `Answer`, a `Failure` or `Fatal` does.

    Parameters
    ----------
    pipe
        To the run.
    options
        What to ask.
    device
        Where to compute.
    cores
        Processor threads of all model processes together.
    """
    try:
        import torch

        from protvox.predict.model_cache import keep_threads

        devices, threads = spread_devices(device, cores, torch.cuda.device_count())
        keep_threads(threads)
        device = devices[0]
        pipe.send(Hello(_load_models(options, device), devices))
    except ProtvoxError as error:
        pipe.send(Fatal(error))
        return
    while True:
        item: Item = pipe.recv()
        structure: Structure = pipe.recv()
        pipe.send(_answer(item, structure, options, device))


def models_in_use(options: BatchOptions) -> dict[str, str]:
    """Return ``name@version`` of the models that answer to the SHA-256 of their weights.

    Parameters
    ----------
    options
        What is asked.

    Raises
    ------
    ModelError
        If there is no such model, or it is not for the task.
    """
    from protvox.predict.classify import model_names
    from protvox.registry.installed import find

    cards = [find(name).card for name in model_names(options.task, options.model).values()]
    return {card.reference: card.sha256 for card in cards}


def _load_models(options: BatchOptions, device: str) -> dict[str, str]:
    from protvox.predict.classify import model_names
    from protvox.predict.model_cache import load_predictor

    cards = [
        load_predictor(name, device).card
        for name in model_names(options.task, options.model).values()
    ]
    return {card.reference: card.sha256 for card in cards}


def _answer(
    item: Item, structure: Structure, options: BatchOptions, device: str
) -> Answer | Failure | Fatal:
    start = time.perf_counter()
    try:
        prediction = _predict(item, structure, options, device)
        return tabulate(item, prediction, options, time.perf_counter() - start)
    except Exception as error:
        if _strikes_all(error):
            return Fatal(error)  # type: ignore[arg-type]
        return failure_of(error)


def _predict(item: Item, structure: Structure, options: BatchOptions, device: str) -> Prediction:
    from protvox.predict.classify import classify
    from protvox.structure.selection import parse_selection

    return classify(
        structure,
        task=options.task,
        domains=[parse_selection(item.chopping)] if item.chopping else options.domains,
        chain=item.chain or None,
        top_k=options.top_k,
        device=device,
        model=options.model,
    )


def tabulate(item: Item, prediction: Prediction, options: BatchOptions, seconds: float) -> Answer:
    """Return a prediction as rows.

    Parameters
    ----------
    item
        What it is about.
    prediction
        The answer.
    options
        What was asked.
    seconds
        What it took.
    """
    from protvox.predict.results.tables import residue_frame

    schemas = table_schemas(options)
    info = prediction.input
    about: dict[str, str | int | float] = {
        "format": info.format,
        "model": info.model,
        "n_atoms": info.n_atoms,
        "n_residues": info.n_residues,
        "n_dropped": len(info.dropped),
        "warnings": "\n".join(prediction.warnings),
        "seconds": seconds,
    }
    residues = None if prediction.residues is None else residue_frame([prediction])
    return Answer(
        _domain_rows(item, prediction, schemas["domains"]),
        _residue_rows(item, residues, schemas["residues"]),
        about,
    )


def _domain_rows(item: Item, prediction: Prediction, schema: pa.Schema) -> pa.Table:
    """Return the domains by the schema of their table; a data frame would take longer."""
    from protvox.predict.results.tables import domain_rows

    keys = key_values(item, schema)
    rows = [row | keys for row in domain_rows(prediction)]
    if "embedding" in schema.names:
        for row, domain in zip(rows, prediction.domains, strict=True):
            row["embedding"] = domain.embedding
    return pa.Table.from_pylist(rows, schema)


def _residue_rows(item: Item, frame: pd.DataFrame | None, schema: pa.Schema) -> pa.Table:
    """Return a data frame by the schema of its table; columns it lacks are empty."""
    if frame is None:
        return schema.empty_table()
    n = len(frame)
    columns = {name: frame[name].to_numpy() for name in schema.names if name in frame}
    columns |= {name: [value] * n for name, value in key_values(item, schema).items()}
    return pa.Table.from_arrays(
        [
            pa.array(columns[field.name], field.type, from_pandas=True)
            if field.name in columns
            else pa.nulls(n, field.type)
            for field in schema
        ],
        schema=schema,
    )


def _strikes_all(error: Exception) -> bool:
    if isinstance(error, DeviceError):
        return not error.code.endswith("memory")
    return isinstance(error, ModelError)
