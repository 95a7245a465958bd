"""The model process of one device: structures to predictions.

``python -m protvox.service.workers.model_process DEVICE THREADS WORKERS``. It holds the models.
Requests that are there at the same time are computed side by side; the processor threads are
shared out among them.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, Final

import numba
import torch

import protvox
from protvox.predict.classify import classify
from protvox.predict.embedding.embed import embed
from protvox.predict.embedding.embeddings import Embeddings
from protvox.predict.mutations.mutation_list import collect_mutations
from protvox.predict.mutations.score import score_mutations
from protvox.predict.mutations.scores import MutationScores
from protvox.predict.results.prediction import Prediction
from protvox.predict.search.results import SearchResult
from protvox.predict.search.search import search
from protvox.processes.messages import Message, read_message, take_over_stdio, write_message
from protvox.processes.structure_codec import decode_structure
from protvox.registry import installed
from protvox.report.annotate import REMARK, values_of_residues
from protvox.report.output import make_writer
from protvox.service.failures import busy, describe
from protvox.service.logs import configure_logging, log, request_id
from protvox.service.workers.heap import give_back
from protvox.structure.domain_option import parse_domain_option
from protvox.structure.io.annotate import write_annotated
from protvox.structure.io.read import read_structure
from protvox.structure.selection import parse_selection
from protvox.structure.structure import Structure

_EXAMPLE: Final = Path(protvox.__file__).parent / "examples" / "1pwc.pdb.gz"
_TABLES: Final = {"cath": "domains", "mutations": "mutations", "search": "neighbours"}
_FEW_RESIDUES: Final = "A:100-110"

GIVE_BACK_S: Final = 5.0
"""Least time between two returns of free memory to the system, seconds."""

Answer = Prediction | MutationScores | Embeddings | SearchResult
"""What a request may be answered with."""


class ModelProcess:
    """Computes what the service sends.

    Parameters
    ----------
    device
        Where to compute.
    threads
        Processor threads for all requests together.
    workers
        Requests computed side by side.
    outward
        Where replies go.
    """

    def __init__(self, device: str, threads: int, workers: int, outward: BinaryIO) -> None:
        self._device = device
        self._threads = threads
        self._outward = outward
        self._workers = workers
        self._pool = ThreadPoolExecutor(workers)
        self._door = threading.Lock()
        self._voice = threading.Lock()
        self._cancelled: set[int] = set()
        self._running = 0
        self._given_back = time.monotonic()

    def warm_up(self) -> None:
        """Load the models and compile the loops, so that no request has to wait for it.

        Every worker computes something, all at once: what a thread needs of its own it then
        has, and the memory of the process does not grow with the first crowd of requests.
        """
        example = read_structure(_EXAMPLE)
        few = [parse_selection(_FEW_RESIDUES)]
        together = threading.Barrier(self._workers)

        def begin() -> None:
            together.wait()
            _share_threads(self._threads)
            classify(example, task="cath", device=self._device)
            classify(example, task="environment", domains=few, device=self._device)

        for begun in [self._pool.submit(begin) for _ in range(self._workers)]:
            begun.result()
        give_back()

    def take(self, message: Message) -> None:
        """Begin what a message asks for.

        Parameters
        ----------
        message
            ``{"requests": [...]}`` or ``{"cancel": number}``.
        """
        if "cancel" in message:
            self._cancelled.add(message["cancel"])
            return
        requests = message["requests"]
        with self._door:
            self._running += len(requests)
        for request in requests:
            self._pool.submit(self._compute, request, time.monotonic())

    def say(self, message: Message) -> None:
        """Send a message to the service.

        Parameters
        ----------
        message
            Plain values.
        """
        with self._voice:
            write_message(self._outward, message)

    def _compute(self, request: Message, arrived: float) -> None:
        number = request["number"]
        request_id.set(request["request_id"])
        reply: Message = {"number": number}
        begun = time.monotonic()
        try:
            with self._door:
                share = max(1, self._threads // max(self._running, 1))
            _share_threads(share)
            reply["results"] = self._results(request, arrived + request["seconds"])
        except Exception as error:
            reply["error"] = describe(error)
            if reply["error"]["kind"] == "bug":
                log.exception("a prediction failed")
        finally:
            with self._door:
                self._running -= 1
            self._cancelled.discard(number)
        reply["seconds"] = time.monotonic() - begun
        self.say(reply)
        self._rest()

    def _rest(self) -> None:
        """Give free memory back to the system when nothing is computed, now and then."""
        with self._door:
            due = not self._running and time.monotonic() > self._given_back + GIVE_BACK_S
            if due:
                self._given_back = time.monotonic()
        if due:
            give_back()

    def _results(self, request: Message, deadline: float) -> dict[str, bytes]:
        number, options = request["number"], request["options"]

        def watch(_done: int, _total: int) -> None:
            if number in self._cancelled or time.monotonic() > deadline:
                raise busy("the time for the request is over", "service.deadline", 10)

        watch(0, 0)
        structure = decode_structure(request["structure"])
        shared: dict[str, Any] = {
            "chain": options["chain"],
            "model": options["model"],
            "device": self._device,
            "progress": watch,
        }
        answer = _answer(structure, options, shared)
        results = {
            form: render(answer, form, options["task"])
            for form in request["forms"]
            if form != "cif"
        }
        if "cif" in request["forms"] and isinstance(answer, Prediction):
            results |= _annotated(structure, answer)
        return results


def _answer(structure: Structure, options: dict[str, Any], shared: dict[str, Any]) -> Answer:
    task = options["task"]
    if task == "mutations":
        asked = collect_mutations(options["mutations"]) if options["mutations"] else None
        return score_mutations(structure, asked, **shared)
    division = parse_domain_option(options["domains"])
    if task == "embed":
        return embed(structure, per=options["per"], domains=division, **shared)
    if task == "search":
        return search(structure, top_k=options["top"], domains=division, **shared)
    return classify(structure, task=task, domains=division, top_k=options["top_k"], **shared)


def render(answer: Answer, form: str, task: str) -> bytes:
    """Return an answer as the command line writes it.

    Parameters
    ----------
    answer
        What to write.
    form
        ``"jsonl"``, ``"json"``, ``"csv"`` or ``"parquet"``.
    task
        What was asked; decides the rows of tables.
    """
    stream = io.BytesIO()
    writer = make_writer(form, stream, many=False, tables=_TABLES.get(task, "residues"))
    writer.add(answer)
    writer.close()
    return stream.getvalue()


def _annotated(structure: Structure, answer: Prediction) -> dict[str, bytes]:
    """Return what ``protvox classify --annotate`` writes, nothing without residues."""
    if answer.residues is None:
        return {}
    percent = values_of_residues(structure, answer.residues, 100 * answer.residues.p_wild_type)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "annotated.cif"
        write_annotated(structure, percent, path, remark=REMARK)
        return {"cif": path.read_bytes()}


def _share_threads(threads: int) -> None:
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))  # type: ignore[attr-defined]


def main(arguments: Sequence[str]) -> None:
    """Answer messages on stdin until it ends.

    Parameters
    ----------
    arguments
        Device, threads, workers.
    """
    device, threads, workers = arguments[0], int(arguments[1]), int(arguments[2])
    inward, outward = take_over_stdio()
    configure_logging()
    process = ModelProcess(device, threads, workers, outward)
    begun = time.monotonic()
    process.warm_up()
    process.say({"ready": True, "seconds": time.monotonic() - begun, **_about(device)})
    while (message := read_message(inward)) is not None:
        process.take(message)
    # The service is gone, and with it everybody who waits for an answer.
    os._exit(0)


def _about(device: str) -> dict[str, Any]:
    models = [
        {
            "name": m.name,
            "version": m.card.version,
            "reference": m.card.reference,
            "task": m.task,
            "summary": m.summary,
        }
        for m in installed.available()
    ]
    return {"device": device, "pid": os.getpid(), "models": models}


if __name__ == "__main__":
    main(sys.argv[1:])
