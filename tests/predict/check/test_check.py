"""The check on real structures that are made wrong here, with the released model."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import protvox
from protvox.chemistry import ONE_LETTER
from protvox.errors import InputError, ModelError
from protvox.predict.check.check import check
from protvox.predict.results.publish_schema import document_schema
from protvox.structure.io.read import read_structure
from tests.predict.check.conftest import shifted, with_types

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def enolase(data_dir):
    return read_structure(data_dir / "3enl.pdb.gz")


@pytest.fixture(scope="module")
def letters(ubiquitin):
    protein = ubiquitin.is_protein
    return "".join(ONE_LETTER[name] for name in ubiquitin.parent[protein].tolist())


@pytest.mark.parametrize("shift", [-3, -1, 1, 2])
def test_a_register_shift_is_found(ubiquitin, shift):
    result = check(shifted(ubiquitin, 21, 37, shift))
    (segment,) = result.segments
    assert (segment.kind, segment.chain, segment.shift) == ("register", "A", shift)
    assert abs(int(segment.first) - 22) <= 3
    assert abs(int(segment.last) - 38) <= 3
    assert segment.p_value < 1e-3


def test_a_shift_is_found_with_the_true_sequence(ubiquitin, letters):
    result = check(shifted(ubiquitin, 21, 37, 2), sequences={"ubiquitin": letters})
    (segment,) = result.segments
    assert (segment.kind, segment.shift) == ("register", 2)
    assert letters[int(segment.first) - 1 : int(segment.last)] in segment.suggestion


def test_the_walk_through_of_the_how_to(tmp_path, monkeypatch):
    """The page makes a model wrong, quotes what is found, and corrects it."""
    page = (ROOT / "docs" / "how-to" / "check.md").read_text()
    section = page.partition("## From a wrong model")[2].partition("\n## ")[0]
    make, correct = re.findall(r"```python\n(.*?)\n *```", section, re.DOTALL)
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(make, names)
    exec(textwrap.dedent(correct), names)
    wrong, corrected = protvox.check("wrong.pdb"), protvox.check("corrected.pdb")
    (segment,) = wrong.segments
    assert f"A:{segment.first}-{segment.last}      {segment.shift:+d}" in section
    assert segment.suggestion.rpartition(" ")[2] in section
    assert corrected.segments == ()
    for result in (wrong, corrected):
        assert f"{result.overall.log_likelihood:.2f} nats per residue, percentile " in section
        assert f"percentile {result.overall.percentile:.0f} among" in section


def test_a_correct_model_has_no_segments(ubiquitin, enolase):
    assert check(ubiquitin).segments == ()
    assert check(enolase).segments == ()


def test_side_chains_do_not_change_segments(ubiquitin):
    wrong = shifted(ubiquitin, 21, 37, 1)
    moved = wrong.coordinates.copy()
    beyond = ~np.isin(wrong.atom_name, ["N", "CA", "C", "O", "OXT"])
    moved[beyond] += np.float32(0.7)
    from dataclasses import replace

    assert check(replace(wrong, coordinates=moved)).segments == check(wrong).segments


def test_a_foreign_sequence_is_recognised(ubiquitin, letters, enolase):
    rows = np.flatnonzero(ubiquitin.is_protein)
    foreign = enolase.parent[enolase.is_protein][100 : 100 + len(rows)]
    wrong = with_types(ubiquitin, rows, foreign)
    result = check(wrong, sequences={"ubiquitin": letters})
    assert "chain" in {segment.kind for segment in result.segments}
    assert "ubiquitin" in result.segments[0].suggestion
    assert any("resembles" in warning for warning in result.warnings)


def test_the_document_follows_its_schema(ubiquitin):
    document = json.loads(check(shifted(ubiquitin, 21, 37, 1)).to_json())
    jsonschema.validate(document, document_schema("check"))
    assert document["schema"] == "protvox.check/1"
    assert list(document["segments"][0]) == [
        *("kind", "chain", "first", "last", "shift", "log_odds", "p_value", "suggestion")
    ]


def test_findings_as_a_table(ubiquitin):
    result = check(shifted(ubiquitin, 21, 37, 1))
    frame = result.to_pandas()
    assert len(frame) == len(result.segments) + len(result.residues)
    assert frame.kind.tolist()[0] == "register"
    assert set(frame.kind.tolist()[1:]) <= {"residue"}


def test_an_empty_sequence_is_one_error(ubiquitin):
    with pytest.raises(InputError) as error:
        check(ubiquitin, sequences={"none": ""})
    assert error.value.code == "sequence.fasta"
    assert error.value.where == "none"


def test_only_one_chain_is_checked(many_chains):
    result = protvox.check(many_chains, chain="A")
    assert set(result.table.chain.tolist()) == {"A"}
    with pytest.raises(InputError):
        protvox.check(many_chains, chain="Z")


def test_another_model_is_refused(ubiquitin, tiny_models, monkeypatch):
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(tiny_models))
    with pytest.raises(ModelError) as error:
        check(ubiquitin)
    assert error.value.code == "check.model"
