"""``protvox score``: predictions for many structures, written to a folder of tables."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from protvox.cli import console
from protvox.cli.failures import BUG_EXIT, INTERRUPTED_EXIT, SOME_FAILED_EXIT
from protvox.cli.options import (
    assembly_option,
    device_option,
    hide_option,
    model_number_option,
    networks_option,
    plddt_option,
    unique_option,
)
from protvox.cli.task_option import TaskName
from protvox.errors import InputError, fail
from protvox.registry.tasks import ANALYSES

if TYPE_CHECKING:
    from types import FrameType

    from protvox.batch.plan import Plan
    from protvox.batch.progress import Progress
    from protvox.batch.resources import Resources
    from protvox.batch.tables.output_folder import OutputFolder
    from protvox.predict.scoring.options import ScoreOptions


@click.command(short_help="Score many structures and write Parquet tables.")
@click.argument("inputs", nargs=-1, metavar="INPUT...", type=click.Path())
@click.option(
    "-o",
    "--output",
    metavar="FOLDER",
    required=True,
    type=click.Path(file_okay=False),
    help="Folder for the tables, or its URL; a run that was interrupted is resumed.",
)
@click.option(
    "--task",
    type=TaskName("all", *ANALYSES),
    default="all",
    show_default=True,
    help="What to predict; all stands for cath and environment.",
)
@click.option(
    "--mutations",
    metavar="A:45W|FILE",
    multiple=True,
    help="With --task mutations: mutations or lists of them, scored in every structure, as for "
    "protvox mutations; repeat for more. [default: all 19 of each residue]",
)
@networks_option
@click.option(
    "--sequence",
    metavar="FASTA",
    type=click.Path(),
    help="With --task check: sequences that the chains should have.",
)
@click.option(
    "--top-k",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Architectures stored for each domain.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("parquet", "csv", "jsonl")),
    default="parquet",
    show_default=True,
    help="Besides Parquet, write each table as one file in this format.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Number of processes that read structures, or of workers on the cluster with --engine "
    "ray. [default: half the CPU threads, at most 8; as many workers as fit on the cluster]",
)
@click.option(
    "--engine",
    type=click.Choice(("local", "ray")),
    default="local",
    show_default=True,
    help="Run on this machine or on a Ray cluster.",
)
@click.option(
    "--ray-address",
    metavar="HOST:PORT|auto",
    help="Head node of the cluster. [default: start a cluster on this machine]",
)
@click.option("--parent", type=int, hidden=True)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="Time limit for reading a structure, and for scoring it.",
)
@click.option(
    "--resume/--no-resume",
    default=True,
    show_default=True,
    help="Resume a run in the folder, or exit if the folder holds results.",
)
@click.option("--retry", is_flag=True, help="Retry inputs that failed before.")
@click.option("--force", is_flag=True, help="Delete the results in the folder and start over.")
@device_option
@click.option("--model", metavar="NAME", help="Model to use instead of the released ones.")
@click.option(
    "--domains",
    type=click.Choice(("auto", "chain")),
    default="auto",
    show_default=True,
    help="Split chains into domains, or treat each chain as one domain.",
)
@click.option("--embeddings", is_flag=True, help="Also store the embedding of every domain.")
@click.option(
    "--top",
    "topology",
    metavar="FILE",
    type=click.Path(),
    help="Structure file that names the atoms of the trajectories given as INPUT.",
)
@click.option(
    "--stride",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Score every Nth frame of a trajectory.",
)
@model_number_option
@plddt_option
@hide_option
@assembly_option
@unique_option
def score(
    inputs: tuple[str, ...],
    output: str,
    form: str,
    workers: int | None,
    engine: str,
    ray_address: str | None,
    parent: int | None,
    timeout: float,
    resume: bool,
    retry: bool,
    force: bool,
    device: str | None,
    topology: str | None,
    stride: int,
    mutations: tuple[str, ...],
    sequence: str | None,
    **settings: Any,
) -> int:
    """Score many structures.

    INPUT is a folder (searched recursively), a file, a quoted pattern, @LIST (a text file with
    one path per line), or a manifest (a .csv or .tsv file with a column path and optional columns
    chain, chopping and id). Each may be a URL such as s3://bucket/designs/.

    FOLDER receives the tables inputs, domains, residues and failures; with --task mutations or
    check, structures (one row each, to rank them) and mutations or findings in place of domains
    and residues. Each is a folder of Parquet files that pandas reads with one call. A run can be
    interrupted at any time, even by a power cut; the same command resumes it.

    \b
    Examples:
      protvox score designs/ -o scored
      protvox score 'models/**/*.cif.gz' -o scored --task environment --format csv
      protvox score domains.csv -o scored --task cath --retry
      protvox score designs/ -o scanned --task mutations
      protvox score designs/ -o checked --task check
      protvox score run.xtc --top run.pdb --stride 10 -o scored
      protvox score designs/ -o scored --engine ray --ray-address auto
      protvox score s3://bucket/designs/ -o gs://bucket/scored
      python -c "import pandas; print(pandas.read_parquet('scored/domains'))"
    """  # noqa: D301 (\b is click's mark for lines to keep)
    from protvox.batch.plan import make_plan, plan_frames
    from protvox.batch.tables.output_folder import OutputFolder
    from protvox.cli.score_options import check_plan, make_options

    if not inputs:
        raise fail("usage.no_input.score", where="protvox score")
    if ray_address and engine != "ray":
        raise fail("usage.ray_address.engine", where="--ray-address")
    options = make_options(settings, mutations, sequence, trajectory=topology is not None)
    if topology is not None and settings["assembly"] is not None:
        raise fail("usage.assembly.trajectory", where="--assembly")
    if engine == "ray":
        from protvox.batch.ray.cluster import check_cluster

        check_cluster(ray_address)
        from protvox.batch.ray.supervise import end_with_parent, run_apart

        if parent is None:
            return run_apart("--parent")
        end_with_parent(parent)
    plan = plan_frames(inputs, topology, stride) if topology else make_plan(inputs)
    for note in plan.notes:
        console.warning(note)
    check_plan(plan, options)
    with OutputFolder(output) as folder:
        if force:
            folder.clear()
        elif not resume and folder.holds_results:
            raise fail("batch.not_empty", where=output)
        resources = _resources(device, workers, timeout)
        score_all: Callable[..., Progress]
        if engine == "ray":
            score_all = partial(_run_on_cluster, address=ray_address, workers=workers)
        else:
            score_all = _run
        progress = score_all(plan, options, resources, folder, retry=retry)
        if form != "parquet" and not progress.stopped:
            from protvox.batch.tables.export import export_tables

            for path in export_tables(folder, form):
                console.note(f"wrote {path}")
        return _report(progress, folder, output)


def _resources(device: str | None, workers: int | None, timeout: float) -> Resources:
    from protvox.batch.resources import Resources, count_cores
    from protvox.settings import load_settings

    settings = load_settings()
    cores = settings.threads or count_cores()
    readers = workers or max(1, min(8, cores // 2))
    return Resources(device or settings.device, cores, readers, timeout)


def _run(
    plan: Plan, options: ScoreOptions, resources: Resources, folder: OutputFolder, *, retry: bool
) -> Progress:
    from protvox.batch.run import Run
    from protvox.cli.counter import counting

    with _stop_signals() as signals, counting(len(plan.items)) as watch:
        run = Run(
            plan.items,
            options,
            resources,
            folder,
            retry=retry,
            watch=watch,
            stop=lambda: bool(signals),
        )
        return run.execute()


def _run_on_cluster(
    plan: Plan,
    options: ScoreOptions,
    resources: Resources,
    folder: OutputFolder,
    *,
    retry: bool,
    address: str | None,
    workers: int | None,
) -> Progress:
    from protvox.batch.ray.cluster import connected
    from protvox.batch.ray.run import ClusterRun
    from protvox.cli.counter import counting

    # Connect first, because connecting replaces the signal handlers.
    with (
        connected(address, resources.cores),
        _stop_signals() as signals,
        counting(len(plan.items)) as watch,
    ):
        run = ClusterRun(
            plan.items,
            options,
            resources,
            folder,
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
        console.note("stopping; finished results will be written")

    for number in (int(signal.SIGINT), int(signal.SIGTERM)):
        before[number] = signal.signal(number, note)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report(progress: Progress, folder: OutputFolder, output: str) -> int:
    failed = progress.all_failed
    parts = [f"{progress.done} scored"]
    parts += [f"{progress.copied} copied from identical files"] if progress.copied else []
    parts += [f"{progress.kept} kept from an earlier run"] if progress.kept else []
    parts += [f"{failed} failed"] if failed else []
    console.note(f"{output}: {', '.join(parts)}, {progress.total} in total")
    if progress.unread:
        console.warning(f"{progress.unread} of the inputs kept can no longer be read")
    counts = folder.failure_counts()
    for code, count, example in counts:
        console.warning(f"{count} x {code}, e.g. {example}")
    if progress.stopped:
        console.error("interrupted; the same command resumes the run")
        return INTERRUPTED_EXIT
    if any(code == "bug" for code, _, _ in counts):
        return BUG_EXIT
    if not failed:
        return 0
    return InputError.exit_code if failed == progress.total else SOME_FAILED_EXIT
