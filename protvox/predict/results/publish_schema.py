"""JSON Schema of the documents, with descriptions from the docstrings of the records."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from protvox.predict.results.json_documents import DOCUMENTS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_SECTION: Final = re.compile(r"^Attributes\n-+\n(.*?)(?=^\S[^\n]*\n-+\n|\Z)", re.M | re.S)
_ENTRY: Final = re.compile(r"^(\w+(?:, \w+)*)\n((?: +[^\n]*\n?|\n)+)", re.M)


def describe_documents(ref_template: str = "#/$defs/{model}") -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of every document and of the records in it, by name.

    Parameters
    ----------
    ref_template
        Form of references from one schema to another.
    """
    models: list[tuple[type[BaseModel], Any]] = [(d, "serialization") for d in DOCUMENTS.values()]
    _, schema = models_json_schema(
        models, ref_template=ref_template, schema_generator=_DocumentedSchema
    )
    definitions: dict[str, dict[str, Any]] = schema["$defs"]
    return definitions


def document_schema(command: str) -> dict[str, Any]:
    """Return the JSON Schema of one document, complete with the records in it.

    Parameters
    ----------
    command
        ``"classify"``, ``"mutations"``, ``"embed"``, ``"search"`` or ``"check"``.

    Examples
    --------
    >>> document_schema("search")["properties"]["schema"]["const"]
    'protvox.search/1'
    """
    schema = DOCUMENTS[command].model_json_schema(
        mode="serialization", schema_generator=_DocumentedSchema
    )
    return {"$schema": DIALECT, **schema}


def _attributes(cls: type) -> dict[str, str]:
    """Return the descriptions of the attributes of a class, from its numpydoc docstring."""
    section = _SECTION.search(inspect.cleandoc(cls.__doc__ or "") + "\n")
    return {
        name: " ".join(text.replace("``", "`").split())
        for names, text in _ENTRY.findall(section[1] if section else "")
        for name in names.split(", ")
    }


class _DocumentedSchema(GenerateJsonSchema):
    """Describes classes and fields by their docstrings, and gives fields no titles."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        described = super().nullable_schema(schema)
        for kind in ("number", "integer"):
            if described == {"anyOf": [{"type": kind}, {"type": "null"}]}:
                return {"type": [kind, "null"]}
        return described

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        aliases = {f.alias or name: name for name, f in schema["cls"].model_fields.items()}
        return _documented(super().model_schema(schema), schema["cls"], aliases)

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        return _documented(super().dataclass_schema(schema), schema["cls"], {"class": "cath_class"})


def _documented(
    described: JsonSchemaValue, cls: type, aliases: Mapping[str, str]
) -> JsonSchemaValue:
    summary = inspect.cleandoc(cls.__doc__ or "").partition("\n\n")[0]
    described["description"] = summary.replace("``", "`")
    attributes: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        attributes |= _attributes(base)
    for key, field in described.get("properties", {}).items():
        _drop_absent(field)
        text = attributes.get(aliases.get(key, key))
        if text:
            field["description"] = text
    return described


def _drop_absent(field: dict[str, Any]) -> None:
    """Describe a field that is absent when it is None by its other values."""
    values = [value for value in field.get("anyOf", ()) if value != {"type": "null"}]
    if len(values) == 1 and field.get("default", "") is None:
        del field["anyOf"], field["default"]
        field |= values[0]
