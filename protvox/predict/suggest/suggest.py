"""Suggest mutations that may stabilise a structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protvox.chemistry import AMINO_ACIDS, ONE_LETTER
from protvox.errors import fail
from protvox.predict.check.calibration import released_calibration
from protvox.predict.check.overall import poor_fit_warning
from protvox.predict.mutations.copies import find_copies
from protvox.predict.mutations.coupling import structure_rows
from protvox.predict.mutations.networks import ENVIRONMENT, Networks
from protvox.predict.mutations.notation import amino_acid
from protvox.predict.mutations.score import score_mutations
from protvox.predict.mutations.scores import MutationScores, substitutions
from protvox.predict.results.suggestion_document import Suggestion
from protvox.predict.suggest.reasons import flags, reason
from protvox.predict.suggest.results import SuggestionResult
from protvox.predict.suggest.surroundings import Surroundings, named, near
from protvox.predict.task import ProgressBar
from protvox.structure.disorder import DEFAULT_DISORDER, DisorderOption
from protvox.structure.selection import parse_selection
from protvox.structure.structure import Structure

_NEAR: Final = 5.0  # Å, of a ligand or metal
_ALTERNATIVES: Final = 3
_FARTHEST: Final = 100.0  # Å
_COLUMNS: Final = ("score", "percentile", "ddg", "ddg_low", "ddg_high", "p_destabilising")
_WORDS: Final = ("LIGAND", "METAL", "NUCLEIC", "INTERFACE")


@dataclass(frozen=True)
class Limits:
    """What must not be mutated.

    Attributes
    ----------
    exclude
        New amino acids that are not suggested, one-letter codes.
    fix
        Residues that stay, as selections: ``"A:57,102"``.
    keep_away
        ``"LIGAND:5"``: residues with an atom within 5 Å of a ligand stay. In place of ``LIGAND``,
        ``METAL``, ``NUCLEIC``, ``INTERFACE`` (another protein chain) or a residue name.
    skip_flagged
        Whether flagged residues stay.
    """

    exclude: str = ""
    fix: Sequence[str] = ()
    keep_away: Sequence[str] = ()
    skip_flagged: bool = False


def suggest(
    structure: Structure,
    *,
    top: int = 30,
    limits: Limits | None = None,
    chain: str | None = None,
    device: str = "auto",
    networks: Networks = "both",
    model: str | None = None,
    progress: ProgressBar | None = None,
    disorder: DisorderOption = DEFAULT_DISORDER,
) -> SuggestionResult:
    """Suggest mutations that may stabilise a structure that has been read.

    Parameters
    ----------
    structure
        The whole structure.
    top
        Number of residues to suggest a mutation for.
    limits
        What must not be mutated.
    chain, device, networks, model, progress, disorder
        See `protvox.predict.mutations.score.score_mutations`.

    Returns
    -------
    SuggestionResult
        The best mutation of each residue, best first. Residues of identical chains are one, with
        the mean of their scores.

    Raises
    ------
    UsageError
        If ``top``, ``exclude`` or ``keep_away`` is invalid.
    InputError
        If there is nothing to predict, or a fixed residue does not exist.
    ModelError, DeviceError
        See `protvox.predict.mutations.score.score_mutations`.

    Notes
    -----
    Ranked by the estimated change in kcal/mol, which holds what mutations to proline, cysteine, ...
    cost in measurements beyond their score; by the score alone for models that were not calibrated.
    """
    limits = limits or Limits()
    if top < 1:
        raise fail("usage.suggest.top", where=f"top {top}")
    excluded = [AMINO_ACIDS.index(amino_acid(one)) for one in limits.exclude if one.strip(" ,")]
    fixed = _fixed(structure, limits)
    scores = score_mutations(
        structure,
        chain=chain,
        device=device,
        networks=networks,
        model=model,
        progress=progress,
        disorder=disorder,
    )
    around = Surroundings.of(structure)
    sites = _Sites(structure, scores)
    cautions = _cautions(structure, around, scores, sites)
    free = ~fixed[sites.row]
    if limits.skip_flagged:
        free &= np.array([not names for names in cautions])
    values = sites.columns["ddg"] if np.isfinite(sites.columns["ddg"]).any() else sites.score
    values = np.nan_to_num(values, nan=np.inf)
    values[:, excluded] = np.inf
    for site, copies in enumerate(sites.copies):
        # Identical chains stand once, and all of their residues must be free.
        if site != copies[0] or not free[list(copies)].all():
            values[site] = np.inf
    best = values.min(axis=1)
    order = [site for site in np.argsort(best, kind="stable")[:top].tolist() if best[site] < np.inf]
    found = tuple(
        _suggestion(structure, sites, site, values[site], around, cautions[site]) for site in order
    )
    warnings = (*scores.warnings, *_warnings(structure, scores))
    return SuggestionResult(scores.input, scores.models, found, warnings)


def _warnings(structure: Structure, scores: MutationScores) -> list[str]:
    """Return whether the model should be checked first, as far as its probabilities show it."""
    if scores.models.get(ENVIRONMENT) != released_calibration().model:
        return []
    warning = poor_fit_warning(structure, scores.residues)
    return [warning] if warning else []


class _Sites:
    """The predicted residues of a structure, with identical chains taken together.

    Attributes
    ----------
    row
        ``site`` int64, row in the structure.
    copies
        The sites of each site's residue in identical chains, itself among them, in file order.
    score, columns
        ``site 20``, score and other columns of the table, in the rows of the first of the copies;
        NaN elsewhere and for the amino acid present.
    """

    def __init__(self, structure: Structure, scores: MutationScores) -> None:
        self.residues = scores.residues
        self.row = structure_rows(structure, self.residues)
        self.copies = find_copies(structure, self.residues)
        first = np.array([site == copies[0] for site, copies in enumerate(self.copies)])
        scored = substitutions(self.residues) & first[:, None]
        self.columns = {}
        for name in _COLUMNS:
            self.columns[name] = np.full(scored.shape, np.nan)
            self.columns[name][scored] = getattr(scores.table, name)
        self.score = self.columns["score"]


def _fixed(structure: Structure, limits: Limits) -> NDArray[np.bool_]:
    """Return the residues that must stay, ``residue`` bool."""
    fixed = np.zeros(structure.n_residues, dtype=np.bool_)
    for text in limits.fix:
        fixed |= parse_selection(text).mask(structure)
    for text in limits.keep_away:
        name, _, distance = text.strip().rpartition(":")
        try:
            apart = float(distance)
        except ValueError:
            apart = -1.0
        if not name or not 0 < apart <= _FARTHEST:
            raise fail("usage.suggest.keep_away", where=f"keep_away {text}")
        word = name.upper()
        if word == "INTERFACE":
            for chain in structure.protein_chains:
                own = structure.is_protein & (structure.chain == chain)
                fixed |= near(structure, structure.is_protein & ~own, apart) & own
            continue
        others = named(structure, word)
        if not others.any() and word not in _WORDS:
            raise fail("usage.suggest.absent", where=structure.name, name=word)
        fixed |= near(structure, others, apart)
    return fixed


def _cautions(
    structure: Structure, around: Surroundings, scores: MutationScores, sites: _Sites
) -> list[list[str]]:
    """Return the flags of each site."""
    metal = near(structure, named(structure, "METAL"), _NEAR)
    others = named(structure, "LIGAND") | named(structure, "NUCLEIC")
    ligand = near(structure, others & ~named(structure, "METAL"), _NEAR)
    residues = scores.residues
    present = residues.p_wild_type
    found = []
    for site, row in enumerate(sites.row.tolist()):
        names = [n for n, near_it in (("ligand", ligand), ("metal", metal)) if near_it[row]]
        names += flags(str(residues.wild_type[site]), float(present[site]), row, around)
        if residues.disordered is not None and residues.disordered[site]:
            names.append("disordered")
        found.append(names)
    return found


def _suggestion(
    structure: Structure,
    sites: _Sites,
    site: int,
    values: NDArray[np.float64],
    around: Surroundings,
    cautions: Sequence[str],
) -> Suggestion:
    residues, row = sites.residues, int(sites.row[site])
    ranked = [
        column for column in np.argsort(values, kind="stable").tolist() if values[column] < np.inf
    ]
    wild_type, number = str(residues.wild_type[site]), int(residues.number[site])
    code = str(residues.insertion_code[site])
    names = [f"{ONE_LETTER[wild_type]}{number}{code}{ONE_LETTER[AMINO_ACIDS[c]]}" for c in ranked]
    mutant = AMINO_ACIDS[ranked[0]]
    better = [name for name, c in zip(names, ranked, strict=True) if sites.score[site, c] < 0]
    return Suggestion(
        chain=str(residues.chain[site]),
        number=number,
        insertion_code=code,
        wild_type=wild_type,
        mutant=mutant,
        mutation=names[0],
        **{name: float(column[site, ranked[0]]) for name, column in sites.columns.items()},
        reason=reason(wild_type, mutant, row, around),
        flags=tuple(cautions),
        alternatives=tuple(name for name in better if name != names[0])[:_ALTERNATIVES],
        copies=tuple(str(residues.chain[other]) for other in sites.copies[site] if other != site),
    )
