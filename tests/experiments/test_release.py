"""The command that makes a model folder: where the temperature comes from."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from experiments import release as command

WORDS = Path(command.__file__).parent / "cath" / "card.toml"


@pytest.fixture
def released(monkeypatch, tmp_path):
    """Run the command; what the library receives."""
    given = {}

    def release(*paths, **options):
        given.update(options, paths=paths)
        (tmp_path / "model" / "MODEL_CARD.md").parent.mkdir(exist_ok=True)
        (tmp_path / "model" / "MODEL_CARD.md").write_text("a card")
        return SimpleNamespace(training={"steps": 1, "loop": {"steps": 1}})

    def run(*options):
        monkeypatch.setattr(command, "release", release)
        arguments = (
            "release",
            "cath",
            "--run",
            tmp_path / "run",
            "--train",
            tmp_path / "train",
            "-o",
            tmp_path / "model",
            *options,
        )
        monkeypatch.setattr("sys.argv", [str(argument) for argument in arguments])
        command.main()
        return given

    return run


def test_without_validation_the_card_gives_the_temperature(released):
    given = released()
    words = tomllib.loads(WORDS.read_text())
    assert given["validation_shards"] == []
    assert given["words"].temperature == words["temperature"] > 0
    assert given["words"].version == words["version"]


def test_empty_validation_folder_differs_from_no_validation(released, tmp_path):
    given = released("--validation", tmp_path / "mistyped")
    assert given["validation_shards"] == []
    # The library refuses this, see tests/train/test_release.py.
    assert given["words"].temperature is None


def test_another_card_has_other_texts(released, tmp_path):
    (tmp_path / "shard-0.npz").touch()
    choice = WORDS.with_name("choice-card.toml")
    given = released("--validation", tmp_path, "--card", choice)
    assert given["validation_shards"] == [tmp_path / "shard-0.npz"]
    assert given["words"].version == "4"
    assert "validation" not in given["words"].training["split"]
