"""pLDDT is found in the files of every predictor, and never in those of an experiment.

The files are written here from the formats of the programs: coordinates of ubiquitin with made
confidences. The model of AlphaFold DB in `tests/data` is a real one.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable

import gemmi
import numpy as np
import pytest

from protvox.structure.io.read import read_structure

EXPERIMENTS = ("1a8o.cif", "1a8o.pdb", "1gbt.bcif.gz", "1gbt.cif.gz", "3jqh.cif", "3jqh.bcif.gz")
AF = "AF-Q5VSL9-F1-model_v4.cif.gz"


@pytest.fixture(scope="module")
def ubiquitin(data_dir):
    return read_structure(data_dir / "1ubi.pdb")


@pytest.fixture(scope="module")
def confidence(ubiquitin):
    """High in the core, low in both tails."""
    values = 95 - 0.13 * np.arange(ubiquitin.n_residues)
    values[:4], values[-5:] = 31.25, 42.5
    return values.round(2)


def atom_lines(structure, b: np.ndarray, chain: str = "A") -> list[str]:
    lines = []
    for i, residue in enumerate(structure.residue_index.tolist()):
        x, y, z = structure.coordinates[i].tolist()
        name = str(structure.atom_name[i])
        lines.append(
            f"ATOM  {i + 1:5d} {name if len(name) == 4 else ' ' + name:<4} "
            f"{structure.residue_name[residue]:>3} {chain}{structure.number[residue]:4d}    "
            f"{x:8.3f}{y:8.3f}{z:8.3f}{1:6.2f}{b[i]:6.2f}          {structure.element[i]:>2}  "
        )
    return lines


def pdb(structure, values: np.ndarray, *header: str, jitter: float = 0.0) -> bytes:
    """Return a PDB file with the value of each residue, or of each atom around it."""
    b = values[structure.residue_index]
    b = b + jitter * np.where(np.arange(len(b)) % 2, 1, -1)
    return "\n".join([*header, *atom_lines(structure, b), "TER", "END", ""]).encode()


def cif(
    structure,
    b: np.ndarray,
    values: np.ndarray | None = None,
    *,
    kind: str = "pLDDT",
    more: str = "",
    model_type: str = "'Ab initio model'",
) -> bytes:
    """Return a ModelCIF file, with local metrics if there are values."""
    text = ["data_model", f"_ma_model_list.ordinal_id 1\n_ma_model_list.model_type {model_type}"]
    text.append(more)
    if values is not None:
        text.append(
            "loop_\n_ma_qa_metric.id\n_ma_qa_metric.name\n_ma_qa_metric.description\n"
            "_ma_qa_metric.type\n_ma_qa_metric.mode\n"
            f"1 metric 'of all' '{kind}' global\n2 metric 'of each' '{kind}' local"
        )
        text.append(
            "loop_\n"
            + "\n".join(
                f"_ma_qa_metric_local.{name}"
                for name in (
                    "ordinal_id",
                    "model_id",
                    "label_asym_id",
                    "label_seq_id",
                    "label_comp_id",
                    "metric_id",
                    "metric_value",
                )
            )
        )
        names = structure.residue_name.tolist()
        text += [
            f"{i} 1 A {i} {name} 2 {value:.4f}"
            for i, (name, value) in enumerate(zip(names, values, strict=True), start=1)
        ]
    columns = "group_PDB id type_symbol label_atom_id label_comp_id label_asym_id label_seq_id "
    columns += "Cartn_x Cartn_y Cartn_z occupancy B_iso_or_equiv auth_seq_id auth_asym_id"
    text.append("loop_\n" + "\n".join(f"_atom_site.{name}" for name in columns.split()))
    for i, residue in enumerate(structure.residue_index.tolist()):
        x, y, z = structure.coordinates[i].tolist()
        text.append(
            f"ATOM {i + 1} {structure.element[i]} {structure.atom_name[i]} "
            f"{structure.residue_name[residue]} A {residue + 1} {x:.3f} {y:.3f} {z:.3f} 1.00 "
            f"{b[i]:.2f} {structure.number[residue]} A"
        )
    return "\n".join([*text, "#", ""]).encode()


def check(structure, expected: np.ndarray, source: str, tolerance: float = 0.006) -> None:
    assert structure.plddt is not None
    assert structure.plddt_source == source
    np.testing.assert_allclose(structure.plddt, expected, atol=tolerance)


def test_alphafold_db_agrees_with_gemmi(data_dir):
    """Per residue, as gemmi reads the B-factors of the CA atoms; for five files of two formats."""
    structure = read_structure(data_dir / AF)
    model = gemmi.read_structure(str(data_dir / AF))[0]
    ca = [residue["CA"][0].b_iso for chain in model for residue in chain]
    check(structure, np.array(ca), "ma_qa_metric_local", 1e-4)
    assert structure.n_residues == 837
    assert int(structure.is_disordered(50).sum()) == sum(value < 50 for value in ca) == 127


def test_alphafold_db_as_binarycif_agrees_with_mmcif(data_dir, tmp_path):
    """Converted by biotite, which knows nothing of the metrics."""
    pdbx = pytest.importorskip("biotite.structure.io.pdbx")
    block = pdbx.CIFFile.read(io.StringIO(gzip.decompress((data_dir / AF).read_bytes()).decode()))
    converted = pdbx.BinaryCIFFile()
    converted["model"] = pdbx.BinaryCIFBlock()
    for name, category in block.block.items():
        columns = {key: column.as_array() for key, column in category.items()}
        converted["model"][name] = pdbx.BinaryCIFCategory(columns)
    converted.write(tmp_path / "model.bcif")
    found = read_structure(tmp_path / "model.bcif")
    check(found, read_structure(data_dir / AF).plddt, "ma_qa_metric_local", 1e-4)
    del converted["model"]["ma_qa_metric_local"]
    converted.write(tmp_path / "model.bcif")
    found = read_structure(tmp_path / "model.bcif")
    check(found, read_structure(data_dir / AF).plddt, "B-factors (AlphaFold DB)", 1e-4)


def test_alphafold_db_as_pdb_agrees_with_mmcif(data_dir):
    title = "TITLE     ALPHAFOLD MONOMER V2.0 PREDICTION FOR STRIATIN-INTERACTING PROTEIN 1\n"
    text = title + gemmi.read_structure(str(data_dir / AF)).make_minimal_pdb()
    found = read_structure(text.encode(), name="model.pdb")
    check(found, read_structure(data_dir / AF).plddt, "B-factors (AlphaFold DB)", 1e-4)


@pytest.mark.parametrize("scale", [1, 100])
@pytest.mark.parametrize("jitter", [0, 0.03])
def test_esmfold(ubiquitin, confidence, scale, jitter):
    """On either scale, with one value per residue (ESM Atlas) or per atom (the model itself)."""
    values = confidence / 100 * scale
    jitter = jitter * scale / 5
    for header in (("PARENT N/A",), ("HEADER", "TITLE     ESMFOLD V1 PREDICTION FOR INPUT")):
        found = read_structure(pdb(ubiquitin, values, *header, jitter=jitter), name="x.pdb")
        source = "OpenFold or ESMFold" if len(header) == 1 else "ESMFold"
        check(found, confidence, f"B-factors ({source})", 0.51 + 100 * jitter / scale / 4)


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("x_unrelaxed_rank_001_alphafold2_ptm_model_3_seed_000.pdb", "AlphaFold"),
        ("x_relaxed_rank_002_alphafold2_multimer_v3_model_1_seed_042.pdb.gz", "AlphaFold"),
        ("relaxed_model_1_pred_0.pdb", "AlphaFold"),
        ("ranked_0.pdb", "AlphaFold"),
        ("AF-P0CG48-F1-model_v4.pdb", "AlphaFold DB"),
        ("AF-P0CG48-F1", "AlphaFold DB"),
        ("AF-P0CG48-F1-model_v4 (1).pdb", "AlphaFold DB"),
        ("target_model_0.pdb", "Boltz"),
        ("pred.model_idx_2.pdb", "Chai"),
    ],
)
def test_names_of_files_without_a_header(ubiquitin, confidence, name, program):
    """ColabFold writes nothing but MODEL before the atoms, Boltz nothing at all."""
    header = ("MODEL     1",) if program == "AlphaFold" else ()
    content = pdb(ubiquitin, confidence, *header)
    if name.endswith(".gz"):
        content = gzip.compress(content)
    check(read_structure(content, name=name), confidence, f"B-factors ({program})")
    assert read_structure(content, name="x.pdb").plddt is None


def test_boltz_mmcif(ubiquitin, confidence):
    """ModelCIF without metrics: the B-factors of an ab initio model."""
    content = cif(ubiquitin, confidence[ubiquitin.residue_index])
    check(read_structure(content, name="x.cif"), confidence, "B-factors (ModelCIF)")
    constant = cif(ubiquitin, np.ones(ubiquitin.n_atoms))  # early versions
    assert read_structure(constant, name="x_model_0.cif").plddt is None


@pytest.mark.parametrize(("kind", "scale"), [("pLDDT", 1), ("pLDDT", 100), ("pLDDT in [0,1]", 100)])
def test_chai_mmcif(ubiquitin, confidence, kind, scale):
    """ModelCIF with a metric for each residue; the B-factors of its atoms differ."""
    b = np.linspace(1, 99, ubiquitin.n_atoms)
    content = cif(ubiquitin, b, confidence / scale, kind=kind, more="_struct.title 'Chai-1'")
    check(read_structure(content), confidence, "ma_qa_metric_local")


def test_metric_under_another_chain_name_and_numbering(ubiquitin, confidence):
    """Metrics are by label; residues are named as the author does."""
    text = cif(ubiquitin, np.ones(ubiquitin.n_atoms), confidence).decode()
    lines = text.splitlines()
    moved = [
        " ".join([*line.split()[:12], str(int(line.split()[12]) + 100), "Zz"])
        if line.startswith("ATOM")
        else line
        for line in lines
    ]
    found = read_structure("\n".join(moved).encode())
    check(found, confidence, "ma_qa_metric_local")
    assert found.number[0] == 101 and found.chain[0] == "Zz"


def test_several_models_have_their_own_metric(ubiquitin, confidence):
    """``model_id`` is the number of the model."""
    text = cif(ubiquitin, np.ones(ubiquitin.n_atoms), confidence).decode()
    head, atoms = text.split("loop_\n_atom_site.")
    metric = [line for line in head.splitlines() if line.startswith(tuple("123456789"))][2:]
    second = [f"{i} 2 A {i} {line.split()[4]} 2 77" for i, line in enumerate(metric, start=1)]
    second[0] = second[0][:-2] + "66"
    rows = [line for line in atoms.splitlines() if line.startswith("ATOM")]
    text = "\n".join(
        [
            head + "\n".join(second),
            "loop_",
            *("_atom_site." + line for line in atoms.splitlines()[:1]),
            *atoms.splitlines()[1:14],
            "_atom_site.pdbx_PDB_model_num",
            *(f"{row} {number}" for number in (1, 2) for row in rows),
        ]
    )
    check(read_structure(text.encode(), model=1), confidence, "ma_qa_metric_local")
    expected = np.full(len(confidence), 77.0)
    expected[0] = 66
    check(read_structure(text.encode(), model=2), expected, "ma_qa_metric_local")


def test_residues_without_a_metric_have_none(ubiquitin, confidence):
    text = cif(ubiquitin, np.ones(ubiquitin.n_atoms), confidence).decode()
    text = "\n".join(line for line in text.splitlines() if not line.startswith("5 1 A 5 "))
    found = read_structure(text.encode())
    assert np.flatnonzero(np.isnan(found.plddt)).tolist() == [4]
    assert not found.is_disordered(100)[4]


def test_other_metrics_are_not_plddt(ubiquitin, confidence):
    """A homology model has a metric of its own in both places."""
    b = confidence[ubiquitin.residue_index]
    content = cif(ubiquitin, b, confidence, kind="other")
    assert read_structure(content, name="AF-P0CG48-F1.cif").plddt is None
    homology = cif(ubiquitin, b, model_type="'Homology model'")
    assert read_structure(homology, name="x.cif").plddt is None


def test_a_metric_that_is_not_between_0_and_100_is_reported(ubiquitin, confidence):
    found = read_structure(cif(ubiquitin, np.ones(ubiquitin.n_atoms), confidence + 30))
    assert found.plddt is None
    assert any("ma_qa_metric_local was ignored" in warning for warning in found.warnings)


@pytest.mark.parametrize("name", [*EXPERIMENTS, "1ubi.pdb", "3enl.pdb.gz", "3hsy.pdb.gz"])
def test_experiments_have_none_whatever_they_are_called(data_dir, name):
    content = (data_dir / name).read_bytes()
    for called in (name, "AF-P12345-F1-model_v4.pdb", "x_model_0.cif", "ranked_0.pdb"):
        assert read_structure(content, name=called).plddt is None


Change = Callable[[list[str]], list[str]]


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: ["EXPDTA    X-RAY DIFFRACTION", *lines],
        lambda lines: ["CRYST1   50.840   42.770   28.950  90.00  90.00  90.00 P 21 21 21", *lines],
        lambda lines: ["REMARK   3  RESOLUTION RANGE HIGH (ANGSTROMS) : 1.80", *lines],
        lambda lines: ["REMARK   6 B-factors are the probability, in percent", *lines],
        lambda lines: ["PFRMAT TS", *lines],
    ],
)
def test_signs_against_b_factors(ubiquitin, confidence, change: Change):
    lines = pdb(ubiquitin, confidence, "PARENT N/A").decode().splitlines()
    assert read_structure("\n".join(lines).encode(), name="x.pdb").plddt is not None
    assert read_structure("\n".join(change(lines)).encode(), name="x.pdb").plddt is None


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [line for line in lines if line[22:26] != "  30"],  # a gap
        lambda lines: [line.replace("  1.00 ", "  0.50 ", 1) for line in lines],
        lambda lines: [*lines[:3], lines[3][:60] + " 12.00" + lines[3][66:], *lines[4:]],
        lambda lines: [
            *lines[:-2],
            lines[0][:17] + "HOH" + lines[0][20:22] + "  77" + lines[0][26:],
        ],
    ],
    ids=["gap", "occupancy", "atoms", "water"],
)
def test_a_name_alone_needs_the_layout_of_a_prediction(ubiquitin, confidence, change: Change):
    """One refined B-factor per residue is not enough to be taken for pLDDT."""
    lines = pdb(ubiquitin, confidence).decode().splitlines()
    assert read_structure("\n".join(lines).encode(), name="x_model_0.pdb").plddt is not None
    assert read_structure("\n".join(change(lines)).encode(), name="x_model_0.pdb").plddt is None


@pytest.mark.parametrize("values", [0.0, 100.0, 55.0, 8.0, 130.0, -2.0, np.nan])
def test_values_that_cannot_be_plddt(ubiquitin, confidence, values):
    """Equal values, grades from 1 to 9, and values outside the scale."""
    given = np.full(len(confidence), values)
    if values == 8.0:
        given = 1 + np.arange(len(confidence)) % 9
    elif not 0 <= values <= 100:
        given = np.where(np.arange(len(confidence)) == 7, values, confidence)
    content = pdb(ubiquitin, given, "TITLE     ESMFOLD V1 PREDICTION FOR INPUT")
    assert read_structure(content, name="x.pdb").plddt is None


def test_mmcif_of_an_experiment_that_names_alphafold(ubiquitin, confidence):
    """AlphaFold models are starting points of refinement, and so are listed as software."""
    b = confidence[ubiquitin.residue_index]
    text = cif(ubiquitin, b, model_type="?").decode()
    software = "_software.name AlphaFold"
    named = text.replace("data_model", f"data_model\n{software}")
    check(read_structure(named.encode(), name="x.cif"), confidence, "B-factors (AlphaFold)")
    for sign in (
        "_exptl.method 'X-RAY DIFFRACTION'",
        "_cell.length_a 50.8",
        "_refine.ls_d_res_high 2",
    ):
        measured = text.replace("data_model", f"data_model\n{software}\n{sign}")
        assert read_structure(measured.encode(), name="x.cif").plddt is None


def test_selecting_residues_keeps_theirs(data_dir):
    structure = read_structure(data_dir / AF)
    part = structure.select(np.arange(structure.n_residues) >= 800)
    np.testing.assert_array_equal(part.plddt, structure.plddt[800:])
    assert part.plddt_source == structure.plddt_source
