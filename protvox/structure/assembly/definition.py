"""Definitions of assemblies: which operators apply to which chains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST_OPERATORS: Final = 100_000
"""Largest number of operators in an expression; the largest assembly of the PDB has 1,680."""

_TOLERANCE: Final = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """A rotation and a translation.

    Attributes
    ----------
    name
        As in the file, ``"1"``; several joined as in an expression, ``"(X0)(1)"``.
    rotation
        ``3 3`` float64.
    translation
        ``3`` float64, Å.
    """

    name: str
    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]

    def after(self, first: Operator) -> Operator:
        """Return the operator that applies another one first, without a name.

        Parameters
        ----------
        first
            The operator applied before this one.
        """
        rotation = self.rotation @ first.rotation
        return Operator("", rotation, self.rotation @ first.translation + self.translation)

    @property
    def is_rigid(self) -> bool:
        """Whether it keeps all distances and the handedness."""
        square = self.rotation @ self.rotation.T
        return bool(
            np.isfinite(self.translation).all()
            and np.allclose(square, np.eye(3), rtol=0, atol=_TOLERANCE)
            and np.linalg.det(self.rotation) > 0
        )


@dataclass(frozen=True, slots=True, eq=False)
class Generator:
    """Operators, and the chains to which they apply.

    Attributes
    ----------
    units
        ``label_asym_id`` of mmCIF and BinaryCIF, chain names of PDB files.
    operators
        In the order of the file.
    """

    units: tuple[str, ...]
    operators: tuple[Operator, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Assembly:
    """A biological assembly as defined in a file.

    Attributes
    ----------
    id
        As in the file, usually a number.
    generators
        What it consists of.
    """

    id: str
    generators: tuple[Generator, ...]


def parse_expression(text: str, operators: Mapping[str, Operator]) -> tuple[Operator, ...]:
    """Return the operators of an ``oper_expression`` of mmCIF.

    The expression is a list of names and ranges, such as ``1,3-5``, or a product of lists in
    parentheses, such as ``(X0)(1-60)``, whose rightmost operator is applied first.

    Parameters
    ----------
    text
        The expression.
    operators
        Operators by name.

    Raises
    ------
    ValueError
        If the syntax is wrong, an operator does not exist, or there are more than
        `MOST_OPERATORS`.

    Examples
    --------
    >>> import numpy as np
    >>> names = {n: Operator(n, np.eye(3), np.zeros(3)) for n in ("P", "1", "2")}
    >>> [operator.name for operator in parse_expression("(P)(1-2)", names)]
    ['(P)(1)', '(P)(2)']
    """
    factors = [_names(part, text) for part in _factors("".join(text.split()))]
    if prod(map(len, factors)) > MOST_OPERATORS:
        raise ValueError(f"the expression has more than {MOST_OPERATORS} operators")
    unknown = [name for names in factors for name in names if name not in operators]
    if unknown:
        raise ValueError(f"the operator {unknown[0]!r} is not defined")
    found = []
    for names in product(*factors):
        whole = operators[names[-1]]
        for name in reversed(names[:-1]):
            whole = operators[name].after(whole)
        label = names[0] if len(names) == 1 else "".join(f"({name})" for name in names)
        found.append(Operator(label, whole.rotation, whole.translation))
    return tuple(found)


def _factors(text: str) -> list[str]:
    """Return the lists of an expression, of which all but a single one are in parentheses."""
    parts = text.split("(")
    if len(parts) == 1 and ")" not in text:
        return parts
    inner = [part.removesuffix(")") for part in parts[1:]]
    whole = "".join(f"({part})" for part in inner)
    if parts[0] or whole != text or any(")" in part for part in inner):
        raise ValueError(f"the expression {text!r} is not a list or a product of lists")
    return inner


def _names(part: str, text: str) -> list[str]:
    """Return the names in a list, with its ranges spelled out."""
    names: list[str] = []
    for word in part.split(","):
        first, dash, last = word.partition("-")
        if not dash and word:
            names.append(word)
        elif first.isdecimal() and last.isdecimal() and len(first + last) < 20:
            low, high = int(first), int(last)
            if not 0 <= high - low < MOST_OPERATORS:
                raise ValueError(f"the range {word!r} is not increasing, or is too long")
            names += map(str, range(low, high + 1))
        else:
            raise ValueError(f"the expression {text!r} is not a list or a product of lists")
        if len(names) > MOST_OPERATORS:
            raise ValueError(f"the expression has more than {MOST_OPERATORS} operators")
    return names
