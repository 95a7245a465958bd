from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from protvox.chemistry import AMINO_ACIDS, ONE_LETTER, THREE_LETTER
from protvox.predict.mutations.networks import score_matrix
from protvox.predict.mutations.scores import MutationScores
from protvox.predict.mutations.table import MutationTable
from protvox.predict.results.prediction import InputInfo
from protvox.predict.results.residue_table import ResidueTable
from protvox.report.figures.bars import SHOWN, draw_bars
from protvox.report.figures.figure import picture_bytes
from protvox.report.figures.heatmap import ORDER, draw_heatmap
from protvox.report.figures.logo import draw_logo, letter_heights
from protvox.report.figures.panels import panels

pytest.importorskip("matplotlib")


@pytest.fixture
def scores() -> MutationScores:
    """Chain A of 100 residues and a chain without a name of 30."""
    n = 130
    chain = np.array(["A"] * 100 + [""] * 30)
    logits = np.random.default_rng(0).normal(0, 2, (n, 20))
    p = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype(np.float32)
    wild_type = np.array([AMINO_ACIDS[i % 20] for i in range(n)])
    table = ResidueTable(
        chain, np.arange(-3, n - 3, dtype=np.int32), np.full(n, "", "<U1"), wild_type, p
    )
    empty = np.empty(0)
    rows = MutationTable(*[empty] * 16)
    info = InputInfo("a\x1b$x$.cif", "mmcif", "0" * 64, 1, 999, n)
    matrix = score_matrix(table, np.log(np.full(20, 0.05)))
    return MutationScores(info, {"environment": "environment@1"}, table, matrix, rows)


def test_the_heat_map_shows_every_score_in_its_place(scores):
    figure = draw_heatmap(scores)
    images = [axes.images[0] for axes in figure.axes if axes.images]
    assert [image.get_array().shape for image in images] == [(20, 80), (20, 20), (20, 30)]
    shown = np.concatenate([image.get_array() for image in images], axis=1)
    for row, one in enumerate(ORDER):
        np.testing.assert_allclose(
            shown[row], scores.matrix[:, AMINO_ACIDS.index(THREE_LETTER[one])]
        )
    low, high = images[0].get_clim()
    other = scores.matrix[scores.matrix != 0]
    assert high == pytest.approx(np.percentile(other[other > 0], 98))
    assert low == pytest.approx(-np.percentile(-other[other < 0], 98))
    # Each sign has the whole of its colours.
    assert images[0].norm([low, 0, high]).tolist() == [0, 0.5, 1]


def test_a_map_of_one_sign_has_its_colours(scores):
    for sign in (1, -1):
        figure = draw_heatmap(replace(scores, matrix=sign * np.abs(scores.matrix)))
        low, high = figure.axes[0].images[0].get_clim()
        assert low < 0 < high


def test_the_dots_mark_what_is_present(scores):
    first = draw_heatmap(scores).axes[0]
    dots = first.lines[0].get_ydata()
    assert "".join(ORDER[i] for i in dots[:20]) == "".join(ONE_LETTER[n] for n in AMINO_ACIDS)


def test_every_amino_acid_has_a_line():
    assert sorted(ORDER) == sorted(ONE_LETTER.values())


def test_letters_of_a_certain_site_are_all_of_log2_20():
    p = np.zeros((3, 20), dtype=np.float32)
    p[0, 4] = 1.0
    p[1] = 0.05
    p[2, :2] = 0.5
    heights = letter_heights(p)
    assert heights[0, 4] == pytest.approx(np.log2(20), abs=1e-6)
    assert heights[1] == pytest.approx(np.zeros(20), abs=1e-6)
    assert heights[2, :2] == pytest.approx(np.full(2, (np.log2(20) - 1) / 2), abs=1e-6)


def test_stacks_of_the_logo_are_as_tall_as_their_information(scores):
    figure = draw_logo(scores)
    tops = np.zeros(80)
    for collection in figure.axes[0].collections:
        for path in collection.get_paths():
            box = path.get_extents()
            site = round((box.x0 + box.x1) / 2)
            tops[site] = max(tops[site], box.y1)
    expected = letter_heights(scores.residues.probabilities).sum(axis=1)[:80]
    np.testing.assert_allclose(tops, expected, atol=1e-6)


def test_lines_break_at_chains_and_never_lose_a_residue():
    chain = np.array([f"c{i // 7}" for i in range(7_000)])
    lines = panels(chain)
    np.testing.assert_array_equal(np.concatenate(lines), np.arange(len(chain)))
    assert all(len(set(chain[line])) == 1 for line in lines)
    assert len(panels(np.full(20_000, "A"))) <= 60


@pytest.mark.parametrize("name", ["map.png", "map.svg", "map.pdf"])
def test_equal_results_are_equal_files(scores, name):
    first, second = (picture_bytes(draw_heatmap(scores), name) for _ in range(2))
    assert first == second


def with_rows(scores, n, calibrated):
    rng = np.random.default_rng(1)
    values = rng.normal(0, 2, n)
    ddg = values / 2 if calibrated else np.full(n, np.nan)
    text = np.full(n, "A")
    table = MutationTable(
        row=np.arange(n),
        chain=text,
        number=np.arange(n, dtype=np.int32),
        insertion_code=text,
        wild_type=text,
        mutant=text,
        mutation=np.array([f"A{i}G" for i in range(n)]),
        several=np.zeros(n, dtype=np.bool_),
        score=values,
        percentile=values,
        environment=values,
        backbone=values,
        ddg=ddg,
        ddg_low=ddg - 1,
        ddg_high=ddg + 2,
        p_destabilising=ddg,
    )
    return replace(scores, table=table)


@pytest.mark.parametrize("calibrated", [True, False])
def test_bars_are_the_best_mutations_in_order(scores, calibrated):
    given = with_rows(scores, 60, calibrated)
    axes = draw_bars(given).axes[0]
    values = given.table.ddg if calibrated else given.table.score
    best = np.sort(values)[:SHOWN]
    np.testing.assert_allclose([bar.get_width() for bar in axes.patches], best)
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == [f"A{i}G" for i in np.argsort(values)[:SHOWN]]
    assert ("kcal/mol" in axes.get_xlabel()) == calibrated
    assert bool(axes.collections) == calibrated
