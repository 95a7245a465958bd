"""Options of ``protvox score`` that only some tasks have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from protvox.cli import console
from protvox.cli.mutation_lists import is_list
from protvox.errors import fail
from protvox.messages import count
from protvox.predict.scoring.find import scoring_names, scoring_task
from protvox.predict.scoring.options import ScoreOptions
from protvox.predict.scoring.task import READING

if TYPE_CHECKING:
    from protvox.batch.plan import Plan

_FLAGS: Final = {"sequences": "--sequence"}
"""Options whose name on the command line is another."""


def make_options(
    settings: Mapping[str, Any],
    mutations: tuple[str, ...],
    sequence: str | None,
    *,
    trajectory: bool,
) -> ScoreOptions:
    """Return the options of a run.

    Parameters
    ----------
    settings
        Fields of `ScoreOptions` as on the command line.
    mutations
        Mutations and paths of lists.
    sequence
        Path of a FASTA file.
    trajectory
        Whether the inputs are trajectory frames.

    Raises
    ------
    UsageError
        If the task does not have one of the options (``usage.score``).
    InputError
        If a list of mutations or the sequences cannot be read.
    ModelError
        If the task cannot be scored (``model.task``).
    """
    options = ScoreOptions(
        **settings,
        trajectory=trajectory,
        mutations=mutations and ((),),
        sequences=None if sequence is None else {},
    )
    _check_options(options)
    return ScoreOptions(
        **settings,
        trajectory=trajectory,
        mutations=_lists(mutations),
        sequences=_sequences(sequence),
    )


def check_plan(plan: Plan, options: ScoreOptions) -> None:
    """Check that the task can score single domains, if there are any.

    Parameters
    ----------
    plan
        The inputs.
    options
        Options of the run.

    Raises
    ------
    UsageError
        If it cannot (``usage.score``).
    """
    if "domains" in scoring_task(options.task).options:
        return
    for item in plan.items:
        if item.chopping:
            raise fail("usage.score.chopping", where=item.id, task=options.task)


def _check_options(options: ScoreOptions) -> None:
    known = scoring_task(options.task).options | READING
    for name in options.changed():
        if name not in known:
            flag = _FLAGS.get(name, f"--{name.replace('_', '-')}")
            tasks = [task for task in scoring_names() if name in scoring_task(task).options]
            raise fail("usage.score.option", where=flag, task=options.task, tasks=", ".join(tasks))


def _lists(texts: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the lines of each list, and report the rows that cannot be read."""
    from protvox.predict.mutations.list_files import parse_lines, read_lines

    lists = []
    for text in texts:
        lines = read_lines(text) if is_list(text) else [text]
        found = parse_lines(lines, where=text)
        for failure in found.failures[:1]:
            if not found.variants:
                reason = f"{failure.mutation}: {failure.why}"
                n = count(len(found.failures), "mutation")
                raise fail("mutations.none", where=text, mutations=n, first=reason)
            n = count(len(found.failures), "row")
            console.warning(f"{text}: {n} cannot be read, e.g. {failure.mutation}: {failure.why}")
        lists.append(tuple(lines))
    return tuple(lists)


def _sequences(path: str | None) -> dict[str, str] | None:
    from protvox.predict.check.fasta import read_fasta

    return None if path is None else read_fasta(path)
