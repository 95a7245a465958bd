"""What a notebook shows of results: tables, figures, structures; and results as values."""

from __future__ import annotations

import base64
import gzip
import json
import pickle
import re
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest

import protvox
from protvox.errors import InputError, UsageError
from protvox.report.figures.heatmap import ORDER

pytest.importorskip("matplotlib")

UBIQUITIN = "tests/data/1ubi.pdb"


@pytest.fixture(scope="module")
def results():
    """One result of each kind, for ubiquitin."""
    functions = (
        protvox.classify,
        protvox.mutations,
        protvox.search,
        protvox.embed,
        protvox.check,
        protvox.suggest,
    )
    return [function(UBIQUITIN) for function in functions]


def test_results_survive_pickling_and_compare_by_content(results):
    for result in results:
        again = pickle.loads(pickle.dumps(result))
        assert again == result and again is not result
        assert [other for other in results if other == again] == [result]
        assert replace(again, warnings=("another",)) != result


def test_structures_and_alignments_compare_by_content():
    for one in (protvox.read_structure(UBIQUITIN), protvox.align(UBIQUITIN, UBIQUITIN)):
        again = pickle.loads(pickle.dumps(one))
        assert again == one and again is not one
        assert len(repr(one)) < 100
    other = replace(again.found.query, coordinates=again.found.query.coordinates + 1)
    assert other != again.found.query
    assert replace(again, found=replace(again.found, query=other)) != again


def test_a_changed_number_makes_results_differ(results):
    prediction = results[0]
    p = prediction.residues.probabilities.copy()
    p[3, 4] += 1e-3
    assert replace(prediction, residues=replace(prediction.residues, probabilities=p)) != prediction


def test_results_are_short_in_print_and_tables_in_a_notebook(results):
    for result in results:
        assert len(repr(result)) < 100 and "\n" not in repr(result)
        page = result._repr_html_()
        assert "1ubi.pdb" in page and "<table>" in page and "<script" not in page
        assert len(page) < 100_000


def test_names_from_files_are_text_in_notebooks(results):
    for result in results:
        info = replace(result.input, name="<img src=x>.pdb")
        assert "<img" not in replace(result, input=info)._repr_html_()


@pytest.mark.parametrize("kind", [0, 1, 4])
def test_figures_show_every_residue(results, kind):
    result = results[kind]
    bars = result.plot().axes[0].patches
    heights = np.array([bar.get_height() for bar in bars])
    assert len(heights) == 76
    if kind == 1:
        np.testing.assert_allclose(heights, result.matrix.sum(axis=1) / 19, rtol=1e-6)
    else:
        table = result.residues if kind == 0 else result.table
        np.testing.assert_allclose(heights, table.p_wild_type, rtol=1e-6)
    (image, *_) = [image for axes in result.heatmap().axes for image in axes.images]
    assert image.get_array().shape == (len(ORDER), 76)
    assert "1ubi.pdb" in result.logo().axes[0].get_title()


def test_the_structure_is_shown_with_the_viewer_inside(results, tmp_path):
    path = tmp_path / "view.html"
    view = results[1].view(UBIQUITIN)
    view.save(path)
    page = path.read_text()
    assert not re.search(r"<(?:script|link)[^>]+(?:src|href)=", page)
    words = re.search(r"protvoxView = \{ message: (.*), molstar: \"(.*)\" \};", page)
    message = json.loads(words[1].replace("<\\/", "</"))
    script = gzip.decompress(base64.b64decode(words[2]))
    assert b"molstar" in script and len(script) > 1_000_000
    assert message["addresses"]["number"] == list(range(1, 77))
    # Ile 3 is in the core, Gly 76 at the end: red and blue.
    red, blue = (message["colours"][i] for i in (2, 75))
    assert red >> 16 > (red & 255) and blue >> 16 < (blue & 255)
    assert 'sandbox="allow-scripts"' in view._repr_html_()


def test_another_structure_is_refused(results):
    with pytest.raises(InputError) as error:
        results[1].view("tests/data/1lcd.pdb.gz")
    assert error.value.code == "input.other_structure"


def test_without_residues_there_is_no_figure():
    prediction = protvox.classify(UBIQUITIN, task="cath")
    with pytest.raises(UsageError) as error:
        prediction.plot()
    assert error.value.code == "usage.no_residues"


def test_names_complete_on_tab():
    assert {"classify", "check", "mutations", "search"} <= set(dir(protvox))
    assert {"SteerableConv3d", "Gate", "PathConv3d"} <= set(dir(import_module("protvox.nn")))
