"""From files to predictions, with small random networks."""

from __future__ import annotations

import gzip
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch

import protvox
from protvox.errors import DeviceError, InputError, ModelError, UsageError
from protvox.predict import model_cache
from protvox.predict.classify import classify
from protvox.registry.card import read_card, write_card
from protvox.structure.io.read import read_structure
from protvox.structure.selection import parse_selection
from protvox.tasks.environment import predictor


def values(prediction):
    found = [p.probability for d in prediction.domains for p in d.architectures]
    return np.array(found), prediction.residues.probabilities


def moved(structure, mirror=False):
    rotation, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))
    rotation *= np.linalg.det(rotation)
    coordinates = structure.coordinates.astype(np.float64)
    if mirror:
        coordinates = coordinates * [1, 1, -1]
    turned = coordinates @ rotation.T + [60, -110, 35]
    return replace(structure, coordinates=turned.astype(np.float32))


def keep_atoms(structure, names):
    """The structure with only some atom names in its protein residues."""
    keep = np.isin(structure.atom_name, names) & structure.is_protein[structure.residue_index]
    return replace(
        structure.select(structure.is_protein),
        **{
            name: getattr(structure, name)[keep]
            for name in ("coordinates", "element", "atom_name", "atom_type")
        },
        residue_index=np.unique(structure.residue_index[keep], return_inverse=True)[1].astype(
            np.int32
        ),
    )


def test_both_tasks_are_predicted(ubiquitin):
    prediction = classify(ubiquitin)
    (domain,) = prediction.domains
    assert domain.id == domain.chain == "A"
    assert domain.n_residues == len(prediction.residues) == 76
    assert [p.probability for p in domain.architectures] == sorted(
        (p.probability for p in domain.architectures), reverse=True
    )
    assert sum(p.probability for p in domain.architectures) == pytest.approx(1, abs=1e-5)
    classes: dict[str, float] = {}
    for p in domain.architectures:
        top = p.label.split(".")[0]
        classes[top] = classes.get(top, 0.0) + p.probability
    assert domain.cath_class.label == max(classes, key=classes.get)
    assert domain.cath_class.probability == pytest.approx(max(classes.values()), abs=1e-6)
    assert np.allclose(prediction.residues.probabilities.sum(axis=1), 1, atol=1e-5)
    assert prediction.residues.wild_type.tolist() == ubiquitin.parent[ubiquitin.is_protein].tolist()
    assert set(prediction.residues.domain) == {"A"}
    assert prediction.models == {"cath": "cath@9", "environment": "environment@9"}


@pytest.mark.parametrize(
    ("one", "two"),
    [("1a8o.pdb", "1a8o.cif"), ("3jqh.cif", "3jqh.bcif.gz"), ("1gbt.cif.gz", "1gbt.bcif.gz")],
)
def test_every_format_gives_the_same_prediction(data_dir, one, two, tmp_path):
    first, second = (values(classify(read_structure(data_dir / name))) for name in (one, two))
    for a, b in zip(first, second, strict=True):
        assert np.abs(a - b).max() < 1e-5
    packed = tmp_path / f"{one}.gz"
    content = (data_dir / one).read_bytes()
    packed.write_bytes(content if one.endswith("gz") else gzip.compress(content))
    for a, b in zip(first, values(classify(read_structure(packed))), strict=True):
        assert np.abs(a - b).max() < 1e-6


def test_pose_does_not_matter_but_handedness_does(ubiquitin):
    expected, turned = values(classify(ubiquitin)), values(classify(moved(ubiquitin)))
    assert np.abs(turned[1] - expected[1]).max() < 1e-3
    assert np.abs(turned[0] - expected[0]).max() < 5e-3
    mirrored = values(classify(moved(ubiquitin, mirror=True)))
    assert np.abs(mirrored[1] - expected[1]).max() > 5e-3
    assert np.abs(mirrored[0] - expected[0]).max() > 1e-4


def test_progress_callback_can_end_the_prediction(ubiquitin):
    """Two hundred domains of a large chain take longer than a service waits."""
    two = [parse_selection("A:1-40"), parse_selection("A:41-76")]
    calls = []
    classify(ubiquitin, task="cath", domains=two, progress=lambda *c: calls.append(c))
    assert calls == [(0, 76), (40, 76), (76, 76)]

    def stop(done, _total):
        if done:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        classify(ubiquitin, task="cath", domains=two, progress=stop)


def test_batch_size_does_not_matter(ubiquitin, monkeypatch):
    expected = classify(ubiquitin, task="environment").residues.probabilities
    monkeypatch.setattr(predictor, "BATCH_SIZE", 7)
    calls = []
    found = classify(ubiquitin, task="environment", progress=lambda *c: calls.append(c))
    assert np.abs(found.residues.probabilities - expected).max() < 1e-6
    assert calls[0] == (0, 76)
    assert calls[-1] == (76, 76)
    assert len(calls) == 12


def test_side_chain_does_not_affect_its_own_prediction(ubiquitin):
    """The side chain of residue 30 taken away changes its neighbours and not itself."""
    row = int(np.flatnonzero((ubiquitin.number == 30) & ubiquitin.is_protein)[0])
    side = (ubiquitin.residue_index == row) & (ubiquitin.atom_type > 3)
    assert side.sum() == 4
    far = ubiquitin.coordinates.copy()
    far[side] += 500
    expected = classify(ubiquitin, task="environment").residues.probabilities
    found = classify(replace(ubiquitin, coordinates=far), task="environment").residues
    change = np.abs(found.probabilities - expected).max(axis=1)
    assert change[row] < 1e-7
    assert change.max() > 1e-4


def test_chain_option_keeps_the_environment(repressor):
    whole = classify(repressor)
    chains = repressor.protein_chains
    chosen = classify(repressor, chain=chains[0])
    rows = whole.residues.chain == chains[0]
    assert (chosen.residues.probabilities == whole.residues.probabilities[rows]).all()
    assert [d.chain for d in chosen.domains] == [chains[0]]
    alone = classify(repressor.select(repressor.is_protein), task="environment")
    assert np.abs(alone.residues.probabilities - whole.residues.probabilities).max() > 1e-4


def test_task_and_top_k(ubiquitin):
    cath = classify(ubiquitin, task="cath", top_k=2)
    assert cath.residues is None
    assert len(cath.domains[0].architectures) == 2
    assert len(classify(ubiquitin, task="cath", top_k=99).domains[0].architectures) == 4
    assert classify(ubiquitin, task="environment").domains == ()


@pytest.mark.parametrize(
    ("options", "kind", "code"),
    [
        ({"top_k": 0}, UsageError, "usage.top_k"),
        ({"task": "fold"}, UsageError, "usage.task"),
        ({"model": "nonsense"}, ModelError, "model.unknown"),
        ({"model": "cath", "task": "environment"}, ModelError, "model.task"),
        ({"chain": "Z"}, InputError, "input.chain"),
        ({"device": "quantum"}, DeviceError, "device.unknown"),
    ],
)
def test_invalid_options_are_refused(ubiquitin, options, kind, code):
    with pytest.raises(kind) as caught:
        classify(ubiquitin, **options)
    assert caught.value.code == code


def test_architectures_need_only_ca_atoms(ubiquitin):
    expected = classify(ubiquitin, task="cath").domains[0]
    trace = keep_atoms(ubiquitin, ["CA"])
    prediction = classify(trace)
    assert len(prediction.residues) == 0
    assert prediction.domains[0].architectures == expected.architectures
    assert any("76 of 76 residues have no environment" in w for w in prediction.warnings), (
        prediction.warnings
    )
    assert not any("side chains" in w for w in classify(trace, task="cath").warnings)
    with pytest.raises(InputError) as caught:
        classify(trace, task="environment")
    assert caught.value.code == "input.nothing_to_predict"


def test_without_ca_atoms_there_is_no_architecture(ubiquitin):
    rest = keep_atoms(ubiquitin, ["N", "C", "O", "CB"])
    for task in ("all", "cath", "environment"):
        with pytest.raises(InputError) as caught:
            classify(rest, task=task)
        assert caught.value.code == "input.nothing_to_predict"
    with pytest.raises(InputError) as caught:
        classify(rest, domains=[parse_selection("A")])
    assert caught.value.code == "domain.backbone"


def test_a_few_ca_atoms_may_be_missing(ubiquitin):
    gone = np.isin(ubiquitin.residue_index, [5, 40]) & (ubiquitin.atom_name == "CA")
    names = np.where(gone, "CX", ubiquitin.atom_name)
    prediction = classify(replace(ubiquitin, atom_name=names), task="cath")
    assert all(np.isfinite(p.probability) for p in prediction.domains[0].architectures)


def test_backbone_without_side_chains_gives_a_warning(ubiquitin):
    prediction = classify(keep_atoms(ubiquitin, ["N", "CA", "C", "O"]))
    assert len(prediction.residues) == 76
    told = [w for w in prediction.warnings if "lack their side chains" in w]
    # Architectures are read from CA atoms alone.
    assert [w.split(":")[0] for w in told] == ["Environments"]
    assert not any("side chains" in w for w in classify(ubiquitin).warnings)


def test_residues_without_frame_are_reported(ubiquitin):
    row = int(np.flatnonzero(ubiquitin.is_protein)[10])
    gone = (ubiquitin.residue_index == row) & (ubiquitin.atom_name == "C")
    names = np.where(gone, "CX", ubiquitin.atom_name)
    prediction = classify(replace(ubiquitin, atom_name=names), task="environment")
    assert len(prediction.residues) == 75
    lost = prediction.input.dropped[-1]
    assert (lost.what, lost.where) == ("residue", ubiquitin.where(row))
    assert any("1 of 76 residues have no environment" in w for w in prediction.warnings)


def test_several_threads_at_once(ubiquitin, repressor, monkeypatch):
    monkeypatch.setattr(model_cache, "_loaded", {})
    loads = []
    real = model_cache._load
    monkeypatch.setattr(model_cache, "_load", lambda *a: loads.append(a) or real(*a))
    expected = None
    with ThreadPoolExecutor(4) as pool:
        for one, two in zip(
            *[iter(pool.map(classify, [ubiquitin, repressor] * 4))] * 2, strict=True
        ):
            found = (*values(one), *values(two))
            expected = expected or found
            assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(found, expected, strict=True))
    assert len(loads) == 2


def test_threads_setting(ubiquitin, monkeypatch):
    import numba

    before, own = torch.get_num_threads(), numba.get_num_threads()
    monkeypatch.setenv("PROTVOX_THREADS", "1")
    try:
        classify(ubiquitin, task="cath")
        assert torch.get_num_threads() == 1
        with ThreadPoolExecutor(1) as pool:
            pool.submit(classify, ubiquitin, task="cath").result()
            assert pool.submit(numba.get_num_threads).result() == 1
    finally:
        torch.set_num_threads(before)
        numba.set_num_threads(own)


def test_model_is_loaded_again_when_its_card_changes(ubiquitin, monkeypatch, tmp_path, tiny_models):
    root = tmp_path / "models"
    shutil.copytree(tiny_models, root)
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(root))
    first = classify(ubiquitin, task="cath").domains[0]
    loaded = model_cache.load_predictor("cath")
    assert model_cache.load_predictor("cath") is loaded
    card = read_card(root / "cath")
    write_card(replace(card, version="10", temperature=100 * card.temperature), root / "cath")
    second = classify(ubiquitin, task="cath").domains[0]
    assert (first.model, second.model) == ("cath@9", "cath@10")
    assert model_cache.load_predictor("cath") is not loaded
    # A high temperature makes the probabilities nearly equal.
    spread = [
        max(d.architectures, key=lambda a: a.probability).probability for d in (first, second)
    ]
    assert spread[0] > 0.26 > spread[1] > 0.25


def test_model_that_disappears_is_reported(ubiquitin, monkeypatch, tmp_path):
    assert classify(ubiquitin, task="cath").models == {"cath": "cath@9"}
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(tmp_path))
    with pytest.raises(ModelError) as caught:
        classify(ubiquitin, task="cath", model="cath@9")
    assert caught.value.code == "model.unknown"


def test_python_interface(data_dir):
    path = data_dir / "1ubi.pdb"
    model = protvox.load("cath")
    prediction = model.predict(path, domains=["A:1-50"], top_k=1)
    assert prediction.domains[0].n_residues == 50
    assert prediction.residues is None
    assert protvox.load("environment").predict(str(path)).domains == ()
    assert protvox.classify(path.read_bytes()).domains[0].chain == "A"
    with pytest.raises(ModelError):
        protvox.load("nonsense")
