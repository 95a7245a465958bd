"""Records of a check: the whole model, its flagged stretches and residues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from protvox.predict.results.fields import Number

Kind = Literal["register", "sequence", "chain", "direction", "mistraced"]
"""What is wrong with a segment."""


@dataclass(frozen=True, slots=True)
class Overall:
    """How well the sequence of a whole model fits its coordinates.

    Attributes
    ----------
    n_residues
        Number of residues that were compared with their surroundings; of predicted models, those
        with a pLDDT of at least 70.
    log_likelihood
        Mean log probability of the modelled amino acids, each from its surroundings, nats.
    percentile
        Share of the reference structures with a lower value, 0 to 100.
    reference
        The reference structures: those most like this one by method and resolution.
    method
        ``X-ray``, ``EM``, ``NMR``, ``other`` or ``predicted``; ``""`` if the file does not state
        it.
    resolution
        Å; null if the file does not state it.
    """

    n_residues: int
    log_likelihood: Number
    percentile: Number
    reference: str
    method: str
    resolution: Number


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a chain that may be wrong.

    Attributes
    ----------
    kind
        ``register``: the sequence is shifted along the chain; ``sequence``: another amino-acid
        sequence than that of the model; ``chain``: the sequence of another chain; ``direction``:
        traced backwards; ``mistraced``: the sequence fits nowhere near.
    chain
        Author chain name.
    first, last
        Author numbers of its ends, with insertion codes.
    shift
        The residue type modelled at position i belongs at position i + shift; null unless the
        kind is ``register``.
    log_odds
        By how much the suggestion fits better than the model, nats.
    p_value
        Probability that a correct chain of this length has a segment with such log odds.
    suggestion
        What to do about it.
    """

    kind: Kind
    chain: str
    first: str
    last: str
    shift: int | None
    log_odds: Number
    p_value: Number
    suggestion: str


@dataclass(frozen=True, slots=True)
class CheckedResidue:
    """A residue whose surroundings strongly favour another amino acid.

    Attributes
    ----------
    chain
        Author chain name.
    number
        Author residue number.
    insertion_code
        ``""`` if none.
    wild_type
        Amino acid in the model, three letters.
    predicted
        Most probable amino acid, three letters.
    odds
        Probability of the predicted amino acid divided by that of the modelled one.
    reasons
        What may explain it, measured in the model; empty if nothing does, and then the residue is
        the more suspicious.
    """

    chain: str
    number: int
    insertion_code: str
    wild_type: str
    predicted: str
    odds: Number
    reasons: tuple[str, ...] = ()
