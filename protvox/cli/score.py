"""``protvox score``: many structures into one folder of tables."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from protvox.cli import console
from protvox.cli.failures import BUG_EXIT, INTERRUPTED_EXIT, SOME_FAILED_EXIT
from protvox.cli.options import device_option, model_number_option
from protvox.errors import InputError, UsageError

if TYPE_CHECKING:
    from types import FrameType

    from protvox.batch.options import BatchOptions, Resources
    from protvox.batch.plan import Plan
    from protvox.batch.progress import Progress
    from protvox.batch.tables.output_folder import Store


@click.command(short_help="Score folders of structures into Parquet tables, resumable.")
@click.argument("inputs", nargs=-1, metavar="INPUT...", type=click.Path())
@click.option(
    "-o",
    "--output",
    metavar="FOLDER",
    required=True,
    type=click.Path(file_okay=False),
    help="Folder of the tables, or its URL; one with results is gone on with.",
)
@click.option(
    "--task",
    type=click.Choice(("all", "cath", "environment")),
    default="all",
    show_default=True,
    help="What to predict.",
)
@click.option(
    "--top-k",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Architectures kept for each domain.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("parquet", "csv", "jsonl")),
    default="parquet",
    show_default=True,
    help="What to write besides the Parquet parts: one file a table.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Processes that read structures; with --engine ray, workers on the cluster. "
    "[default: half the processor threads, at most 8; all that the cluster has room for]",
)
@click.option(
    "--engine",
    type=click.Choice(("local", "ray")),
    default="local",
    show_default=True,
    help="Score on this machine, or on a Ray cluster.",
)
@click.option(
    "--ray-address",
    metavar="HOST:PORT|auto",
    help="Head of the cluster. [default: a cluster on this machine alone]",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="Longest time to read a structure, and to compute it.",
)
@click.option(
    "--resume/--no-resume",
    default=True,
    show_default=True,
    help="Go on with the results in the folder, or refuse if there are any.",
)
@click.option("--retry", is_flag=True, help="Try again what failed before.")
@click.option("--force", is_flag=True, help="Remove the results in the folder and start over.")
@device_option
@click.option("--model", metavar="NAME", help="Model to use instead of the released ones.")
@click.option(
    "--domains",
    type=click.Choice(("auto", "chain")),
    default="auto",
    show_default=True,
    help="Split chains into domains, or take them as they are.",
)
@click.option("--embeddings", is_flag=True, help="Keep the embedding of every domain as well.")
@click.option(
    "--top",
    "topology",
    metavar="FILE",
    type=click.Path(),
    help="Structure file that names the atoms; INPUT are trajectories then.",
)
@click.option(
    "--stride",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Score every N-th frame of trajectories.",
)
@model_number_option
def score(
    inputs: tuple[str, ...],
    output: str,
    form: str,
    workers: int | None,
    engine: str,
    ray_address: str | None,
    timeout: float,
    resume: bool,
    retry: bool,
    force: bool,
    device: str | None,
    topology: str | None,
    stride: int,
    **asked: Any,
) -> int:
    """Score many structures.

    INPUT is a folder, searched with everything below it, a file, a pattern in quotes, @LIST
    with a path a line, or a manifest: a .csv or .tsv file with a column path and, if wanted,
    chain, chopping and id. Each may be a URL such as s3://bucket/designs/. The tables inputs,
    domains, residues and failures under FOLDER are sets of Parquet files; pandas reads each
    with one call. It may be interrupted at any moment, even by a power cut; the same command
    goes on where it was.

    \b
    Examples:
      protvox score designs/ -o scored
      protvox score 'models/**/*.cif.gz' -o scored --task environment --format csv
      protvox score domains.csv -o scored --task cath --retry
      protvox score run.xtc --top run.pdb --stride 10 -o scored
      protvox score designs/ -o scored --engine ray --ray-address auto
      protvox score s3://bucket/designs/ -o gs://bucket/scored
      python -c "import pandas; print(pandas.read_parquet('scored/domains'))"
    """  # noqa: D301 (\b is click's mark for lines to keep)
    from protvox.batch.options import BatchOptions
    from protvox.batch.plan import make_plan, plan_frames
    from protvox.batch.tables.output_folder import Store

    if not inputs:
        raise UsageError(
            "there is no INPUT",
            where="protvox score",
            remedy="Give a folder, a file, a pattern, @LIST or a manifest",
            code="usage.no_input",
        )
    if ray_address and engine != "ray":
        raise UsageError(
            "the address of a cluster is of no use here",
            where="--ray-address",
            remedy="Add --engine ray",
            code="usage.ray_address",
        )
    if engine == "ray":
        from protvox.batch.ray.cluster import check_cluster

        check_cluster(ray_address)
    plan = plan_frames(inputs, topology, stride) if topology else make_plan(inputs)
    for note in plan.notes:
        console.warning(note)
    options = BatchOptions(**asked, trajectory=topology is not None)
    with Store(output) as store:
        if force:
            store.clear()
        elif not resume and store.holds_results:
            raise UsageError(
                "the folder holds results",
                where=output,
                remedy="Choose another one, or start over with --force",
                code="batch.not_empty",
            )
        resources = _resources(device, workers, timeout)
        score_all: Callable[..., Progress]
        if engine == "ray":
            score_all = partial(_run_on_cluster, address=ray_address, workers=workers)
        else:
            score_all = _run
        progress = score_all(plan, options, resources, store, retry=retry)
        if form != "parquet" and not progress.stopped:
            from protvox.batch.tables.export import export_tables

            for path in export_tables(store, form):
                console.note(f"wrote {path}")
        return _tell(progress, store, output)


def _resources(device: str | None, workers: int | None, timeout: float) -> Resources:
    from protvox.batch.options import Resources, count_cores
    from protvox.settings import load_settings

    settings = load_settings()
    cores = settings.threads or count_cores()
    readers = workers or max(1, min(8, cores // 2))
    return Resources(device or settings.device, cores, readers, timeout)


def _run(
    plan: Plan, options: BatchOptions, resources: Resources, store: Store, *, retry: bool
) -> Progress:
    from protvox.batch.run import Run
    from protvox.cli.counter import counting

    with _stop_signals() as signals, counting(len(plan.items)) as watch:
        run = Run(
            plan.items,
            options,
            resources,
            store,
            retry=retry,
            watch=watch,
            stop=lambda: bool(signals),
        )
        return run.execute()


def _run_on_cluster(
    plan: Plan,
    options: BatchOptions,
    resources: Resources,
    store: Store,
    *,
    retry: bool,
    address: str | None,
    workers: int | None,
) -> Progress:
    from protvox.batch.ray.cluster import connected
    from protvox.batch.ray.run import ClusterRun
    from protvox.cli.counter import counting

    # The cluster first: connecting takes the signals.
    with (
        connected(address, resources.cores),
        _stop_signals() as signals,
        counting(len(plan.items)) as watch,
    ):
        run = ClusterRun(
            plan.items,
            options,
            resources,
            store,
            retry=retry,
            watch=watch,
            stop=lambda: bool(signals),
            workers=workers,
        )
        return run.execute()


@contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """Collect the first signal to stop; a second one interrupts at once."""
    received: list[int] = []
    before: dict[int, Any] = {}

    def note(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if len(received) > 1:
            raise KeyboardInterrupt
        console.note("stopping; what is ready will be written")

    for number in (int(signal.SIGINT), int(signal.SIGTERM)):
        before[number] = signal.signal(number, note)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(progress: Progress, store: Store, output: str) -> int:
    failed = progress.all_failed
    words = [f"{progress.done} scored"]
    words += [f"{progress.copied} copied from the same content"] if progress.copied else []
    words += [f"{progress.kept} kept from before"] if progress.kept else []
    words += [f"{failed} failed"] if failed else []
    console.note(f"{output}: {', '.join(words)}, of {progress.total}")
    if progress.unread:
        console.warning(f"{progress.unread} of those kept cannot be read now")
    counts = store.failure_counts()
    for code, count, example in counts:
        console.warning(f"{count} x {code}, such as {example}")
    if progress.stopped:
        console.error("interrupted; the same command goes on")
        return INTERRUPTED_EXIT
    if any(code == "bug" for code, _, _ in counts):
        return BUG_EXIT
    if not failed:
        return 0
    return InputError.exit_code if failed == progress.total else SOME_FAILED_EXIT
