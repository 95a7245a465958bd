"""Options that decide the results of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal

from protvox.structure.disorder import DisorderOption

_LATER: Final = ("assembly", "unique", "mutations", "networks", "sequences")
"""Options that earlier versions did not have."""


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """Options that decide the results of a run.

    Attributes
    ----------
    task
        ``"all"``, or the name of a task, see `protvox.predict.scoring.find.scoring_task`.
    top_k
        Number of architectures stored for each domain.
    model
        Model to use instead of the released model for its task.
    model_number
        Model to read from each file; the first by default.
    domains
        ``"auto"`` or ``"chain"``: domains of inputs that do not name any.
    embeddings
        Whether the table of domains has a column ``embedding``.
    trajectory
        Whether the inputs are trajectory frames.
    plddt
        Residues of predicted models with a lower pLDDT are disordered; 0 for none.
    hide_disordered
        Whether the environments of others leave disordered residues out.
    assembly
        Biological assembly to build of each file.
    unique
        Whether only one of several identical chains is scored.
    mutations
        Lists of mutations, each as its lines; every substitution if there are none.
    networks
        Networks that score mutations.
    sequences
        Sequences that the chains should have: name to one-letter codes.
    """

    task: str = "all"
    top_k: int = 5
    model: str | None = None
    model_number: int | None = None
    domains: Literal["auto", "chain"] = "auto"
    embeddings: bool = False
    trajectory: bool = False
    plddt: float = 50.0
    hide_disordered: bool = False
    assembly: str | None = None
    unique: bool = False
    mutations: Sequence[Sequence[str]] = ()
    networks: Literal["both", "environment", "backbone"] = "both"
    sequences: Mapping[str, str] | None = None

    @property
    def disorder(self) -> DisorderOption:
        """Which residues of a predicted model are disordered."""
        return DisorderOption(self.plddt, self.hide_disordered)

    def changed(self) -> tuple[str, ...]:
        """Return the names of the options that differ from their defaults."""
        return tuple(f.name for f in fields(self) if getattr(self, f.name) != f.default)

    def identity(self) -> dict[str, Any]:
        """Return what decides the results, apart from the files and the weights, as JSON values."""
        # Absent by default, so that runs of earlier versions can be resumed.
        absent = {"model", *_LATER} - set(self.changed()) | {"model"}
        values = asdict(self) | {"mutations": [list(lines) for lines in self.mutations]}
        return {key: value for key, value in values.items() if key not in absent}
