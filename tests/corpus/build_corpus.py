"""Write the corpus: files/ and manifest.json. Run it after changing a case.

python tests/corpus/build_corpus.py [FOLDER]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import accepted
import chemistry
import dialects
import refused
import repeats

GROUPS = (
    accepted.FORMATS,
    accepted.CHAINS,
    accepted.NUMBERS,
    accepted.POSITIONS,
    chemistry.TRACES,
    chemistry.RESIDUES,
    chemistry.CONTEXT,
    chemistry.SEQUENCES,
    dialects.MOLECULES,
    dialects.NAMES,
    dialects.RECORDS,
    dialects.COLUMNS,
    repeats.COPIES,
    repeats.IONS,
    repeats.LINES,
    refused.CONTENT,
    refused.COMPRESSION,
    refused.COORDINATES,
    refused.NO_PROTEIN,
    refused.DAMAGE,
)


def build(folder: Path) -> None:
    """Write all cases into a folder."""
    files = folder / "files"
    files.mkdir(parents=True, exist_ok=True)
    manifest = {}
    for group in GROUPS:
        for name, (data, expected) in group.items():
            kind = "refused" if "code" in expected else "accepted"
            key = f"{kind}_{name}"
            if key in manifest:
                raise ValueError(f"two cases are called {key}")
            (files / key).write_bytes(data)
            manifest[key] = expected
    text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / "manifest.json").write_text(text + "\n")


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
