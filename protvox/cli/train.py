"""``protvox train``: shards of atoms from structures, networks from shards, models from runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from protvox.cli import console
from protvox.cli.options import device_option
from protvox.cli.task_option import TaskName
from protvox.errors import fail
from protvox.registry.tasks import BUILT_IN, find_task, task_names

if TYPE_CHECKING:
    import torch

    from protvox.train.loop import Progress

_PATH = click.Path(path_type=Path)
_SOME_FAILED = 4
"""Exit code when some structures were skipped."""


class _Train(click.Group):
    """A group with a command for each task."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return ``shards``, ``release`` and the names of all tasks."""
        return sorted({*self.commands, *task_names()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; that of a task which is not built in is made when it is needed."""
        found = super().get_command(ctx, cmd_name)
        if found is None and cmd_name in task_names():
            return _task_command(cmd_name, find_task(cmd_name).title)
        return found


@click.group(cls=_Train, short_help="Build shards, train networks and release models.")
def train() -> None:
    """Build training shards, train networks and release models.

    \b
    Example, for the CATH network:
      protvox train shards a.csv --task cath --query "split == 'train'" -o train
      protvox train shards a.csv --task cath --query "split == 'val'" -o val
      protvox train cath config.toml --train train --validation val -o run
      protvox train release run --task cath --config config.toml \\
        --train train --validation val -o my-cath
      protvox classify 1abc.cif --task cath --model ./my-cath
    """  # noqa: D301 (\b is click's mark for lines to keep)


@train.command(short_help="Reduce structures to labelled atoms.")
@click.argument("table", type=_PATH)
@click.option("--task", type=TaskName(), required=True, help="What the shards are for.")
@click.option("--structures", type=_PATH, help="Folder of the files. [default: that of TABLE]")
@click.option("--query", metavar="EXPRESSION", help="Rows to use: \"split == 'train'\".")
@click.option(
    "--per-shard",
    type=click.IntRange(min=1),
    default=500,
    show_default=True,
    help="Structures per shard.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Number of reading processes.",
)
@click.option("-o", "--output", type=_PATH, required=True, help="Folder for the shards.")
def shards(
    table: Path,
    task: str,
    structures: Path | None,
    query: str | None,
    per_shard: int,
    workers: int,
    output: Path,
) -> int:
    """Reduce structures to labelled atoms.

    TABLE is a CSV file with the column file and the columns of the task. For the task
    environment: chain; residues of these chains are labelled with their amino acids, and the rest
    of the file is context. For the task cath: cath (the code) and, unless the file holds just the
    domain, chain and chopping (1-90,120-150). Structures that cannot be used are named on
    stderr and skipped; the exit code is then 4.
    """
    from protvox.train.build_shards import build_shards

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
            report=bar or _no_progress,
        )
    for failure in failures:
        console.error(f"{failure.name}: {failure.reason}")
    console.note(f"wrote {written} structures to {output}")
    return _SOME_FAILED if failures else 0


@train.command(short_help="Make a model folder from a training run.")
@click.argument("run", type=_PATH)
@click.option("--task", type=TaskName(), required=True, help="What the network predicts.")
@click.option("--config", type=_PATH, required=True, help="Configuration of the training run.")
@click.option("--train", "learn", type=_PATH, required=True, help="Folder of training shards.")
@click.option(
    "--validation",
    type=_PATH,
    help="Folder of shards to calibrate and measure the model on; needed unless the card file "
    "gives a temperature.",
)
@click.option(
    "--card",
    type=_PATH,
    metavar="FILE.toml",
    help="Text for the model card: version, summary, [training] and options of the task.",
)
@click.option("--name", help="Name of the model. [default: that of the task]")
@click.option("-o", "--output", type=_PATH, required=True, help="Folder for the model.")
@device_option
def release(
    run: Path,
    task: str,
    config: Path,
    learn: Path,
    validation: Path | None,
    card: Path | None,
    name: str | None,
    output: Path,
    device: str | None,
) -> int:
    """Make a model folder from a training run.

    RUN is the folder of a training run. The model folder holds the weights and the model card; give
    its path to --model, or put it into the folder named by PROTVOX_MODEL_DIR.
    """
    from protvox.train.release import release as make_model
    from protvox.train.words import CardWords, read_words

    _make_folder(output)
    made = make_model(
        run,
        config,
        output,
        task=task,
        train_shards=_shards(learn),
        validation_shards=_shards(validation) if validation is not None else [],
        words=read_words(card) if card is not None else CardWords("1", find_task(task).title),
        device=_device(device),
        name=name,
    )
    console.note(f"wrote {made.reference} to {output}")
    return 0


def _task_command(task: str, title: str) -> click.Command:
    @click.command(task, short_help=f"Train a network for {title}.")
    @click.argument("config", type=_PATH)
    @click.option("--train", "learn", type=_PATH, required=True, help="Folder of shards.")
    @click.option(
        "--validation",
        type=_PATH,
        help="Folder of shards. Without it, nothing is measured during training.",
    )
    @click.option("-o", "--output", type=_PATH, required=True, help="Folder of the run.")
    @click.option(
        "--time-limit",
        type=float,
        metavar="SECONDS",
        help="Stop with a checkpoint after this long; run again to resume.",
    )
    @click.option(
        "--start",
        type=_PATH,
        metavar="WEIGHTS",
        help="Begin with a model.safetensors of this architecture instead of random weights.",
    )
    @device_option
    def command(**options: Any) -> int:
        return _train(task, **options)

    command.help = (
        f"Train a network for {title}, or resume the training in the output folder.\n\n"
        "CONFIG is a TOML file with the tables [architecture] and [loop]. The last metrics go to "
        "stdout as JSON."
    )
    return command


for _name, _title in BUILT_IN.items():
    train.add_command(_task_command(_name, _title))


def _train(
    task: str,
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
    from protvox.train.run import train_task
    from protvox.train.task import training_task

    kind = training_task(task)
    architecture, loop = read_config(config, kind.config)
    _make_folder(output)
    last: list[Progress] = []
    with console.progress(output.name) as bar:
        done = train_task(
            kind,
            _shards(learn),
            _shards(validation) if validation is not None else [],
            output,
            architecture=architecture,
            loop=loop,
            device=_device(device),
            report=_reporter(last, bar),
            time_limit=time_limit,
            start=start,
        )
    if last:
        click.echo(json.dumps({"step": last[0].step, "loss": last[0].loss, **last[0].metrics}))
    if not done:
        console.note("stopped with a checkpoint; run the command again to resume")
    return 0


def _reporter(
    last: list[Progress], bar: Callable[[int, int], None] | None
) -> Callable[[Progress], None]:
    def report(progress: Progress) -> None:
        last[:] = [progress]
        if bar is not None:
            bar(progress.step, progress.steps)
        else:
            console.note(_line(progress))

    return report


def _line(progress: Progress) -> str:
    numbers = [f"loss {progress.loss:.4f}", f"{progress.samples_per_second:.0f} samples/s"]
    numbers += [f"{name} {value:.4f}" for name, value in progress.metrics.items()]
    return f"step {progress.step}/{progress.steps}: {', '.join(numbers)}"


def _no_progress(_done: int, _total: int) -> None:
    """Show no progress."""


def _shards(folder: Path) -> Sequence[Path]:
    if not folder.exists():
        raise fail("usage.shards", where=str(folder))
    found = sorted(folder.glob("*.npz")) if folder.is_dir() else [folder]
    if not found:
        raise fail("usage.shards.empty", where=str(folder))
    return found


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise fail("output.write.run_folder", where=str(path), reason=reason) from error


def _device(name: str | None) -> torch.device:
    from protvox.predict.device import choose_device
    from protvox.settings import load_settings

    return choose_device(name or load_settings().device)
