"""The model process of one device, which computes predictions.

``python -m protvox.service.workers.model_process DEVICE THREADS WORKERS``. Concurrent requests
share the CPU threads.
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

from protvox.checkpoint import checkpoint, stopped_by
from protvox.errors import ProtvoxError
from protvox.predict.check.check import check
from protvox.predict.check.results import CheckResult
from protvox.predict.classify import classify
from protvox.predict.embedding.embed import embed
from protvox.predict.embedding.embeddings import Embeddings
from protvox.predict.mutations.list_files import collect_mutations
from protvox.predict.mutations.score import score_mutations
from protvox.predict.mutations.scores import MutationScores
from protvox.predict.results.prediction import Prediction
from protvox.predict.search.results import SearchResult
from protvox.predict.search.search import search
from protvox.predict.suggest.results import SuggestionResult
from protvox.predict.suggest.suggest import Limits, suggest
from protvox.predict.task import ProgressBar, prediction_task
from protvox.processes.messages import Message, read_message, take_over_stdio, write_message
from protvox.processes.structure_codec import decode_structure
from protvox.registry import installed
from protvox.registry.tasks import task_names
from protvox.report.annotate import REMARK, values_of_residues
from protvox.report.finding_views import FINDINGS_REMARK, finding_values
from protvox.report.output import make_writer
from protvox.service.failures import describe, refuse
from protvox.service.logs import configure_logging, log, request_id
from protvox.service.workers.heap import release_free_memory
from protvox.structure.disorder import DisorderOption
from protvox.structure.domain_option import parse_domain_option
from protvox.structure.io.annotate import write_annotated
from protvox.structure.io.example import read_example
from protvox.structure.selection import parse_selection
from protvox.structure.structure import Structure

_TABLES: Final = {
    "suggest": "suggestions",
    "mutations": "mutations",
    "search": "neighbours",
    "check": "findings",
}
_FEW_RESIDUES: Final = "A:100-110"

_NICENESS: Final = 3
"""Of work that nobody waits for; it gets about half of the CPU time of other work."""

RELEASE_S: Final = 5.0
BUSY_RELEASE_S: Final = 30.0
"""Minimum time between two releases of free memory when idle and when computing, seconds."""

Result = Prediction | MutationScores | SuggestionResult | Embeddings | SearchResult | CheckResult
"""Result of a request."""


class ModelProcess:
    """Computes the requests sent by the service.

    Parameters
    ----------
    device
        Device to compute on.
    threads
        CPU threads for all requests together.
    workers
        Number of concurrent requests. Those that nobody waits for yield the CPU to the others.
    replies
        Stream to write replies to.
    """

    def __init__(self, device: str, threads: int, workers: int, replies: BinaryIO) -> None:
        self._device = device
        self._threads = threads
        self._replies = replies
        self._workers = workers
        self._pool = ThreadPoolExecutor(workers)
        # The niceness of a thread can be raised, but not lowered again.
        self._background = ThreadPoolExecutor(
            max(1, workers // 2), initializer=os.nice, initargs=(_NICENESS,)
        )
        self._lock = threading.Lock()
        self._write_lock = threading.Lock()
        self._cancelled: set[int] = set()
        self._running = 0
        self._released = {busy: time.monotonic() for busy in (False, True)}

    def warm_up(self) -> None:
        """Load the models and compile the loops, so that no request has to wait for this.

        All workers compute something at the same time. Their per-thread memory is then allocated,
        and does not grow with the first concurrent requests.
        """
        example = read_example()
        few = [parse_selection(_FEW_RESIDUES)]
        few_residues = example.select(few[0].mask(example))
        barrier = threading.Barrier(self._workers)

        def predict_example() -> None:
            barrier.wait()
            _share_threads(self._threads)
            classify(example, task="cath", device=self._device)
            classify(example, task="environment", domains=few, device=self._device)
            score_mutations(few_residues, device=self._device)

        for future in [self._pool.submit(predict_example) for _ in range(self._workers)]:
            future.result()
        release_free_memory()

    def take(self, message: Message) -> None:
        """Start the requests in a message, or cancel one.

        Parameters
        ----------
        message
            ``{"requests": [...]}`` or ``{"cancel": number}``.
        """
        if "cancel" in message:
            self._cancelled.add(message["cancel"])
            return
        requests = message["requests"]
        with self._lock:
            self._running += len(requests)
        for request in requests:
            pool = self._pool if request["urgent"] else self._background
            pool.submit(self._compute, request, time.monotonic())

    def send(self, message: Message) -> None:
        """Send a message to the service.

        Parameters
        ----------
        message
            Plain values.
        """
        with self._write_lock:
            write_message(self._replies, message)

    def _compute(self, request: Message, arrived: float) -> None:
        number = request["number"]
        request_id.set(request["request_id"])
        reply: Message = {"number": number}
        start, begun = time.monotonic(), time.thread_time()
        try:
            with self._lock:
                share = max(1, self._threads // max(self._running, 1))
            _share_threads(share)
            reply["results"] = self._results(request, arrived + request["seconds"])
        except Exception as error:
            reply["error"] = describe(error)
            if reply["error"]["kind"] == "bug":
                log.exception("a prediction failed")
        finally:
            with self._lock:
                self._running -= 1
            self._cancelled.discard(number)
        reply["seconds"] = time.monotonic() - start
        reply["cpu_s"] = time.thread_time() - begun
        self.send(reply)
        self._release_if_due()

    def _release_if_due(self) -> None:
        """Return free memory to the operating system from time to time, sooner when idle."""
        with self._lock:
            # Apart, as the end of all requests leaves more than what was released before.
            busy, now = self._running > 0, time.monotonic()
            due = now > self._released[busy] + (BUSY_RELEASE_S if busy else RELEASE_S)
            if due:
                self._released[busy] = now
        if due:
            release_free_memory()

    def _results(self, request: Message, deadline: float) -> dict[str, bytes]:
        number, options = request["number"], request["options"]

        def check_deadline(_done: int = 0, _total: int = 0) -> None:
            if number in self._cancelled or time.monotonic() > deadline:
                raise refuse("service.deadline", status=503, retry_after=10)

        with stopped_by(check_deadline):
            encoded, forms = request["structure"], request["forms"]
            return self._compute_forms(encoded, options, forms, check_deadline)

    def _compute_forms(
        self, encoded: bytes, options: dict[str, Any], forms: Sequence[str], progress: ProgressBar
    ) -> dict[str, bytes]:
        checkpoint()
        structure = decode_structure(encoded)
        shared: dict[str, Any] = {
            "chain": options["chain"],
            "device": self._device,
            "progress": progress,
        }
        result = _compute(structure, options, shared)
        results: dict[str, bytes] = {}
        for form in forms:
            checkpoint()
            if form == "cif":
                results |= _annotated(structure, result)
            else:
                results[form] = render(result, form, options["task"])
        return results


def _compute(structure: Structure, options: dict[str, Any], shared: dict[str, Any]) -> Result:
    task = options["task"]
    if task == "check":
        return check(structure, sequences=options["sequences"], **shared)
    shared |= {
        "model": options["model"],
        "disorder": DisorderOption(options["plddt"], options.get("hide_disordered", False)),
    }
    if task == "mutations":
        mutations = collect_mutations(options["mutations"]) if options["mutations"] else None
        return score_mutations(
            structure,
            mutations,
            networks=options["networks"],
            tied=options.get("tied"),
            binding=options.get("binding"),
            **shared,
        )
    if task == "suggest":
        limited = ("exclude", "fix", "keep_away", "skip_flagged")
        limits = Limits(**{name: options[name] for name in limited})
        networks = options["networks"]
        return suggest(structure, top=options["top"], limits=limits, networks=networks, **shared)
    domains = parse_domain_option(options["domains"])
    if task == "embed":
        return embed(structure, per=options["per"], domains=domains, **shared)
    if task == "search":
        shared |= {"top_k": options["top"], "sort": options["sort"]}
        shared["traces"] = options["traces"]
        return search(structure, domains=domains, **shared)
    # Jobs that were submitted to an earlier version do not have it.
    shared |= {"top_k": options["top_k"], "traces": options.get("traces", False)}
    return classify(structure, task=task, domains=domains, **shared)


def render(result: Result, form: str, task: str) -> bytes:
    """Return a result as the command line writes it.

    Parameters
    ----------
    result
        The result.
    form
        ``"jsonl"``, ``"json"``, ``"csv"`` or ``"parquet"``.
    task
        Task of the request, which determines the rows of tables.
    """
    stream = io.BytesIO()
    writer = make_writer(form, stream, many=False, tables=_table(task))
    writer.add(result)
    writer.close()
    return stream.getvalue()


def _table(task: str) -> str:
    """Return the table that csv and parquet hold."""
    if task in task_names():
        return prediction_task(task).table
    return _TABLES.get(task, "residues")


def _annotated(structure: Structure, result: Result) -> dict[str, bytes]:
    """Return the output of ``--annotate``, empty if there is none for the result."""
    if isinstance(result, CheckResult):
        by_residue = values_of_residues(structure, result.table, finding_values(result))
        remark = FINDINGS_REMARK
    elif isinstance(result, Prediction) and result.residues is not None:
        percent = 100 * result.residues.p_wild_type
        by_residue = values_of_residues(structure, result.residues, percent)
        remark = REMARK
    else:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "annotated.cif"
        write_annotated(structure, by_residue, path, remark=remark)
        return {"cif": path.read_bytes()}


def _share_threads(threads: int) -> None:
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))  # type: ignore[attr-defined]


def main(arguments: Sequence[str]) -> None:
    """Process messages from stdin until it ends.

    Parameters
    ----------
    arguments
        Device, threads, workers.
    """
    device, threads, workers = arguments[0], int(arguments[1]), int(arguments[2])
    requests, replies = take_over_stdio()
    configure_logging()
    process = ModelProcess(device, threads, workers, replies)
    start = time.monotonic()
    try:
        process.warm_up()
        description = _describe(device)
    except ProtvoxError as error:
        # The device or a model cannot be used; the service says so in one line.
        process.send({"error": describe(error)})
        os._exit(error.exit_code)
    process.send({"ready": True, "seconds": time.monotonic() - start, **description})
    while (message := read_message(requests)) is not None:
        process.take(message)
    # The service has ended, so nobody waits for a reply.
    os._exit(0)


def _describe(device: str) -> dict[str, Any]:
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
