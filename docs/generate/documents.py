"""The reference of the JSON documents, from their schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from docs.generate.values import sections, table
from protvox.predict.results.json_documents import DOCUMENTS
from protvox.predict.results.publish_schema import describe_documents, document_schema

SKIPPED = frozenset({"AminoAcidProbabilities"})
"""Records with one field per amino acid."""


def documents() -> str:
    """Return ``docs/reference/json.md``."""
    definitions = describe_documents()
    schemas = {command: document_schema(command) for command in DOCUMENTS}
    records = sorted({name for schema in schemas.values() for name in schema["$defs"]} - SKIPPED)
    parts = [
        "# JSON and tables",
        "The command line (`--format json`), `to_json()` in Python and the service return the same "
        "objects. Numbers have 6 significant digits; `null` stands for a number that does not "
        "exist. `probabilities` has one number per amino acid, by three-letter name. Read "
        "[scores](../concepts/scores.md) for what the numbers mean. JSON Schema files for "
        "programs are in [service/schemas](../../service/README.md). Generated from the schemas by "
        "`python -m docs.generate`.",
        "CSV, TSV and Parquet of `protvox classify` hold one row per residue, with the domain it "
        "belongs to and that domain's first architecture, or one row per domain with `--task "
        "cath`. The probabilities are the columns `p_ALA` ... `p_VAL`. The columns of mutations "
        "are in [how-to](../how-to/mutations.md); those of `protvox check`, one row per finding, "
        "are the fields of [Segment](#segment); those of `protvox score` in "
        "[batches](../how-to/batch.md#output).",
    ]
    for command, schema in schemas.items():
        parts += [
            f"## {schema['properties']['schema']['const']}",
            f"Result of `protvox {command}`.",
            _fields(schema),
        ]
    parts.append("## Records")
    for name in records:
        parts += [f"### {name}", definitions[name]["description"], _fields(definitions[name])]
    return sections(*parts)


def _fields(schema: Mapping[str, Any]) -> str:
    return table(
        ("field", "type", "meaning"),
        (
            (f"`{name}`", _type(field), field.get("description", "").rstrip("."))
            for name, field in schema["properties"].items()
        ),
    )


def _type(field: Mapping[str, Any]) -> str:
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[1]
        return "object" if name in SKIPPED else f"[{name}](#{name.lower()})"
    if field.get("type") == "array":
        return f"list of {_type(field['items'])}"
    kind = field["type"]
    return " or ".join(kind) if isinstance(kind, list) else str(kind)
