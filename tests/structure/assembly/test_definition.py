"""Expressions of operators, against biotite's reading of the same expressions."""

import biotite.structure.io.pdbx.convert as biotite_convert
import numpy as np
import pytest

from protvox.structure.assembly.definition import MOST_OPERATORS, Operator, parse_expression

NAMES = ("1", "2", "3", "4", "5", "61", "P", "X0")


def random_operator(name: str, seed: int) -> Operator:
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    return Operator(name, rotation * np.linalg.det(rotation), rng.normal(size=3) * 50)


OPERATORS = {name: random_operator(name, seed) for seed, name in enumerate(NAMES)}


@pytest.mark.parametrize(
    "expression", ["1", "1,2,5", "1-4", "(1-3,5)", "P", "(X0)(1,2)", "(1-2)(3-5)", "(P)(1)(X0,2)"]
)
def test_expressions_equal_biotite(expression):
    expected = biotite_convert._parse_operation_expression(expression)
    found = {operator.name: operator for operator in parse_expression(expression, OPERATORS)}
    assert len(found) == len(expected)
    point = np.array([1.0, -2.0, 3.0])
    for names in expected:  # in the order in which they are applied
        label = names[0] if len(names) == 1 else "".join(f"({name})" for name in reversed(names))
        operator, moved = found[label], point
        for name in names:
            moved = OPERATORS[name].rotation @ moved + OPERATORS[name].translation
        assert np.allclose(operator.rotation @ point + operator.translation, moved, atol=1e-9)
        assert operator.is_rigid


def test_products_are_named_as_expressions():
    names = [operator.name for operator in parse_expression("(X0)(1-2)", OPERATORS)]
    assert names == ["(X0)(1)", "(X0)(2)"]
    assert parse_expression(names[0], OPERATORS)[0].name == names[0]


@pytest.mark.parametrize(
    "expression",
    ["", ",", "1,", "(1", "1)", "(1)2", "1(2)", "()", "((1))", "1-", "-1", "3-1", "9", "P-X0"],
)
def test_bad_expressions_are_refused(expression):
    with pytest.raises(ValueError, match=r"expression|range|operator"):
        parse_expression(expression, OPERATORS)


@pytest.mark.parametrize(
    "expression",
    ["1-999999999", "(1-60000)(1-60000)", ",".join(["1-99999"] * 50), "(1-1000)" * 40],
)
def test_bombs_are_refused_before_they_are_spelled_out(expression):
    with pytest.raises(ValueError, match=rf"long|{MOST_OPERATORS}"):
        parse_expression(expression, OPERATORS)


@pytest.mark.parametrize(
    "rotation", [np.diag([1, 1, -1.0]), 2 * np.eye(3), np.zeros((3, 3)), np.full((3, 3), np.nan)]
)
def test_only_rotations_are_rigid(rotation):
    assert not Operator("1", rotation, np.zeros(3)).is_rigid
