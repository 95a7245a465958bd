"""A Ray cluster: connection, resources, and the stream of its results."""

from __future__ import annotations

import logging
import os
import queue
import socket
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
from protvox.errors import ProtvoxError, fail

_STORE_BYTES: Final = 256 << 20
"""Shared memory of a cluster on this machine; the data in transit are a few MB."""

_MAX_READERS: Final = 8
_CLOSE_S: Final = 10.0
_KNOCK_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Share:
    """Workers on a cluster, and the resources of each.

    Attributes
    ----------
    workers
        Number of workers.
    cpus, gpus
        Resources of each worker.
    """

    workers: int
    cpus: int
    gpus: int

    @property
    def device(self) -> str:
        """Device of a worker; Ray shows a worker only its own GPU."""
        return "cuda" if self.gpus else "cpu"


def check_cluster(address: str | None) -> None:
    """Check that a cluster can be used, before any work is done.

    Parameters
    ----------
    address
        Address of the cluster, as for `connected`.

    Raises
    ------
    UsageError
        If Ray is not installed (``usage.extra``), or the address is that of a Ray client
        (``usage.ray_address``).
    """
    if find_spec("ray") is None:
        raise fail("usage.extra.ray")
    if address is not None and "://" in address:
        raise fail("usage.ray_address.client", where=f"--ray-address {address}")


@contextmanager
def connected(address: str | None, cores: int) -> Iterator[None]:
    """Connect to a cluster, and disconnect afterwards.

    Parameters
    ----------
    address
        ``HOST:PORT`` of its head node, or ``"auto"`` for the cluster of this machine. None starts
        a cluster on this machine alone, which ends with the run.
    cores
        CPU threads of a cluster on this machine.

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

    # A late thread of Ray Data must not start a cluster of its own.
    auto_init_hook.enable_auto_connect = False
    options: dict[str, Any] = {"address": address}
    if address is None:
        options = {
            "address": "local",
            "num_cpus": cores,
            "include_dashboard": False,
            "object_store_memory": _STORE_BYTES,
            # Ray runs its workers at nice 15. On a busy machine they would hardly get time, and
            # inputs would reach the time limit that a run without Ray keeps easily.
            "_system_config": {"worker_niceness": 0},
        }
    # The compiled part of Ray warns on stderr about how Ray Data creates actors. os.putenv silences
    # it in this process alone.
    os.putenv("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        with _silent_stderr():
            if address is not None:
                _knock(address)
            ray.init(**options, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:  # Ray also raises plain exceptions
        raise _unusable("device.cluster.unreachable", error, address) from error
    try:
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)
        context = DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        # A failed task loses its inputs; the run notices and retries them one by one.
        context.max_errored_blocks = -1
        _check_version(address)
        yield
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Connect to the head node once, since Ray waits for one that does not listen, without end."""
    from ray._private.services import canonicalize_bootstrap_address_or_die

    host, _, port = canonicalize_bootstrap_address_or_die(address).rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), _KNOCK_S).close()


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Discard stderr, on which the compiled part of Ray prints its log level when it starts."""
    try:
        stderr = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nothing)


def share_out(device: str, workers: int | None) -> Share:
    """Return the number of workers and the resources of each, so that they fill the cluster.

    Parameters
    ----------
    device
        ``"auto"`` (GPUs if there are any), ``"cpu"`` or ``"cuda"``.
    workers
        Number of workers; as many as the cluster has room for by default.

    Raises
    ------
    UsageError
        If a GPU is requested by its number (``usage.device``).
    DeviceError
        If GPUs are requested and there are none (``device.missing``).
    """
    import ray

    if ":" in device:
        raise fail("usage.device.cluster", where=f"--device {device}")
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    gpus = sum(int(node.get("GPU", 0)) for node in nodes)
    if device == "cuda" and not gpus:
        raise fail("device.missing.cluster", where="--device cuda")
    if gpus and device != "cpu":
        each = min(
            int(node.get("CPU", 0)) // int(node["GPU"]) for node in nodes if node.get("GPU", 0) >= 1
        )
        return Share(workers or gpus, max(1, min(_MAX_READERS, each)), 1)
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
    """Score inputs on the workers of a cluster.

    Parameters
    ----------
    blocks
        Rows of `protvox.batch.ray.rows.pack_inputs`; each block goes to one worker.
    arguments
        Arguments of `protvox.batch.ray.worker.Worker`.
    share
        Number of workers, and the resources of each.
    ahead
        Blocks sent to a worker at a time, including the one it works on.
    tries
        How often a block is tried if workers die on it; after that it is dropped.

    Yields
    ------
    pyarrow.Table or None
        Results in the order of their arrival; None about every second while there are none.

    Raises
    ------
    DeviceError
        If the cluster fails (``device.cluster``).
    """
    import ray.data

    strategy = ray.data.ActorPoolStrategy(size=share.workers, max_tasks_in_flight_per_actor=ahead)
    with warnings.catch_warnings():
        # Up to version 2.63, Ray has no other way to set how often a task is tried.
        warnings.simplefilter("ignore")
        results = ray.data.from_arrow(list(blocks)).map_batches(
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
    drain = threading.Thread(target=_drain, args=(results, arrived, closed), daemon=True)
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
                raise _unusable("device.cluster.failed", found, None) from found
            yield found
    finally:
        closed.set()
        # There is no public way to stop before the next result arrives.
        executor = getattr(results, "_current_executor", None)
        if executor is not None:
            executor.shutdown(force=True)
        drain.join(_CLOSE_S)


def _drain(results: Any, arrived: queue.Queue[Any], closed: threading.Event) -> None:
    """Move results into a queue, so that the run can check the time while it waits."""

    def put(thing: object) -> None:
        while not closed.is_set():
            try:
                arrived.put(thing, timeout=1.0)
                return
            except queue.Full:
                continue

    try:
        for table in results.iter_batches(
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
        raise _unusable("device.cluster.import", error, address) from error
    if found != __version__:
        where = _cluster_name(address)
        raise fail("device.cluster.version", where=where, found=found, own=__version__)


def _version() -> str:
    return __version__


def _unusable(key: str, error: Exception, address: str | None) -> ProtvoxError:
    reason = " ".join(str(error).split())[:300]
    return fail(key, where=_cluster_name(address), reason=reason)


def _cluster_name(address: str | None) -> str:
    return f"--ray-address {address}" if address else "Ray"
