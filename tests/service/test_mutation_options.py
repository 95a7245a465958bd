"""Options of mutations in requests, without a server."""

from __future__ import annotations

import pytest

import protvox
from protvox.errors import UsageError
from protvox.service.http.uploads import _options
from protvox.service.schemas import JobOptions, MutationOptions
from protvox.service.workers.model_process import _compute
from protvox.structure.io.read import read_structure


def test_copies_and_binding_are_those_of_python(data_dir, tiny_models, monkeypatch):
    monkeypatch.setenv("PROTVOX_MODEL_DIR", str(tiny_models))
    asked = {"mutations": ["A:W184A"], "tied": "true", "binding": "A|A-2", "networks": "backbone"}
    _, options = _options(MutationOptions.model_validate(asked).model_dump(), "mutations")
    dimer = read_structure(data_dir / "1a8o.cif", assembly="1")
    found = _compute(dimer, options, {"chain": None, "device": "cpu", "progress": None})
    expected = protvox.mutations(
        dimer, ["A:W184A"], tied=True, binding="A|A-2", networks="backbone", device="cpu"
    )
    assert found.to_json() == expected.to_json()
    assert found.table.binding[0] != 0


@pytest.mark.parametrize("option", [{"tied": True}, {"binding": "A|B"}])
def test_options_of_mutations_are_refused_elsewhere(option):
    values = JobOptions.model_validate({"task": "all", **option}).model_dump()
    with pytest.raises(UsageError, match="of the mutations task"):
        _options(values, "jobs")
