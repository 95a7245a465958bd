"""Fixtures shared by all tests: where the structures are."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the small fixture structures."""
    return ROOT / "tests" / "data"


@pytest.fixture(scope="session")
def example_path() -> Path:
    """The example structure that ships with the package."""
    return ROOT / "protvox" / "examples" / "1pwc.pdb.gz"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the large data sets; skips the test where they are not."""
    folder = Path(os.environ.get("PROTVOX_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder} (set PROTVOX_SHARED_DATA)")
    return folder


@pytest.fixture(scope="session")
def raw_files(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The original, uncleaned structure files of the shared data."""
    archive = shared_data / "raw.tar.xz"
    if not archive.is_file():
        pytest.skip(f"no {archive}")
    folder = tmp_path_factory.mktemp("raw")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return sorted(path for path in (folder / "raw").iterdir() if path.is_file())


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with small networks and random weights."""
    import dataclasses

    import torch

    from protvox.networks.backbone.network import BackboneConfig, BackboneNet
    from protvox.networks.cath import CathConfig, CathNet
    from protvox.networks.config import ConvConfig
    from protvox.networks.environment import EnvironmentConfig, EnvironmentNet
    from protvox.registry.card import Card, Mixture, write_card
    from protvox.registry.weights import save_weights

    torch.manual_seed(0)
    environment = EnvironmentConfig(
        size=3,
        spacing=3.0,
        embedding="4x0e+2x1e+1x2e",
        convolutions=(ConvConfig("6x0e+2x1e"),),
        hidden=(8,),
    )
    cath = CathConfig(
        labels=("1.10", "2.40", "3.30", "3.40"),
        fine="4x0e+2x1e+1x2e",
        coarse="6x0e+2x1e",
        features=8,
    )
    backbone = BackboneNet(BackboneConfig(width=8, layers=2, heads=2, expansion=2))
    # Its last layers begin as zeros.
    for weight in backbone.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    root = tmp_path_factory.mktemp("models")
    networks = {
        "environment": EnvironmentNet(environment),
        "cath": CathNet(cath),
        "backbone": backbone,
    }
    for task, network in networks.items():
        folder = root / task
        folder.mkdir()
        digest = save_weights(network, folder / "model.safetensors")
        card = Card(
            task,
            "9",
            task,
            f"tiny {task}",
            dataclasses.asdict(network.config),
            "model.safetensors",
            digest,
            0.9,
            (40, 300) if task == "cath" else None,
            mixture=Mixture(0.3, 1.5, 0.5) if task == "backbone" else None,
        )
        write_card(card, folder)
    return root


@pytest.fixture(scope="session")
def searchable_models(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models of `tiny_models` with an embedding and an index of 40 random domains."""
    import shutil

    import numpy as np

    from protvox.predict.index.head import Block, EmbeddingHead
    from protvox.predict.index.index import Index
    from protvox.predict.index.known_traces import KnownTraces
    from protvox.predict.index.released import HEAD_FILE, INDEX_FILE, index_folder
    from protvox.registry.card import read_card

    root = tmp_path_factory.mktemp("searchable") / "models"
    shutil.copytree(tiny_models, root)
    card = read_card(root / "cath")
    folder = index_folder(root / "cath")
    folder.mkdir()
    rng = np.random.default_rng(0)

    def block(numbers: int, axes: int, weight: float) -> Block:
        matrix = rng.normal(size=(axes, numbers)).astype(np.float32)
        ones = np.ones(numbers, dtype=np.float32)
        return Block(0 * ones, ones, matrix, weight)

    head = EmbeddingHead(block(17, 6, 1.0), block(880, 4, 0.5), card.reference, card.sha256)
    head = head.save(folder / HEAD_FILE)
    vectors = rng.normal(size=(40, head.width)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = [f"1abcA{row:02d}" for row in range(40)]
    steps = rng.normal(size=(40, 50, 3))
    walks = 3.8 * np.cumsum(steps / np.linalg.norm(steps, axis=2, keepdims=True), axis=1)
    index = Index.build(
        vectors,
        names,
        ["3.40.50.300"] * 40,
        name="forty domains",
        model=card.reference,
        head=head.sha256,
        traces=KnownTraces.build(list(walks), ["ACDEFGHIKL" * 5] * 40),
        names={"3.40.50.300": "P-loop hydrolases"},
    )
    index.save(folder / INDEX_FILE)
    return root
