"""Annotated PDB and mmCIF files, with a value per residue in the B-factor column."""

from __future__ import annotations

import gzip
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from protvox.errors import fail
from protvox.structure.export.gemmi import to_gemmi
from protvox.structure.io.experiment import METHOD_NAMES
from protvox.structure.structure import Structure

if TYPE_CHECKING:
    import gemmi

_PDB_SUFFIXES: Final = (".pdb", ".ent")
_CIF_SUFFIXES: Final = (".cif", ".mmcif")
_REMARK_NUMBER: Final = 6
_REMARK_WIDTH: Final = 68
_UNKNOWN: Final = "UNK"
_NO_VALUE: Final = "Residues without a value have B-factor 0 and occupancy 0."


def write_annotated(
    structure: Structure, values: NDArray[np.floating], path: str | Path, *, remark: str
) -> None:
    """Write a structure with one value per residue as the B-factor of its atoms.

    Parameters
    ----------
    structure
        The structure; waters and hydrogens were removed when it was read.
    values
        ``residue`` float. Residues with NaN have B-factor 0 and occupancy 0; all others have
        occupancy 1.
    path
        ``.pdb``, ``.ent``, ``.cif`` or ``.mmcif``, optionally followed by ``.gz``.
    remark
        Description of the values, written into the file as a remark.

    Raises
    ------
    UsageError
        ``usage.output_format`` for another suffix, or if the structure or the values do not
        fit into the columns of the PDB format; ``usage.output`` if the file cannot be written.
    ValueError
        If there is not exactly one value per residue.
    """
    path = Path(path)
    if values.shape != (structure.n_residues,):
        raise ValueError(f"{structure.n_residues} residues but values of shape {values.shape}")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    zipped = suffixes[-1:] == [".gz"]
    suffix = (suffixes[:-1] if zipped else suffixes)[-1:]
    if suffix and suffix[0] in _PDB_SUFFIXES:
        _check_fits_pdb(structure, values, path)
        text = _pdb_text(_to_gemmi(structure, values), remark)
    elif suffix and suffix[0] in _CIF_SUFFIXES:
        text = _cif_text(_to_gemmi(structure, values), structure, remark)
    else:
        raise fail("usage.output_format.suffix", where=str(path))
    data = text.encode()
    try:
        path.write_bytes(gzip.compress(data, mtime=0) if zipped else data)
    except OSError as error:
        raise fail("usage.output", where=str(path), reason=error.strerror) from error


def _check_fits_pdb(structure: Structure, values: NDArray[np.floating], path: Path) -> None:
    finite = values[np.isfinite(values)]
    reasons = {
        "chain names of more than one letter": np.char.str_len(structure.chain).max() > 1,
        "more than 99,999 atoms": structure.n_atoms > 99_999,
        "residue names of more than three letters": np.char.str_len(structure.residue_name).max()
        > 3,
        "residue numbers beyond -999 to 9999": structure.number.min() < -999
        or structure.number.max() > 9999,
        "coordinates beyond -999 to 9999 Å": structure.coordinates.min() <= -1000
        or structure.coordinates.max() >= 10_000,
        "values beyond -99 to 999": bool(len(finite))
        and (finite.min() <= -100 or finite.max() >= 1000),
    }
    for reason, found in reasons.items():
        if found:
            raise fail("usage.output_format.pdb", where=str(path), content=reason)


def _to_gemmi(structure: Structure, values: NDArray[np.floating]) -> gemmi.Structure:
    known = np.isfinite(values)
    out: gemmi.Structure = to_gemmi(
        structure, b_factor=np.where(known, values, 0.0), occupancy=known.astype(np.float64)
    )
    _add_origin(out, structure)
    return out


def _add_origin(out: gemmi.Structure, structure: Structure) -> None:
    """Add title, experiment and declared sequences, on which a check of the file depends."""
    import gemmi

    experiment = structure.experiment
    out.info["_struct.title"] = structure.title
    if experiment.method:
        out.info["_exptl.method"] = METHOD_NAMES[experiment.method]
    if experiment.resolution is not None:
        out.resolution = experiment.resolution
    # A frame other than the standard one of the cell cannot be set in gemmi.
    cell = gemmi.UnitCell(*experiment.cell) if experiment.cell else None
    if cell is not None and _is_standard(cell, experiment.to_fractional):
        out.cell = cell
        out.spacegroup_hm = experiment.space_group
    for chain in out[0]:
        polymer = chain.get_polymer()
        sequence = structure.sequences.get(chain.name, ())
        entity = out.get_entity_of(polymer) if sequence and len(polymer) else None
        if entity is not None:
            entity.full_sequence = [name or _UNKNOWN for name in sequence]


def _is_standard(cell: gemmi.UnitCell, to_fractional: tuple[float, ...]) -> bool:
    rows = zip(cell.frac.mat.tolist(), cell.frac.vec.tolist(), strict=True)
    standard = [value for matrix, shift in rows for value in (*matrix, shift)]
    return not to_fractional or np.allclose(standard, to_fractional, rtol=0, atol=1e-4)


def _lines(remark: str) -> list[str]:
    text = " ".join(f"{remark.strip().rstrip('.')}. {_NO_VALUE}".split())
    ascii_text = text.replace("Å", "A").encode("ascii", "replace").decode()
    return textwrap.wrap(ascii_text, _REMARK_WIDTH)


def _pdb_text(structure: gemmi.Structure, remark: str) -> str:
    head = f"REMARK {_REMARK_NUMBER:3d}"
    lines = [head, *(f"{head} {line}" for line in _lines(remark))]
    body: str = structure.make_pdb_string()
    return "".join(f"{line:<80}\n" for line in lines) + body


def _cif_text(out: gemmi.Structure, structure: Structure, remark: str) -> str:
    import gemmi

    if structure.plddt is not None:
        _number_polymers(out)
    document = out.make_mmcif_document()
    block = document.sole_block()
    if structure.plddt is not None:
        _add_plddt(block, out, structure.plddt)
    if out.resolution:
        block.set_pair("_refine.ls_d_res_high", f"{out.resolution:g}")
    block.set_pair("_database_PDB_remark.id", str(_REMARK_NUMBER))
    block.set_pair("_database_PDB_remark.text", gemmi.cif.quote(" ".join(_lines(remark))))
    text: str = document.as_string()
    return text


def _number_polymers(out: gemmi.Structure) -> None:
    """Give every residue of a polymer a ``label_seq_id``, by which ModelCIF refers to it."""
    out.assign_label_seq_id()
    for chain in out[0]:
        polymer = chain.get_polymer()
        if any(residue.label_seq is None for residue in polymer):
            for number, residue in enumerate(polymer, start=1):
                residue.label_seq = number


def _add_plddt(block: gemmi.cif.Block, out: gemmi.Structure, plddt: NDArray[np.float32]) -> None:
    """Add the pLDDT as ModelCIF has it, since the B-factors are taken."""
    metric = {"id": "1", "mode": "local", "name": "pLDDT", "type": "pLDDT"}
    block.set_pairs("_ma_qa_metric.", metric)
    names = ("label_asym_id", "label_comp_id", "label_seq_id", "metric_value", "metric_id")
    loop = block.init_loop("_ma_qa_metric_local.", ["ordinal_id", "model_id", *names])
    residues = (residue for chain in out[0] for residue in chain)
    for value, residue in zip(plddt.tolist(), residues, strict=True):
        if residue.label_seq is not None and np.isfinite(value):
            address = (residue.subchain, residue.name, str(residue.label_seq))
            loop.add_row([str(loop.length() + 1), "1", *address, f"{value:.2f}", "1"])
