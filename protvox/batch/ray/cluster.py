"""A Ray cluster: connected to or started, what it has, and a stream of answers from it."""

from __future__ import annotations

import logging
import os
import queue
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

import pyarrow as pa

from protvox import __version__
from protvox.batch.ray.worker import Worker
from protvox.errors import DeviceError, UsageError

_STORE_BYTES: Final = 256 << 20
"""Shared memory of a cluster on this machine; what is on its way is a few MB."""

_READERS_MOST: Final = 8
_CLOSE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Share:
    """What each worker of a cluster gets.

    Attributes
    ----------
    workers
        How many there is room for.
    cpus, gpus
        Of each.
    """

    workers: int
    cpus: int
    gpus: int

    @property
    def device(self) -> str:
        """Where it computes; Ray shows a worker its own GPU alone."""
        return "cuda" if self.gpus else "cpu"


def check_cluster(address: str | None) -> None:
    """Complain of what cannot be meant, before anything is begun.

    Parameters
    ----------
    address
        As for `connected`.

    Raises
    ------
    UsageError
        If Ray is not installed (``usage.extra``), or the address is one of a Ray client
        (``usage.ray_address``).
    """
    if find_spec("ray") is None:
        raise UsageError(
            "--engine ray needs Ray, which is not installed",
            remedy="Run: pip install 'protvox[ray]'",
            code="usage.extra",
        )
    if address is not None and "://" in address:
        raise UsageError(
            "a Ray client cannot run this",
            where=f"--ray-address {address}",
            remedy="Run it on a machine of the cluster, with HOST:PORT or auto",
            code="usage.ray_address",
        )


@contextmanager
def connected(address: str | None, cores: int) -> Iterator[None]:
    """Be connected to a cluster.

    Parameters
    ----------
    address
        ``HOST:PORT`` of its head, or ``"auto"`` for the one this machine belongs to; None
        starts one on this machine alone, which ends with this run.
    cores
        Processor threads of one on this machine.

    Raises
    ------
    UsageError
        See `check_cluster`.
    DeviceError
        If the cluster cannot be reached, or its Python cannot import this version of protvox
        (``device.cluster``).
    """
    check_cluster(address)
    import ray
    from ray._private import auto_init_hook
    from ray.data import DataContext

    # A thread of Ray Data that comes late must not start a cluster of its own.
    auto_init_hook.enable_auto_connect = False
    options: dict[str, Any] = {"address": address}
    if address is None:
        options = {
            "address": "local",
            "num_cpus": cores,
            "include_dashboard": False,
            "object_store_memory": _STORE_BYTES,
        }
    # Its compiled part complains, on stderr, of how Ray Data makes its actors; put here, this is
    # for this process alone.
    os.putenv("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        ray.init(**options, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:  # Ray raises plain ones as well
        raise _unusable("the cluster cannot be reached", error, address) from error
    try:
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)
        context = DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        # A task given up takes its inputs with it; the run notices and tries them one by one.
        context.max_errored_blocks = -1
        _check_version(address)
        yield
    finally:
        ray.shutdown()


def share_out(device: str, workers: int | None) -> Share:
    """Return what each worker gets, so that they fill the cluster.

    Parameters
    ----------
    device
        ``"auto"`` takes GPUs where there are any, ``"cpu"`` and ``"cuda"`` as they say.
    workers
        How many there are to be; as many as there is room for by default.

    Raises
    ------
    UsageError
        If one GPU is asked for by its number (``usage.device``).
    DeviceError
        If GPUs are asked for and there are none (``device.missing``).
    """
    import ray

    if ":" in device:
        raise UsageError(
            "a cluster chooses its GPUs by itself",
            where=f"--device {device}",
            remedy="Use --device cuda, cpu or auto",
            code="usage.device",
        )
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    gpus = sum(int(node.get("GPU", 0)) for node in nodes)
    if device == "cuda" and not gpus:
        raise DeviceError(
            "no machine of the cluster has a GPU",
            where="--device cuda",
            remedy="Use --device cpu",
            code="device.missing",
        )
    if gpus and device != "cpu":
        each = min(
            int(node.get("CPU", 0)) // int(node["GPU"]) for node in nodes if node.get("GPU", 0) >= 1
        )
        return Share(workers or gpus, max(1, min(_READERS_MOST, each)), 1)
    cpus = sum(int(node.get("CPU", 0)) for node in nodes)
    return Share(workers or max(1, cpus), 1, 0)


def stream(
    blocks: Sequence[pa.Table],
    arguments: tuple[object, ...],
    share: Share,
    *,
    ahead: int,
    tries: int,
) -> Iterator[pa.Table | None]:
    """Let the workers of a cluster score inputs.

    Parameters
    ----------
    blocks
        Rows of `protvox.batch.ray.rows.pack_inputs`; each block goes to one worker.
    arguments
        Of `protvox.batch.ray.worker.Worker`.
    share
        What each worker gets.
    ahead
        Blocks at a worker, one of which it works on.
    tries
        How often a block is tried when workers die of it; it does not come back after that.

    Yields
    ------
    pyarrow.Table or None
        Answers in the order in which they arrive, None about every second when there is none.

    Raises
    ------
    DeviceError
        If the cluster fails (``device.cluster``).
    """
    import ray.data

    strategy = ray.data.ActorPoolStrategy(size=share.workers, max_tasks_in_flight_per_actor=ahead)
    with warnings.catch_warnings():
        # Ray has no other way to say how often a task is tried, up to 2.63.
        warnings.simplefilter("ignore")
        answers = ray.data.from_arrow(list(blocks)).map_batches(
            Worker,
            fn_constructor_args=arguments,
            compute=strategy,
            batch_size=None,
            batch_format="pyarrow",
            num_cpus=share.cpus,
            num_gpus=share.gpus or None,
            max_restarts=-1,
            max_task_retries=tries - 1,
        )
    arrived: queue.Queue[pa.Table | Exception | None] = queue.Queue(maxsize=4)
    closed = threading.Event()
    drain = threading.Thread(target=_drain, args=(answers, arrived, closed), daemon=True)
    drain.start()
    try:
        while True:
            try:
                found = arrived.get(timeout=1.0)
            except queue.Empty:
                yield None
                continue
            if found is None:
                return
            if isinstance(found, Exception):
                raise _unusable("the cluster failed", found, None) from found
            yield found
    finally:
        closed.set()
        # There is no public way to stop before the next answer arrives.
        executor = getattr(answers, "_current_executor", None)
        if executor is not None:
            executor.shutdown(force=True)
        drain.join(_CLOSE_S)


def _drain(answers: Any, arrived: queue.Queue[Any], closed: threading.Event) -> None:
    """Move answers into a queue, so that the run can watch the clock while it waits."""

    def put(thing: object) -> None:
        while not closed.is_set():
            try:
                arrived.put(thing, timeout=1.0)
                return
            except queue.Full:
                continue

    try:
        for table in answers.iter_batches(
            batch_size=None, batch_format="pyarrow", prefetch_batches=0
        ):
            put(table)
            if closed.is_set():
                return
    except Exception as error:
        put(error)
    else:
        put(None)


def _check_version(address: str | None) -> None:
    import ray

    try:
        found = ray.get(ray.remote(_version).options(num_cpus=0, max_retries=1).remote())
    except ray.exceptions.RayError as error:
        raise _unusable("its Python cannot import protvox", error, address) from error
    if found != __version__:
        raise _unusable(f"it has protvox {found}, and this is {__version__}", None, address)


def _version() -> str:
    return __version__


def _unusable(what: str, error: Exception | None, address: str | None) -> DeviceError:
    reason = f" ({' '.join(str(error).split())[:300]})" if error else ""
    return DeviceError(
        f"{what}{reason}",
        where=f"--ray-address {address}" if address else "Ray",
        remedy="See that it is up, has the same Python, protvox and Ray, and takes "
        "this machine's token; the same command goes on",
        code="device.cluster",
    )
