"""Write the published descriptions of the interface: OpenAPI and JSON Schema.

``python -m service.generate`` writes ``service/openapi.json`` and ``service/schemas/*.json``;
``python -m service.generate --check`` reports the files that are not current.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Final

from protvox.predict.results.json_documents import DOCUMENTS
from protvox.predict.results.publish_schema import document_schema
from protvox.service.app import build_app
from protvox.service.core import Core
from protvox.service.settings import ServiceSettings

FOLDER: Final = Path(__file__).parent


def descriptions() -> dict[Path, str]:
    """Return the text of every published file, by its path."""
    files = {
        FOLDER / "schemas" / f"{command}.json": _text(document_schema(command))
        for command in DOCUMENTS
    }
    # The core is not started, so there are no child processes.
    app = build_app(Core(ServiceSettings(devices=("cpu",))))
    return {**files, FOLDER / "openapi.json": _text(app.openapi())}


def main() -> int:
    """Write the files, or check that they are current."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    check = parser.parse_args().check
    stale = [
        path
        for path, text in descriptions().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        print(f"{path.relative_to(FOLDER.parent)} {'is not current' if check else 'written'}")
    if not check:
        for path, text in descriptions().items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return int(check and bool(stale))


def _text(description: dict[str, Any]) -> str:
    return json.dumps(description, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
