from __future__ import annotations

import pytest

from protvox.errors import InputError
from protvox.predict.mutations.list_files import collect_mutations, parse_lines, read_mutations
from protvox.predict.mutations.mutation_list import Mutation, Variant, join_lists


def listed(tmp_path, text: str | bytes):
    path = tmp_path / "list.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_mutations(path)


EXPECTED = [Mutation("A", 45, "", "LEU", "TRP"), Mutation("B", 7, "C", "", "GLY")]


@pytest.mark.parametrize(
    "text",
    [
        "chain,number,insertion_code,wild_type,mutant\nA,45,,LEU,TRP\nB,7,C,,GLY\n",
        "chain,number,insertion_code,wild_type,mutant\r\nA,45,,L,w\r\nB,7,C,,gly\r\n",
        "chain,number,insertion_code,wild_type,mutant\rA,45,,L,W\rB,7,C,,G",
        "\ufeffchain;number;wild_type;mutant\nA;45;L;W\nB;7C;;G\n",
        "Mutant\tNumber\tChain\tWild_Type\tddG\nW\t45\tA\tL\t1.5\nG\t7C\tB\t\t\n",
        "mutation\nA:L45W\nB:7CG\n",
        "\n\nid,mutation\n1,A:L45W\n\n,\n2,B:7CG\n\n",
        'chain,number,wild_type,mutant\n"A", 45 ,LEU, TRP\nB,7C,,G\n',
    ],
)
def test_lists_in_all_formats_are_read_alike(tmp_path, text):
    found = listed(tmp_path, text)
    assert found.variants == {row: Variant((item,)) for row, item in enumerate(EXPECTED)}
    assert found.failures == ()


def test_invalid_rows_become_failures(tmp_path):
    text = "chain,number,insertion_code,mutant\nA,45,,W\nA,x,,W\nA,46,,Z\nA,47\nA,48,,G\nA,4A,B,G\n"
    found = listed(tmp_path, text)
    assert list(found.variants) == [0, 4]
    assert [(f.row, f.code) for f in found.failures] == [
        (1, "mutation.syntax"),
        (2, "mutation.amino_acid"),
        (3, "mutation.amino_acid"),
        (5, "mutation.syntax"),
    ]
    assert found.failures[0].mutation == "A,x,,W"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "mutations.empty"),
        ("\n \n,,\n", "mutations.empty"),
        ("chain,number,mutant\n", "mutations.empty"),
        ("A,45,W\nA,46,W\n", "mutations.columns"),
        ("chain,place,native\nA,45,F\n", "mutations.columns"),
        (
            ",Model,Dataset,ddG_pred,position,wildtype,mutation\n0,T,x,1,4,L,W\n",
            "mutations.columns",
        ),
        (b"PK\x03\x04\0", "mutations.read"),
        (b"chain,number,mutant\nA,45,\xff\xfe\n", "mutations.read"),
        (b"\0\1\2\3", "mutations.read"),
        ('chain,number,mutant\n"' + "A" * 200_000 + '",1,W\n', "mutations.read"),
    ],
)
def test_invalid_lists_are_refused(tmp_path, text, code):
    with pytest.raises(InputError, match=r"list\.csv") as caught:
        listed(tmp_path, text)
    assert caught.value.code == code


LISTS = {
    "ProteinGym": ("mutant,mutated_sequence,DMS_score\nF45W,MQIF,0.3\nF45A:L50A,MQIF,-1\n", None),
    "FoldX individual_list.txt": ("FA45W;\nFA45A,LA50A;\n", "A"),
    "EvoEF individual list": ("FA45W;\r\nFA45A,LA50A;\r\n", "A"),
    "FoldX PositionScan": ("PHEA45W\t1.25\nPHEA45G\t-0.5\n", "A"),
    "Rosetta mutfile": ("total 3\n1\nF 45 W\n2\nF 45 A\nL 50 A\n", None),
    "plain text": ("# ubiquitin\nF45W\n\nF45A+L50A\n", None),
    "plain text with effects": ("F45W 1.3\nL50A -0.2\n", None),
    "pairs without a header": ("F45W,1.3\nL50A,nan\n", None),
    "three-letter codes": ("Phe45Trp\nPHE45ALA/LEU50ALA\n", None),
    "HGVS": ("p.Phe45Trp\nNP_061828.1:p.[Phe45Ala;Leu50Ala]\n", None),
    "MaveDB": (
        "accession,hgvs_nt,hgvs_pro,score\nu:1,NA,p.Phe45Trp,1\nu:2,NA,p.Leu50Ala,0\n",
        None,
    ),
    "AlphaMissense": ("uniprot_id\tprotein_variant\tam\nP0CG48\tF45W\t1\nP0CG48\tL50A\t1\n", None),
    "mCSM, SDM, PremPS": ("A F45W\nA L50A\n", "A"),
    "DynaMut2, several": ("A F45W\nA F45A;A L50A\n", "A"),
    "DDMut table": ("Chain,Mutation,ddG\nA,F45W,-1.2\nA,L50A,-2\n", "A"),
    "DDGun": ("F45W\nF45A,L50A\n", None),
    "MAESTRO": ("F45.A{W}\nL50.A{A}\n", "A"),
    "SAAMBE-3D": ("A 45 F W\nA 50 L A\n", "A"),
    "MutateX results": ("FA45W 0.4 0.1 0.3 0.5\nLA50A 2.1 0.2 1.9 2.4\n", "A"),
    "RaSP": ("pdbid,chainid,variant,wt_AA,mt_AA\n1UBI,A,F45W,F,W\n1UBI,A,L50A,L,A\n", "A"),
    "SKEMPI": (
        "#Pdb;Mutation(s)_PDB;Mutation(s)_cleaned\n1X_A_B;FA45W;FA1W\n1X_A_B;FA45A,LA50A;FA1A,LA2A\n",
        "A",
    ),
    "FireProtDB": ("chain,position,wild_type,mutation,ddG\nA,45,F,W,1\nA,50,L,A,2\n", "A"),
    "Pythia, S2648": ("pdb,chain,resseq,wildtype,mutation\n1U,A,45,F,W\n1U,A,50,L,A\n", "A"),
    "EVE": ("mutations,wt_aa,position,mt_aa\nF45W,F,45,W\nL50A,L,50,A\n", None),
    "EVcouplings": ("mutant,pos,wt,subs,prediction\nF45W,45,F,W,-1\nL50A,50,L,A,-2\n", None),
    "Megascale": ("name,mut_type,deltaG\n1U.pdb,F45W,3\n1U.pdb,F45A:L50A,1\n", None),
    "ThermoMPNN-D": ("ddG (kcal/mol),Mutation,CA-CA Distance\n-1,F45W,0\n-2,F45A:L50A,5.1\n", None),
    "dbNSFP-like": ("aapos,pos,aaref,aaalt\n1,45,F,W\n1,50,L,A\n", None),
    "columns of a spreadsheet": (
        "Chain ID;Residue Number;WT;Mut\nA;45;PHE;TRP\nA;50;LEU;ALA\n",
        "A",
    ),
    "separate chain column": ("chain,mutation\nA,F45W\nA,F45A+L50A\n", "A"),
}
"""Program to a list as its documentation shows it, and the chain that it names."""


@pytest.mark.parametrize("program", LISTS)
def test_lists_of_other_programs_are_read(tmp_path, program):
    text, chain = LISTS[program]
    found = listed(tmp_path, text)
    assert found.failures == ()
    first, second = (variant.mutations for variant in found.variants.values())
    assert first[0].counted == (program == "Rosetta mutfile")
    assert (first[0].chain, first[0].number, first[0].wild_type) == (chain, 45, "PHE")
    assert first[0].mutant == "TRP"
    assert second[-1].chain == chain
    assert second[-1].number in (45, 50)
    # The lines mean the same without a file.
    assert parse_lines(text.splitlines(), "lines") == found


def test_a_resfile_is_one_variant(tmp_path):
    found = listed(tmp_path, "NATRO\nSTART\n45 A PIKAA W # core\n46 A NATAA\n50 A PIKAA A EX 1\n")
    assert [str(variant) for variant in found.variants.values()] == ["A:45W+A:50A"]
    for text in ("start\n45 A PIKAA WF\n", "start\n45 A ALLAA\n", "start\n45 - 50 A PIKAA A\n"):
        with pytest.raises(InputError) as caught:
            listed(tmp_path, text)
        assert caught.value.code == "mutations.resfile"
        assert "PIKAA W" in caught.value.remedy
    with pytest.raises(InputError):
        listed(tmp_path, "NATRO\nstart\n45 A NATAA\n")


def test_an_invalid_entry_never_loses_the_others(tmp_path):
    for text in (
        "F45X\nF45W\n45\nL50A;F45\n",
        "FA45W;\nFA45o;\n;\n",
        "total 3\n1\nF 45 W\n1\nF 45 X\n1\n45 W\n",
        "mutant,score\nF45W,1\nF45*,2\n_wt,0\n",
        "nonsense,1\nF45W,2\n",
    ):
        found = listed(tmp_path, text)
        assert [v.mutations[0].mutant for v in found.variants.values()] == ["TRP"]
        assert found.failures
        assert all(failure.why and failure.remedy for failure in found.failures)


def test_one_invalid_item_is_a_failure_in_python():
    items = ["A:45W", "A:45Z", Mutation("A", 46, "", "", "GLY")]
    for given in (items, items[:2]):
        found = collect_mutations(given)
        assert [failure.row for failure in found.failures] == [1]
        assert str(found.variants[0]) == "A:45W"


def test_missing_file_is_reported(tmp_path):
    with pytest.raises(InputError, match="No such file") as caught:
        read_mutations(tmp_path / "none.csv")
    assert caught.value.code == "mutations.read"


def test_joined_lists_have_consecutive_rows(tmp_path):
    first = listed(tmp_path, "mutation\nA:45W\nA:46Z\n")
    joined = join_lists([first, collect_mutations(["A:47G"]), first])
    assert list(joined.variants) == [0, 2, 3]
    assert [failure.row for failure in joined.failures] == [1, 4]
