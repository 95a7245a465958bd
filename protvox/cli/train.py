"""``protvox train``: shards of atoms from structures, and networks from shards."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from protvox.cli import console
from protvox.cli.options import device_option
from protvox.errors import UsageError

if TYPE_CHECKING:
    import torch

    from protvox.train.loop import Progress

_PATH = click.Path(path_type=Path)
_SOME_FAILED = 4
"""Exit code when some structures were left out."""


@click.group(short_help="Build training shards and train networks.")
def train() -> None:
    """Build training shards and train networks.

    \b
    Example, for the CATH network:
      protvox train shards a.csv --task cath --query "split == 'train'" -o train
      protvox train shards a.csv --task cath --query "split == 'val'" -o val
      protvox train cath config.toml --train train --validation val -o run
    """  # noqa: D301 (\b is click's mark for lines to keep)


@train.command(short_help="Reduce structures to labelled atoms.")
@click.argument("table", type=_PATH)
@click.option(
    "--task",
    type=click.Choice(("environment", "cath")),
    required=True,
    help="What the shards are for.",
)
@click.option("--structures", type=_PATH, help="Folder of the files. [default: the table's]")
@click.option("--query", metavar="EXPRESSION", help="Rows to use: \"split == 'train'\".")
@click.option(
    "--per-shard",
    type=click.IntRange(min=1),
    default=500,
    show_default=True,
    help="Structures a shard.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes that read.",
)
@click.option("-o", "--output", type=_PATH, required=True, help="Folder for the shards.")
def shards(
    table: Path,
    task: Literal["environment", "cath"],
    structures: Path | None,
    query: str | None,
    per_shard: int,
    workers: int,
    output: Path,
) -> int:
    """Reduce structures to labelled atoms.

    TABLE is a CSV file. For the task environment it has the columns file and chain: residues
    of these chains are labelled with their amino acids, the rest of the file is context. For
    the task cath it has the columns file, cath (the code) and, unless the file holds just the
    domain, chain and chopping (1-90,120-150). Structures that cannot be used are named on
    stderr and left out; the exit code is 4 then.
    """
    from protvox.train.shards.build import build_shards

    _make_folder(output)
    with console.progress("reading structures") as bar:
        written, failures = build_shards(
            table,
            structures or table.parent,
            output,
            task,
            query=query,
            per_shard=per_shard,
            workers=workers,
            report=bar or _silent,
        )
    for failure in failures:
        console.error(f"{failure.name}: {failure.reason}")
    console.note(f"wrote {written} structures to {output}")
    return _SOME_FAILED if failures else 0


def _silent(_done: int, _total: int) -> None:
    """Nobody looks at the progress."""


def _training_options(command: Callable[..., Any]) -> Callable[..., Any]:
    options = (
        click.argument("config", type=_PATH),
        click.option("--train", "learn", type=_PATH, required=True, help="Folder of shards."),
        click.option(
            "--validation",
            type=_PATH,
            help="Folder of shards. Without it nothing is measured during the training.",
        ),
        click.option("-o", "--output", type=_PATH, required=True, help="Folder of the run."),
        click.option(
            "--time-limit",
            type=float,
            metavar="SECONDS",
            help="Stop with a checkpoint after this long; run again to go on.",
        ),
        click.option(
            "--start",
            type=_PATH,
            metavar="WEIGHTS",
            help="Begin with a model.safetensors of this architecture, not with random weights.",
        ),
        device_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


@train.command(short_help="Train a residue-environment network.")
@_training_options
def environment(**options: Any) -> int:
    """Train a residue-environment network, or go on with the one in the output folder.

    CONFIG is a TOML file with the tables [architecture] and [loop]. The last metrics go to
    stdout as JSON.
    """
    from protvox.networks.environment import EnvironmentConfig
    from protvox.train.environment import train_environment

    return _train(train_environment, EnvironmentConfig, **options)


@train.command(short_help="Train a CATH architecture network.")
@_training_options
def cath(**options: Any) -> int:
    """Train a CATH architecture network, or go on with the one in the output folder.

    CONFIG is a TOML file with the tables [architecture] and [loop]. The last metrics go to
    stdout as JSON.
    """
    from protvox.networks.cath import CathConfig
    from protvox.train.cath import train_cath

    return _train(train_cath, CathConfig, **options)


def _train(
    work: Callable[..., bool],
    architecture: type[object],
    *,
    config: Path,
    learn: Path,
    validation: Path | None,
    output: Path,
    time_limit: float | None,
    start: Path | None,
    device: str | None,
) -> int:
    from protvox.train.config import read_config

    network, loop = read_config(config, architecture)
    _make_folder(output)
    last: list[Progress] = []
    with console.progress(output.name) as bar:

        def report(progress: Progress) -> None:
            last[:] = [progress]
            if bar is not None:
                bar(progress.step, progress.steps)
            else:
                console.note(_line(progress))

        done = work(
            _shards(learn),
            _shards(validation) if validation is not None else [],
            output,
            architecture=network,
            loop=loop,
            device=_device(device),
            report=report,
            time_limit=time_limit,
            start=start,
        )
    if last:
        click.echo(json.dumps({"step": last[0].step, "loss": last[0].loss, **last[0].metrics}))
    if not done:
        console.note("stopped with a checkpoint; run the command again to go on")
    return 0


def _line(progress: Progress) -> str:
    numbers = [f"loss {progress.loss:.4f}", f"{progress.samples_per_second:.0f} samples/s"]
    numbers += [f"{name} {value:.4f}" for name, value in progress.metrics.items()]
    return f"step {progress.step}/{progress.steps}: {', '.join(numbers)}"


def _shards(folder: Path) -> Sequence[Path]:
    if not folder.exists():
        raise UsageError(
            "there is no such folder of shards",
            where=str(folder),
            remedy="Build some with protvox train shards",
            code="usage.shards",
        )
    found = sorted(folder.glob("*.npz")) if folder.is_dir() else [folder]
    if not found:
        raise UsageError(
            "there is no shard in the folder",
            where=str(folder),
            remedy="Build some with protvox train shards",
            code="usage.shards",
        )
    return found


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"the folder cannot be made ({error.strerror or error})",
            where=str(path),
            remedy="Choose another place",
            code="output.write",
        ) from error


def _device(name: str | None) -> torch.device:
    from protvox.predict.device import choose_device
    from protvox.settings import load_settings

    return choose_device(name or load_settings().device)
