from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from protvox.chemistry import AMINO_ACIDS
from protvox.errors import UsageError
from protvox.report.run_page.render import project, render_page
from protvox.report.run_page.summary import summarize

EVIL = '<script>alert(1)</script>&"x"\n.pdb'


SCHEMA = "protvox.score/2"


def write(folder, table, number, frame):
    (folder / table).mkdir(exist_ok=True)
    rows = pa.Table.from_pandas(pd.DataFrame(frame), preserve_index=False)
    pq.write_table(rows, folder / table / f"part-{number:06d}.parquet")


@pytest.fixture
def scored(tmp_path):
    """Two structures, one with a hostile name, and a failure, in two parts."""
    folder = tmp_path / "run <b>"
    folder.mkdir()
    about = {
        "schema": "protvox.score/2",
        "protvox": "0.1",
        "models": {"cath@9": "x"},
        "options": {},
    }
    (folder / "manifest.json").write_text(json.dumps(about))
    for part, name in enumerate(("good.pdb", EVIL)):
        names = [name] + ["bad.pdb"] * part
        write(folder, "inputs", part, {"id": names, "status": ["done"] + ["failed"] * part})
        write(
            folder,
            "domains",
            part,
            {
                "id": [name] * 2,
                "domain": ["A", "B"],
                "in_range": [True, part == 0],
                "architecture": ["3.40", "1.10"],
                "architecture_name": ["Rossmann fold", "Bundle"],
                "architecture_probability": [0.9, 0.3],
                "embedding": [[1.0, part], [0.0, 2.0]],
            },
        )
        # LEU is expected everywhere: rows 0 to 4 are LEU, the last five GLY, ever less probable.
        p = np.full((10, 20), 0.01)
        p[:, AMINO_ACIDS.index("LEU")] = 0.81
        p[5:, AMINO_ACIDS.index("GLY")] = 10.0 ** -np.arange(1, 6) / (1 + part)
        types = ["LEU"] * 5 + ["GLY"] * 5
        write(
            folder,
            "residues",
            part,
            {
                "id": [name] * 10,
                "chain": ["A"] * 10,
                "number": range(10),
                "insertion_code": [""] * 10,
                "wild_type": types,
                "predicted": ["LEU"] * 10,
                "p_wild_type": [row[AMINO_ACIDS.index(t)] for row, t in zip(p, types, strict=True)],
                **{f"p_{name}": p[:, i] for i, name in enumerate(AMINO_ACIDS)},
            },
        )
    write(
        folder,
        "failures",
        1,
        {"id": [EVIL], "code": ["input.empty"], "what": ["it is <empty>"], "remedy": ["Mend it"]},
    )
    return folder


def test_numbers_are_those_of_the_tables(scored):
    summary = summarize(scored)
    assert (summary.n_scored, summary.n_failed) == (2, 1)
    assert (summary.n_domains, summary.in_range, summary.n_residues) == (4, 3, 20)
    assert summary.recovered == 0.5
    assert summary.architectures == [("3.40", "Rossmann fold", 2), ("1.10", "Bundle", 2)]
    assert summary.probability.sum() == 20
    assert summary.confidence.sum() == 4
    assert summary.failure_counts == {"input.empty": 1}


def test_suspects_are_the_worst_and_at_most_three_of_a_structure(scored):
    suspects = summarize(scored).suspects
    assert [s.residue for s in suspects] == ["A:9", "A:9", "A:8", "A:8", "A:7", "A:7"]
    assert [s.id for s in suspects[:2]] == [EVIL, "good.pdb"]
    assert suspects[0].odds == pytest.approx(0.81 / 0.5e-5)
    assert (suspects[0].wild_type, suspects[0].predicted) == ("GLY", "LEU")


def test_the_page_is_self_contained_and_escapes_everything(scored):
    page = render_page(summarize(scored))
    assert "<script" not in page
    assert "run <b>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;" in page
    assert "it is &lt;empty&gt;" in page
    assert re.findall(r"(?:https?:)?//[a-z]|@import|url\(", page) == []
    assert "default-src 'none'" in page
    assert page == render_page(summarize(scored))


def test_the_page_has_every_section(scored):
    page = render_page(summarize(scored))
    titles = re.findall(r"<h2>([^<]*)</h2>", page)
    assert titles == [
        "Probability of the amino acid present",
        "Fraction of residues that match the prediction",
        "Most suspicious residues",
        "Structures with the lowest fraction of matching residues",
        "Probability of the most probable architecture",
        "CATH architectures",
        "Map of the domains",
        "Failures",
    ]
    assert page.count("<circle") == 4


def test_the_page_has_the_cards_of_the_domains(scored):
    for part in (0, 1):
        path = scored / "domains" / f"part-{part:06d}.parquet"
        frame = pd.read_parquet(path).assign(
            chain=["A", "B"],
            chopping="1-90",
            flags="",
            architecture="3.40",
            novel=["", "topology"] if part else "",
            topology="3.40.50",
            topology_name="Rossmann fold",
            superfamily=["3.40.50.300", "1.10.8.10"] if part else "3.40.50.300",
            superfamily_name=EVIL,
            superfamily_probability=[0.97, 0.2],
            hit="2xyzA02",
            hit_tm_query=0.81,
            hit_rmsd=1.94,
            hit_n_aligned=58.0,
        )
        frame.to_parquet(path)
    summary = summarize(scored)
    assert [card.name for card in summary.cards.shown] == ["A, B: 1-90", "A: 1-90", "B: 1-90"]
    assert (summary.cards.n, summary.cards.counts["topology"]) == (4, 1)
    page = render_page(summary)
    assert "<script" not in page
    (cards,) = re.findall(r"<h2>Domains</h2>.*?</section>", page, re.DOTALL)
    assert cards.count("<tr>") == 1 + 3
    assert "3 belong to a known CATH superfamily" in cards
    assert 'href="https://www.cathdb.info/version/latest/superfamily/3.40.50.300"' in cards
    assert 'href="https://www.cathdb.info/version/latest/domain/2xyzA02"' in cards
    assert "no known topology" in cards and "best: " in cards
    assert re.search(r"0\.97.*2xyzA02.*0\.81.*1\.9.*58", cards, re.DOTALL)
    addresses = re.findall(r"(?:https?:)?//[a-z][^\"<]*", page)
    assert all(address.startswith("https://www.cathdb.info/") for address in addresses)


def test_a_folder_common_to_all_names_is_stated_once(tmp_path):
    about = {
        "schema": "protvox.score/2",
        "protvox": "0.1",
        "models": {"cath@9": "x"},
        "options": {},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(about))
    write(tmp_path, "inputs", 0, {"id": ["/a/bc/x.pdb"], "status": ["done"]})
    write(tmp_path, "inputs", 1, {"id": ["/a/bd/y.pdb"], "status": ["failed"]})
    write(
        tmp_path,
        "failures",
        1,
        {
            "id": ["/a/bd/y.pdb"],
            "code": ["input.empty"],
            "what": ["it is empty"],
            "remedy": ["Mend it"],
        },
    )
    summary = summarize(tmp_path)
    assert summary.within == "/a/"
    assert summary.failures[0][0] == "bd/y.pdb"
    assert "names are relative to /a/" in render_page(summary)


def test_an_empty_run_has_a_page(tmp_path):
    about = {"schema": SCHEMA, "protvox": "0.1", "models": {}, "options": {}}
    (tmp_path / "manifest.json").write_text(json.dumps(about))
    assert "structures scored" in render_page(summarize(tmp_path))


def test_components_are_those_of_the_covariance():
    vectors = np.random.default_rng(0).normal(size=(50, 4)) * [5, 3, 1, 0.1]
    points, explained = project(vectors)
    values = np.linalg.eigvalsh(np.cov(vectors.T))[::-1]
    assert points.var(axis=0, ddof=1) == pytest.approx(values[:2])
    assert explained == pytest.approx(values[:2].sum() / values.sum())


def test_no_results_and_damaged_parts_are_clear_errors(scored, tmp_path):
    with pytest.raises(UsageError) as caught:
        summarize(tmp_path)
    assert caught.value.code == "batch.no_results"
    (scored / "domains" / "part-000000.parquet").write_bytes(b"PAR1")
    with pytest.raises(UsageError) as caught:
        summarize(scored)
    assert caught.value.code == "batch.damaged"
