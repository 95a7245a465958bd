"""Draw the figures of docs/concepts/method.md.

Example: ``python -m experiments.method -o docs/figures``
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from experiments.method import efficiency, fields, kernels, maps

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/figures"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    kernels.draw(options.output / "kernels.png")
    fields.draw(options.output / "vector_field.png")
    measured = maps.draw(options.output / "feature_maps.png")
    efficiency.draw(options.output / "efficiency.png")
    (options.output / "measured.json").write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
