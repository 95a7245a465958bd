"""The Python interface."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import protvox


@pytest.fixture
def ubiquitin(data_dir, searchable_models, monkeypatch):
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(searchable_models))
    return protvox.read_structure(data_dir / "1ubi.pdb")


def test_every_name_is_exported():
    for name in protvox.__all__:
        assert getattr(protvox, name) is not None
    assert {name for name in dir(protvox) if name[:2] != "__"} == {
        "nn",
        *(name for name in protvox.__all__ if name[:2] != "__"),
    }
    assert issubclass(protvox.FetchError, protvox.InputError)
    assert issubclass(protvox.InputError, protvox.ProtvoxError)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = protvox.nothing


@pytest.mark.parametrize("heavy", ["torch", "numba", "pydantic", "pandas", "numpy"])
def test_importing_the_package_is_cheap(heavy):
    code = f"import sys, protvox; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("heavy", ["torch", "pydantic", "fastapi", "pandas"])
def test_the_help_of_the_command_line_is_cheap(heavy):
    code = (
        "import sys\nfrom protvox.cli.app import run\nrun(['--help'])\n"
        f"sys.exit({heavy!r} in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


def test_models_are_listed_and_loaded():
    names = [model.name for model in protvox.models()]
    assert {"cath", "environment"} <= set(names)
    assert protvox.models()[0].summary


def test_a_loaded_model_predicts_and_embeds(ubiquitin):
    cath, environment = protvox.load("cath", "cpu"), protvox.load("environment", "cpu")
    assert (cath.task, environment.task) == ("cath", "environment")
    assert len(cath.predict(ubiquitin).domains) == 1
    assert len(environment.predict(ubiquitin).residues) == 76
    assert cath.embed(ubiquitin).vectors.shape == (1, 10)
    assert len(environment.embed(ubiquitin).vectors) == 76


def test_reprs_are_short(ubiquitin):
    prediction = protvox.classify(ubiquitin)
    assert repr(prediction) == "Prediction('1ubi.pdb', 1 domain, 76 residues)"
    assert repr(prediction.residues) == "ResidueTable(76 residues)"
    assert repr(protvox.embed(ubiquitin)) == "Embeddings('1ubi.pdb', 1 domain x 10)"
    result = protvox.search(ubiquitin, top_k=2)
    assert repr(result) == "SearchResult('1ubi.pdb', 1 domain, index 'forty domains')"
    scores = protvox.mutations(ubiquitin, ["A:8W", "A:900W"])
    assert repr(scores) == "MutationScores('1ubi.pdb', 1 mutation, 1 failed)"


def test_predictions_have_a_view_for_notebooks(ubiquitin, data_dir):
    html = protvox.classify(ubiquitin, domains=["A:1-40"])._repr_html_()
    assert html.count("<tr>") == 2
    assert "A:1-40" in html and "40 residues with amino-acid probabilities" in html
    content = (data_dir / "1ubi.pdb").read_bytes()
    hostile = protvox.read_structure(content, name="<script>")
    assert "<script>" not in protvox.classify(hostile, task="cath")._repr_html_()


def test_voxelize_returns_densities_in_register(ubiquitin):
    density = protvox.voxelize(ubiquitin, spacing=2.0)
    assert density.values.ndim == 4
    assert density.values.dtype == np.float32
    part = protvox.voxelize(ubiquitin, domain="A:1-10", spacing=2.0)
    assert part.values.sum() < density.values.sum()
    with pytest.raises(protvox.ModelError):
        protvox.voxelize(ubiquitin, channels="nothing")


def test_lists_give_lists_of_results(ubiquitin, data_dir):
    path = data_dir / "1ubi.pdb"
    for several in ([ubiquitin, path, path.read_bytes()], (ubiquitin, path, str(path))):
        found = protvox.classify(several, task="cath")
        assert [type(result) for result in found] == [protvox.Prediction] * 3
        labels = {result.domains[0].architectures[0].label for result in found}
        assert len(labels) == 1
    assert [len(scores.matrix) for scores in protvox.mutations([ubiquitin] * 2)] == [76, 76]
    assert [item.vectors.shape for item in protvox.embed([ubiquitin])] == [(1, 10)]
    assert len(protvox.search([ubiquitin, ubiquitin])) == 2
    assert len(protvox.voxelize([ubiquitin], spacing=3.0)) == 1
    assert len(protvox.load("cath").predict([ubiquitin])) == 1
    assert len(protvox.load("environment").embed([ubiquitin])) == 1
    assert protvox.classify([]) == []


def test_errors_in_lists_name_the_index(ubiquitin):
    with pytest.raises(protvox.InputError) as caught:
        protvox.classify([ubiquitin, "no/such/file.pdb"])
    assert str(caught.value).startswith("[1] no/such/file.pdb: there is no such file. ")
    assert caught.value.code == "input.not_found"
    with pytest.raises(protvox.InputError, match=r"^\[0\]: a list is not a structure"):
        protvox.classify([[ubiquitin]])
    with pytest.raises(protvox.InputError, match=r"^\[1\]: an object of type NoneType"):
        protvox.embed([ubiquitin, None])
    with pytest.raises(protvox.UsageError) as usage:
        protvox.classify([ubiquitin], task="sleep")
    assert "[0]" not in str(usage.value)


def test_functions_of_structures_keep_their_names_and_signatures(ubiquitin):
    import inspect

    assert protvox.classify.__name__ == "classify"
    assert list(inspect.signature(protvox.classify).parameters)[:3] == ["source", "task", "domains"]
    assert protvox.classify(source=ubiquitin, task="cath").domains


def test_a_check_reads_the_structure_as_other_calls_do(data_dir):
    for call in (protvox.check, protvox.classify):
        with pytest.raises(protvox.InputError) as caught:
            call(data_dir / "1a8o.cif", assembly="9", unique=True)
        assert caught.value.code == "input.assembly"
